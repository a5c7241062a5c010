"""Smaller inputs for a search: what is wrong with 512 × 768 is wrong with 5 × 6, and found in a moment.

Equal extents stay equal, and different ones different, so that no shape fits by chance that did not before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Shape = tuple[int, ...]
LARGE = 4096
"""Of inputs with no more elements none is shrunk."""
SMALL = 16
"""So large are extents that stay as they are."""
FIRST = 5


def smaller_extents(shapes: Sequence[Shape]) -> Mapping[int, int] | None:
    """Return what extents become; None where the shapes are small, or cannot be told apart then."""
    taken = {extent for shape in shapes for extent in shape}
    large = sorted(extent for extent in taken if extent > SMALL)
    free = [extent for extent in range(FIRST, SMALL + 1) if extent not in taken]
    if not large or len(free) < len(large) or max(map(math.prod, shapes)) <= LARGE:
        return None
    return dict(zip(large, free, strict=False))


def corner(shape: Shape, smaller: Mapping[int, int]) -> tuple[slice, ...]:
    """Return the index of the part of a tensor that has the smaller extents."""
    return tuple(slice(smaller.get(extent, extent)) for extent in shape)
