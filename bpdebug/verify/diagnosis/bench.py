"""The bench: what every diagnosis of a program shares, and what its formulas can be made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Statement, calls, names
from bpdebug.engine.network.layers.layer import Layer
from bpdebug.engine.network.optimizers import COUNTER, NEW
from bpdebug.engine.program.program import Program
from bpdebug.verify.diagnosis.allowance import Allowance
from bpdebug.verify.diagnosis.every_step import ExplainedByLoop, Loop
from bpdebug.verify.diagnosis.fits import BATCH
from bpdebug.verify.diagnosis.scope import FormulaScope

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
    mine : mapping
        The user's wrong tensors: a mistake that is made at every time step is looked for in all at once.
    at_every_step : dict
        Each layer over time that was searched, and what explains the tensors that it computes.
    """

    program: Program
    allowance: Allowance = field(default_factory=Allowance)
    mine: Mapping[str, Array] = field(default_factory=dict)
    at_every_step: dict[Loop, ExplainedByLoop] = field(default_factory=dict)

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
            if name == self._one:
                values[name] = np.ones(general)
            elif name in generated:  # a state of zeros is 0 in every run
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
    def activations(self) -> Mapping[Expression, str]:
        """What an activation is applied to, a tensor or a part of one, and its result: `z1` -> `a1`."""
        return {
            argument: statement.name
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

    def scope(
        self, statement: Statement, values: Mapping[str, Array], among: Collection[str] | None = None
    ) -> FormulaScope:
        """Return what a formula for a statement's result can be made of: all before it, or some of that."""
        program, positions = self.program, self.program.positions
        position = positions[statement.name]
        among = program.shapes if among is None else among
        tensors = [name for name in among if positions.get(name, 0) < position]
        layers = program.blocks
        nearby = layers[max(0, statement.layer - 2) : statement.layer + 1]
        near = {name for layer in nearby for name in layer.tensors.values()} or set(tensors)
        near |= {gradient for name in near if (gradient := program.index.gradient_of.get(name))}
        mistakable = [name for name in tensors if values[name].any() and name != self._one]
        return FormulaScope(
            {name: value.shape for name, value in values.items()},
            mistakable,
            near & set(mistakable),
            self.activations,
            program.index,
            self.cut if program.batch > 1 else (),
            program.carried if statement.phase == "backward" else {},
            (COUNTER, COUNTER + NEW) if statement.phase == "update" else (),
            {
                name: program.statements[positions[name] - 1].expression
                for name in tensors
                if program.index.phase(name) == "forward"
            },
            program.parameters,
        )

    @cached_property
    def cut(self) -> tuple[Mapping[Expression, Expression], ...]:
        """Each tensor with a batch, cut down to its last and to its first example."""
        batched = self.program.batched
        return tuple(
            {Name(name): Name(name + one_example(axis)[which]) for name, axis in batched.items()}
            for which in (0, 1)
        )

    def loop(self, statement: Statement, given: Collection[str]) -> Loop:
        """Return the loop over time steps that computes a wrong tensor, and others of its layer."""
        for known in self.at_every_step:
            if statement.name in known.results:
                return known
        program = self.program
        others = (
            program.statements[program.positions[name] - 1] for name in self.mine if name != statement.name
        )
        beside = [
            other
            for other in others
            if statement.phase == other.phase == "backward"
            and statement.time is other.time is None
            and statement.layer == other.layer
        ]
        return Loop(program, [statement, *beside], given)

    def around(self, *steps: int) -> list[str]:
        """Return the tensors of time steps, of those beside them, and of none, in the program's order."""
        times = dict.fromkeys((None, *(step + by for step in steps for by in (-1, 0, 1))))
        names = [name for time in times for name in self._at_time.get(time, ())]
        return sorted(names, key=lambda name: self.program.positions.get(name, 0))

    @cached_property
    def _one(self) -> str:
        """The gradient of a loss by itself, 1, which nobody writes; empty without a loss."""
        seed = self.program.seed
        return self.program.index.gradient_of.get(seed, "") if self.program.shapes.get(seed) == () else ""

    @cached_property
    def _at_time(self) -> Mapping[int | None, list[str]]:
        found: dict[int | None, list[str]] = {}
        for name in self.program.shapes:
            found.setdefault(self.program.index.time(name), []).append(name)
        return found


def _activated(statement: Statement) -> Iterator[Expression]:
    match statement.expression:
        case Call(function, (Name() | Call("subscript") as argument,)) if (
            function in ACTIVATIONS and statement.phase == "forward"
        ):
            yield argument


def one_example(axis: int) -> tuple[str, str]:
    """Write, as NumPy does, the last and the first example of a batch along an axis."""
    before = ":, " * axis
    return f"[{before}-1:]", f"[{before}:1]"
