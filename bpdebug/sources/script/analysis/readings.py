"""What the tensors of a chain are of a reference: multiples of it, or not.

A tensor that is `k` times the reference is a reading; `k` is natural if it is a factor that people write.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.analysis.steps import Link

ZERO, ROUNDING = 1e-12, 1e-9
"""Below this part of the largest gradient a reference is 0 by nature, and a value is rounding."""
TOLERANCES = {2: 1e-2, 4: 1e-3, 8: 1e-6}
"""The bytes of an element -> how far two equal gradients may lie apart, relative to the largest element."""


class Reading(NamedTuple):
    """A tensor of a chain that is a multiple of the reference: `node = ratio · reference`."""

    link: Link
    factor: float
    ratio: float
    is_natural: bool


Hits = list[list[Reading]]
Pieces = list[list[Reading] | None]
"""For each piece of a parameter its readings; None where the reference is 0 and the value is as well."""


def multiple(value: Any, reference: Any, tolerance: float) -> float | None:
    """Return k with `value = k · reference`; None if there is none, or it is 0."""
    value, reference = np.asarray(value), np.asarray(reference)
    if value.size != reference.size:
        return None
    if value.size == 1:  # of these there are many, where every weight is a number of its own
        return _quotient(float(value.item()), float(reference.item()))
    value, reference = value.ravel(), reference.ravel()
    square = float(reference @ reference)
    if not math.isfinite(square) or square == 0 or not np.all(np.isfinite(value)):
        return None
    ratio = float(value @ reference) / square
    if ratio == 0 or np.max(np.abs(value - ratio * reference)) > tolerance * np.max(np.abs(value)):
        return None
    return ratio


def _quotient(value: float, reference: float) -> float | None:
    ratio = value / reference if reference else 0.0
    return ratio if ratio and math.isfinite(ratio) and math.isfinite(value) else None


def is_natural(ratio: float, tolerance: float) -> bool:
    """Whether a factor is one that people write: a small fraction, 1/m, m."""
    ratio = abs(ratio)
    if not math.isfinite(ratio) or ratio == 0:
        return False
    for denominator in (1, 2, 3, 4, 6):
        for whole in (ratio * denominator, denominator / ratio):
            nearest = round(whole) if whole < 1e7 else 0
            if 0 < nearest <= 10**6 and abs(whole - nearest) < 3 * tolerance * whole:
                return True
    return False


def near(x: float, y: float, tolerance: float) -> bool:
    """Whether two factors are the same, up to rounding."""
    return abs(x - y) <= 10 * tolerance * abs(y)


def ratios_of(hits: Hits, tolerance: float) -> list[float]:
    """Return the ratios that a parameter could have, each once."""
    found: list[float] = []
    for reading in hits[-1] if hits and all(hits) else ():
        if reading.is_natural and not any(near(reading.ratio, one, tolerance) for one in found):
            found.append(reading.ratio)
    return found


def most_common(values: Sequence[float], tolerance: float) -> float | None:
    """Return the value that most others are near to; of several, the one nearest to 1 in size."""
    if not values:
        return None
    counts: Counter[float] = Counter()
    for value in values:
        nearest = next((one for one in counts if near(value, one, tolerance)), value)
        counts[nearest] += 1
    return max(counts, key=lambda one: (counts[one], one > 0, -abs(math.log(abs(one)))))


def tolerance_of(like: Any) -> float:
    """Return how far two equal gradients of the dtype of a tensor may lie apart."""
    return TOLERANCES.get(getattr(getattr(like, "dtype", None), "itemsize", 8), 1e-6)
