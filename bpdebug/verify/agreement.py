"""A derived gradient beside numerical slopes: for each element whether it is right, wrong, or at a corner.

Where the full step disagrees, a longer one and shorter ones are tried: they tell rounding, strong
curvature, and a corner near by, from a mistake.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bpdebug.engine.language.functions.entry import Array
from bpdebug.verify.slopes import Indices, Loss

Mask = npt.NDArray[np.bool_]

LONGER = 64
"""Where the full step disagrees, one that is this many times longer is tried ..."""
SHORTER = 4
"""... and then steps each of which is this many times shorter than the one before ..."""
STEPS = 7
"""... up to this many steps, with the full one."""
SAMPLE = 256
"""Of a large tensor, so many elements are compared, chosen at random but always the same."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Derived and numerical gradients, element by element, flat.

    Attributes
    ----------
    derived, numerical : array
        Both gradients.
    allowed : array
        The absolute error that is accepted.
    error : array
        The relative error; NaN where there is nothing to compare.
    wrong, kink : array of bool
        What is said of each element; of neither: right, or nothing to compare.
    sample : int
        How many elements were looked at; 0 if all of them.
    """

    derived: Array
    numerical: Array
    allowed: Array
    error: Array
    wrong: Mask
    kink: Mask
    sample: int = 0

    def excused(self, nearby: Agreement) -> Agreement:
        """Take elements that are right close by for kinks: the corners are to blame, not the formula.

        The chain rule takes one slope at each corner. Where several meet, the sum of what it takes
        may be none of the slopes of the whole: relu(x) − relu(−x) is x, and its derived gradient is 0.
        """
        kink = self.kink | (self.wrong & ~nearby.wrong)
        return replace(self, kink=kink, wrong=self.wrong & ~kink)

    def of_another(self, derived: Array, rtol: float) -> Agreement:
        """Compare another gradient with the same numerical one."""
        error = _relative_error(derived, self.numerical, self.allowed, rtol)
        return replace(self, derived=derived, error=error, wrong=(error > rtol) & ~self.kink)


def compare_some_slopes(derived: Array, loss: Loss, rtol: float, atol: float, after_kinks: bool) -> Agreement:
    """Compare some elements of a large gradient; all of them if one disagrees."""
    chosen = np.sort(np.random.default_rng(0).choice(derived.size, SAMPLE, replace=False))
    found = compare_slopes(derived[chosen], loss.along(chosen), rtol, atol, after_kinks)
    if found.wrong.any():
        return compare_slopes(derived, loss, rtol, atol, after_kinks)

    def spread(part: npt.NDArray[Any], elsewhere: float | bool) -> npt.NDArray[Any]:
        whole = np.full(derived.size, elsewhere, dtype=part.dtype)
        whole[chosen] = part
        return whole

    return Agreement(
        derived,
        spread(found.numerical, np.nan),
        spread(found.allowed, np.nan),
        spread(found.error, np.nan),
        spread(found.wrong, False),
        spread(found.kink, False),
        SAMPLE,
    )


def compare_slopes(derived: Array, loss: Loss, rtol: float, atol: float, after_kinks: bool) -> Agreement:
    """Compare a derived gradient with numerical slopes, with shorter steps where these disagree.

    Parameters
    ----------
    derived : array
        The derived gradient, flat.
    loss : Loss
        What it is the gradient of.
    rtol, atol : float
        As of `check_gradients`.
    after_kinks : bool
        Whether a gradient that it is computed from is at a kink. Then it need not lie between the
        slopes of both sides.
    """
    full = loss.slopes(np.arange(derived.size), 1.0)
    numerical, allowed = full.central.copy(), atol + full.rounding
    error = _relative_error(derived, numerical, allowed, rtol)
    with np.errstate(all="ignore"):
        difference = np.nan_to_num(np.abs(derived - numerical), nan=0.0, posinf=0.0)
    kink = np.zeros(derived.size, dtype=bool)

    def disagreeing(indices: Indices, central: Array, bound: Array) -> Mask:
        """Take over the slopes of another step where they agree, or are the first that are finite."""
        found = _relative_error(derived[indices], central, bound, rtol)
        better = np.isnan(error[indices]) | (found <= rtol)
        for kept, new in ((numerical, central), (allowed, bound), (error, found)):
            kept[indices[better]] = new[better]
        return ~(found <= rtol)

    unsettled = np.flatnonzero(~(error <= rtol))
    if unsettled.size:
        # Rounding that the outputs do not show, of sums that cancel on the way, fades with a longer step.
        central = loss.slopes(unsettled, LONGER).central
        unsettled = unsettled[disagreeing(unsettled, central, allowed[unsettled])]
    last_gap = np.full(derived.size, np.inf)
    for step in range(STEPS):
        if not unsettled.size:
            break
        slopes, mine = loss.slopes(unsettled, SHORTER**-step), derived[unsettled]
        with np.errstate(all="ignore"):
            # A shorter step says more only where its rounding cannot explain the difference.
            too_small = np.abs(mine - slopes.central) <= SHORTER * slopes.rounding
            # Of a strong curvature the difference has vanished with the step, of a mistake it has not.
            last = (step > 0) & too_small | (step == STEPS - 1)
            vanished = np.where(last, 2 * difference[unsettled] * SHORTER**-step, 0.0)
            bound = atol + slopes.rounding + vanished
            open_ = disagreeing(unsettled, slopes.central, bound)
            # Of a curve the gap between both sides closes as the step shrinks, of a corner it stays.
            gap = slopes.highest - slopes.lowest
            margin = np.maximum(bound, rtol * np.abs(mine))
            between = (mine >= slopes.lowest - margin) & (mine <= slopes.highest + margin)
            stays = (gap > last_gap[unsettled] / 2) | too_small
            corner = open_ & (gap > margin) & stays & (between | after_kinks)
        kink[unsettled[corner]] = True
        last_gap[unsettled] = gap
        unsettled = unsettled[open_ & ~corner & ~too_small]
    if not (np.isfinite(derived).all() or loss.finite):
        # 0 · ∞ in the backward pass of such a run is no mistake of a formula.
        error[~np.isfinite(derived)] = np.nan
    return Agreement(derived, numerical, allowed, error, wrong=(error > rtol) & ~kink, kink=kink)


def _relative_error(derived: Array, numerical: Array, allowed: Array, rtol: float) -> Array:
    """Return the difference relative to the larger of both, or to the size at which `allowed` matters more.

    So an element agrees exactly if the result is at most `rtol`. It is NaN where the numerical side is
    not finite, and infinite where only the derived one is not.
    """
    with np.errstate(all="ignore"):
        size = np.maximum(np.maximum(np.abs(derived), np.abs(numerical)), allowed / rtol)
        error = np.where(derived == numerical, 0.0, np.abs(derived - numerical) / size)
    error[~np.isfinite(derived)] = np.inf
    error[~np.isfinite(numerical)] = np.nan
    return error
