"""Ratios, not seconds: two things measured turn by turn in one run, and the median of their ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    found: str
    goal: str


def figure(what: str, ratio: float, goal: float) -> Figure:
    """Write a ratio as a line of the table."""
    return Figure(what, f"{ratio:.2f}", f"≤ {goal}")


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def processor_seconds(action: Callable[[], object]) -> float:
    """Return how much of the processor's time an action takes: how busy the machine is hardly counts."""
    start = time.process_time()
    action()
    return time.process_time() - start


def ratio(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> float:
    """Return how many times as long `ours` takes; the first round only warms up."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds + 1)][1:]
    return statistics.median(mine / other for mine, other in pairs)
