"""How one element of each function's result is written, where no windows slide."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product

import numpy as np

from bpdebug.engine.language import forms
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.forms import Form, Region, numbers_of, reduced_axes
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import CALL
from bpdebug.engine.language.nodes import PLACES, Call, Expression
from bpdebug.engine.language.printing import written_number
from bpdebug.engine.language.provenance.choices import (
    element_put,
    element_read,
    elements_added,
    elements_at,
    row_taken,
    uses_of_row,
)
from bpdebug.engine.language.provenance.regions import Index, cell_of, first_index, point
from bpdebug.engine.language.provenance.writer import SHOWN_TERMS, ZERO, Writer, Written, element_text, within
from bpdebug.engine.language.shapes import options_of, shape_of


def _elementwise(writer: Writer, call: Call, index: Index) -> Written:
    function = FUNCTIONS[call.function]
    places = PLACES[: len(call.arguments)]
    default = f"{call.function}({', '.join(f'{{{place}}}' for place in places)})"
    template = "{x}·{y}" if call.function == "multiply" else function.notation or default
    regions = writer.operand_regions(call, index)
    operands = {
        place: writer.write(argument, first_index(region))
        for place, argument, region in zip(places, call.arguments, regions, strict=True)
    }
    if function.precedence < CALL:
        operands = {
            place: within(operand, function.precedence + (place == "y"))
            for place, operand in operands.items()
        }
    symbols = template.format(**{place: operand.symbols for place, operand in operands.items()})
    numbers = template.replace("·", " · ").format(
        **{place: operand.numbers for place, operand in operands.items()}
    )
    return Written(symbols, numbers, function.precedence)


def _moved(writer: Writer, call: Call, index: Index) -> Written:
    """Write an element that a function only moved or repeated: it is one of its argument's."""
    return writer.write(call.arguments[0], first_index(writer.operand_regions(call, index)[0]))


def _placed(writer: Writer, call: Call, index: Index) -> Written:
    """Write an element that is either one of the part's, or a zero beside it."""
    region = writer.operand_regions(call, index)[0]
    beside = any(part.start >= part.stop for part in region)
    return ZERO if beside else writer.write(call.arguments[0], first_index(region))


def _triangle(writer: Writer, call: Call, index: Index) -> Written:
    """Write an element of the lower triangle, or what stands above it everywhere."""
    (region,) = writer.operand_regions(call, index)
    if all(part.start < part.stop for part in region):
        return writer.write(call.arguments[0], first_index(region))
    above = written_number(float(writer.reader.value(call, point(index)).item()), writer.digits)
    return Written(above, above)


def _concatenated(writer: Writer, call: Call, index: Index) -> Written:
    """Write an element of tensors one after the other: it is one of theirs."""
    regions = writer.operand_regions(call, index)
    for argument, region in zip(call.arguments, regions, strict=True):
        if all(part.start < part.stop for part in region):
            return writer.write(argument, first_index(region))
    raise AssertionError("an element lies in one of them")


def _taken(writer: Writer, call: Call, index: Index) -> Written:
    """Write an element of a row that was looked up: it is one of the table's."""
    table, numbers = call.arguments
    depth = len(shape_of(numbers, writer.reader.shapes))
    row = row_taken(writer.reader, call, index)
    return Written("nan", "nan") if row is None else writer.write(table, (row, *index[depth:]))


def _row_sums(writer: Writer, call: Call, index: Index) -> Written:
    """Write the sum of what comes back to a row, from each time that it was taken."""
    gradient = call.arguments[0]
    cells = [(*use, *index[1:]) for use in uses_of_row(writer.reader, call, index[0])]
    if not cells:
        return ZERO
    return writer.write_sum(
        writer.reader.elements(gradient, cells), lambda k: writer.write(gradient, cells[k])
    )


def _gathered(writer: Writer, call: Call, index: Index) -> Written:
    """Write an element that was read at its position."""
    source = element_read(writer.reader, call, index)
    return Written("nan", "nan") if source is None else writer.write(call.arguments[0], source)


def _replaced(writer: Writer, call: Call, index: Index) -> Written:
    """Write an element that was put in, or that was left."""
    x, part, _ = call.arguments
    put = element_put(writer.reader, call, index)
    return writer.write(x, index) if put is None else writer.write(part, put)


def _scattered(writer: Writer, call: Call, index: Index) -> Written:
    """Write the sum of what was added at a position."""
    part = call.arguments[0]
    cells = elements_added(writer.reader, call, index)
    if not cells:
        return ZERO
    return writer.write_sum(writer.reader.elements(part, cells), lambda k: writer.write(part, cells[k]))


def _cleared(writer: Writer, call: Call, index: Index) -> Written:
    """Write an element that was set to 0, or that was left."""
    is_cleared = elements_at(writer.reader, call.arguments[1], call.arguments[0], index)
    return ZERO if is_cleared else writer.write(call.arguments[0], index)


def _opaque(writer: Writer, call: Call, index: Index) -> Written:
    """Write what was recorded."""
    recorded = writer.write(call.arguments[0], index)
    return Written(element_text(str(options_of(call)["text"]), index), recorded.numbers)


def _matmul(writer: Writer, call: Call, index: Index) -> Written:
    x, y = call.arguments
    x_region, y_region = writer.operand_regions(call, index)
    terms = writer.reader.value(x, x_region).ravel() * writer.reader.value(y, y_region).ravel()

    def write_term(k: int) -> Written:
        left = writer.write(x, (*first_index(x_region[:-1]), k))
        right = writer.write(y, (*first_index(y_region[:-2]), k, *first_index(y_region[-1:])))
        return writer.write_product(left, right)

    return writer.write_sum(terms, write_term)


def _reduction(writer: Writer, call: Call, index: Index) -> Written:
    (argument,) = call.arguments
    (region,) = writer.operand_regions(call, index)
    if call.function not in ("sum", "mean"):
        return _chosen(writer, call, argument, region)
    block = writer.reader.value(argument, region)
    terms = block.ravel()

    def write_term(k: int) -> Written:
        return writer.write(argument, cell_of(region, np.unravel_index(k, block.shape)))

    total = writer.write_sum(terms, write_term)
    return total if call.function == "sum" else writer.write_mean(total, terms.size)


def _chosen(writer: Writer, call: Call, argument: Expression, region: Region) -> Written:
    """Write what a reduction that is no sum makes of its elements, the first few of them."""
    numbers = [numbers_of(part) for part in region]
    return writer.write_listed(call.function, argument, product(*numbers), math.prod(map(len, numbers)))


def _paired(writer: Writer, call: Call, index: Index) -> Written:
    lines = [
        _chosen(writer, call, argument, region)
        for argument, region in zip(call.arguments, writer.operand_regions(call, index), strict=True)
    ]
    start = len(call.function) + 1
    symbols, numbers = (
        f"{call.function}({'; '.join(text[start:-1] for text in texts)})"
        for texts in zip(*((line.symbols, line.numbers) for line in lines), strict=True)
    )
    return Written(symbols, numbers)


def _one_hot(writer: Writer, call: Call, index: Index) -> Written:
    """Write a comparison in brackets: it is 1 where it holds."""
    place = reduced_axes(shape_of(call, writer.reader.shapes), options_of(call)["axis"])[0]
    own = writer.write(call.arguments[0], first_index(writer.operand_regions(call, index)[0]))
    return Written(f"[{own.symbols} = {index[place]}]", f"[{own.numbers} = {index[place]}]")


def _along_axis(writer: Writer, call: Call, index: Index) -> Written:
    (argument,) = call.arguments
    (region,) = writer.operand_regions(call, index)
    line = writer.reader.value(argument, region).ravel()
    shown = [written_number(float(value), writer.digits) for value in line[: SHOWN_TERMS + 1]]
    rest = [] if line.size == len(shown) else [f"… {line.size - len(shown)} more"]
    own = writer.write(argument, index)
    numbers = f"{call.function}({own.numbers} among {', '.join(shown + rest)})"
    return Written(f"{call.function}({own.symbols} along its axis)", numbers)


def _count(writer: Writer, call: Call, _: Index) -> Written:
    number = written_number(float(evaluate(call, writer.reader.values)), writer.digits)
    return Written(number, number)


WRITERS: Mapping[Form, Callable[[Writer, Call, Index], Written]] = {
    forms.ELEMENTWISE: _elementwise,
    forms.MATMUL: _matmul,
    forms.TRANSPOSE: _moved,
    forms.REDUCTION: _reduction,
    forms.PAIRED: _paired,
    forms.ONE_HOT: _one_hot,
    forms.ALONG_AXIS: _along_axis,
    forms.EXPANSION: _moved,
    forms.COUNT: _count,
    forms.SUBSCRIPT: _moved,
    forms.PLACED: _placed,
    forms.CONCATENATED: _concatenated,
    forms.SEQUENCE: _concatenated,
    forms.PART: _moved,
    forms.TAKEN: _taken,
    forms.ROW_SUMS: _row_sums,
    forms.SPLIT_HEADS: _moved,
    forms.MERGED_HEADS: _moved,
    forms.TRIANGLE: _triangle,
    forms.AS_ROWS: _moved,
    forms.FLATTEN: _moved,
    forms.RESHAPE: _moved,
    forms.RESHAPE_LIKE: _moved,
    forms.UPSAMPLE: _moved,
    forms.GATHERED: _gathered,
    forms.REPLACED: _replaced,
    forms.SCATTERED: _scattered,
    forms.CLEARED: _cleared,
    forms.OPAQUE: _opaque,
}
