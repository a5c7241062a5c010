"""Forms of what goes element by element with broadcasting, of the matrix product, and of the transpose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest

import numpy as np

from bpdebug.engine.language.forms.element import Element
from bpdebug.engine.language.forms.form import Axes, Cost, Form
from bpdebug.engine.language.forms.regions import Options, Region, Shape, element_count, first_index, written
from bpdebug.engine.language.forms.writing import Writer, Written, moved, within
from bpdebug.engine.language.nodes import places
from bpdebug.engine.language.precedence import CALL
from bpdebug.errors import ShapeError


def _broadcast_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    known = {shape for shape in shapes if shape}  # most are equal, or scalars: NumPy takes longer to say so
    if len(known) <= 1:
        return next(iter(known), ())
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        found = " and ".join(map(written, shapes))
        raise ShapeError(f"shapes {found} do not broadcast") from None


def _broadcast_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    def of(shape: Shape) -> Region:
        own = region[len(region) - len(shape) :]
        return tuple(slice(0, 1) if extent == 1 else part for part, extent in zip(own, shape, strict=True))

    return tuple(of(shape) for shape in shapes)


def _broadcast_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], _: Options) -> Axes:
    """Return the names of the operand that is not stretched, else those of another."""
    axes: list[str] = []
    lines = (reversed([*zip(own, shape, strict=True)]) for own, shape in zip(operands, shapes, strict=True))
    for names in zip_longest(*lines, fillvalue=("", 1)):
        by_extent = sorted(names, key=lambda pair: pair[1] == 1)
        axes.append(next((name for name, _ in by_extent if name), ""))
    return tuple(reversed(axes))


def _written(element: Element, writer: Writer) -> Written:
    """Write a function of one element of each argument, as its notation has it."""
    names = places(len(element.shapes))
    default = f"{element.function}({', '.join(f'{{{name}}}' for name in names)})"
    template = "{x}·{y}" if element.function == "multiply" else element.notation or default
    operands = {
        name: writer.write(number, first_index(region))
        for number, (name, region) in enumerate(zip(names, element.regions, strict=True))
    }
    factors = tuple(operands.values()) if element.function == "multiply" else ()
    if element.precedence < CALL:
        operands = {
            name: within(operand, element.precedence + (name == "y")) for name, operand in operands.items()
        }

    def filled(text: str, reading: Callable[[Written], str]) -> str:
        return text.format(**{name: reading(operand) for name, operand in operands.items()})

    spaced = template.replace("·", " · ")
    evaluated = ""
    if element.precedence == CALL:
        evaluated = writer.number(element.result())
    elif any(operand.evaluated for operand in operands.values()):
        evaluated = filled(spaced, lambda operand: operand.worked)
    return Written(
        filled(template, lambda operand: operand.symbols),
        filled(spaced, lambda operand: operand.numbers),
        element.precedence,
        evaluated,
        factors,
    )


def _matmul_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    x, y = shapes
    if len(x) < 2 or len(y) < 2:
        raise ShapeError(f"@ needs two dimensions or more: found {written(x)} @ {written(y)}")
    if x[-1] != y[-2]:
        raise ShapeError(
            f"inner sizes differ: {written(x)} @ {written(y)}, {x[-1]} columns against {y[-2]} rows"
        )
    return (*_broadcast_shape((x[:-2], y[:-2]), {}), x[-2], y[-1])


def _matmul_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    x, y = shapes
    rows, columns = region[-2:]
    x_lead, y_lead = _broadcast_reads(region[:-2], (x[:-2], y[:-2]), {})
    inner = slice(0, x[-1])
    return (*x_lead, rows, inner), (*y_lead, inner, columns)


def _matmul_cost(shapes: tuple[Shape, ...], options: Options) -> Cost:
    return Cost(0, element_count(_matmul_shape(shapes, options)) * shapes[0][-1])


def _matmul_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    x, y = operands
    lead = _broadcast_axes([x[:-2], y[:-2]], (shapes[0][:-2], shapes[1][:-2]), options)
    return (*lead, x[-2], y[-1])


def _matmul_written(element: Element, writer: Writer) -> Written:
    """Write the products of a row and a column."""
    x, y = element.regions
    terms = element.value(0, x).ravel() * element.value(1, y).ravel()

    def write_term(k: int) -> Written:
        left = writer.write(0, (*first_index(x[:-1]), k))
        right = writer.write(1, (*first_index(y[:-2]), k, *first_index(y[-1:])))
        return writer.product(left, right)

    return writer.sum(terms, write_term)


def _transpose_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    (shape,) = shapes
    return shape if len(shape) < 2 else (*shape[:-2], shape[-1], shape[-2])


def _transpose_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    return (region if len(region) < 2 else (*region[:-2], region[-1], region[-2]),)


def _transpose_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], _: Options) -> Axes:
    (x,) = operands
    return x if len(x) < 2 else (*x[:-2], x[-1], x[-2])


ELEMENTWISE = Form(
    "elementwise", _broadcast_shape, _broadcast_reads, axes=_broadcast_axes, arithmetic=_written
)
MATMUL = Form(
    "matmul", _matmul_shape, _matmul_reads, cost=_matmul_cost, axes=_matmul_axes, arithmetic=_matmul_written
)
TRANSPOSE = Form("transpose", _transpose_shape, _transpose_reads, axes=_transpose_axes, arithmetic=moved)
