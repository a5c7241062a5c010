"""Which tensors the ledger shows at a moment, and which stands above which.

A layer is a row of pairs, each gradient under its tensor: `a_prev w b z a` above, `d_prev dw db dz da`
below. Beside them stands whatever else the current statement reads and writes; where there are no
layers, that is all. Of a layer that is unrolled over time they are those of the current time step, and those
that all steps share. In an update it is the parameter over its gradient, and what the optimizer makes of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.nodes import Statement, names
from bpdebug.engine.program.block import Block
from bpdebug.engine.program.program import Program

MOST_PAIRS = 12
"""More stand in no width; a statement of a person reads fewer."""


def result_name(debugger: Debugger) -> str:
    """Return the tensor that the current statement writes; empty at the start."""
    return debugger.statement.name if debugger.statement is not None else ""


def layer_in_focus(debugger: Debugger) -> int:
    """Return the number of the layer of the current statement; 1 at the start."""
    return debugger.statement.layer if debugger.statement is not None else 1


@dataclass(frozen=True, slots=True)
class PairNames:
    """Which tensor stands above which, and their roles; each empty where there is none."""

    role: str
    tensor: str
    gradient_role: str
    gradient: str

    @property
    def key(self) -> str:
        """What tells it from others."""
        return self.tensor or self.gradient


def pairs_in_focus(program: Program, layer: Block | None, statement: Statement) -> tuple[PairNames, ...]:
    """Return the pairs to show: those of a layer, and what else a statement of it reads and writes.

    Parameters
    ----------
    program : Program
        What runs.
    layer : Block, optional
        The layer to show; None where there are no layers.
    statement : Statement
        The current statement; one of another layer adds nothing.
    """
    if statement.phase == "update" and statement.layer == (layer.number if layer else 0):
        return _pairs_of_update(program, layer, statement)
    pairs: dict[str, PairNames] = {}
    if layer is not None:
        pairs = {pair.key: pair for pair in pairs_of_layer(program, layer, statement.time)}
    if statement.layer != (layer.number if layer else 0):
        return tuple(pairs.values())
    in_use = [*names(statement.expression), statement.name]
    # Forwards the result stands at the right of what it is made of, backwards at the left.
    for name in in_use if statement.phase == "forward" else in_use[::-1]:
        pair = _pair_of(program, name)
        pairs.setdefault(pair.tensor or pair.gradient, pair)
    return _most_important(tuple(pairs.values()), frozenset(in_use), statement)


def pairs_of_layer(program: Program, layer: Block, time: int | None = None) -> tuple[PairNames, ...]:
    """Return the pairs of a layer, at one of its time steps, as the forward pass runs through them."""
    return tuple(
        PairNames(role, name, layer.gradient_roles[role], program.index.gradient(name))
        for role, name in layer.tensors_at(time).items()
    )


def _most_important(
    pairs: tuple[PairNames, ...], in_use: frozenset[str], statement: Statement
) -> tuple[PairNames, ...]:
    """Leave out what has room in no width: what lies farthest from what the statement reads and writes."""
    if len(pairs) <= MOST_PAIRS:
        return pairs
    used = [place for place, pair in enumerate(pairs) if pair.tensor in in_use or pair.gradient in in_use]
    if len(used) >= MOST_PAIRS:
        used = used[:MOST_PAIRS] if statement.phase == "backward" else used[-MOST_PAIRS:]
        return tuple(pairs[place] for place in used)
    by_nearness = sorted(range(len(pairs)), key=lambda place: min(abs(place - other) for other in used))
    kept = [*used, *(place for place in by_nearness if place not in used)][:MOST_PAIRS]
    return tuple(pairs[place] for place in sorted(kept))


def most_pairs(program: Program) -> int:
    """Return the number of pairs of the statement that has the most."""
    return max((_count_of_pairs(program, statement) for statement in program.statements), default=0)


def _count_of_pairs(program: Program, statement: Statement) -> int:
    """Return how many pairs a statement has; without layers they are those of what it reads and writes."""
    layer = program.block_of(statement)
    if layer is not None or statement.phase == "update":
        return len(pairs_in_focus(program, layer, statement))
    tensor_of = program.index.tensor_of
    in_use = (*names(statement.expression), statement.name)
    return min(MOST_PAIRS, len({tensor_of.get(name, name) for name in in_use}))


def _pair_of(program: Program, name: str) -> PairNames:
    phase, tensor = program.index.phase(name), program.index.tensor_of.get(name)
    if phase == "update":
        return PairNames(name, name, "", "")
    if tensor is not None:
        return PairNames(tensor, tensor, name, name)
    if phase == "backward":
        return PairNames("", "", name, name)
    gradient = program.index.gradient(name)
    return PairNames(name, name, gradient, gradient)


def _pairs_of_update(program: Program, layer: Block | None, statement: Statement) -> tuple[PairNames, ...]:
    """Return what an update works with: the same for all steps of a parameter, so that nothing moves.

    First the parameter over its gradient, then what the optimizer remembers over what takes its place, last
    the new parameter. A step that serves all parameters shows what it reads and writes.
    """
    parameter, gradient = statement.of, program.index.gradient(statement.of)
    pairs: dict[str, PairNames] = {}
    if parameter:
        role = layer.roles.get(parameter) if layer else None
        gradient_role = layer.gradient_roles[role] if layer and role else gradient
        pairs[parameter] = PairNames(role or parameter, parameter, gradient_role, gradient)
    kept = frozenset(program.carried.values())
    replaces = {new: old for old, new in program.carried.items() if old != parameter}
    remembered = frozenset(replaces.values()) - program.parameters
    gradients = {gradient}  # with what clipping, decay and momentum make of it on the way
    for step in program.updates[parameter] if parameter else (statement,):
        reads = names(step.expression)
        if parameter and step.name not in kept and not gradients.isdisjoint(reads):
            gradients.add(step.name)
        for name in (*reads, step.name):
            old = replaces.get(name, name)
            if old in remembered:
                pairs.setdefault(old, PairNames(old, old, program.carried[old], program.carried[old]))
            elif name in gradients and name != gradient:
                pairs.setdefault(name, PairNames("", "", name, name))
            else:
                pair = _pair_of(program, name)
                pairs.setdefault(pair.tensor or pair.gradient, pair)
    return tuple(pairs.values())[-MOST_PAIRS:]
