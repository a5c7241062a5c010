"""Forms of what goes along axes: reductions, and what repeats along the axes that a reduction removed."""

from __future__ import annotations

from bpdebug.engine.language.forms.form import Form, Options, Region, Shape, nothing, reduced_axes, written
from bpdebug.errors import ShapeError


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
    return own, nothing(y)


def _count_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    reduced_axes(shapes[0], options["axis"])
    return ()


def _count_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    return (nothing(shapes[0]),)


REDUCTION = Form("reduction", _reduction_shape, _reduction_reads)
PAIRED = Form("paired reduction", _paired_shape, _paired_reads)
ALONG_AXIS = Form("along an axis", _along_axis_shape, _along_axis_reads)
EXPANSION = Form("expansion", _expansion_shape, _expansion_reads, local=False)
ONE_HOT = Form("one-hot", _expansion_shape, _expansion_reads, local=False)
COUNT = Form("count", _count_shape, _count_reads, local=False)
