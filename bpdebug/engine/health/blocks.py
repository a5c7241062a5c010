"""Large tensors in blocks: statistics that cost a pass over the numbers and no copy of them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from bpdebug.engine.expression.functions.entry import Array

BLOCK = 1 << 17
"""Elements of a block: a megabyte of float64, which a processor's cache holds."""


def blocks(value: Array) -> Iterator[Array]:
    """Yield all elements of a tensor, in one-dimensional blocks; each is valid until the next."""
    pieces = np.nditer(value, flags=("external_loop", "buffered", "zerosize_ok"), buffersize=BLOCK)
    with pieces:
        yield from pieces


def mean_size(value: Array) -> float:
    """Return the mean of the absolute values, in float64; NaN where there are no elements."""
    total = sum(float(np.sum(np.abs(block), dtype=float)) for block in blocks(value))
    return total / value.size if value.size else math.nan


def norm(value: Array) -> float:
    """Return the Euclidean norm, in float64.

    The numbers are scaled by the largest before they are squared: gradients that vanish or explode are
    the very ones whose squares leave float64.
    """
    largest = 0.0
    for block in blocks(value):
        largest = float(np.maximum(largest, np.max(np.abs(block), initial=0)))
    if largest == 0 or not math.isfinite(largest):
        return largest
    squares = (np.square(block.astype(float) / largest) for block in blocks(value))
    return largest * math.sqrt(sum(float(np.sum(square)) for square in squares))
