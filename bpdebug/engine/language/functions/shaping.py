"""What only moves or repeats elements: another shape, rows of all positions, an image that is enlarged."""

from __future__ import annotations

from typing import Any

from bpdebug.engine.language.forms import element_count
from bpdebug.engine.language.forms.shaping import (
    AS_ROWS,
    FLATTEN,
    RESHAPE,
    RESHAPE_LIKE,
    UPSAMPLE,
    UPSAMPLE_GRADIENT,
    reshaped,
    scales,
)
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.nodes import Option

SCALE: dict[str, Option] = {"scale": 2}


def flatten(x: Array, start: int = 1) -> Array:
    """Make one axis of all axes from `start` on."""
    return x.reshape(*x.shape[:start], element_count(x.shape[start:]))


def reshape(x: Array, shape: tuple[int, ...] = (-1,), start: int = 0) -> Array:
    """Give the axes from `start` on another shape, with the same elements; -1 is what is left."""
    return x.reshape(reshaped(x.shape, {"shape": shape, "start": start}))


def reshape_like(x: Array, y: Array) -> Array:
    """Return the elements of `x` in the shape of `y`."""
    return x.reshape(y.shape)


def as_rows(x: Array) -> Array:
    """Return a matrix with a row for each position: all axes but the last made one."""
    return x.reshape(element_count(x.shape[:-1]), x.shape[-1])


def upsample(x: Array, **options: Any) -> Array:
    """Repeat each pixel `scale` times in height and width."""
    height, width = scales(x.shape, options)
    return x.repeat(height, axis=2).repeat(width, axis=3)


def upsample_gradient(x: Array, **options: Any) -> Array:
    """Add up the copies of each pixel."""
    height, width = scales(x.shape, options)
    n, channels, rows, columns = x.shape
    blocks = x.reshape(n, channels, rows // height, height, columns // width, width)
    total: Array = blocks.sum(axis=(3, 5), dtype=x.dtype)
    return total


CUBE = (MIXED, MIXED)
IMAGE = (((1.0, -2.0, 0.5, 3.0, 0.25, -1.0), (0.75, 0.1, -0.3, 2.0, 1.5, -0.5)),)

ENTRIES = (
    Function(
        "flatten",
        flatten,
        ("reshape_like(g, x)",),
        "Lays the elements of each example in one row.",
        (Sample((CUBE,)), Sample((CUBE,), {"start": 0})),
        form=FLATTEN,
        options={"start": 1},
        temporaries=0,
    ),
    Function(
        "reshape",
        reshape,
        ("reshape_like(g, x)",),
        "The same elements in the same order, in another shape.",
        (
            Sample((CUBE,)),
            Sample((CUBE,), {"shape": (-1, 2, 2)}),
            Sample((MIXED,), {"shape": (3, 2)}),
            Sample((CUBE,), {"shape": (3, -1), "start": 1}),
        ),
        form=RESHAPE,
        options={"shape": (-1,), "start": 0},
        temporaries=0,
    ),
    Function(
        "reshape_like",
        reshape_like,
        ("reshape_like(g, x)", None),
        "The elements back in the shape that they had: a gradient lies where its tensor does.",
        (
            Sample(((0.5, -1.0, 2.0, 0.3, 1.0, 0.0), MIXED)),
            Sample((MIXED, ((1.0, 2.0), (3.0, 4.0), (5.0, 6.0)))),
        ),
        form=RESHAPE_LIKE,
        notation="reshape({x})",
        temporaries=0,
    ),
    Function(
        "as_rows",
        as_rows,
        ("reshape_like(g, x)",),
        "Lays the positions of all examples one below the other, so that one matrix product sums over them.",
        (Sample((CUBE,)), Sample((MIXED,)), Sample(((1.0, -2.0),))),
        form=AS_ROWS,
        notation="rows({x})",
        temporaries=0,
    ),
    Function(
        "upsample",
        upsample,
        ("upsample_gradient(g, scale=scale)",),
        "Repeats each pixel; on the way back the gradients of its copies add up.",
        (Sample(((IMAGE,),)), Sample(((IMAGE,),), {"scale": (1, 3)})),
        form=UPSAMPLE,
        options=SCALE,
    ),
    Function(
        "upsample_gradient",
        upsample_gradient,
        ("upsample(g, scale=scale)",),
        "Adds up the gradients of all copies of a pixel.",
        (Sample(((IMAGE,),)), Sample(((IMAGE,),), {"scale": (1, 3)})),
        form=UPSAMPLE_GRADIENT,
        options=SCALE,
        notation="upsample′({x})",
    ),
)
