"""What puts elements elsewhere along the axes: another order, a border, a turn, repetition."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.engine.language.forms.moving import (
    CROPPED,
    EXPANDED,
    FLIPPED,
    PADDED,
    PERMUTED,
    PERMUTED_BACK,
    SWAPPED,
    borders,
    expanded_shape,
    order_of,
)
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.nodes import Option

CUBE = (MIXED, MIXED[::-1])
PAIR: dict[str, Option] = {"first": -2, "second": -1}
AXES: dict[str, Option] = {"axes": None}
WIDTH: dict[str, Option] = {"width": ((1, 1),)}
UNEVEN = ((1, 0), (0, 2))


def swap_axes(x: Array, first: int = -2, second: int = -1) -> Array:
    """Exchange two axes."""
    return np.swapaxes(x, first, second)


def permute(x: Array, axes: Option = None) -> Array:
    """Put the axes in this order; in the reverse order if none is named."""
    return np.transpose(x, order_of(x.shape, axes))


def permute_back(x: Array, axes: Option = None) -> Array:
    """Put axes that were put in this order back where they were."""
    return np.transpose(x, np.argsort(order_of(x.shape, axes)))


def pad(x: Array, width: Any = ((1, 1),)) -> Array:
    """Add zeros before and after, so many along each axis."""
    return np.pad(x, borders(x.shape, width)) if x.ndim else x


def crop(x: Array, width: Any = ((1, 1),)) -> Array:
    """Take off the border that a padding added."""
    sides = zip(borders(x.shape, width), x.shape, strict=True)
    return x[tuple(slice(before, extent - after) for (before, after), extent in sides)]


def flip(x: Array, axis: Any = None) -> Array:
    """Put the elements in the reverse order, along all axes if none is named."""
    return np.flip(x, axis)


def expand(x: Array, shape: tuple[int, ...] = (-1,)) -> Array:
    """Repeat what has the extent 1; -1 keeps an extent."""
    return np.broadcast_to(x, expanded_shape(x.shape, shape))


ENTRIES = (
    Function(
        "swap_axes",
        swap_axes,
        ("swap_axes(g, first=first, second=second)",),
        "Exchanges two axes.",
        (Sample((MIXED,)), Sample((CUBE,), {"first": 0, "second": 2})),
        form=SWAPPED,
        options=PAIR,
        notation="swap({x})",
        temporaries=0,
    ),
    Function(
        "permute",
        permute,
        ("permute_back(g, axes=axes)",),
        "The axes in another order.",
        (Sample((CUBE,)), Sample((CUBE,), {"axes": (1, 2, 0)}), Sample((MIXED,), {"axes": (0, -1)})),
        form=PERMUTED,
        options=AXES,
        temporaries=0,
    ),
    Function(
        "permute_back",
        permute_back,
        ("permute(g, axes=axes)",),
        "The axes back in the order in which they were.",
        (Sample((CUBE,)), Sample((CUBE,), {"axes": (1, 2, 0)})),
        form=PERMUTED_BACK,
        options=AXES,
        notation="permute⁻¹({x})",
        temporaries=0,
    ),
    Function(
        "pad",
        pad,
        ("crop(g, width=width)",),
        "Zeros around the elements: so many before and after, for each axis or for all.",
        (Sample((MIXED,)), Sample((MIXED,), {"width": UNEVEN})),
        form=PADDED,
        options=WIDTH,
    ),
    Function(
        "crop",
        crop,
        ("pad(g, width=width)",),
        "The elements without the border that a padding added: what it holds receives no gradient.",
        (Sample(((MIXED[0], MIXED[1], MIXED[0]),)), Sample((MIXED,), {"width": UNEVEN})),
        form=CROPPED,
        options=WIDTH,
        temporaries=0,
    ),
    Function(
        "flip",
        flip,
        ("flip(g, axis=axis)",),
        "The elements in the reverse order along an axis.",
        (Sample((MIXED,)), Sample((CUBE,), {"axis": 1}), Sample((CUBE,), {"axis": (0, 2)})),
        form=FLIPPED,
        options={"axis": None},
        temporaries=0,
    ),
    Function(
        "expand",
        expand,
        ("g",),
        "Repeats what has the extent 1, to this shape: the gradients of the copies add up.",
        (
            Sample((((0.5,), (-1.0,)),), {"shape": (2, 3)}),
            Sample((((0.5,), (-1.0,)),), {"shape": (3, -1, 2)}),
            Sample(((0.5, 2.0),)),
        ),
        form=EXPANDED,
        options={"shape": (-1,)},
        temporaries=0,
    ),
)
