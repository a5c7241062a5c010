"""How large the numbers of a tensor are: a mean and a norm, in which NaN and infinity show."""

from __future__ import annotations

import math

import numpy as np

from bpdebug.engine.health.blocks import blocks
from bpdebug.engine.language.functions.entry import Array


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
