"""Bars to draw: how the numbers of a tensor are spread, and how large the gradients of the layers are.

Bars are one unit apart, whatever the numbers under them are; the ticks say what stands where. So a chart
can show 1e300 and 5e-324, which no plotting library scales.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bpdebug.engine.health.statistics import Histogram, statistics
from bpdebug.engine.language.functions.entry import Array

BINS = 48
"""Ranges of a histogram: enough to see two humps, few enough to be two columns wide."""
LOGARITHMIC_FROM = 100.0
"""When the largest norm is so many times the smallest one, the axis counts powers of ten."""
NARROWEST_SPAN = 1e-9
"""A range that is smaller in relation to its numbers has no round numbers inside."""

Ticks = tuple[tuple[float, str], ...]
"""Where each tick stands, and what it says."""


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars beside each other.

    Attributes
    ----------
    title, note : str
        What is shown; what else is to be said of it.
    heights : tuple of float
        From 0 up; bar k reaches from k to k + 1. Empty if there is nothing to show.
    x_ticks : Ticks
        What the bars are.
    y_ticks : Ticks
        What the heights are; empty if they are what they say.
    gaps : bool
        Whether bars stand apart.
    """

    title: str
    note: str
    heights: tuple[float, ...]
    x_ticks: Ticks = ()
    y_ticks: Ticks = ()
    gaps: bool = False


def histogram_chart(name: str, found: Histogram) -> BarChart:
    """Draw a histogram: a bar for each range of numbers, as high as the elements in it are many."""
    title = f"{name}: how many elements have which value"
    if not found.counts:
        return BarChart(title, "no element is finite", ())
    bins = len(found.counts)
    span = found.high - found.low
    ticks = [
        (min(max((value - found.low) / span * bins, 0.0), float(bins)), f"{value:g}")
        for value in round_numbers(found.low, found.high)
    ] or [(0.0, f"{found.low:.4g}"), (float(bins), f"{found.high:.4g}")]
    note = f"{sum(found.counts):,} elements from {found.low:.6g} to {found.high:.6g}"
    return BarChart(title, note, tuple(map(float, found.counts)), tuple(ticks))


def norms(gradients: Mapping[str, Array]) -> dict[str, float]:
    """Return the norm of each gradient, over its finite elements."""
    return {name: statistics(value).norm for name, value in gradients.items()}


def norms_chart(found: Mapping[str, float]) -> BarChart:
    """Draw a bar for each layer, as high as its gradient's norm; by powers of ten if they differ much."""
    title = "Norm of the gradient in each layer"
    names = tuple(found)
    every = math.ceil(len(names) / 16) or 1
    x_ticks = tuple((place + 0.5, name) for place, name in enumerate(names) if place % every == 0)
    known = {name: norm for name, norm in found.items() if math.isfinite(norm)}
    positive = [norm for norm in known.values() if norm > 0]
    if not known:
        return BarChart(title, "no norm is finite", ())
    smallest, largest = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    note = f"smallest {smallest} {known[smallest]:.4g}, largest {largest} {known[largest]:.4g}"
    if not positive or max(positive) / min(positive) < LOGARITHMIC_FROM:
        heights = tuple(known.get(name, 0.0) for name in names)
        return BarChart(title, note, heights, x_ticks, gaps=True)
    lowest = math.floor(math.log10(min(positive))) - 1
    highest = math.ceil(math.log10(max(positive)))
    heights = tuple(math.log10(known[name]) - lowest if known.get(name, 0.0) > 0 else 0.0 for name in names)
    step = math.ceil((highest - lowest) / 8)
    y_ticks = tuple((float(power - lowest), f"1e{power:+03d}") for power in range(lowest, highest + 1, step))
    return BarChart(title, note + "; the axis counts powers of ten", heights, x_ticks, y_ticks, gaps=True)


def round_numbers(low: float, high: float) -> list[float]:
    """Return round numbers from low to high, at most ten; none where the range has no round numbers."""
    span = high - low
    if not math.isfinite(span) or span < NARROWEST_SPAN * max(abs(low), abs(high)) or span < 1e-300:
        return []
    power = 10.0 ** math.floor(math.log10(span / 5))
    step = next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= 8)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [number * step + 0.0 for number in range(first, last + 1)]
