"""Forms of pooling: each window of a channel becomes one number."""

from __future__ import annotations

from collections.abc import Iterable

from bpdebug.engine.language.forms.form import (
    Form,
    Options,
    Region,
    Shape,
    nothing,
    numbers_of,
    spanned,
    written,
)
from bpdebug.engine.language.forms.windows import Sliding, check_fit, whole_numbers
from bpdebug.errors import ShapeError


def pooling_axes(shape: Shape, options: Options) -> tuple[Sliding, Sliding]:
    """Return the windows over the last two axes of a tensor; without a stride they lie side by side.

    Raises
    ------
    ShapeError
        If the tensor does not have four axes, or an option does not fit it.
    """
    if len(shape) != 4:
        raise ShapeError(f"pooling takes a tensor of batch, channels, height, width: found {written(shape)}")
    size = whole_numbers("pooling", "size", options["size"], 2, 1)
    asked = options["stride"]
    stride = size if asked is None else whole_numbers("pooling", "stride", asked, 2, 1)
    padding = whole_numbers("pooling", "padding", options["padding"], 2, 0)
    if any(2 * pad > own for pad, own in zip(padding, size, strict=True)):
        raise ShapeError(
            f"the padding of pooling is at most half its size: found {written(padding)} and {written(size)}"
        )
    height, width = map(Sliding, shape[2:], size, stride, padding)
    check_fit("pooling", (height, width), shape)
    return height, width


def _inputs(axis: Sliding, outputs: Iterable[int]) -> slice:
    return spanned([i for o in outputs for i, _ in axis.window(o)])


def _outputs(axis: Sliding, inputs: Iterable[int]) -> slice:
    return spanned([o for i in inputs for o, _ in axis.windows_of(i)])


def _pooling_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    return (*shape[:2], *(axis.outputs for axis in pooling_axes(shape, options)))


def _pooling_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    axes = pooling_axes(shapes[0], options)
    inputs = (_inputs(axis, numbers_of(part)) for axis, part in zip(axes, region[2:], strict=True))
    return ((*region[:2], *inputs),)


def _pooling_gradient_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    g, x = shapes
    out = _pooling_shape((x,), options)
    if g != out:
        raise ShapeError(f"pooling {written(x)} gives shape {written(out)}: found a gradient {written(g)}")
    return x


def _mean_gradient_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    """Return the outputs whose windows hold an element; of the input itself only the shape counts."""
    g, x = shapes
    axes = pooling_axes(x, options)
    outputs = [_outputs(axis, numbers_of(part)) for axis, part in zip(axes, region[2:], strict=True)]
    if any(part.start == part.stop for part in outputs):
        return nothing(g), nothing(x)
    return (*region[:2], *outputs), nothing(x)


def _max_gradient_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    """Return the outputs whose windows hold an element, and all that these windows compare it with."""
    own, nought = _mean_gradient_reads(region, shapes, options)
    if own[-1].start == own[-1].stop:
        return own, nought
    axes = pooling_axes(shapes[1], options)
    compared = (_inputs(axis, numbers_of(part)) for axis, part in zip(axes, own[2:], strict=True))
    return own, (*region[:2], *compared)


MAX_POOLING = Form("max pooling", _pooling_shape, _pooling_reads, local=False)
MEAN_POOLING = Form("mean pooling", _pooling_shape, _pooling_reads, local=False)
MAX_POOLING_GRADIENT = Form(
    "gradient of max pooling", _pooling_gradient_shape, _max_gradient_reads, local=False
)
MEAN_POOLING_GRADIENT = Form(
    "gradient of mean pooling", _pooling_gradient_shape, _mean_gradient_reads, local=False
)
