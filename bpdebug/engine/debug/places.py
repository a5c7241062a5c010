"""Places to stop at: a statement, a tensor, a layer, a phase, a role, or a health condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bpdebug.engine.health import HEALTH_CONDITIONS
from bpdebug.engine.language.nearest import suggestion
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.variables import normalised, version_written
from bpdebug.errors import BpdebugError

MAX_LINE_DIGITS = 9
"""No file has so many lines."""
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
    if program.is_recorded and (runs := read_line(text, program)):
        return Place(text, frozenset(runs))
    if text.isdecimal():
        if not 1 <= int(text) <= len(program.statements):
            raise BpdebugError(
                f"there is no step {text}: the program has steps 1 to {len(program.statements)}"
            )
        return Place(text, frozenset({int(text)}))
    if program.is_recorded and (written := versions_written(text, program)):
        return Place(text, frozenset(written))
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


def read_line(text: str, program: Program, position: int = 0) -> tuple[int, ...]:
    """Return where a line of a person's own code runs: `57`, `net.py:57`; nothing if the text is no line.

    Parameters
    ----------
    text : str
        A line, or a file and a line.
    program : Program
        A recorded program.
    position : int
        A line without a file is meant in the file of this statement, or else in the first one where it ran.

    Raises
    ------
    BpdebugError
        If nothing of that line ran, or there is no such file.
    """
    name, _, number = text.rpartition(":")
    lines = program.source_lines
    if not number.strip().isdecimal() or len(number) > MAX_LINE_DIGITS:
        return ()
    named = lines.file_named(name.strip())
    if name and named is None:
        raise BpdebugError(f"nothing that was recorded is in {name}{suggestion(name, lines.files)}")
    here = [lines.at[position].file] if position in lines.at else []
    files = [named] if named is not None else [*here, *lines.files]
    file = next((file for file in files if (file, int(number)) in lines.by_place), files[0])
    runs = lines.runs_of(file, int(number))
    if not runs:
        others = sorted((abs(line - int(number)), line) for where, line in lines.by_place if where == file)
        near = f": the nearest line that did is {others[0][1]}" if others else ""
        raise BpdebugError(f"nothing was computed in line {number.strip()} of {file}{near}")
    return runs


def versions_written(text: str, program: Program) -> tuple[int, ...]:
    """Return where a person's variable is written, every version or the one that is named; else nothing."""
    variables = program.variables
    if (name := variables.known.get(normalised(text))) is not None:
        return variables.positions_of(variables.variable(name))
    version = text if text in program.positions else version_written(text)
    return (program.positions[version],) if version in program.positions else ()


def _layer(text: str, program: Program) -> Place:
    """Return where a layer begins, in each pass."""
    if not text.isdecimal() or not 1 <= int(text) <= len(program.blocks):
        raise BpdebugError(f"there is no layer {text}: the program has layers 1 to {len(program.blocks)}")
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
