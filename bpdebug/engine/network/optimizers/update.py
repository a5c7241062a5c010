"""The update of all parameters of a program: the statements that end an iteration of a training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.network.optimizers.clipping import clip_lines, norm_lines
from bpdebug.engine.network.optimizers.optimizer import COUNTER, NEW, Optimizer, Settings, UpdateLine
from bpdebug.engine.program.program import Program

COUNTING = "One more update; the bias corrections depend on how many there have been."


@dataclass(frozen=True, slots=True)
class Trained:
    """A parameter that is updated.

    Attributes
    ----------
    name, gradient : str
        What it and its gradient are called.
    role, gradient_role : str
        What they are to their layer: `w`, `dw`; their names where there are no layers.
    layer : int
        The layer's number; 0 where there are no layers.
    """

    name: str
    gradient: str
    role: str
    gradient_role: str
    layer: int = 0


@dataclass(frozen=True, slots=True)
class OptimizerStep:
    """The statements of an update, and what it needs and leaves for the next iteration.

    Attributes
    ----------
    statements : tuple of Statement
        The steps, in order.
    remembered : mapping
        The tensors that start at 0, each with the parameter whose shape it has; empty for a number.
    carried : mapping
        Input -> the result that takes its place in the next iteration.
    """

    statements: tuple[Statement, ...]
    remembered: Mapping[str, str] = field(default_factory=dict)
    carried: Mapping[str, str] = field(default_factory=dict)


def update_of(
    optimizer: Optimizer,
    settings: Settings,
    parameters: Sequence[Trained],
    clip_value: float | None = None,
    clip_norm: float | None = None,
) -> OptimizerStep:
    """Write the update of some parameters.

    Parameters
    ----------
    optimizer : Optimizer
        The rule.
    settings : mapping
        The values of all its settings.
    parameters : sequence of Trained
        What is updated.
    clip_value : float, optional
        Each element of a gradient is kept within ± this, as by `clip_grad_value_`.
    clip_norm : float, optional
        The norm of all gradients together is kept to this, as by `clip_grad_norm_`.
    """
    statements: list[Statement] = []
    remembered: dict[str, str] = {}
    carried: dict[str, str] = {}

    def lines(parameter: str, gradient: str) -> Iterator[UpdateLine]:
        for line in clip_lines(gradient, clip_value, clip_norm):
            yield line
            gradient = line.name
        yield from optimizer.lines(parameter, gradient, settings)

    for line in _lines_for_all(optimizer, parameters, clip_norm):
        statements.append(Statement(line.name, parse(line.text), "update", role=line.name, why=line.why))
    if optimizer.counts:
        remembered[COUNTER], carried[COUNTER] = "", f"{COUNTER}{NEW}"
    for one in parameters:
        # What a step is to the layer is the same step, written in roles.
        in_roles = lines(one.role, one.gradient_role)
        for line, alike in zip(lines(one.name, one.gradient), in_roles, strict=True):
            statements.append(
                Statement(
                    line.name, parse(line.text), "update", one.layer, alike.name, one.name, why=line.why
                )
            )
        carried[one.name] = f"{one.name}{NEW}"
        for letter in optimizer.remembers(settings):
            remembered[f"{letter}_{one.name}"] = one.name
            carried[f"{letter}_{one.name}"] = f"{letter}_{one.name}{NEW}"
    return OptimizerStep(tuple(statements), remembered, carried)


def _lines_for_all(
    optimizer: Optimizer, parameters: Sequence[Trained], clip_norm: float | None
) -> Iterator[UpdateLine]:
    """Write the steps that serve all parameters together."""
    if clip_norm is not None:
        yield from norm_lines([one.gradient for one in parameters], clip_norm)
    if optimizer.counts:
        yield UpdateLine(f"{COUNTER}{NEW}", f"{COUNTER} + 1", COUNTING)


def with_update(program: Program, update: OptimizerStep) -> Program:
    """Return a program with the update of its parameters at the end: one iteration of a training."""
    remembered = {name: program.inputs[like] if like else () for name, like in update.remembered.items()}
    return replace(
        program,
        inputs={**program.inputs, **remembered},
        statements=(*program.statements, *update.statements),
        carried=update.carried,
    )
