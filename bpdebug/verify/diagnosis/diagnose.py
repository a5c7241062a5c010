"""The diagnosis of one wrong tensor: what formulas can be made of, the search, and the words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Number, Statement, calls, names
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.network.layers.layer import Layer
from bpdebug.engine.network.optimizers import COUNTER, NEW
from bpdebug.engine.program.program import Program
from bpdebug.verify.diagnosis.allowance import Allowance
from bpdebug.verify.diagnosis.edits import FormulaEdit
from bpdebug.verify.diagnosis.evaluator import Evaluator
from bpdebug.verify.diagnosis.every_step import AtEveryStep, Loop
from bpdebug.verify.diagnosis.fits import BATCH
from bpdebug.verify.diagnosis.scope import FormulaScope
from bpdebug.verify.diagnosis.search import FormulaCandidate, groups_of, search, search_pairs
from bpdebug.verify.diagnosis.wording import done, why
from bpdebug.verify.diagnosis.written_out import written_out
from bpdebug.verify.report import Diagnosis

MOST_DIAGNOSES = 5
ELSEWHERE_BATCH = 5
"""A batch that is not confused with a factor of 2, 3 or 4."""


@dataclass(frozen=True)
class Bench:
    """What every diagnosis of a program shares.

    Attributes
    ----------
    program : Program
        The right program.
    allowance : Allowance
        How much may still be tried for its tensors.
    at_every_step : list of AtEveryStep
        What was found wrong at every step of a layer over time.
    """

    program: Program
    allowance: Allowance = field(default_factory=Allowance)
    at_every_step: list[AtEveryStep] = field(default_factory=list)

    @cached_property
    def elsewhere(self) -> Mapping[str, Array]:
        """Another run: general numbers of both signs, and a batch of five."""
        random = np.random.default_rng(0)
        values: dict[str, Array] = {BATCH: np.asarray(float(ELSEWHERE_BATCH))}
        rows = self.looked_up
        generated = {
            layer.given[made.name]: partial(made.values, layer.settings)
            for layer in self.program.blocks
            if isinstance(layer, Layer)
            for made in layer.kind.generated
        }
        for name, shape in self.program.inputs.items():
            general = list(shape)
            if name in self.program.batch_axes:
                general[self.program.batch_axes[name]] = ELSEWHERE_BATCH
            if name in generated:  # a state of zeros is 0 in every run
                values[name] = generated[name](tuple(general))
            elif name in rows:
                values[name] = random.integers(rows[name], size=general).astype(float)
            else:
                values[name] = random.normal(size=general)
        for statement in self.program.statements:
            values[statement.name] = np.asarray(evaluate(statement.expression, values))
        return self.with_examples(values)

    @cached_property
    def looked_up(self) -> Mapping[str, int]:
        """The inputs that hold numbers of rows, and how many rows there are."""
        return {
            call.arguments[1].id: self.program.shapes[names(call)[0]][0]
            for statement in self.program.statements
            for call in calls(statement.expression)
            if call.function == "take" and isinstance(call.arguments[1], Name)
        }

    @cached_property
    def activations(self) -> Mapping[str, str]:
        """What an activation is applied to, and its result: `z1` -> `a1`."""
        return {
            argument.id: statement.name
            for statement in self.program.statements
            for argument in _activated(statement)
        }

    def with_examples(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Add, for every tensor with a batch, its first and its last example by their NumPy names."""
        extended = dict(values)
        for name, axis in self.program.batched.items():
            if name in values:
                before = (slice(None),) * axis
                for suffix, part in zip(one_example(axis), (slice(-1, None), slice(0, 1)), strict=True):
                    extended[name + suffix] = values[name][(*before, part)]
        return extended

    def scope(self, statement: Statement, values: Mapping[str, Array]) -> FormulaScope:
        """Return what a formula for a statement's result can be made of."""
        position = self.program.positions[statement.name]
        before = {entry.name for entry in self.program.statements[: position - 1]}
        tensors = [name for name in self.program.shapes if name in before or name in self.program.inputs]
        layers = self.program.blocks
        nearby = layers[max(0, statement.layer - 2) : statement.layer + 1]
        near = {name for layer in nearby for name in layer.tensors.values()} or set(tensors)
        near |= {gradient for name in near if (gradient := self.program.index.gradient_of.get(name))}
        mistakable = [name for name in tensors if values[name].any()]
        batched = self.program.batched
        cut: list[dict[Expression, Expression]] = [
            {
                Name(name): Name(name + one_example(batched[name])[which])
                for name in tensors
                if name in batched
            }
            for which in (0, 1)
        ]
        return FormulaScope(
            {name: value.shape for name, value in values.items()},
            mistakable,
            near & set(mistakable),
            self.activations,
            self.program.index,
            cut if self.program.batch > 1 else (),
            self.program.carried if statement.phase == "backward" else {},
            (COUNTER, COUNTER + NEW) if statement.phase == "update" else (),
            {
                entry.name: entry.expression
                for entry in self.program.statements[: position - 1]
                if entry.phase == "forward"
            },
            self.program.parameters,
        )


def _activated(statement: Statement) -> Iterator[Name]:
    match statement.expression:
        case Call(function, (Name() as argument,)) if (
            function in ACTIVATIONS and statement.phase == "forward"
        ):
            yield argument


def one_example(axis: int) -> tuple[str, str]:
    """Write, as NumPy does, the last and the first example of a batch along an axis."""
    before = ":, " * axis
    return f"[{before}-1:]", f"[{before}:1]"


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
    """

    candidates: tuple[FormulaCandidate, ...]
    at_every_step: tuple[tuple[AtEveryStep, float], ...] = ()
    loop: Loop | None = None


def explanations(
    bench: Bench,
    statement: Statement,
    mine: Array,
    values: Mapping[str, Array],
    given: Collection[str],
    rtol: float,
) -> Explanations:
    """Find what was computed instead of a statement.

    Parameters
    ----------
    bench : Bench
        The program.
    statement : Statement
        The statement whose result is wrong.
    mine : array
        The user's result.
    values : mapping
        What the user's formula was fed: all tensors of the program.
    given : collection of str
        The tensors that the user gave. What was not given may hide the mistake, and is written out.
    rtol : float
        How close a formula must come, relative to the largest number.
    """
    values = bench.with_examples(values)
    scope = bench.scope(statement, values)
    batch, formulas = bench.program.batch, written_out(bench.program, statement, given)
    loop = Loop(bench.program, statement, given)
    # What is hidden in the steps of a loop is wrong in all of them, which no formula of one step says.
    looked_at, allowance = formulas[:1] if loop.steps else formulas, bench.allowance
    candidates = search(looked_at, mine, values, scope, batch, rtol, allowance)
    if not candidates and mine.shape == scope.shapes[statement.name] and mine.size and not mine.any():
        candidates = [_zeros(formulas[0][0])]
    if loop.steps and not candidates:
        found = _at_every_step(bench, loop, mine, values, rtol)
        if found:
            return Explanations((), tuple(found), loop)
    candidates = candidates or search_pairs(formulas[0], mine, values, scope, batch, rtol, allowance)
    return Explanations(tuple(candidates))


def diagnose(
    bench: Bench,
    statement: Statement,
    mine: Array,
    values: Mapping[str, Array],
    given: Collection[str],
    rtol: float,
) -> tuple[tuple[Diagnosis, ...], bool]:
    """Find what was computed instead of a statement, and describe it.

    Parameters
    ----------
    bench, statement, mine, values, given, rtol
        As for `explanations`.

    Returns
    -------
    (diagnoses, ambiguous) : pair
        As of `described`.
    """
    return described(bench, explanations(bench, statement, mine, values, given, rtol))


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
            found.at_every_step, lambda pair: loop.value(pair[0], bench.elsewhere, bench.allowance)
        )
        whole = numpy_text(loop.formulas[loop.result])
        best = [members[0] for members in steps][:MOST_DIAGNOSES]
        return tuple(_of_every_step(*pair, f"{whole}, with {pair[0].name} = ") for pair in best), len(
            steps
        ) > 1
    if found.at_every_step:
        return tuple(_of_every_step(*pair) for pair in found.at_every_step), False
    evaluator = Evaluator(bench.elsewhere, {})
    groups = groups_of(
        _without_idle_edits(found.candidates, evaluator),
        lambda candidate: evaluator.value(candidate.expression),
    )
    likely = [members[0] for members in groups][:MOST_DIAGNOSES]
    return tuple(_described(candidate) for candidate in likely), len(groups) > 1


def _without_idle_edits(
    candidates: Sequence[FormulaCandidate], evaluator: Evaluator
) -> list[FormulaCandidate]:
    """Leave out what differs from a likelier formula by an edit that makes no difference here.

    A state of zeros may be transposed, or a transpose left out beside it: it computes the same where the
    sizes happen to be equal, and nothing anywhere else.
    """
    fewest = min(
        (len(one.edits) for one in candidates if evaluator.value(one.expression) is not None), default=0
    )
    return [
        one
        for one in candidates
        if not fewest or len(one.edits) <= fewest or evaluator.value(one.expression) is not None
    ]


def _at_every_step(
    bench: Bench, loop: Loop, mine: Array, values: Mapping[str, Array], rtol: float
) -> list[tuple[AtEveryStep, float]]:
    """Find what was computed instead at every step of a layer over time."""
    statements = bench.program.statements
    scopes = {
        name: bench.scope(statements[bench.program.positions[name] - 1], values)
        for name in loop.kinds_of_formulas()
    }
    # One loop gives the gradients of all parameters: what explained one of them is tried first.
    found = loop.explaining(bench.at_every_step, mine, values, rtol, bench.allowance)
    if not found:
        found = loop.explaining(loop.edits(scopes, bench.allowance), mine, values, rtol, bench.allowance)
        bench.at_every_step.extend(one for one, _ in found)
    return found


def _of_every_step(one: AtEveryStep, off: float, before: str = "") -> Diagnosis:
    """Put into words what is wrong at every step, after what is said of the whole."""
    return Diagnosis(
        formula=f"{before}{numpy_text(one.edit.expression)}",
        edits=(f"in {one.name}, and so at each step: {done(one.edit)}",),
        explanation=f"{why(one.edit)} It is so at every step.",
        fix=f"{before}{numpy_text(one.right)}",
        residual=off,
    )


def _zeros(right: Expression) -> FormulaCandidate:
    """Say that there are zeros alone: a factor of 0 explains them, and so no two edits are tried."""
    nothing = Call("multiply", (Number(0), right))
    return FormulaCandidate(
        nothing, (FormulaEdit(nothing, "all zeros", right, nothing, 1.0),), 1.0, 0.0, right
    )


def _described(candidate: FormulaCandidate) -> Diagnosis:
    return Diagnosis(
        formula=numpy_text(candidate.expression),
        edits=tuple(done(edit) for edit in candidate.edits),
        explanation=" ".join(dict.fromkeys(why(edit) for edit in candidate.edits)),
        fix=numpy_text(candidate.right),
        residual=candidate.residual,
    )
