"""The index of a program: what belongs to what, as data, so that nobody reads it out of a name.

Which gradient a tensor has and which tensor a gradient is of, what each statement reads, which tensors are
the same at other time steps: one pass over the statements answers all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bpdebug.engine.language.derivation.names import gradient_names
from bpdebug.engine.language.nodes import Phase, Statement, TimeStep, names
from bpdebug.engine.program.block import Block


@dataclass(frozen=True, eq=False)
class ProgramIndex:
    """What belongs to what in a program.

    Attributes
    ----------
    tensors : collection of str
        All of them, inputs and results.
    statements : sequence of Statement
        The statements, in order.
    positions : mapping
        Result -> the number of its statement, from 1.
    gradients_of : mapping
        Tensor -> its gradients, those that come in first: one, where the backward pass is derived; more,
        where a hand-written one stands beside it.
    tensor_of : mapping
        Gradient -> its tensor; without what is only a part of a gradient, or an inner gradient.
    parts_of : mapping
        Tensor -> the parts of its gradient, in order; of each its statement says through what it flows.
    steps : mapping
        Tensor -> its time step, where it belongs to one.
    """

    tensors: Mapping[str, object]
    statements: Sequence[Statement]
    positions: Mapping[str, int]
    gradients_of: Mapping[str, tuple[str, ...]]
    tensor_of: Mapping[str, str]
    parts_of: Mapping[str, tuple[str, ...]]
    steps: Mapping[str, TimeStep]

    @cached_property
    def gradient_of(self) -> Mapping[str, str]:
        """Tensor -> its gradient; of several, the first."""
        return {tensor: gradients[0] for tensor, gradients in self.gradients_of.items()}

    @cached_property
    def uses(self) -> Mapping[str, tuple[int, ...]]:
        """Tensor -> the positions of the statements that read it."""
        uses: dict[str, list[int]] = {}
        for position, statement in enumerate(self.statements, start=1):
            for name in names(statement.expression):
                uses.setdefault(name, []).append(position)
        return {name: tuple(found) for name, found in uses.items()}

    @cached_property
    def at_step(self) -> Mapping[tuple[str, int], str]:
        """What the tensors of all steps are called together, and a step -> the tensor of that step."""
        return {(at.name, at.number): name for name, at in self.steps.items() if at.number is not None}

    @cached_property
    def _new_names(self) -> Mapping[str, str]:
        """Tensor -> what a gradient of it would be called that is not there yet."""
        return gradient_names(self.tensors)

    def gradient(self, tensor: str) -> str:
        """Return the gradient of a tensor; of one that has none, what it would be called."""
        return self.gradient_of.get(tensor) or self._new_names.get(tensor, "")

    def statement(self, name: str) -> Statement | None:
        """Return the statement that writes a tensor; None for an input."""
        position = self.positions.get(name)
        return self.statements[position - 1] if position else None

    def phase(self, name: str) -> Phase | None:
        """Return the phase in which a tensor is written; None for an input."""
        statement = self.statement(name)
        return statement.phase if statement else None

    def time(self, name: str) -> int | None:
        """Return the time step that a tensor belongs to; None where it belongs to none."""
        step = self.steps.get(name)
        return step.number if step else None

    def series(self, name: str) -> str:
        """Return what a tensor is called together with those of other time steps; another, by its name."""
        step = self.steps.get(name)
        return step.name if step else name


def index_of(
    tensors: Mapping[str, object],
    statements: Sequence[Statement],
    incoming: Mapping[str, str],
    blocks: Iterable[Block],
) -> ProgramIndex:
    """Return the index of a program.

    Parameters
    ----------
    tensors : mapping
        Everything that it has a name for.
    statements : sequence of Statement
        What runs.
    incoming : mapping
        Gradient -> the tensor that it comes in for.
    blocks : iterable of Block
        Its parts, which know the time steps of what is given.
    """
    positions: dict[str, int] = {}
    tensor_of = dict(incoming)
    parts_of: dict[str, list[str]] = {}
    steps = {name: step for block in blocks for name, step in block.steps.items()}
    for position, statement in enumerate(statements, start=1):
        positions[statement.name] = position
        if statement.step is not None:
            steps[statement.name] = statement.step
        if statement.phase == "backward" and statement.of:
            if statement.part:
                parts_of.setdefault(statement.of, []).append(statement.name)
            else:
                tensor_of[statement.name] = statement.of
    gradients_of: dict[str, list[str]] = {}
    for gradient, tensor in tensor_of.items():
        gradients_of.setdefault(tensor, []).append(gradient)
    return ProgramIndex(
        tensors,
        statements,
        positions,
        {tensor: tuple(gradients) for tensor, gradients in gradients_of.items()},
        tensor_of,
        {tensor: tuple(parts) for tensor, parts in parts_of.items()},
        steps,
    )
