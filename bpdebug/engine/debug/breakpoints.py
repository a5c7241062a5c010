"""Breakpoints: where to stop, as data, and the numbered list of those that a debugger has.

A breakpoint is a place (a statement, a tensor, a layer, a phase, a role, a health condition) with or
without a condition, or a condition alone. Every tensor is written once in a run, so a condition alone can
become true at one position only: where the last of the tensors that it reads is written. A variable of a
person's own code is written once for each of its versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bpdebug.engine.debug.conditions import evidence, read_condition
from bpdebug.engine.debug.numbered import Numbered
from bpdebug.engine.debug.places import HEALTH, Place, no_place, read_place
from bpdebug.engine.health import HealthFinding
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.nodes import Expression, names
from bpdebug.engine.language.parsing import MAX_LENGTH
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import Trace
from bpdebug.errors import BpdebugError, ExpressionError, ShapeError


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """One stop that was asked for.

    Attributes
    ----------
    number : int
        What commands call it, from 1.
    place : Place
        Where it stops.
    condition : Expression or None
        What must be true there.
    condition_text : str
        The condition as it was written.
    enabled, once : bool
        Whether it stops anything at all, and whether it is gone after the first stop.
    hits : int
        How often it has stopped the debugger.
    """

    number: int
    place: Place
    condition: Expression | None = None
    condition_text: str = ""
    enabled: bool = True
    once: bool = False
    hits: int = 0

    @property
    def text(self) -> str:
        """The breakpoint as the `break` command takes it: `dw1 if norm(dw1) > 10`."""
        parts = [self.place.text, self.condition_text]
        return " if ".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class Hit:
    """A breakpoint that stops the debugger, and the actual numbers why."""

    breakpoint: Breakpoint
    evidence: tuple[str, ...]

    @property
    def text(self) -> str:
        """The stop in one line: `breakpoint 1, norm(dw1) > 10: norm(dw1) = 12.31`."""
        reasons = f": {'; '.join(self.evidence)}" if self.evidence else ""
        return f"breakpoint {self.breakpoint.number}, {self.breakpoint.text}{reasons}"


def read_breakpoint(text: str, program: Program, number: int, once: bool = False) -> Breakpoint:
    """Read what the `break` command takes.

    Parameters
    ----------
    text : str
        `7`, `dw1`, `layer 2`, `backward`, `role dw`, `not_finite`, each with or without `if CONDITION`; or
        a condition alone.
    program : Program
        What it stops in.
    number : int
        The number that it gets.
    once : bool
        Whether it is gone after the first stop.

    Raises
    ------
    BpdebugError
        If the program has no such place, or the condition cannot be used.
    """
    if len(text) > MAX_LENGTH:
        raise BpdebugError(f"a breakpoint has at most {MAX_LENGTH} characters: found {len(text)}")
    place_text, joint, condition_text = (part.strip() for part in text.partition(" if "))
    if not place_text:
        raise BpdebugError("nothing to stop at: write for example `break dw1` or `break norm(dw1) > 10`")
    if joint and not condition_text:
        raise BpdebugError("no condition after `if`: write for example `break dw1 if norm(dw1) > 10`")
    place = read_place(place_text, program)
    if place is not None:
        found = Breakpoint(number, place, once=once)
        return with_condition(found, condition_text, program) if joint else found
    if joint:
        raise no_place(place_text, program)
    try:
        condition = read_condition(place_text, program)
    except ExpressionError:
        raise
    except BpdebugError as error:
        raise (no_place(place_text, program) if place_text.isidentifier() else error) from None
    return Breakpoint(number, _place_of(condition, program), condition, place_text, once=once)


def _place_of(condition: Expression, program: Program) -> Place:
    """Return where a condition alone is looked at: when all that it reads is there, and at new versions."""
    latest = max((program.positions.get(name, 0) for name in names(condition)), default=0)
    if not program.is_recorded:
        return Place("", frozenset({latest}))
    later = {position for name in names(condition) for position in program.variables.positions_of(name)}
    return Place("", frozenset({latest, *(position for position in later if position >= latest)}))


def with_condition(found: Breakpoint, text: str, program: Program) -> Breakpoint:
    """Return a breakpoint with another condition; an empty text takes its condition away.

    Raises
    ------
    BpdebugError
        If the condition cannot be used, or reads what is nowhere known where the breakpoint stops.
    """
    text = text.strip()
    if not text:
        if not found.place.text:
            raise BpdebugError(
                f"breakpoint {found.number} is a condition alone: `delete {found.number}` removes it"
            )
        return replace(found, condition=None, condition_text="")
    condition = read_condition(text, program)
    position = max((program.positions.get(name, 0) for name in names(condition)), default=0)
    place = found.place
    if not place.text:
        place = _place_of(condition, program)
    elif not place.health and position > max(place.positions):
        late = program.statements[position - 1].name
        raise BpdebugError(f"{late} is not computed yet at {place.text}: step {position} writes it")
    return replace(found, place=place, condition=condition, condition_text=text)


class Breakpoints(Numbered[Breakpoint]):
    """The breakpoints of a debugger, by number."""

    NOUN, NOUNS = "breakpoint", "breakpoints"

    def add(self, text: str, once: bool = False) -> Breakpoint:
        """Add what the `break` command takes; raises as `read_breakpoint`."""
        return self._append(lambda number: read_breakpoint(text, self.program, number, once))

    def change(self, number: int, text: str) -> Breakpoint:
        """Let a breakpoint stop where the `break` command would; raises as `read_breakpoint`."""
        read = read_breakpoint(text, self.program, number)
        place, condition, condition_text = read.place, read.condition, read.condition_text
        changed = replace(self[number], place=place, condition=condition, condition_text=condition_text)
        return self._put(number, changed)

    def set_condition(self, number: int, text: str) -> Breakpoint:
        """Give a breakpoint another condition, or with an empty text none; raises as `with_condition`."""
        return self._put(number, with_condition(self[number], text, self.program))

    def set_enabled(self, number: int, enabled: bool) -> Breakpoint:
        """Let a breakpoint stop the debugger, or not."""
        return self._put(number, replace(self[number], enabled=enabled))

    @property
    def are_enabled(self) -> bool:
        """Whether any of them may stop a run."""
        return any(found.enabled for found in self)

    def at(self, position: int) -> list[Breakpoint]:
        """Return the breakpoints, enabled or not, whose place is one position: what a listing marks."""
        return self.on((position,))

    def on(self, positions: Iterable[int]) -> list[Breakpoint]:
        """Return the breakpoints, enabled or not, whose place is all of some positions: a line of code."""
        place = frozenset(positions)
        return [found for found in self if found.place.positions == place]

    def hits_at(
        self, position: int, trace: Callable[[], Trace], findings: Callable[[], Sequence[HealthFinding]]
    ) -> tuple[Hit, ...]:
        """Return the breakpoints that stop at a position of a run, and why.

        Parameters
        ----------
        position : int
            How many statements have run.
        trace, findings : callable
            Give the run and the findings of its health; called only if a breakpoint asks for them, because
            each may have to be computed first.
        """
        hits = []
        for found in self:
            reasons = _reasons(found, position, trace, findings) if found.enabled else None
            if reasons is not None:
                hits.append(Hit(found, reasons))
        return tuple(hits)

    def count(self, hit: Hit) -> None:
        """Count a stop; what was to stop once is removed."""
        found = hit.breakpoint
        self._put(found.number, replace(found, hits=found.hits + 1))
        if found.once:
            self.remove(found.number)


def _reasons(
    found: Breakpoint,
    position: int,
    trace: Callable[[], Trace],
    findings: Callable[[], Sequence[HealthFinding]],
) -> tuple[str, ...] | None:
    """Return why a breakpoint stops at a position of a run; None if it does not."""
    lines: tuple[str, ...] = ()
    if found.place.health:
        lines = tuple(
            f"{finding.text}. {finding.advice}"
            for finding in findings()
            if finding.position == position and found.place.health in (HEALTH, finding.condition)
        )
        if not lines:
            return None
    elif position not in found.place.positions:
        return None
    if found.condition is None:
        return lines
    run = trace()
    condition = found.condition
    if run.program.is_recorded:
        condition = run.program.variables.at(condition, position)
    if any(run.program.positions.get(name, 0) > position for name in names(condition)):
        return None
    try:
        shape_of(condition, run.program.shapes)
    except ShapeError:
        return None  # another version of a variable may have another shape
    holds = bool(np.all(evaluate(condition, run.values)))
    return (*lines, *evidence(condition, run.values)) if holds else None
