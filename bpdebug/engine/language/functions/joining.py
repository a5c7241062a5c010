"""Functions that put tensors one after the other along an axis, and that take rows by their numbers."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.forms.joining import (
    CONCATENATED,
    PART,
    ROW_SUMS,
    SEQUENCE,
    SEQUENCE_AXIS,
    TAKEN,
    joining_axis,
)
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.nodes import Option

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


def sequence(*steps: Array) -> Array:
    """Put tensors one after the other along a new second axis."""
    return np.stack(steps, axis=SEQUENCE_AXIS)


def take(x: Array, y: Array) -> Array:
    """Return the rows of `x` whose numbers stand in `y`; NaN for a number that no row has."""
    numbers, exist = _row_numbers(y, len(x))
    if not len(x):
        return np.full((*y.shape, *x.shape[1:]), np.nan, x.dtype)
    rows = np.array(x[numbers])
    rows[~exist] = np.nan
    return rows


def row_sums(x: Array, y: Array, z: Array) -> Array:
    """Add each part of `x` to the row whose number stands in `y`, in the shape of `z`."""
    result = np.zeros(z.shape, x.dtype)
    numbers, exist = _row_numbers(y, len(z))
    np.add.at(result, numbers[exist], x[exist])
    return result


def _row_numbers(y: Array, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers as indices, and which of them a tensor of so many rows has; others become 0."""
    exist = (y >= 0) & (y < count) & (y == np.floor(y))
    return np.where(exist, y, 0).astype(np.intp), exist


ROWS = ((0.5, -1.0), (2.0, 0.3))
NUMBERS = (1.0, 0.0, 1.0, 1.0)
"""A sample of rows, and of numbers of rows: one comes up three times."""

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
        temporaries=0,
    ),
    Function(
        "part_like",
        part_like,
        None,
        "The part of a tensor that one of those was that it was put together from.",
        (Sample((MIXED, ONE_MORE)), Sample((MIXED, ONE_MORE), {"last": True})),
        form=PART,
        options={**AXIS, "last": False},
        temporaries=0,
    ),
    Function(
        "sequence",
        sequence,
        ("g[:, {place}]",),
        "One tensor for each time step, as one tensor: time is its second axis.",
        (Sample((MIXED, MIXED[::-1], MIXED)), Sample(((1.0, 2.0), (0.3, 0.7), (-1.0, 0.5)))),
        form=SEQUENCE,
        notation="[{operands}]",
        variadic=True,
        temporaries=0,
    ),
    Function(
        "take",
        take,
        ("row_sums(g, y, x)", None),
        "The rows with these numbers: a table of vectors, looked up.",
        (Sample((ROWS, NUMBERS)), Sample((ROWS, ((0.0, 1.0), (1.0, 1.0))))),
        form=TAKEN,
        notation="{x}[{y}]",
        temporaries=1,
    ),
    Function(
        "row_sums",
        row_sums,
        ("take(g, y)", None, None),
        "Adds up what comes back for each row, as often as the row was taken; the others get 0.",
        (Sample((((1.0, 2.0), (0.5, -1.0), (3.0, 0.2), (0.1, 0.7)), NUMBERS, ROWS)),),
        form=ROW_SUMS,
    ),
)
