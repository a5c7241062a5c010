"""Forms of attention: a width divided among heads, and the triangle of the keys that a query may see."""

from __future__ import annotations

from collections.abc import Sequence

from bpdebug.engine.language.forms.element import Element
from bpdebug.engine.language.forms.form import Axes, Form, like
from bpdebug.engine.language.forms.regions import (
    Options,
    Region,
    Shape,
    is_empty,
    nothing,
    numbers_of,
    spanned,
    written,
)
from bpdebug.engine.language.forms.writing import Writer, Written, moved
from bpdebug.errors import ShapeError


def _heads_of(options: Options) -> int:
    heads = options["heads"]
    if type(heads) is not int or heads < 1:
        raise ShapeError(f"heads is a whole number of 1 or more: found {heads!r}")
    return heads


def _split_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    heads = _heads_of(options)
    if len(shape) < 2:
        raise ShapeError(f"heads share a tensor of positions and features: found {written(shape)}")
    *lead, positions, width = shape
    if width % heads:
        raise ShapeError(f"a width of {width} cannot be divided among {heads} heads")
    return (*lead, heads, positions, width // heads)


def _split_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    *lead, head, positions, features = region
    size = shapes[0][-1] // _heads_of(options)
    own = [number * size + feature for number in numbers_of(head) for feature in numbers_of(features)]
    return ((*lead, positions, spanned(own)),)


def _split_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], _: Options) -> Axes:
    (*lead, positions, width) = operands[0]
    return (*lead, "head", positions, width)


def _merged_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    heads = _heads_of(options)
    if len(shape) < 3 or shape[-3] != heads:
        raise ShapeError(
            f"expected a tensor of {heads} heads, positions and features: found {written(shape)}"
        )
    *lead, _, positions, size = shape
    return (*lead, positions, heads * size)


def _merged_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    *lead, positions, features = region
    size = shapes[0][-1]
    own = [divmod(number, size) for number in numbers_of(features)]
    return ((*lead, spanned([n for n, _ in own]), positions, spanned([n for _, n in own])),)


def _merged_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    (*lead, _, positions, width) = operands[0]
    return (*lead, positions, width)


def _triangle_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    (shape,) = shapes
    if len(shape) < 2:
        raise ShapeError(f"a triangle needs rows and columns: found {written(shape)}")
    return shape


def _triangle_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    rows, columns = (numbers_of(part) for part in region[-2:])
    is_above = not rows or not columns or columns[0] > rows[-1]
    return (nothing(shapes[0]) if is_above else region,)


def _triangle_written(element: Element, writer: Writer) -> Written:
    """Write an element of the lower triangle, or what stands above it everywhere."""
    if not is_empty(element.regions[0]):
        return moved(element, writer)
    above = writer.number(element.result())
    return Written(above, above)


SPLIT_HEADS = Form(
    "split into heads", _split_shape, _split_reads, local=False, axes=_split_axes, arithmetic=moved
)
MERGED_HEADS = Form(
    "merged heads", _merged_shape, _merged_reads, local=False, axes=_merged_axes, arithmetic=moved
)
TRIANGLE = Form(
    "lower triangle",
    _triangle_shape,
    _triangle_reads,
    local=False,
    axes=like(0),
    arithmetic=_triangle_written,
)
