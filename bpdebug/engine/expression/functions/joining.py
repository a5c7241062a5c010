"""Functions that put tensors one after the other along an axis, and take one of them out again."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.expression.forms.joining import CONCATENATED, PART, joining_axis
from bpdebug.engine.expression.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.expression.nodes import Option

AXIS: dict[str, Option] = {"axis": -1}
ONE_MORE = ((0.4,), (-1.1,))
"""A sample with as many rows as the mixed one, and another number of columns."""


def concatenate(x: Array, y: Array, axis: int = -1) -> Array:
    """Put `y` after `x` along an axis."""
    return np.concatenate((x, y), axis=axis)


def part_like(x: Array, y: Array, axis: int = -1, last: bool = False) -> Array:
    """Return the first elements of `x` along an axis, or its last ones: as many as `y` has."""
    place = joining_axis(x.shape, {"axis": axis})
    count = y.shape[place]
    start = x.shape[place] - count if last else 0
    index = [slice(None)] * x.ndim
    index[place] = slice(start, start + count)
    return x[tuple(index)]


ENTRIES = (
    Function(
        "concatenate",
        concatenate,
        ("part_like(g, x, axis=axis)", "part_like(g, y, axis=axis, last=True)"),
        "One tensor after the other along an axis; each receives its own part of the gradient.",
        (Sample((MIXED, ONE_MORE)), Sample((MIXED, MIXED), {"axis": 0})),
        form=CONCATENATED,
        options=AXIS,
        notation="[{x}; {y}]",
    ),
    Function(
        "part_like",
        part_like,
        None,
        "The part of a tensor that one of those was that it was put together from.",
        (Sample((MIXED, ONE_MORE)), Sample((MIXED, ONE_MORE), {"last": True})),
        form=PART,
        options={**AXIS, "last": False},
    ),
)
