"""A number over the iterations of a training: what there is to draw of it, and what to say below it.

Where there are more iterations than columns, a column shows the smallest and the largest number of its
iterations, so that no peak is lost however narrow the screen is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Expression, Name, names
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.program.history import History
from bpdebug.engine.program.program import Program

PIECE = 0.1
"""Seconds after which the numbers that there are by then are shown."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that each iteration has: what it is called, and how it is computed."""

    title: str
    expression: Expression


def loss_of(program: Program) -> Quantity | None:
    """Return the loss, where it is a number."""
    if not program.seed or program.shapes[program.seed] != ():
        return None
    return Quantity(program.seed, Name(program.seed))


def watch_of(debugger: Debugger, number: int) -> Quantity | None:
    """Return what a watch shows, where it is one number that an iteration has."""
    watch = debugger.watches[number]
    is_number = shape_of(watch.expression, debugger.program.shapes) == () and names(watch.expression)
    return Quantity(watch.text, watch.expression) if is_number else None


def pieces(history: History, quantity: Quantity) -> Iterator[list[float]]:
    """Compute a quantity in all iterations; yield the new numbers every now and then."""
    needed, piece, begun = names(quantity.expression), list[float](), perf_counter()
    for values in history.values(needed):
        piece.append(float(evaluate(quantity.expression, values)))
        if perf_counter() - begun > PIECE:
            yield piece
            piece, begun = [], perf_counter()
    yield piece


def drawn(numbers: Array, columns: int, logarithmic: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return the points to draw, from left to right.

    Parameters
    ----------
    numbers : array
        The number of each iteration, from 1; those that cannot be drawn are left out.
    columns : int
        The columns that there are.
    logarithmic : bool
        Whether powers of ten are drawn; then only what is above 0 can be.

    Returns
    -------
    tuple of array
        The iterations, and what is drawn at each. With more iterations than columns these are the smallest
        and the largest number of each column, in the order in which they come.
    """
    can = np.isfinite(numbers) & ((numbers > 0) if logarithmic else True)
    heights = np.log10(numbers, where=can, out=np.zeros_like(numbers)) if logarithmic else numbers
    iterations = np.arange(1, len(numbers) + 1)
    if len(numbers) > columns:
        kept: list[int] = []
        for column in np.array_split(np.arange(len(numbers)), columns):
            places = column[can[column]]
            if len(places):
                extremes = heights[places].argmin(), heights[places].argmax()
                kept += sorted({int(places[extreme]) for extreme in extremes})
    else:
        kept = np.flatnonzero(can).tolist()
    return iterations[kept].astype(float), heights[kept].astype(float)


def note(numbers: Array, iteration: int, iterations: int, logarithmic: bool = False) -> str:
    """Say what the cursor is at, how far the numbers are computed, and what cannot be drawn."""
    parts = [f"iteration {iteration}"]
    if iteration <= len(numbers):
        parts[0] += f": {numbers[iteration - 1]:.6g}"
    if len(numbers) < iterations:
        parts.append(f"computed {len(numbers)} of {iterations}")
    strange = np.flatnonzero(~np.isfinite(numbers))
    if len(strange):
        parts.append(f"not finite in {len(strange)}, first in {strange[0] + 1}")
    below = int((np.isfinite(numbers) & (numbers <= 0)).sum()) if logarithmic else 0
    if below:
        parts.append(f"not above 0 in {below}: no power of ten")
    return "; ".join(parts)
