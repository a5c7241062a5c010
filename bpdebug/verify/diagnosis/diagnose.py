"""The diagnosis of one wrong tensor: what formulas can be made of, the search, and the words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bpdebug.engine.expression.derivation import gradient_name
from bpdebug.engine.expression.evaluation import evaluate
from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.expression.nodes import Expression, Name, Statement, calls, names, replace
from bpdebug.engine.expression.printing import numpy_text
from bpdebug.engine.optimizers import COUNTER, NEW
from bpdebug.engine.program import Program
from bpdebug.verify.diagnosis.fits import BATCH
from bpdebug.verify.diagnosis.scope import Scope
from bpdebug.verify.diagnosis.search import Allowance, Candidate, groups_of, search
from bpdebug.verify.diagnosis.wording import done, why
from bpdebug.verify.report import Diagnosis

MOST_DIAGNOSES = 5
DEEPEST = 3
"""How many statements above a wrong tensor are searched, where the user gave nothing in between ..."""
DEEPEST_OF_LAYER = 6
"""... and how many of its own layer: common code writes a whole layer in a line."""
DEPTH_COST = 0.3
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
    """

    program: Program
    allowance: Allowance = field(default_factory=Allowance)

    @cached_property
    def elsewhere(self) -> Mapping[str, Array]:
        """Another run: general numbers of both signs, and a batch of five."""
        random = np.random.default_rng(0)
        values: dict[str, Array] = {BATCH: np.asarray(float(ELSEWHERE_BATCH))}
        rows = self.looked_up
        for name, shape in self.program.inputs.items():
            general = list(shape)
            if name in self.program.batch_axes:
                general[self.program.batch_axes[name]] = ELSEWHERE_BATCH
            drawn = random.normal(size=general)
            values[name] = random.integers(rows[name], size=general).astype(float) if name in rows else drawn
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

    def with_examples(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Add, for every tensor with a batch, its first and its last example by their NumPy names."""
        extended = dict(values)
        for name, axis in self.program.batched.items():
            if name in values:
                before = (slice(None),) * axis
                for suffix, part in zip(one_example(axis), (slice(-1, None), slice(0, 1)), strict=True):
                    extended[name + suffix] = values[name][(*before, part)]
        return extended

    def scope(self, statement: Statement, values: Mapping[str, Array]) -> Scope:
        """Return what a formula for a statement's result can be made of."""
        position = self.program.positions[statement.name]
        before = {entry.name for entry in self.program.statements[: position - 1]}
        tensors = [name for name in self.program.shapes if name in before or name in self.program.inputs]
        layers = self.program.layers
        nearby = layers[max(0, statement.layer - 2) : statement.layer + 1]
        near = {name for layer in nearby for name in layer.tensors.values()} or set(tensors)
        near |= {gradient_name(name) for name in near}
        mistakable = [name for name in tensors if values[name].any()]
        activations = {
            layer.tensors["z"]: layer.tensors["a"] for layer in layers if {"z", "a"} <= layer.tensors.keys()
        }
        batched = self.program.batched
        cut: list[dict[Expression, Expression]] = [
            {
                Name(name): Name(name + one_example(batched[name])[which])
                for name in tensors
                if name in batched
            }
            for which in (0, 1)
        ]
        return Scope(
            {name: value.shape for name, value in values.items()},
            mistakable,
            near & set(mistakable),
            activations,
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


def one_example(axis: int) -> tuple[str, str]:
    """Write, as NumPy does, the last and the first example of a batch along an axis."""
    before = ":, " * axis
    return f"[{before}-1:]", f"[{before}:1]"


def diagnose(
    bench: Bench,
    statement: Statement,
    mine: Array,
    values: Mapping[str, Array],
    given: Collection[str],
    rtol: float,
) -> tuple[tuple[Diagnosis, ...], bool]:
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

    Returns
    -------
    (diagnoses, ambiguous) : pair
        The formulas that give the user's numbers, the most plausible first; and whether some of them
        differ elsewhere, so that these numbers cannot tell them apart.
    """
    values = bench.with_examples(values)
    scope = bench.scope(statement, values)
    formulas = _written_out(bench.program, statement, given)
    candidates = search(formulas, mine, values, scope, bench.program.batch, rtol, bench.allowance)
    groups = groups_of(candidates, bench.elsewhere)
    best = [members[0] for members in groups][:MOST_DIAGNOSES]
    return tuple(_described(candidate) for candidate in best), len(groups) > 1


def _written_out(
    program: Program, statement: Statement, given: Collection[str]
) -> list[tuple[Expression, float]]:
    """Return a formula, and then with the gradients that were not given replaced by their formulas.

    The one that is computed last is replaced first, so that each is replaced once, wherever it stands. The
    parts of a sum and inner gradients are written out at once: in common code they have no names.
    """
    expression = statement.expression

    def latest(nameless: bool) -> Statement | None:
        """Return what is computed last of what can be written out; the forward pass stays as it is."""
        found = [
            program.statements[program.positions[name] - 1]
            for name in names(expression)
            if name in program.positions and name not in given
        ]
        written_out = [
            inner
            for inner in found
            if inner.phase != "forward"
            and (not nameless or (inner.phase == "backward" and (inner.part or not inner.of)))
        ]
        return max(written_out, key=lambda inner: program.positions[inner.name], default=None)

    formulas: list[tuple[Expression, float]] = []
    for depth in range(DEEPEST_OF_LAYER + 1):
        while inner := latest(nameless=True):
            expression = replace(expression, {Name(inner.name): inner.expression})
        formulas.append((expression, depth * DEPTH_COST))
        hidden = latest(nameless=False)
        if hidden is None or (depth >= DEEPEST and hidden.layer != statement.layer):
            break
        expression = replace(expression, {Name(hidden.name): hidden.expression})
    return formulas


def _described(candidate: Candidate) -> Diagnosis:
    return Diagnosis(
        formula=numpy_text(candidate.expression),
        edits=tuple(done(edit) for edit in candidate.edits),
        explanation=" ".join(dict.fromkeys(why(edit) for edit in candidate.edits)),
        fix=numpy_text(candidate.right),
        residual=candidate.residual,
    )
