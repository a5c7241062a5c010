"""How one element is written where windows slide: a convolution as its products, a maximum by its winner."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from bpdebug.engine.expression import forms
from bpdebug.engine.expression.element_writer import ZERO, Writer, Written
from bpdebug.engine.expression.forms import Form, Shape, numbers_of
from bpdebug.engine.expression.forms.convolutions import TERMS
from bpdebug.engine.expression.forms.pooling import pooling_axes
from bpdebug.engine.expression.forms.windows import Sliding
from bpdebug.engine.expression.functions import FUNCTIONS
from bpdebug.engine.expression.nodes import Call, Expression
from bpdebug.engine.expression.regions import Index
from bpdebug.engine.expression.shapes import options_of, shape_of


def _operand_shapes(writer: Writer, call: Call) -> tuple[Shape, ...]:
    return tuple(shape_of(argument, writer.reader.shapes) for argument in call.arguments)


def _axes(writer: Writer, call: Call) -> tuple[Sliding, Sliding]:
    """Return the windows of a pooling over the last of its arguments, which is what it pools."""
    return pooling_axes(_operand_shapes(writer, call)[-1], options_of(call))


def _window(axes: Sequence[Sliding], index: Index) -> list[Index]:
    """Return the elements of the input that the window of an output holds, row by row."""
    n, channel, *place = index
    windows = (axis.window(o) for axis, o in zip(axes, place, strict=True))
    return [(n, channel, *(i for i, _ in pairs)) for pairs in product(*windows)]


def _windows_of(axes: Sequence[Sliding], index: Index) -> Iterator[Index]:
    """Yield the outputs whose windows hold an element of the input."""
    n, channel, *place = index
    for pairs in product(*(axis.windows_of(i) for axis, i in zip(axes, place, strict=True))):
        yield (n, channel, *(o for o, _ in pairs))


def _sum_of(writer: Writer, node: Expression, cells: Sequence[Index]) -> Written:
    """Write a sum of elements of one argument."""
    if not cells:
        return ZERO
    return writer.write_sum(writer.elements(node, cells), lambda k: writer.write(node, cells[k]))


def _convolution(writer: Writer, call: Call, index: Index) -> Written:
    x, y = call.arguments[:2]
    terms = TERMS[FUNCTIONS[call.function].form](index, _operand_shapes(writer, call), options_of(call))
    cells = list(terms)
    if not cells:
        return ZERO
    lefts, rights = zip(*cells, strict=True)

    def write_term(k: int) -> Written:
        return writer.write_product(writer.write(x, lefts[k]), writer.write(y, rights[k]))

    return writer.write_sum(writer.elements(x, lefts) * writer.elements(y, rights), write_term)


def _maximum(writer: Writer, call: Call, index: Index) -> Written:
    """Write the largest of a window, the winner first."""
    (x,) = call.arguments
    cells = _window(_axes(writer, call), index)
    winner = int(np.argmax(writer.elements(x, cells)))
    return writer.write_listed("max", x, [cells[winner], *cells[:winner], *cells[winner + 1 :]], len(cells))


def _maximum_gradient(writer: Writer, call: Call, index: Index) -> Written:
    """Write the gradients of the windows in which the element is the winner."""
    g, x = call.arguments
    axes = _axes(writer, call)

    def wins(output: Index) -> bool:
        cells = _window(axes, output)
        return cells[int(np.argmax(writer.elements(x, cells)))] == index

    return _sum_of(writer, g, [output for output in _windows_of(axes, index) if wins(output)])


def _mean(writer: Writer, call: Call, index: Index) -> Written:
    axes = height, width = _axes(writer, call)
    total = _sum_of(writer, call.arguments[0], _window(axes, index))
    return writer.write_mean(total, height.size * width.size)


def _mean_gradient(writer: Writer, call: Call, index: Index) -> Written:
    axes = height, width = _axes(writer, call)
    total = _sum_of(writer, call.arguments[0], list(_windows_of(axes, index)))
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
