"""Heads as people deal them out by mistake: laid out anew where axes should be exchanged."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.verify.diagnosis.misreadings.misreading import Misread, Misreading


def split_heads(x: Array, heads: int = 1, transposed: bool = True, interleaved: bool = False) -> Array:
    """(..., positions, features) as (..., heads, positions, features of a head)."""
    *lead, positions, width = x.shape
    size = width // heads
    if not transposed:
        return x.reshape(*lead, heads, positions, size)
    if interleaved:
        return np.moveaxis(x.reshape(*lead, positions, size, heads), -1, -3)
    return x.reshape(*lead, positions, heads, size).swapaxes(-3, -2)


def merge_heads(x: Array, heads: int = 1, transposed: bool = True, interleaved: bool = False) -> Array:
    """(..., heads, positions, features of a head) as (..., positions, features)."""
    *lead, _, positions, size = x.shape
    if not transposed:
        laid = x
    elif interleaved:
        laid = np.moveaxis(x, -3, -1)
    else:
        laid = x.swapaxes(-3, -2)
    return laid.reshape(*lead, positions, heads * size)


INTERLEAVED = Misreading(
    {"interleaved": True},
    "Neighbouring features were dealt to different heads; each head has a block of neighbours.",
    1.1,
)
MISREAD = {
    "split_heads": Misread(
        split_heads,
        (
            Misreading(
                {"transposed": False},
                "The heads were split by a reshape alone, which mixes positions with heads: first positions "
                "× heads × features of a head, then the axes of positions and heads exchanged.",
            ),
            INTERLEAVED,
        ),
    ),
    "merge_heads": Misread(
        merge_heads,
        (
            Misreading(
                {"transposed": False},
                "The heads were merged by a reshape alone, which mixes heads with positions: their axes are "
                "exchanged before it.",
            ),
            INTERLEAVED,
        ),
    ),
}
