"""The forms of putting tensors one after the other along an axis, and of taking one of them out again."""

from __future__ import annotations

from bpdebug.engine.expression.forms.form import Form, Options, Region, Shape, nothing, reduced_axes, written
from bpdebug.errors import ShapeError


def joining_axis(shape: Shape, options: Options) -> int:
    """Return the axis along which tensors lie one after the other, as a number from 0."""
    return reduced_axes(shape, options["axis"])[0]


def _concatenated_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    x, y = shapes
    axis = joining_axis(x, options)
    if len(x) != len(y) or x[:axis] + x[axis + 1 :] != y[:axis] + y[axis + 1 :]:
        raise ShapeError(f"shapes {written(x)} and {written(y)} differ in more than axis {options['axis']}")
    return (*x[:axis], x[axis] + y[axis], *x[axis + 1 :])


def _concatenated_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    x, y = shapes
    axis = joining_axis(x, options)
    asked, first, second = region[axis], x[axis], y[axis]
    return (
        _with_part(region, axis, slice(min(asked.start, first), min(asked.stop, first))),
        _with_part(
            region,
            axis,
            slice(min(max(asked.start - first, 0), second), max(asked.stop - first, 0)),
        ),
    )


def _with_part(region: Region, axis: int, part: slice) -> Region:
    return (*region[:axis], part, *region[axis + 1 :])


def _part_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    x, y = shapes
    axis = joining_axis(x, options)
    if len(x) != len(y) or x[:axis] + x[axis + 1 :] != y[:axis] + y[axis + 1 :] or y[axis] > x[axis]:
        raise ShapeError(f"shape {written(y)} is no part of {written(x)} along axis {options['axis']}")
    return y


def _part_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    x, y = shapes
    axis = joining_axis(x, options)
    shift = x[axis] - y[axis] if options["last"] else 0
    part = slice(region[axis].start + shift, region[axis].stop + shift)
    return _with_part(region, axis, part), nothing(y)


CONCATENATED = Form("concatenated", _concatenated_shape, _concatenated_reads)
PART = Form("part", _part_shape, _part_reads, local=False)
