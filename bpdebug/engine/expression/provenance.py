"""Provenance: where one element of a result comes from, as cells and as arithmetic.

`dw2[0,1] = dz2[0,0]·a1[1,0] + dz2[0,1]·a1[1,1]`: the elements of the operands that feed it, and the
same line with their numbers. Both are readings of the tree, from the element down to the names; a
function's form decides how its arithmetic is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from bpdebug.engine.expression import forms
from bpdebug.engine.expression.evaluation import evaluate
from bpdebug.engine.expression.forms import Form, Region, numbers_of, reduced_axes
from bpdebug.engine.expression.functions import FUNCTIONS
from bpdebug.engine.expression.functions.arithmetic import PRODUCT, SUM
from bpdebug.engine.expression.functions.entry import CALL, Array
from bpdebug.engine.expression.nodes import PLACES, Call, Expression, Name, Number
from bpdebug.engine.expression.printing import written_number
from bpdebug.engine.expression.regions import Index, RegionReader, Source, cell_of, first_index, point
from bpdebug.engine.expression.shapes import options_of, shape_of

SHOWN_TERMS = 3
"""How many terms of a long sum are written out: the largest, because they decide the result."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one element of a result comes from.

    Attributes
    ----------
    element : str
        The element itself: `dw2[0,1]`.
    sources : tuple of Source
        The elements of the operands that feed it.
    symbols : str
        Its arithmetic in names: `dz2[0,0]·a1[1,0]`.
    numbers : str
        The same arithmetic in numbers: `0.004141 · 1.589`.
    total : str
        What it comes to: the value that the run recorded, rounded only here.
    """

    element: str
    sources: tuple[Source, ...]
    symbols: str
    numbers: str
    total: str

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides of the equation that it is; a copied element does not repeat its number."""
        return tuple(dict.fromkeys((self.element, self.symbols, self.numbers, self.total)))

    def __str__(self) -> str:
        return " = ".join(self.sides)


def element_text(name: str, index: Index) -> str:
    """Write an element as NumPy does: `w1[0,2]`; a scalar is its name."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def origin_of(
    name: str,
    expression: Expression,
    index: Index,
    result: Array,
    values: Mapping[str, Array],
    digits: int = 4,
) -> Origin:
    """Explain one element of a result.

    Parameters
    ----------
    name : str
        What the result is called.
    expression : Expression
        How it was computed.
    index : tuple of int
        Which element.
    result : array
        The result, as the run recorded it.
    values : mapping
        The values of all names that the expression reads.
    digits : int
        Significant digits of the numbers in the arithmetic.

    Raises
    ------
    IndexError
        If the result has no such element.
    """
    if len(index) != result.ndim or not all(0 <= i < n for i, n in zip(index, result.shape, strict=True)):
        raise IndexError(f"{element_text(name, index)} does not exist: {name} has shape {result.shape}")
    reader = RegionReader(values, {operand: value.shape for operand, value in values.items()})
    with np.errstate(all="ignore"):
        written = _Writer(reader, digits).write(expression, index)
    sources: list[Source] = []
    for source in reader.sources(expression, point(index)):
        if source not in sources:
            sources.append(source)
    total = written_number(float(result[index]), digits)
    return Origin(element_text(name, index), tuple(sources), written.symbols, written.numbers, total)


@dataclass(frozen=True, slots=True)
class _Written:
    """Arithmetic in names and in numbers, and how tightly its outermost operator binds."""

    symbols: str
    numbers: str
    precedence: int = CALL


@dataclass(frozen=True, slots=True)
class _Writer:
    reader: RegionReader
    digits: int

    def operand_regions(self, call: Call, index: Index) -> tuple[Region, ...]:
        return self.reader.operand_regions(call, point(index))

    def write(self, node: Expression, index: Index) -> _Written:
        """Write the arithmetic of one element of a node's result."""
        if isinstance(node, Name):
            value = float(self.reader.values[node.id][index])
            return _Written(element_text(node.id, index), written_number(value, self.digits))
        if isinstance(node, Number):
            return _Written(str(node.value), str(node.value))
        return _WRITERS[FUNCTIONS[node.function].form](self, node, index)

    def write_elementwise(self, call: Call, index: Index) -> _Written:
        function = FUNCTIONS[call.function]
        places = PLACES[: len(call.arguments)]
        default = f"{call.function}({', '.join(f'{{{place}}}' for place in places)})"
        template = "{x}·{y}" if call.function == "multiply" else function.notation or default
        regions = self.operand_regions(call, index)
        operands = {
            place: self.write(argument, first_index(region))
            for place, argument, region in zip(places, call.arguments, regions, strict=True)
        }
        if function.precedence < CALL:
            operands = {
                place: _within(operand, function.precedence + (place == "y"))
                for place, operand in operands.items()
            }
        symbols = template.format(**{place: operand.symbols for place, operand in operands.items()})
        numbers = template.replace("·", " · ").format(
            **{place: operand.numbers for place, operand in operands.items()}
        )
        return _Written(symbols, numbers, function.precedence)

    def write_moved(self, call: Call, index: Index) -> _Written:
        """Write an element that a function only moved or repeated: it is one of its argument's."""
        return self.write(call.arguments[0], first_index(self.operand_regions(call, index)[0]))

    def write_placed(self, call: Call, index: Index) -> _Written:
        """Write an element that is either one of the part's, or a zero beside it."""
        region = self.operand_regions(call, index)[0]
        beside = any(part.start >= part.stop for part in region)
        return _Written("0", "0") if beside else self.write(call.arguments[0], first_index(region))

    def write_concatenated(self, call: Call, index: Index) -> _Written:
        """Write an element of tensors one after the other: it is one of either."""
        regions = self.operand_regions(call, index)
        for argument, region in zip(call.arguments, regions, strict=True):
            if all(part.start < part.stop for part in region):
                return self.write(argument, first_index(region))
        raise AssertionError("an element lies in one of the two")

    def write_taken(self, call: Call, index: Index) -> _Written:
        """Write an element of a row that was looked up: it is one of the table's."""
        table, numbers = call.arguments
        depth = len(shape_of(numbers, self.reader.shapes))
        row = int(self.reader.value(numbers, point(index[:depth])).item())
        return self.write(table, (row, *index[depth:]))

    def write_row_sums(self, call: Call, index: Index) -> _Written:
        """Write the sum of what comes back to a row, from each time that it was taken."""
        gradient, numbers, _ = call.arguments
        uses = np.argwhere(evaluate(numbers, self.reader.values) == index[0])
        cells = [(*(int(i) for i in use), *index[1:]) for use in uses]
        terms = np.array([self.reader.value(gradient, point(cell)).item() for cell in cells])
        if not cells:
            return _Written("0", "0")
        return self.write_sum(terms, lambda k: self.write(gradient, cells[k]))

    def write_matmul(self, call: Call, index: Index) -> _Written:
        x, y = call.arguments
        x_region, y_region = self.operand_regions(call, index)
        terms = self.reader.value(x, x_region).ravel() * self.reader.value(y, y_region).ravel()

        def write_term(k: int) -> _Written:
            left = self.write(x, (*first_index(x_region[:-1]), k))
            right = self.write(y, (*first_index(y_region[:-2]), k, *first_index(y_region[-1:])))
            left, right = _within(left, PRODUCT), _within(right, PRODUCT)
            return _Written(f"{left.symbols}·{right.symbols}", f"{left.numbers} · {right.numbers}", PRODUCT)

        return self.write_sum(terms, write_term)

    def write_reduction(self, call: Call, index: Index) -> _Written:
        (argument,) = call.arguments
        (region,) = self.operand_regions(call, index)
        if call.function not in ("sum", "mean"):
            return self.write_chosen(call, argument, region)
        block = self.reader.value(argument, region)
        terms = block.ravel()

        def write_term(k: int) -> _Written:
            return self.write(argument, cell_of(region, np.unravel_index(k, block.shape)))

        total = self.write_sum(terms, write_term)
        if call.function == "sum":
            return total
        total = _within(total, PRODUCT)
        return _Written(f"{total.symbols}/{terms.size}", f"{total.numbers}/{terms.size}", PRODUCT)

    def write_chosen(self, call: Call, argument: Expression, region: Region) -> _Written:
        """Write what a reduction that is no sum makes of its elements, the first few of them."""
        line = self.reader.value(argument, region).ravel()
        cells = islice(product(*map(numbers_of, region)), SHOWN_TERMS + 1)
        shown = [self.write(argument, cell) for cell in cells]
        rest = [] if line.size == len(shown) else [f"… {line.size - len(shown)} more"]
        symbols, numbers = [term.symbols for term in shown], [term.numbers for term in shown]
        name = call.function
        return _Written(f"{name}({', '.join(symbols + rest)})", f"{name}({', '.join(numbers + rest)})")

    def write_paired(self, call: Call, index: Index) -> _Written:
        lines = [
            self.write_chosen(call, argument, region)
            for argument, region in zip(call.arguments, self.operand_regions(call, index), strict=True)
        ]
        start = len(call.function) + 1
        symbols, numbers = (
            f"{call.function}({'; '.join(text[start:-1] for text in texts)})"
            for texts in zip(*((line.symbols, line.numbers) for line in lines), strict=True)
        )
        return _Written(symbols, numbers)

    def write_one_hot(self, call: Call, index: Index) -> _Written:
        """Write a comparison in brackets: it is 1 where it holds."""
        place = reduced_axes(shape_of(call, self.reader.shapes), options_of(call)["axis"])[0]
        own = self.write(call.arguments[0], first_index(self.operand_regions(call, index)[0]))
        return _Written(f"[{own.symbols} = {index[place]}]", f"[{own.numbers} = {index[place]}]")

    def write_along_axis(self, call: Call, index: Index) -> _Written:
        (argument,) = call.arguments
        (region,) = self.operand_regions(call, index)
        line = self.reader.value(argument, region).ravel()
        shown = [written_number(float(value), self.digits) for value in line[: SHOWN_TERMS + 1]]
        rest = [] if line.size == len(shown) else [f"… {line.size - len(shown)} more"]
        own = self.write(argument, index)
        numbers = f"{call.function}({own.numbers} among {', '.join(shown + rest)})"
        return _Written(f"{call.function}({own.symbols} along its axis)", numbers)

    def write_count(self, call: Call, _: Index) -> _Written:
        number = written_number(float(evaluate(call, self.reader.values)), self.digits)
        return _Written(number, number)

    def write_sum(self, terms: Array, write_term: Callable[[int], _Written]) -> _Written:
        """Write a sum: in order if it is short, else its largest terms, and the rest as one number."""
        if terms.size <= SHOWN_TERMS + 1:
            shown: Sequence[int] = range(terms.size)
        else:
            size = np.where(np.isnan(terms), np.inf, np.abs(terms))
            shown = [int(k) for k in np.argsort(-size, kind="stable")[:SHOWN_TERMS]]
        written = (
            [_within(write_term(k), SUM) for k in shown] if terms.size > 1 else [write_term(k) for k in shown]
        )
        symbols = [term.symbols for term in written]
        numbers = [term.numbers for term in written]
        if rest := terms.size - len(shown):
            remainder = float(np.delete(terms, shown).sum())
            symbols.append(f"({rest} smaller terms)")
            numbers.append(_bracketed(written_number(remainder, self.digits)))
        precedence = SUM if len(symbols) > 1 else written[0].precedence if written else CALL
        return _Written(" + ".join(symbols) or "0", " + ".join(numbers) or "0", precedence)


_WRITERS: dict[Form, Callable[[_Writer, Call, Index], _Written]] = {
    forms.ELEMENTWISE: _Writer.write_elementwise,
    forms.MATMUL: _Writer.write_matmul,
    forms.TRANSPOSE: _Writer.write_moved,
    forms.REDUCTION: _Writer.write_reduction,
    forms.PAIRED: _Writer.write_paired,
    forms.ONE_HOT: _Writer.write_one_hot,
    forms.ALONG_AXIS: _Writer.write_along_axis,
    forms.EXPANSION: _Writer.write_moved,
    forms.COUNT: _Writer.write_count,
    forms.SUBSCRIPT: _Writer.write_moved,
    forms.PLACED: _Writer.write_placed,
    forms.CONCATENATED: _Writer.write_concatenated,
    forms.PART: _Writer.write_moved,
    forms.TAKEN: _Writer.write_taken,
    forms.ROW_SUMS: _Writer.write_row_sums,
}


def _within(term: _Written, precedence: int) -> _Written:
    """Put a term in parentheses where an operator beside it would tear it apart."""
    if term.precedence < precedence:
        return _Written(f"({term.symbols})", f"({term.numbers})")
    numbers = _bracketed(term.numbers) if term.precedence == CALL else term.numbers
    return _Written(term.symbols, numbers, term.precedence)


def _bracketed(number: str) -> str:
    """Put a negative number beside an operator in parentheses."""
    return f"({number})" if number.startswith("-") else number
