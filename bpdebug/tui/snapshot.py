"""Which tensors the ledger shows at a moment, and which stands above which.

A layer is a row of pairs, each gradient under its tensor: `a_prev w b z a` above, `d_prev dw db dz da`
below. Beside them stands whatever else the current statement reads and writes; where there are no
layers, that is all. In an update it is the parameter over its gradient, and what the optimizer makes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bpdebug.engine.debugger import Debugger
from bpdebug.engine.expression.derivation import gradient_name
from bpdebug.engine.expression.nodes import Statement, names
from bpdebug.engine.layers.layer import Layer
from bpdebug.engine.program import Program

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


def pairs_in_focus(program: Program, layer: Layer | None, statement: Statement) -> tuple[PairNames, ...]:
    """Return the pairs to show: those of a layer, and what else a statement of it reads and writes.

    Parameters
    ----------
    program : Program
        What runs.
    layer : Layer, optional
        The layer to show; None where there are no layers.
    statement : Statement
        The current statement; one of another layer adds nothing.
    """
    if statement.phase == "update" and statement.layer == (layer.number if layer else 0):
        return _pairs_of_update(program, layer, statement)
    tensors = layer.tensors if layer else {}
    pairs = {
        name: PairNames(role, name, layer.role_of_gradient(name) if layer else "", gradient_name(name))
        for role, name in tensors.items()
    }
    if statement.layer != (layer.number if layer else 0):
        return tuple(pairs.values())
    in_use = [*names(statement.expression), statement.name]
    # Forwards the result stands at the right of what it is made of, backwards at the left.
    for name in in_use if statement.phase == "forward" else in_use[::-1]:
        pair = _pair_of(program, name)
        pairs.setdefault(pair.tensor or pair.gradient, pair)
    shown = tuple(pairs.values())
    if len(shown) <= MOST_PAIRS:
        return shown
    return shown[:MOST_PAIRS] if statement.phase == "backward" else shown[-MOST_PAIRS:]


def most_pairs(program: Program) -> int:
    """Return the number of pairs of the statement that has the most."""
    return max(
        (
            len(pairs_in_focus(program, program.layer_of(statement), statement))
            for statement in program.statements
        ),
        default=0,
    )


def _pair_of(program: Program, name: str) -> PairNames:
    position = program.positions.get(name)
    statement = program.statements[position - 1] if position else None
    if statement is not None and statement.phase == "update":
        return PairNames(name, name, "", "")
    if statement is not None and statement.phase == "backward":
        if statement.part or not statement.of:
            return PairNames("", "", name, name)
        name = statement.of
    elif program.seed and name == gradient_name(program.seed):
        name = program.seed
    return PairNames(name, name, gradient_name(name), gradient_name(name))


def _pairs_of_update(program: Program, layer: Layer | None, statement: Statement) -> tuple[PairNames, ...]:
    """Return what an update works with: the same for all steps of a parameter, so that nothing moves.

    First the parameter over its gradient, then what the optimizer remembers over what takes its place, last
    the new parameter. A step that serves all parameters shows what it reads and writes.
    """
    parameter, gradient = statement.of, gradient_name(statement.of)
    pairs: dict[str, PairNames] = {}
    if parameter:
        roles = {name: role for role, name in layer.tensors.items()} if layer else {}
        role = roles.get(parameter, parameter)
        pairs[parameter] = PairNames(role, parameter, gradient_name(role), gradient)
    replaces = {new: old for old, new in program.carried.items() if old != parameter}
    remembered = frozenset(replaces.values()) - program.parameters
    for step in program.updates[parameter] if parameter else (statement,):
        for name in (*names(step.expression), step.name):
            old = replaces.get(name, name)
            if old in remembered:
                pairs.setdefault(old, PairNames(old, old, program.carried[old], program.carried[old]))
            elif parameter and name.startswith(f"{gradient}_"):
                pairs.setdefault(name, PairNames("", "", name, name))
            else:
                pair = _pair_of(program, name)
                pairs.setdefault(pair.tensor or pair.gradient, pair)
    return tuple(pairs.values())[-MOST_PAIRS:]


def places_of(pairs: Sequence[PairNames]) -> dict[str, int]:
    """Return for each tensor and each gradient the place of its pair."""
    return {name: place for place, pair in enumerate(pairs) for name in (pair.tensor, pair.gradient) if name}
