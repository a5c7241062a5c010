"""Places to stop at: a statement, a tensor, a layer, a phase, a role, or a health condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bpdebug.engine.health import HEALTH_CONDITIONS
from bpdebug.engine.language.nearest import suggestion
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.program.program import Program
from bpdebug.errors import BpdebugError

HEALTH = "health"
"""The place of all health conditions together."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a breakpoint stops.

    Attributes
    ----------
    text : str
        As it was written: `dw1`, `layer 2`, `backward`, `role dw`, `not_finite`.
    positions : frozenset of int
        The positions at which it stops; of a health condition those are known from a run only.
    health : str
        The health condition that it is, or `health` for any of them; else empty.
    """

    text: str
    positions: frozenset[int] = frozenset()
    health: str = ""


def read_place(text: str, program: Program) -> Place | None:
    """Read a place; None if the text is no place but perhaps a condition.

    Raises
    ------
    BpdebugError
        If it is a place that the program does not have.
    """
    kind, _, rest = text.partition(" ")
    if kind in ("layer", "role") and rest:
        return _layer(rest.strip(), program) if kind == "layer" else _role(rest.strip(), program)
    if text.isdecimal():
        if not 1 <= int(text) <= len(program.statements):
            raise BpdebugError(
                f"there is no step {text}: the program has steps 1 to {len(program.statements)}"
            )
        return Place(text, frozenset({int(text)}))
    if text in program.positions:
        return Place(text, frozenset({program.positions[text]}))
    if text in program.inputs:
        raise BpdebugError(f"{text} is given: no step writes it")
    if text == HEALTH or text in HEALTH_CONDITIONS:
        return Place(text, health=text)
    phase = _first_positions(program, lambda statement: statement.phase == text)
    if phase:
        return Place(text, phase)
    return _role(text, program) if text in roles_of(program) else None


def _layer(text: str, program: Program) -> Place:
    """Return where a layer begins, in each pass."""
    if not text.isdecimal() or not 1 <= int(text) <= len(program.layers):
        raise BpdebugError(f"there is no layer {text}: the program has layers 1 to {len(program.layers)}")
    number = int(text)
    return Place(f"layer {number}", _first_positions(program, lambda statement: statement.layer == number))


def _role(role: str, program: Program) -> Place:
    """Return where any layer writes the tensor of a role."""
    positions = roles_of(program).get(role)
    if positions is None:
        raise BpdebugError(f"no step has the role {role!r}{suggestion(role, roles_of(program))}")
    return Place(f"role {role}", frozenset(positions))


def roles_of(program: Program) -> dict[str, list[int]]:
    """Return the positions of each role; `dh` is that of `dh_t1`, `dh_t2` and so on, too."""
    positions: dict[str, list[int]] = {}
    for position, statement in enumerate(program.statements, start=1):
        together = statement.step.role if statement.step else statement.role
        for role in dict.fromkeys((statement.role, together)):
            positions.setdefault(role, []).append(position)
    return positions


def _first_positions(program: Program, belongs: Callable[[Statement], bool]) -> frozenset[int]:
    """Return the positions at which statements that belong together begin, in each pass."""
    passes = [statement.phase if belongs(statement) else "" for statement in program.statements]
    earlier = ["", *passes]
    return frozenset(
        position
        for position, (now, before) in enumerate(zip(passes, earlier, strict=False), start=1)
        if now not in ("", before)
    )


def no_place(text: str, program: Program) -> BpdebugError:
    """Return the error that says what could be meant by a text that is no place."""
    known = [*program.positions, *roles_of(program), *HEALTH_CONDITIONS]
    return BpdebugError(
        f"nothing to stop at: {text!r} is no step, tensor, layer N, phase, role or condition"
        f"{suggestion(text, known)}"
    )
