"""What a tensor is like as a whole: its extremes, its mean and norm, and how its numbers are spread.

Every element counts, none is only sampled, and little memory is needed beside the tensor: it is read in
blocks. Each block becomes float64, divided by a power of two near the largest size, so that neither the
sums of float16 nor the squares of 1e300 overflow; a power of two takes no digit away.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bpdebug.engine.health.blocks import blocks
from bpdebug.engine.language.functions.entry import Array

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What all elements of a tensor say together.

    Attributes
    ----------
    size : int
        How many elements there are.
    zero, negative, nan, infinite : int
        How many of them are zero, below zero, not a number, or plus or minus infinity; -inf is both
        negative and infinite.
    minimum, maximum, mean, std, norm : float
        Over the finite elements; NaN where there are none. The standard deviation is that of the
        elements themselves (NumPy's `ddof=0`), the norm is the root of the sum of squares.
    """

    size: int
    zero: int
    negative: int
    nan: int
    infinite: int
    minimum: float
    maximum: float
    mean: float
    std: float
    norm: float

    @property
    def finite(self) -> int:
        """How many elements are numbers of a size."""
        return self.size - self.nan - self.infinite


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many finite elements lie in each of several ranges of the same width.

    Attributes
    ----------
    low, high : float
        Where the first range begins and the last one ends; both belong to a range.
    counts : tuple of int
        The elements in each range; empty if no element is finite.
    """

    low: float
    high: float
    counts: tuple[int, ...]


def statistics(value: Array, minus: Array | None = None) -> Statistics:
    """Return the statistics of a tensor, or of its difference from another one.

    Parameters
    ----------
    value : array
        Any shape, also empty; any real dtype.
    minus : array or None
        What is taken from it, of the same shape; the difference as a whole is never in memory.
    """
    size = zero = negative = nan = infinite = 0
    minimum, maximum = math.inf, -math.inf
    for block in _doubles(value, minus):
        size += block.size
        zero += block.size - int(np.count_nonzero(block))
        negative += int(np.count_nonzero(block < 0))
        nan += int(np.count_nonzero(np.isnan(block)))
        infinite += int(np.count_nonzero(np.isinf(block)))
        finite = _finite(block)
        minimum = min(minimum, float(finite.min(initial=math.inf)))
        maximum = max(maximum, float(finite.max(initial=-math.inf)))
    count = size - nan - infinite
    if not count:
        none = math.nan
        return Statistics(size, zero, negative, nan, infinite, none, none, none, none, none)
    unit = _unit(minimum, maximum)
    mean = math.fsum(float(part.sum()) for part in _scaled(value, minus, unit)) / count
    squares, deviations = [], []
    for part in _scaled(value, minus, unit):
        squares.append(float(np.vdot(part, part)))
        part -= mean
        deviations.append(float(np.vdot(part, part)))
    return Statistics(
        size,
        zero,
        negative,
        nan,
        infinite,
        minimum,
        maximum,
        mean * unit,
        math.sqrt(math.fsum(deviations) / count) * unit,
        math.sqrt(math.fsum(squares)) * unit,
    )


def histogram(value: Array, bins: int, minus: Array | None = None) -> Histogram:
    """Count the finite elements of a tensor, or of its difference from another one, in equal ranges.

    Parameters
    ----------
    value : array
        Any shape, also empty.
    bins : int
        How many ranges.
    minus : array or None
        What is taken from it, of the same shape.
    """
    minimum, maximum = math.inf, -math.inf
    for block in _doubles(value, minus):
        finite = _finite(block)
        minimum = min(minimum, float(finite.min(initial=math.inf)))
        maximum = max(maximum, float(finite.max(initial=-math.inf)))
    if minimum > maximum:
        return Histogram(math.nan, math.nan, ())
    if minimum == maximum:
        # One number only: it stands in the middle of a range about as wide as it is large.
        margin = abs(minimum) / 2 or 0.5
        minimum, maximum = max(minimum - margin, -_LARGEST), min(maximum + margin, _LARGEST)
    unit = _unit(minimum, maximum)
    low, width = minimum / unit, maximum / unit - minimum / unit
    counts = np.zeros(bins, dtype=np.int64)
    for part in _scaled(value, minus, unit):
        part -= low
        part *= bins / width
        places = np.clip(part.astype(np.int64), 0, bins - 1)
        counts += np.bincount(places, minlength=bins)
    return Histogram(minimum, maximum, tuple(counts.tolist()))


def _doubles(value: Array, minus: Array | None) -> Iterator[Doubles]:
    return (block.astype(np.float64, copy=False) for block in blocks(value, minus))


def _finite(block: Doubles) -> Doubles:
    mask = np.isfinite(block)
    return block if mask.all() else block[mask]


_LARGEST = float(np.finfo(np.float64).max)


def _unit(minimum: float, maximum: float) -> float:
    """Return the power of two by which elements are divided, so that squares and sums have room."""
    _, exponent = math.frexp(max(abs(minimum), abs(maximum)))
    return math.ldexp(1.0, min(max(exponent, -1021), 1023))


def _scaled(value: Array, minus: Array | None, unit: float) -> Iterator[Doubles]:
    return (_finite(block) / unit for block in _doubles(value, minus))
