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

**Steps.** The full step is ∛eps · max(1, |x|); where that disagrees, others are tried.

**Samples.** Of a tensor with more than 16,384 elements, 256 are checked: each costs a forward pass, and a
formula is not wrong in one element alone. A mistake that touches one element in fifty is seen with a
probability of 99.4 %. If one of them disagrees, all are checked. The report says how many were.

**Corners.** At a corner of the function (relu at exactly 0) the slopes of both sides differ, however
short the step, and a gradient between them is a matter of convention: a kink, not a mistake.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Statement, names
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import run
from bpdebug.errors import BpdebugError
from bpdebug.verify.agreement import Agreement, compare_slopes, compare_some_slopes
from bpdebug.verify.report import TensorReport, Verdict, Worst
from bpdebug.verify.slopes import Loss

RTOL, ATOL = 1e-5, 0.0
"""The default tolerances; the reason stands above."""
FED_RTOL = 1e-3
"""The tolerance for what is computed from numerical gradients: sums that cancel magnify their errors."""
LARGE = 2**14
"""Of a tensor with more elements than this, only a sample is checked."""
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
    program: Program,
    values: Mapping[str, Array],
    rtol: float = RTOL,
    atol: float = ATOL,
    seconds: float = math.inf,
) -> Iterator[TensorReport]:
    """Yield the report of each gradient as soon as it has been compared; as `check_gradients`.

    After so many seconds of work it ends: the gradients that are left are reported as not checked.
    """
    began = time.thread_time()
    if not (rtol > 0 and atol >= 0):
        raise BpdebugError(f"rtol must be above 0 and atol at least 0: found {rtol} and {atol}")
    given = run(program, {name: np.asarray(values[name], dtype=np.float64) for name in program.inputs}).values
    # What is begun last, the loss to both sides of one element, takes about as long as that run.
    end = 2 * began + seconds - time.thread_time()
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
        own_rtol = max(rtol, FED_RTOL) if name in mistakes else rtol
        try:
            loss = Loss(program, given, statement.of, end=end)
            compare = compare_some_slopes if loss.x.size > LARGE else compare_slopes
            found = compare(known[name].ravel(), loss, own_rtol, atol, name in after_kinks)
            if found.wrong.any() and name in after_kinks:
                nearby = replace(loss, values=_nearby(program, given))
                derived = nearby.values[name].ravel()
                found = found.excused(compare_slopes(derived, nearby, rtol, atol, after_kinks=True))
        except TimeoutError:
            note = f"not checked: {seconds:g} seconds were over; --seconds allows more"
            yield TensorReport(name, statement.layer, "not given", note=note)
            continue
        if found.kink.any():
            after_kinks.add(name)
        if found.wrong.any():
            mistakes[name] = name
            known[name] = np.where(found.wrong, found.numerical, found.derived).reshape(loss.x.shape)
        elif name in mistakes:
            found = found.of_another(given[name].ravel(), rtol)
        yield _report(statement, loss.x.shape, found, mistakes.get(name, name))


def _nearby(program: Program, values: Mapping[str, Array]) -> Mapping[str, Array]:
    """Run the program on inputs a little off, where units that were at their corners are not."""
    random = np.random.default_rng(0)
    sizes = {name: AWAY * np.maximum(1, np.abs(values[name])) for name in program.inputs}
    inputs = {name: values[name] + size * random.uniform(-1, 1, size.shape) for name, size in sizes.items()}
    return run(program, inputs).values


def _report(statement: Statement, shape: Shape, found: Agreement, origin: str) -> TensorReport:
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
