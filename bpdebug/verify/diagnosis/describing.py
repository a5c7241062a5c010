"""What explains a wrong tensor, put into words: one formula for all that say the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bpdebug.engine.language.printing import numpy_text
from bpdebug.verify.diagnosis.bench import Bench
from bpdebug.verify.diagnosis.evaluator import Evaluator
from bpdebug.verify.diagnosis.every_step import AtEveryStep, Loop
from bpdebug.verify.diagnosis.search import FormulaCandidate, groups_of
from bpdebug.verify.diagnosis.wording import done, why
from bpdebug.verify.report import Diagnosis

MOST_DIAGNOSES = 5


class Explanations(NamedTuple):
    """What explains a wrong tensor, the most plausible first: edits of its formula, or of that of a step.

    Attributes
    ----------
    candidates : tuple of FormulaCandidate
        The formulas that give the user's numbers.
    at_every_step : tuple of (AtEveryStep, float)
        Where there are none: what is wrong at every step of a loop, and what it leaves over.
    loop : Loop or None
        That loop; None where the step itself is spoken of.
    result : str
        The wrong tensor that is computed by the loop.
    """

    candidates: tuple[FormulaCandidate, ...]
    at_every_step: tuple[tuple[AtEveryStep, float], ...] = ()
    loop: Loop | None = None
    result: str = ""


def described(bench: Bench, found: Explanations) -> tuple[tuple[Diagnosis, ...], bool]:
    """Put explanations into words.

    Returns
    -------
    (diagnoses, ambiguous) : pair
        The formulas that give the user's numbers, the most plausible first; and whether some of them
        differ elsewhere, so that these numbers cannot tell them apart.
    """
    if loop := found.loop:
        steps = groups_of(
            found.at_every_step,
            lambda pair: loop.values(pair[0], bench.elsewhere, bench.allowance).get(found.result),
        )
        whole = numpy_text(loop.formulas[found.result])
        best = [members[0] for members in steps][:MOST_DIAGNOSES]
        return tuple(_of_every_step(*pair, f"{whole}, with {pair[0].name} = ") for pair in best), len(
            steps
        ) > 1
    if found.at_every_step:
        return tuple(_of_every_step(*pair) for pair in found.at_every_step), False
    if len(found.candidates) < 2:  # nothing to tell apart, which takes another run of the program
        return tuple(map(_described, found.candidates)), False
    evaluator = Evaluator(bench.elsewhere, {})
    groups = groups_of(
        _with_fewest_edits(found.candidates, evaluator),
        lambda candidate: evaluator.value(candidate.expression),
    )
    likely = [members[0] for members in groups][:MOST_DIAGNOSES]
    return tuple(_described(candidate) for candidate in likely), len(groups) > 1


def _with_fewest_edits(
    candidates: Sequence[FormulaCandidate], evaluator: Evaluator
) -> list[FormulaCandidate]:
    """Leave out what differs from a likelier formula by an edit more, which makes no difference here.

    A state of zeros may be transposed, or a transpose left out beside it; of a batch of six a factor 2 that
    was lost and a third look like a mean.
    """
    computed = [len(one.edits) for one in candidates if evaluator.value(one.expression) is not None]
    return [one for one in candidates if len(one.edits) <= min(computed, default=len(one.edits))]


def _of_every_step(one: AtEveryStep, off: float, before: str = "") -> Diagnosis:
    """Put into words what is wrong at every step, after what is said of the whole."""
    return Diagnosis(
        formula=f"{before}{numpy_text(one.edit.expression)}",
        edits=(f"in {one.name}, and so at each step: {done(one.edit)}",),
        explanation=f"{why(one.edit)} It is so at every step.",
        fix=f"{before}{numpy_text(one.right)}",
        residual=off,
    )


def _described(candidate: FormulaCandidate) -> Diagnosis:
    return Diagnosis(
        formula=numpy_text(candidate.expression),
        edits=tuple(done(edit) for edit in candidate.edits),
        explanation=" ".join(dict.fromkeys(why(edit) for edit in candidate.edits)),
        fix=numpy_text(candidate.right),
        residual=candidate.residual,
    )
