"""Convolutions as people write them by mistake: filters turned the wrong way, windows in the wrong places.

A convolution and its two gradients add up the same products, one for each place of a filter in each
window. So one walk over the places serves all three, and a mistake is a wrong word about it: which place
of the filter is meant, where the windows lie, which channels an output sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from bpdebug.engine.language.forms.regions import Shape, element_count, written
from bpdebug.engine.language.forms.windows import Sliding, whole_numbers
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Option
from bpdebug.verify.diagnosis.misreadings.misreading import Misread, Misreading

MOST_NUMBERS = 2**24
"""What is larger than it should be is computed up to this size."""


@dataclass(frozen=True)
class _Walk:
    """A walk over the places of a filter.

    Attributes
    ----------
    x, w : tuple of int
        The shapes of the input and of the weights.
    options : mapping
        Stride, padding, dilation and groups.
    mixed : bool
        Whether neighbouring outputs see different groups of channels, where those of a group lie together.
    """

    x: Shape
    w: Shape
    options: dict[str, Any]
    mixed: bool = False

    @property
    def axes(self) -> list[Sliding]:
        """The windows along each of the last axes."""
        count = len(self.w) - 2
        stride, padding, dilation = (
            whole_numbers("a convolution", name, self.options[name], count, least)
            for name, least in (("stride", 1), ("padding", 0), ("dilation", 1))
        )
        return list(map(Sliding, self.x[2:], self.w[2:], stride, padding, dilation))

    def channels(self, output: int) -> slice:
        """Return the channels that an output sees."""
        groups = int(self.options["groups"])
        group = output % groups if self.mixed else output * groups // self.w[0]
        return slice(group * self.w[1], (group + 1) * self.w[1])

    def places(self, windows: Shape) -> Iterator[tuple[Any, Any, Any]]:
        """For each place of the filter, yield it, the windows in which it meets the input, and where.

        So many windows need not fit: a product is added up wherever there is something to multiply.
        """
        axes = self.axes
        for place in product(*map(range, self.w[2:])):
            met = [_met(axis, k, count) for axis, k, count in zip(axes, place, windows, strict=True)]
            yield place, (..., *(windows for windows, _ in met)), (..., *(inputs for _, inputs in met))

    def spread(self, w: Array) -> Array:
        """Return the weights with all channels for each output, 0 for those that it does not see."""
        full: Array = np.zeros((self.w[0], self.x[1], *self.w[2:]), w.dtype)
        for output in range(self.w[0]):
            full[output, self.channels(output)] = w[output]
        return full


@lru_cache(maxsize=1024)
def _met(axis: Sliding, k: int, count: int) -> tuple[slice, slice]:
    """Return which of so many windows meet the input at their place `k`, and where."""
    met = [o for o in range(count) if 0 <= axis.at(o, k) < axis.extent]
    if not met:
        return slice(0), slice(0)
    return slice(met[0], met[-1] + 1), slice(axis.at(met[0], k), axis.at(met[-1], k) + 1, axis.stride)


def _turned(w: Array, mirrored: bool, exchanged: bool) -> Array:
    """Return weights with their filters mirrored, or with outputs and channels exchanged."""
    w = np.flip(w, axis=tuple(range(2, w.ndim))) if mirrored else w
    return w.swapaxes(0, 1) if exchanged else w


def _mapped(matrix: Array, x: Array) -> Array:
    """Multiply the channels at every place by a matrix."""
    mapped: Array = (matrix @ x.reshape(*x.shape[:2], -1)).reshape(len(x), len(matrix), *x.shape[2:])
    return mapped


def conv(
    x: Array, w: Array, *, flipped: bool = False, exchanged: bool = False, mixed: bool = False, **options: Any
) -> Array:
    """Lay each filter over every window."""
    w = _turned(w, flipped, exchanged)
    walk = _Walk(x.shape, w.shape, options, mixed)
    windows_along = tuple(axis.outputs for axis in walk.axes)
    result: Array = np.zeros((x.shape[0], w.shape[0], *windows_along), x.dtype)
    weights = walk.spread(w)
    for place, windows, inputs in walk.places(windows_along):
        result[windows] += _mapped(weights[(..., *place)], x[inputs])
    return result


def conv_input_gradient(
    g: Array,
    w: Array,
    x: Array,
    *,
    flipped: bool = True,
    exchanged: bool = True,
    mixed: bool = False,
    cropped: bool = True,
    **options: Any,
) -> Array:
    """Send each gradient back to its window; not cropped, the padding is part of what is returned."""
    w = _turned(w, not flipped, not exchanged)
    shape = x.shape
    if not cropped:
        padding = whole_numbers("a convolution", "padding", options["padding"], w.ndim - 2, 0)
        shape = (*shape[:2], *(extent + 2 * pad for extent, pad in zip(shape[2:], padding, strict=True)))
        options["padding"] = 0
        if element_count(shape) > MOST_NUMBERS:
            raise ValueError(f"the padding makes {written(x.shape)} too large")
    walk = _Walk(shape, w.shape, options, mixed)
    result: Array = np.zeros(shape, g.dtype)
    weights = walk.spread(w)
    for place, windows, inputs in walk.places(g.shape[2:]):
        result[inputs] += _mapped(weights[(..., *place)].T, g[windows])
    return result


def conv_weight_gradient(
    x: Array,
    g: Array,
    w: Array,
    *,
    flipped: bool = False,
    exchanged: bool = False,
    mixed: bool = False,
    summed: bool = True,
    averaged: bool = False,
    **options: Any,
) -> Array:
    """Add up what each weight met; not summed, each example has gradients of its own."""
    walk = _Walk(x.shape, w.shape, options, mixed)
    if not summed and x.shape[0] * w.size > MOST_NUMBERS:
        raise ValueError("the gradients of all examples are too large")
    result: Array = np.zeros((1 if summed else x.shape[0], *w.shape), g.dtype)
    for place, windows, inputs in walk.places(g.shape[2:]):
        incoming, met = (part.reshape(*part.shape[:2], -1) for part in (g[windows], x[inputs]))
        products = incoming @ met.swapaxes(-1, -2)
        if summed:
            products = products.sum(axis=0, keepdims=True)
        for output in range(w.shape[0]):
            result[(slice(None), output, slice(None), *place)] = products[:, output, walk.channels(output)]
    if averaged:
        result = result / (g.size // g.shape[1])
    return _turned(result[0], flipped, exchanged) if summed else result


MIRRORED: dict[str, Option] = {"flipped": True}
EXCHANGED = (
    "The gradients of outputs were sent to the channels of the same numbers: backwards, outputs and channels "
    "of the weights change places."
)
MIXED = Misreading(
    {"mixed": True},
    "The groups are mixed up: the outputs of a group lie one after the other, and so do its channels.",
    1.2,
)
FORWARD = Misread(
    conv,
    (
        Misreading(
            MIRRORED,
            "The filter was turned by 180°: this is the convolution of mathematics. A layer computes the "
            "cross-correlation, with the filter as it is.",
        ),
        Misreading(
            {"exchanged": True},
            "Outputs and channels of the weights change places where they should not.",
            1.2,
        ),
        Misreading(
            {"flipped": True, "exchanged": True},
            "The filter was turned by 180°, and its outputs and channels were exchanged: so a gradient "
            "goes back through a convolution, not what belongs here.",
            1.5,
        ),
        MIXED,
    ),
)
INPUT_GRADIENT = Misread(
    conv_input_gradient,
    (
        Misreading(
            {"flipped": False},
            "The filter was not turned by 180°. Forwards a window meets the filter as it is; on the way back "
            "the place of an input in the window runs the other way.",
        ),
        Misreading({"exchanged": False}, EXCHANGED, 1.1),
        Misreading(
            {"flipped": False, "exchanged": False},
            "The filter was not turned by 180°, and outputs and channels were not exchanged: the forward "
            "convolution was applied to the gradient.",
            1.3,
        ),
        Misreading(
            {"cropped": False}, "The padding was not taken off: what lies in it has no gradient to pass on."
        ),
        MIXED,
    ),
)
WEIGHT_GRADIENT = Misread(
    conv_weight_gradient,
    (
        Misreading(
            MIRRORED,
            "The filter's gradient is turned by 180°: a convolution was taken where the cross-correlation "
            "of the input with the gradient belongs.",
        ),
        Misreading({"exchanged": True}, "Outputs and channels of the weights' gradient are exchanged.", 1.1),
        Misreading(
            {"flipped": True, "exchanged": True},
            "The gradient of the weights is turned by 180°, and its outputs and channels are exchanged.",
            1.4,
        ),
        Misreading({"summed": False}, "Not summed over the batch: all examples share these weights."),
        Misreading(
            {"averaged": True},
            "The mean over all windows was taken where the sum belongs: each of them used these weights.",
            1.1,
        ),
        MIXED,
    ),
)
MISREAD = {
    f"conv{axes}d{part}": misread
    for axes in (1, 2)
    for part, misread in (
        ("", FORWARD),
        ("_input_gradient", INPUT_GRADIENT),
        ("_weight_gradient", WEIGHT_GRADIENT),
    )
}
