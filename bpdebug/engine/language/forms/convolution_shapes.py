"""The geometry of a convolution: what its shapes and options say together, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bpdebug.engine.language.forms.regions import Options, Shape, written
from bpdebug.engine.language.forms.windows import Sliding, check_fit, whole_numbers
from bpdebug.errors import ShapeError

AXES = {1: "length", 2: "height, width"}
"""What the axes are called over which windows slide, by their number."""


@dataclass(frozen=True, slots=True)
class Convolution:
    """The geometry of a convolution of `x` (batch, channels, ...) with `w` (outputs, channels / groups, ...).

    Attributes
    ----------
    x, w : tuple of int
        The shapes of the two.
    groups : int
        Into how many groups channels and outputs are divided; each output sees those of its own.
    axes : tuple of Sliding
        The window along each of the last axes.
    """

    x: Shape
    w: Shape
    groups: int
    axes: tuple[Sliding, ...]

    @property
    def out(self) -> Shape:
        """The shape of the result."""
        return (self.x[0], self.w[0], *(axis.outputs for axis in self.axes))

    def channel(self, o: int, c: int) -> int:
        """Return the channel of `x` that is number `c` of those which output `o` sees."""
        return o // (self.w[0] // self.groups) * self.w[1] + c

    def outputs_of(self, channel: int) -> range:
        """Return the outputs that see a channel of `x`."""
        count, group = self.w[0] // self.groups, channel // self.w[1]
        return range(group * count, (group + 1) * count)


def lies_of(function: str, axes: int, shapes: Mapping[str, Shape], options: Options) -> Convolution:
    """Return the geometry of the convolution that a function computes, or whose gradient it computes.

    Parameters
    ----------
    function : str
        What messages call it.
    axes : int
        Over how many axes the windows slide.
    shapes : mapping
        The shapes of `x`, of `w`, and of the gradient `g` of the result, where it takes them. Where there is
        no `x`, the options say its shape: that is a transposed convolution.
    options : mapping
        The options of the call.

    Raises
    ------
    ShapeError
        If the shapes do not fit together, or an option does not fit them.
    """
    if any(len(shape) != axes + 2 for shape in shapes.values()):
        found = " and ".join(map(written, shapes.values()))
        raise ShapeError(f"{function} takes tensors of {axes + 2} axes, the last {AXES[axes]}: found {found}")
    if "x" not in shapes:
        return transposed(function, shapes["g"], shapes["w"], options)
    geometry = convolution(function, shapes["x"], shapes["w"], options)
    if shapes.get("g", geometry.out) != geometry.out:
        raise ShapeError(
            f"{function} takes the gradient of a result of shape {written(geometry.out)}: "
            f"found {written(shapes['g'])}"
        )
    return geometry


def convolution(function: str, x: Shape, w: Shape, options: Options) -> Convolution:
    """Return the geometry of a convolution of `x` with `w`; raises `ShapeError` where they do not fit."""
    stride, padding, dilation, groups = _numbers(function, w, options)
    if x[1] != w[1] * groups:
        raise ShapeError(
            f"{function} with weights {written(w)} in groups={groups} takes {w[1] * groups} channels: "
            f"found {x[1]} in {written(x)}"
        )
    axes = tuple(map(Sliding, x[2:], w[2:], stride, padding, dilation))
    check_fit(function, axes, x)
    return Convolution(x, w, groups, axes)


def transposed(function: str, g: Shape, w: Shape, options: Options) -> Convolution:
    """Return the geometry of the convolution that would give a result like `g`; raises `ShapeError`."""
    stride, padding, dilation, groups = _numbers(function, w, options)
    extra = whole_numbers(function, "output_padding", options["output_padding"], len(w) - 2, 0)
    if g[1] != w[0]:
        raise ShapeError(
            f"{function} with weights {written(w)} takes {w[0]} channels: found {g[1]} in {written(g)}"
        )
    if any(more >= step for more, step in zip(extra, stride, strict=True)):
        raise ShapeError(
            f"output_padding of {function} is less than its stride {written(stride)}: found {written(extra)}"
        )
    windows = zip(g[2:], w[2:], stride, padding, dilation, extra, strict=True)
    extents = tuple(
        (outputs - 1) * step - 2 * pad + Sliding(1, size, dilation=apart).reach + more
        for outputs, size, step, pad, apart, more in windows
    )
    if any(extent < 1 for extent in extents):
        raise ShapeError(f"the padding {written(padding)} of {function} leaves nothing of {written(g)}")
    axes = tuple(map(Sliding, extents, w[2:], stride, padding, dilation))
    return Convolution((g[0], w[1] * groups, *extents), w, groups, axes)


def _numbers(function: str, w: Shape, options: Options) -> tuple[Shape, Shape, Shape, int]:
    """Return stride, padding and dilation for each axis, and the number of groups."""
    axes = len(w) - 2
    stride = whole_numbers(function, "stride", options["stride"], axes, 1)
    padding = whole_numbers(function, "padding", options["padding"], axes, 0)
    dilation = whole_numbers(function, "dilation", options["dilation"], axes, 1)
    (groups,) = whole_numbers(function, "groups", options["groups"], 1, 1)
    if w[0] % groups:
        raise ShapeError(f"groups={groups} of {function} does not divide the {w[0]} of weights {written(w)}")
    return stride, padding, dilation, groups
