"""Fits: mistakes with a number in them, found by solving for the number.

A gradient that is `c` times the right one, or the right one plus `c` times another tensor, is found
without trying values of `c`: the best `c` is a projection, and what is left over tells whether it is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Number, replace
from bpdebug.engine.language.parsing import parse

BATCH = "m"
"""How formulas write the size of the batch."""
FEWEST_ELEMENTS = 3
"""A free coefficient explains any single number, and two of them too easily."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A factor that people lose or apply twice."""

    text: str
    kind: str
    cost: float

    def factor(self, batch: int) -> float:
        """Return its value for a batch size."""
        return float(evaluate(parse(self.text), {"x": np.ones(()), BATCH: np.asarray(float(batch))}))

    def applied_to(self, expression: Expression) -> Expression:
        """Return the scaled formula."""
        return replace(parse(self.text), {Name("x"): expression})


SCALES: tuple[Scale, ...] = (
    Scale("-x", "opposite sign of all", 1.0),
    Scale("2 * x", "doubled", 1.0),
    Scale("x / 2", "halved", 1.0),
    Scale("m * x", "times m", 1.0),
    Scale("x / m", "divided by m", 1.0),
    Scale("-2 * x", "doubled", 1.6),
    Scale("4 * x", "another factor", 1.3),
    Scale("3 * x", "another factor", 1.5),
    Scale("x / 4", "another factor", 1.5),
    Scale("x / 3", "another factor", 1.7),
    Scale("m * m * x", "times m", 1.6),
    Scale("x / (m * m)", "divided by m", 1.4),
    Scale("2 * x / m", "divided by m", 1.5),
    Scale("m * x / 2", "times m", 1.5),
    Scale("-x / m", "divided by m", 1.6),
    Scale("-m * x", "times m", 1.6),
)


def scales_of(value: Array, mine: Array, batch: int, rtol: float) -> Iterator[Scale]:
    """Yield the scales by which a formula's value gives the user's.

    Parameters
    ----------
    value, mine : array
        What a formula gives, and what the user has, in one shape.
    batch : int
        The size of the batch; 1 hides the factors that it enters.
    rtol : float
        How close the factor must be.
    """
    factor = coefficient(value, mine)
    if factor is None or not is_explained(mine, factor * value, rtol):
        return
    for scale in SCALES:
        has_batch = BATCH in scale.text
        if not (has_batch and batch < 2) and abs(scale.factor(batch) - factor) <= 10 * rtol * abs(factor):
            yield scale


def coefficient(direction: Array, target: Array) -> float | None:
    """Return the `c` for which `c` times a direction is nearest to a target; None if there is none."""
    with np.errstate(all="ignore"):
        length = float(np.vdot(direction, direction))
        factor = float(np.vdot(direction, target)) / length if length else np.nan
    return factor if np.isfinite(factor) and factor else None


def is_explained(mine: Array, formula: Array, rtol: float) -> bool:
    """Whether a formula gives the user's numbers, to a tolerance relative to their size."""
    return residual(mine, formula) <= rtol


def residual(mine: Array, formula: Array) -> float:
    """Return the largest difference relative to the user's largest number; infinite where one is NaN."""
    if mine.shape != formula.shape:
        return np.inf
    with np.errstate(all="ignore"):
        same = (mine == formula) | (np.isnan(mine) & np.isnan(formula))
        difference = np.where(same, 0.0, np.abs(mine.astype(float) - formula))
        scale = float(np.abs(mine[np.isfinite(mine)]).max(initial=0.0))
    worst = float(difference.max(initial=0.0))
    if np.isnan(worst):
        return np.inf
    return worst / scale if scale else (0.0 if worst == 0 else np.inf)


def with_added(expression: Expression, factor: float, term: Expression) -> Expression:
    """Return `expression + factor * term`, the factor rounded for a reader."""
    rounded = float(f"{abs(factor):.4g}")
    scaled = term if rounded == 1 else Call("multiply", (Number(rounded), term))
    return Call("add" if factor > 0 else "subtract", (expression, scaled))
