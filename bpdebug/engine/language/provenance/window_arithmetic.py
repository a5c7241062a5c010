"""How one element is written where windows slide: a convolution as its products, a maximum by its winner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from bpdebug.engine.language import forms
from bpdebug.engine.language.forms import Form, Shape, numbers_of
from bpdebug.engine.language.forms.convolutions import TERMS
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Name
from bpdebug.engine.language.provenance.choices import windows_of
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.engine.language.provenance.writer import ZERO, Writer, Written, region_text
from bpdebug.engine.language.shapes import options_of, shape_of


def _operand_shapes(writer: Writer, call: Call) -> tuple[Shape, ...]:
    return tuple(shape_of(argument, writer.reader.shapes) for argument in call.arguments)


def _sum_of(writer: Writer, node: Expression, cells: Sequence[Index]) -> Written:
    """Write a sum of elements of one argument."""
    if not cells:
        return ZERO
    return writer.write_sum(writer.reader.elements(node, cells), lambda k: writer.write(node, cells[k]))


def _convolution(writer: Writer, call: Call, index: Index) -> Written:
    x, y = call.arguments[:2]
    terms = TERMS[FUNCTIONS[call.function].form](index, _operand_shapes(writer, call), options_of(call))
    cells = list(terms)
    if not cells:
        return ZERO
    lefts, rights = zip(*cells, strict=True)

    def write_term(k: int) -> Written:
        return writer.write_product(writer.write(x, lefts[k]), writer.write(y, rights[k]))

    return writer.write_sum(writer.reader.elements(x, lefts) * writer.reader.elements(y, rights), write_term)


def _maximum(writer: Writer, call: Call, index: Index) -> Written:
    """Write the largest of a window as such, and which element that is."""
    (x,) = call.arguments
    windows = windows_of(writer.reader, call)
    winner = writer.write(x, windows.winner(index))
    if isinstance(x, Name):
        (window,) = writer.operand_regions(call, index)
        return Written(f"max({region_text(x.id, window)})", winner.symbols)
    cells = windows.held_by(index)
    return writer.write_listed("max", x, cells, len(cells))


def _maximum_gradient(writer: Writer, call: Call, index: Index) -> Written:
    """Write the gradients of the windows in which the element is the winner."""
    return _sum_of(writer, call.arguments[0], windows_of(writer.reader, call).won_by(index))


def _mean(writer: Writer, call: Call, index: Index) -> Written:
    windows = windows_of(writer.reader, call)
    height, width = windows.axes
    total = _sum_of(writer, call.arguments[0], windows.held_by(index))
    return writer.write_mean(total, height.size * width.size)


def _mean_gradient(writer: Writer, call: Call, index: Index) -> Written:
    windows = windows_of(writer.reader, call)
    height, width = windows.axes
    total = _sum_of(writer, call.arguments[0], list(windows.around(index)))
    return writer.write_mean(total, height.size * width.size)


def _copies(writer: Writer, call: Call, index: Index) -> Written:
    """Write the sum of all copies of an element."""
    (region,) = writer.operand_regions(call, index)
    return _sum_of(writer, call.arguments[0], list(product(*map(numbers_of, region))))


WRITERS: Mapping[Form, Callable[[Writer, Call, Index], Written]] = {
    **dict.fromkeys(TERMS, _convolution),
    forms.MAX_POOLING: _maximum,
    forms.MAX_POOLING_GRADIENT: _maximum_gradient,
    forms.MEAN_POOLING: _mean,
    forms.MEAN_POOLING_GRADIENT: _mean_gradient,
    forms.UPSAMPLE_GRADIENT: _copies,
}
