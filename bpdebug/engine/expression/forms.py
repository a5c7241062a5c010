"""Forms: how the result of a function lies over its arguments.

A form answers two questions for all functions that share it, before and without any computation:
what shape does the result have, and which elements of each argument feed a region of the result?
A region is one slice for each axis; the element `[2, 0]` is the region `(2:3, 0:1)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from bpdebug.engine.expression.nodes import Index, Option, index_text
from bpdebug.errors import ShapeError

Shape = tuple[int, ...]
Region = tuple[slice, ...]
Options = Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class Form:
    """The shape rule and the reading rule of a family of functions.

    Attributes
    ----------
    name : str
        What the family is called.
    shape : callable
        (shapes of the arguments, options) -> shape of the result; raises `ShapeError`.
    reads : callable
        (region of the result, shapes of the arguments, options) -> a region of each argument.
    local : bool
        Whether the function, applied to those regions alone, gives the region of the result.
    """

    name: str
    shape: Callable[[tuple[Shape, ...], Options], Shape]
    reads: Callable[[Region, tuple[Shape, ...], Options], tuple[Region, ...]]
    local: bool = True


def whole(shape: Shape) -> Region:
    """Return the region that covers all of a tensor."""
    return tuple(slice(0, extent) for extent in shape)


def reduced_axes(shape: Shape, axis: Option) -> tuple[int, ...]:
    """Return the axes that `axis` names, as numbers from 0.

    Raises
    ------
    ShapeError
        If the tensor has no such axis, or one is named twice.
    """
    if axis is None:
        return tuple(range(len(shape)))
    wanted = axis if isinstance(axis, tuple) else (axis,)
    axes = []
    for number in wanted:
        if not isinstance(number, int) or not -len(shape) <= number < len(shape):
            raise ShapeError(f"axis {number} does not exist in shape {written(shape)}")
        axes.append(number % len(shape))
    if len(set(axes)) < len(axes):
        raise ShapeError(f"axis {written(tuple(axes))} names an axis twice")
    return tuple(axes)


def written(shape: Shape) -> str:
    """Write a shape as Python does."""
    return str(tuple(shape))


def element_count(shape: Shape) -> int:
    """Return the number of elements of a tensor of this shape."""
    return math.prod(shape)


def _broadcast_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
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


def _transpose_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    (shape,) = shapes
    return shape if len(shape) < 2 else (*shape[:-2], shape[-1], shape[-2])


def _transpose_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    return (region if len(region) < 2 else (*region[:-2], region[-1], region[-2]),)


def _reduction_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    axes = reduced_axes(shape, options.get("axis"))
    if options.get("keepdims"):
        return tuple(1 if axis in axes else extent for axis, extent in enumerate(shape))
    return tuple(extent for axis, extent in enumerate(shape) if axis not in axes)


def _reduction_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    (shape,) = shapes
    axes = reduced_axes(shape, options.get("axis"))
    kept = iter(part for axis, part in enumerate(region) if not options.get("keepdims") or axis not in axes)
    return (tuple(slice(0, extent) if axis in axes else next(kept) for axis, extent in enumerate(shape)),)


def _paired_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    x, y = shapes
    if x != y:
        raise ShapeError(f"shapes {written(x)} and {written(y)} differ")
    return _reduction_shape((x,), {**options, "keepdims": True})


def _paired_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    (own,) = _reduction_reads(region, shapes[:1], {**options, "keepdims": True})
    return own, own


def _along_axis_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    reduced_axes(shape, options["axis"])
    return shape


def _along_axis_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    (shape,) = shapes
    axes = reduced_axes(shape, options["axis"])
    return (tuple(slice(0, n) if i in axes else region[i] for i, n in enumerate(shape)),)


def _expansion_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    x, y = shapes
    if x != _reduction_shape((y,), options):
        raise ShapeError(f"shape {written(x)} is not {written(y)} summed over axis {options['axis']}")
    return y


def _expansion_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    _, y = shapes
    axes = reduced_axes(y, options.get("axis"))
    if options.get("keepdims"):
        own = tuple(slice(0, 1) if i in axes else part for i, part in enumerate(region))
    else:
        own = tuple(part for i, part in enumerate(region) if i not in axes)
    return own, tuple(slice(0, 0) for _ in y)


def _count_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    reduced_axes(shapes[0], options["axis"])
    return ()


def _count_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    return (tuple(slice(0, 0) for _ in shapes[0]),)


def _bounds(shape: Shape, options: Options) -> tuple[slice | int, ...]:
    """Return the subscript of a tensor as numbers and slices that lie within it."""
    index = cast("Index", options["index"])
    if len(index) > len(shape):
        raise ShapeError(f"[{index_text(index)}] has {len(index)} indices for shape {written(shape)}")
    bounds: list[slice | int] = []
    for axis, (part, extent) in enumerate(zip(index, shape, strict=False)):
        if isinstance(part, tuple):
            start, stop, _ = slice(*part).indices(extent)
            if start >= stop:
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
        return slice(part.start + wanted.start, part.start + wanted.stop)

    return (tuple(read(part) for part in _bounds(shape, options)),)


def _placed_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    x, y = shapes
    if x != _subscript_shape((y,), options):
        index = index_text(cast("Index", options["index"]))
        raise ShapeError(f"shape {written(x)} is not that of [{index}] in {written(y)}")
    return y


def _placed_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    x, y = shapes
    own: list[slice] = []
    outside = False
    for wanted, part in zip(region, _bounds(y, options), strict=True):
        held = slice(part, part + 1) if isinstance(part, int) else part
        start, stop = max(wanted.start, held.start), min(wanted.stop, held.stop)
        outside = outside or start >= stop
        if isinstance(part, slice):
            own.append(slice(start - part.start, max(start, stop) - part.start))
    return tuple(slice(0, 0) for _ in x) if outside else tuple(own), tuple(slice(0, 0) for _ in y)


ELEMENTWISE = Form("elementwise", _broadcast_shape, _broadcast_reads)
MATMUL = Form("matmul", _matmul_shape, _matmul_reads)
TRANSPOSE = Form("transpose", _transpose_shape, _transpose_reads)
REDUCTION = Form("reduction", _reduction_shape, _reduction_reads)
PAIRED = Form("paired reduction", _paired_shape, _paired_reads)
ALONG_AXIS = Form("along an axis", _along_axis_shape, _along_axis_reads)
EXPANSION = Form("expansion", _expansion_shape, _expansion_reads, local=False)
ONE_HOT = Form("one-hot", _expansion_shape, _expansion_reads, local=False)
COUNT = Form("count", _count_shape, _count_reads, local=False)
SUBSCRIPT = Form("subscript", _subscript_shape, _subscript_reads, local=False)
PLACED = Form("placed", _placed_shape, _placed_reads, local=False)
