"""Functions that read and write elements by their positions.

A position is the place of an element in the order of C, from 0. So every fancy index, mask, slice with a
step, padding, repetition and order of axes is the same four functions: what one reads the other writes.
"""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.forms.positions import CLEARED, GATHERED, REPLACED, SCATTERED
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample

POSITIONS = ((4.0, 0.0), (4.0, 2.0))
"""Positions in a tensor of six elements; one comes up twice."""
APART = ((4.0, 0.0), (1.0, 2.0))
PART = ((0.3, -1.2), (0.8, 2.0))


def gather(x: Array, y: Array) -> Array:
    """Return the elements of `x` at the positions in `y`; NaN where there is none."""
    places, exist = _places(y, x.size)
    if not x.size:
        return np.full(y.shape, np.nan, x.dtype)
    found: Array = x.reshape(-1)[places]
    return found if exist.all() else np.where(exist, found, np.nan).astype(x.dtype)


def replaced(x: Array, y: Array, z: Array) -> Array:
    """Return `x` with the elements of `y` at the positions in `z`, the last one where one comes up twice."""
    result = np.array(x, order="C", copy=True)
    places, exist = _places(z, x.size)
    result.reshape(-1)[places[exist]] = np.broadcast_to(y, z.shape)[exist]
    return result


def scatter_sum(x: Array, y: Array, z: Array) -> Array:
    """Add the elements of `x` up at the positions in `y`, in the shape of `z`."""
    result = np.zeros(z.shape, x.dtype)
    places, exist = _places(y, z.size)
    np.add.at(result.reshape(-1), places[exist], np.broadcast_to(x, y.shape)[exist])
    return result


def cleared(x: Array, y: Array) -> Array:
    """Return `x` with 0 at the positions in `y`."""
    return replaced(x, np.zeros((), x.dtype), y)


def _places(positions: Array, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positions as indices, and which of them a tensor of so many elements has; others become 0."""
    exist = (positions >= 0) & (positions < size) & (positions == np.floor(positions))
    return np.where(exist, positions, 0).astype(np.intp), exist


ENTRIES = (
    Function(
        "gather",
        gather,
        ("scatter_sum(g, y, x)", None),
        "The elements at these positions, counted in the order in which they are stored.",
        (Sample((MIXED, POSITIONS)), Sample((MIXED, (5.0,)))),
        form=GATHERED,
        notation="{x}[{y}]",
    ),
    Function(
        "replaced",
        replaced,
        ("cleared(g, z)", "gather(g, z)", None),
        "A tensor with other elements at these positions; the others are handed on.",
        (Sample((MIXED, PART, APART)), Sample((MIXED, 0.7, APART))),
        form=REPLACED,
    ),
    Function(
        "scatter_sum",
        scatter_sum,
        ("gather(g, y)", None, None),
        "Adds each element to what stands at its position; the other positions are 0.",
        (Sample((PART, POSITIONS, MIXED)),),
        form=SCATTERED,
    ),
    Function(
        "cleared",
        cleared,
        ("cleared(g, y)", None),
        "A tensor with 0 at these positions: what was replaced there no longer counts.",
        (Sample((MIXED, POSITIONS)),),
        form=CLEARED,
    ),
)
