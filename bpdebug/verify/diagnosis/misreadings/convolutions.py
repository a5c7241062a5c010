"""Convolutions as people write them by mistake: filters turned the wrong way, windows in the wrong places.

Each mistake is the right function on other operands: on filters that are turned, on outputs in another order,
on an input that is larger. So nothing here is a convolution of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bpdebug.engine.language.forms.regions import Shape, element_count, written
from bpdebug.engine.language.forms.windows import Sliding, whole_numbers
from bpdebug.engine.language.functions import convolutions as right
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Option
from bpdebug.verify.diagnosis.misreadings.misreading import Misread, Misreading

Indices = npt.NDArray[np.intp]

MOST_NUMBERS = 2**24
"""What is larger than it should be is computed up to this size."""
MOST_PLACES = 32
"""And filters of so many places are looked at place by place."""
MOST_LAID_OUT = 2**27
"""And so many numbers of all windows side by side."""


def _turned(w: Array, mirrored: bool, exchanged: bool) -> Array:
    """Return weights with their filters mirrored, or with outputs and channels exchanged."""
    w = np.flip(w, axis=tuple(range(2, w.ndim))) if mirrored else w
    return w.swapaxes(0, 1) if exchanged else w


def _order(outputs: int, mixed: bool, options: dict[str, Any]) -> Indices:
    """Return the outputs, those of a group together; mixed, every group has every n-th output."""
    groups = int(options["groups"]) if mixed else 1
    return np.arange(outputs).reshape(-1, groups).T.ravel()


def _settings(name: str, count: int, options: dict[str, Any]) -> tuple[int, ...]:
    return whole_numbers("a convolution", name, options[name], count, 0)


def _room(x: Shape, w: Shape, windows: Shape, options: dict[str, Any]) -> tuple[Shape, Shape]:
    """Return the extents of an input in which so many windows fit, and how many do: more, if it is larger.

    With a wrong stride or padding the windows need not fit the input; what has no partner is then 0.
    """
    count = len(windows)
    settings = (_settings(name, count, options) for name in ("stride", "padding", "dilation"))
    extents, fitting = [], []
    for axis, count in zip(map(Sliding, x[2:], w[2:], *settings), windows, strict=True):
        extents.append(max(axis.extent, axis.at(count - 1, axis.size - 1) + 1))
        fitting.append(replace(axis, extent=extents[-1]).outputs)
    if x[0] * element_count(w[1:]) * int(options["groups"]) * element_count(tuple(fitting)) > MOST_LAID_OUT:
        raise ValueError("so many windows are too large")
    return tuple(extents), tuple(fitting)


def _grown(x: Array, extents: Shape) -> Array:
    """Return a tensor with zeros at the end of its last axes."""
    ends = [(0, extent - own) for extent, own in zip(extents, x.shape[2:], strict=True)]
    return np.pad(x, [(0, 0), (0, 0), *ends])


def conv(
    x: Array, w: Array, *, flipped: bool = False, exchanged: bool = False, mixed: bool = False, **options: Any
) -> Array:
    """Lay each filter over every window."""
    w = _turned(w, flipped, exchanged)
    order = _order(len(w), mixed, options)
    return right.conv(x, w[order], **options)[:, np.argsort(order)]


def conv_input_gradient(
    g: Array,
    w: Array,
    x: Array,
    *,
    flipped: bool = True,
    exchanged: bool = True,
    mixed: bool = False,
    cropped: bool = True,
    add: bool = True,
    **options: Any,
) -> Array:
    """Send each gradient back to its window; not cropped, the padding is part of what is returned.

    Not added, the last window that an element lies in has overwritten the others.
    """
    w = _turned(w, not flipped, not exchanged)
    shape = x.shape
    if not cropped:
        padding = _settings("padding", w.ndim - 2, options)
        shape = (*shape[:2], *(extent + 2 * pad for extent, pad in zip(shape[2:], padding, strict=True)))
        options["padding"] = 0
        if element_count(shape) > MOST_NUMBERS:
            raise ValueError(f"the padding makes {written(x.shape)} too large")
    extents, windows = _room(shape, w.shape, g.shape[2:], options)
    order, like = _order(len(w), mixed, options), np.broadcast_to(x.dtype.type(0), (*shape[:2], *extents))
    g, w = _grown(g, windows)[:, order], w[order]
    result = right.conv_input_gradient(g, w, like, **options) if add else _overwritten(g, w, like, options)
    return result[tuple(map(slice, shape))]


def _overwritten(g: Array, w: Array, x: Array, options: dict[str, Any]) -> Array:
    """Send each gradient back to its window with `=`, a window after the other.

    The later a window is, the earlier an element lies in it: so the places in a window overwrite each other,
    the last place first.
    """
    if element_count(w.shape[2:]) > MOST_PLACES:
        raise ValueError("the filters are too large to go through them place by place")
    found = np.zeros(x.shape)
    for place in reversed([*np.ndindex(w.shape[2:])]):
        one = np.zeros(w.shape[2:])
        one[place] = 1.0
        reached = right.conv_input_gradient(np.ones_like(g), np.broadcast_to(one, w.shape), x, **options) != 0
        found = np.where(reached, right.conv_input_gradient(g, w * one, x, **options), found)
    return found


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
    if not summed and x.shape[0] * w.size > MOST_NUMBERS:
        raise ValueError("the gradients of all examples are too large")
    extents, windows = _room(x.shape, w.shape, g.shape[2:], options)
    order, uses = _order(len(w), mixed, options), g.size // g.shape[1]
    x, g = _grown(x, extents), _grown(g, windows)[:, order]

    def gradient(x: Array, g: Array) -> Array:
        return right.conv_weight_gradient(x, g, w[order], **options)[np.argsort(order)]

    if not summed:
        return np.stack([gradient(x[one : one + 1], g[one : one + 1]) for one in range(len(x))])
    total = gradient(x, g)
    return _turned(total / uses if averaged else total, flipped, exchanged)


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
        Misreading(
            {"add": False},
            "Where windows overlap an element receives the gradients of all of them, added up: here the last "
            "window overwrote the others.",
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
