"""Whether the derived gradients are right: each against central differences of the forward statements.

Everything runs in float64 whatever the dtype of the scenario: what is checked are the formulas. Each
tensor has a report of its own. In one norm over all gradients a mistake in a small tensor drowns.

**Tolerances.** A gradient passes with an error of at most `rtol` of its size, or one that rounding
alone can explain. The second is no fixed number but follows from the size of the outputs and of the
step, so `atol` is 0, and the check means the same for a loss of 1e-12 and for one of 1e12. Others fix
both. PyTorch's `gradcheck` has steps of 1e-6, atol 1e-5 and rtol 1e-3: gradients below 1e-5 always
pass. JAX's `check_grads` has steps of 1e-4 in one random direction, and 1e-5 for both tolerances in
float64. CS231n advises steps of 1e-5, is content with a relative error of 1e-7, uneasy above 1e-4
unless there are kinks, and calls 1e-2 wrong. Here smooth functions mostly agree to 1e-7, and a mistake
in a formula is nearly always larger than 1e-5.

**Steps.** The full step is ∛eps · max(1, |x|). Where that disagrees, a longer one and shorter ones are
tried: they tell rounding, strong curvature, and a corner near by, from a mistake.

**Samples.** Of a tensor with more than 16,384 elements, 256 are checked: each costs a forward pass, and a
formula is not wrong in one element alone. A mistake that touches one element in fifty is seen with a
probability of 99.4 %. If one of them disagrees, all are checked. The report says how many were.

**Corners.** At a corner of the function (relu at exactly 0) the slopes of both sides differ, however
short the step, and a gradient between them is a matter of convention: a kink, not a mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bpdebug.engine.expression.evaluation import evaluate
from bpdebug.engine.expression.forms import Shape
from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.expression.nodes import Statement, names
from bpdebug.engine.program import Program
from bpdebug.engine.trace import run
from bpdebug.errors import BpdebugError
from bpdebug.verify.report import TensorReport, Verdict, Worst
from bpdebug.verify.slopes import Indices, Loss

Mask = npt.NDArray[np.bool_]

RTOL, ATOL = 1e-5, 0.0
"""The default tolerances; the reason stands above."""
LONGER = 64
"""Where the full step disagrees, one that is this many times longer is tried ..."""
SHORTER = 4
"""... and then steps each of which is this many times shorter than the one before ..."""
STEPS = 7
"""... up to this many steps, with the full one."""
FED_RTOL = 1e-3
"""The tolerance for what is computed from numerical gradients: sums that cancel magnify their errors."""
LARGE = 2**14
"""Of a tensor with more elements than this, only a sample is checked ..."""
SAMPLE = 256
"""... of so many elements, chosen at random but always the same."""
AWAY = 1e-3
"""How far off the inputs are where a formula is tried that disagrees after a kink."""


def check_gradients(
    program: Program, values: Mapping[str, Array], rtol: float = RTOL, atol: float = ATOL
) -> tuple[TensorReport, ...]:
    """Compare every derived gradient with central differences of the forward statements.

    All at once; `gradient_checks` gives them one by one.

    Parameters
    ----------
    program : Program
        What to check.
    values : mapping
        A value for each of the program's inputs, of any floating dtype.
    rtol : float, optional
        The largest relative error of a right gradient.
    atol : float, optional
        An absolute error that is accepted on top of what rounding can explain.

    Returns
    -------
    tuple of TensorReport
        One for each gradient that the program derives of an input or of a named result, in the order
        of the program; none where no gradient comes in. `worst` has the derived gradient and the
        numerical one. A gradient that differs only because it was fed a wrong one is innocent.

    Raises
    ------
    BpdebugError
        If `rtol` is not positive, or `atol` is negative.
    KeyError
        If an input has no value.
    """
    return tuple(gradient_checks(program, values, rtol, atol))


def gradient_checks(
    program: Program, values: Mapping[str, Array], rtol: float = RTOL, atol: float = ATOL
) -> Iterator[TensorReport]:
    """Yield the report of each gradient as soon as it has been compared; as `check_gradients`."""
    if not (rtol > 0 and atol >= 0):
        raise BpdebugError(f"rtol must be above 0 and atol at least 0: found {rtol} and {atol}")
    given = run(program, {name: np.asarray(values[name], dtype=np.float64) for name in program.inputs}).values
    # What each statement reads are derived gradients, but with the numerical ones in place of wrong
    # elements: one mistake does not light up everything after it.
    known = dict(given)
    mistakes: dict[str, str] = {}  # a gradient that is not what it should be -> the one to blame
    after_kinks: set[str] = set()
    for statement in program.statements:
        if statement.phase != "backward":
            continue
        name, reads = statement.name, names(statement.expression)
        if not after_kinks.isdisjoint(reads):
            after_kinks.add(name)
        if not mistakes.keys().isdisjoint(reads):
            known[name] = evaluate(statement.expression, known)
            mistakes[name] = next(mistakes[read] for read in reads if read in mistakes)
        if not statement.of or statement.part:
            continue
        loss = Loss(program, given, statement.of)
        own_rtol = max(rtol, FED_RTOL) if name in mistakes else rtol
        compare = _compare_sample if loss.x.size > LARGE else _compare
        found = compare(known[name].ravel(), loss, own_rtol, atol, name in after_kinks)
        if found.wrong.any() and name in after_kinks:
            nearby = Loss(program, _nearby(program, given), statement.of)
            found = found.excused(_compare(nearby.values[name].ravel(), nearby, rtol, atol, after_kinks=True))
        if found.kink.any():
            after_kinks.add(name)
        if found.wrong.any():
            mistakes[name] = name
            known[name] = np.where(found.wrong, found.numerical, found.derived).reshape(loss.x.shape)
        elif name in mistakes:
            found = found.of_another(given[name].ravel(), rtol)
        yield _report(statement, loss.x.shape, found, mistakes.get(name, name))


@dataclass(frozen=True, slots=True)
class _Comparison:
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

    def excused(self, nearby: _Comparison) -> _Comparison:
        """Take elements that are right close by for kinks: the corners are to blame, not the formula.

        The chain rule takes one slope at each corner. Where several meet, the sum of what it takes
        may be none of the slopes of the whole: relu(x) − relu(−x) is x, and its derived gradient is 0.
        """
        kink = self.kink | (self.wrong & ~nearby.wrong)
        return replace(self, kink=kink, wrong=self.wrong & ~kink)

    def of_another(self, derived: Array, rtol: float) -> _Comparison:
        """Compare another gradient with the same numerical one."""
        error = _relative_error(derived, self.numerical, self.allowed, rtol)
        return replace(self, derived=derived, error=error, wrong=(error > rtol) & ~self.kink)


def _nearby(program: Program, values: Mapping[str, Array]) -> Mapping[str, Array]:
    """Run the program on inputs a little off, where units that were at their corners are not."""
    random = np.random.default_rng(0)
    sizes = {name: AWAY * np.maximum(1, np.abs(values[name])) for name in program.inputs}
    inputs = {name: values[name] + size * random.uniform(-1, 1, size.shape) for name, size in sizes.items()}
    return run(program, inputs).values


def _compare_sample(derived: Array, loss: Loss, rtol: float, atol: float, after_kinks: bool) -> _Comparison:
    """Compare some elements of a large gradient; all of them if one disagrees."""
    chosen = np.sort(np.random.default_rng(0).choice(derived.size, SAMPLE, replace=False))
    found = _compare(derived[chosen], loss.along(chosen), rtol, atol, after_kinks)
    if found.wrong.any():
        return _compare(derived, loss, rtol, atol, after_kinks)

    def spread(part: npt.NDArray[Any], elsewhere: float | bool) -> npt.NDArray[Any]:
        whole = np.full(derived.size, elsewhere, dtype=part.dtype)
        whole[chosen] = part
        return whole

    return _Comparison(
        derived,
        spread(found.numerical, np.nan),
        spread(found.allowed, np.nan),
        spread(found.error, np.nan),
        spread(found.wrong, False),
        spread(found.kink, False),
        SAMPLE,
    )


def _compare(derived: Array, loss: Loss, rtol: float, atol: float, after_kinks: bool) -> _Comparison:
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
    if not loss.finite:
        # 0 · ∞ in the backward pass of such a run is no mistake of a formula.
        error[~np.isfinite(derived)] = np.nan
    return _Comparison(derived, numerical, allowed, error, wrong=(error > rtol) & ~kink, kink=kink)


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


def _report(statement: Statement, shape: Shape, found: _Comparison, origin: str) -> TensorReport:
    """Put in words what was found; `origin` is the gradient that is to blame if anything is wrong."""
    compared = ~np.isnan(found.error)
    verdict: Verdict = "right"
    if found.wrong.any():
        verdict = "wrong" if origin == statement.name else "innocent"
    elif found.kink.any():
        verdict = "kink"
    elif not compared.any():
        verdict = "not given"
    notes = [f"right given what it was fed: the fault came from {origin}"] if verdict == "innocent" else []
    counts = {
        "wrong": found.wrong.sum(),
        "at a kink": found.kink.sum(),
        "not compared, as numbers are not finite": 0 if found.sample else (~compared).sum(),
        "elements were checked": found.sample,
    }
    notes += [f"{count:,} of {compared.size:,} {what}" for what, count in counts.items() if count]
    if not compared.any():
        return TensorReport(statement.name, statement.layer, verdict, note="; ".join(notes))
    # The worst of those that the verdict is about.
    about = next((mask for mask in (found.wrong, found.kink) if mask.any()), compared)
    place = int(np.argmax(np.where(about, found.error, -1)))
    index = tuple(int(i) for i in np.unravel_index(place, shape))
    worst = Worst(index, float(found.derived[place]), float(found.numerical[place]))
    error = float(found.error[place])
    return TensorReport(statement.name, statement.layer, verdict, error, worst, "; ".join(notes))
