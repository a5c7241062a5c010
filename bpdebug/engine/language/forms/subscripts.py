"""Forms of a subscript, and of putting a part back in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from bpdebug.engine.language.forms.element import Element
from bpdebug.engine.language.forms.form import Axes, Form, like
from bpdebug.engine.language.forms.regions import (
    Options,
    Region,
    Shape,
    first_index,
    is_empty,
    nothing,
    numbers_of,
    spanned,
    whole,
    written,
)
from bpdebug.engine.language.forms.writing import ZERO, Writer, Written, moved
from bpdebug.engine.language.nodes import Subscript, index_text
from bpdebug.errors import ShapeError


def _bounds(shape: Shape, options: Options) -> tuple[slice | int, ...]:
    """Return the subscript of a tensor as numbers and slices that lie within it."""
    index = cast("Subscript", options["index"])
    if len(index) > len(shape):
        raise ShapeError(f"[{index_text(index)}] has {len(index)} indices for shape {written(shape)}")
    bounds: list[slice | int] = []
    for axis, (part, extent) in enumerate(zip(index, shape, strict=False)):
        if isinstance(part, tuple):
            start, stop, _ = slice(*part).indices(extent)
            if start >= stop and part != (None, None):
                raise ShapeError(
                    f"[{index_text(index)}] takes nothing of axis {axis} of shape {written(shape)}"
                )
            bounds.append(slice(start, stop))
        elif -extent <= part < extent:
            bounds.append(part % extent)
        else:
            raise ShapeError(f"[{index_text(index)}] does not exist in shape {written(shape)}")
    return (*bounds, *whole(shape[len(index) :]))


def _subscript_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    bounds = _bounds(shape, options)
    return tuple(part.stop - part.start for part in bounds if isinstance(part, slice))


def _subscript_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    (shape,) = shapes
    own = iter(region)

    def read(part: slice | int) -> slice:
        if isinstance(part, int):
            return slice(part, part + 1)
        wanted = next(own)
        return slice(part.start + wanted.start, part.start + wanted.stop, wanted.step)

    return (tuple(read(part) for part in _bounds(shape, options)),)


def _subscript_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    index = cast("Subscript", options["index"])
    kept = (name for name, part in zip(operands[0], index, strict=False) if isinstance(part, tuple))
    return (*kept, *operands[0][len(index) :])


def _placed_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    x, y = shapes
    if x != _subscript_shape((y,), options):
        index = index_text(cast("Subscript", options["index"]))
        raise ShapeError(f"shape {written(x)} is not that of [{index}] in {written(y)}")
    return y


def _placed_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    x, y = shapes
    own: list[slice] = []
    outside = False
    for wanted, part in zip(region, _bounds(y, options), strict=True):
        held = slice(part, part + 1) if isinstance(part, int) else part
        inside = [number for number in numbers_of(wanted) if held.start <= number < held.stop]
        outside = outside or not inside
        if isinstance(part, slice):
            own.append(spanned([number - part.start for number in inside]))
    return nothing(x) if outside else tuple(own), nothing(y)


def _placed_written(element: Element, writer: Writer) -> Written:
    """Write an element that is either one of the part's, or a zero beside it."""
    return ZERO if is_empty(element.regions[0]) else writer.write(0, first_index(element.regions[0]))


SUBSCRIPT = Form(
    "subscript", _subscript_shape, _subscript_reads, local=False, axes=_subscript_axes, arithmetic=moved
)
PLACED = Form("placed", _placed_shape, _placed_reads, local=False, axes=like(1), arithmetic=_placed_written)
