"""The program as source code: a heading for each phase, layer and time step, and a line for each statement.

A listing holds no text, only what stands on which line; the text of a line is written when it is
drawn, so a program of 10,000 statements opens as quickly as one of twelve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, NamedTuple, Protocol

from bpdebug.engine.language.printing import shape_text, shown_text
from bpdebug.engine.program.program import Program
from bpdebug.present.python_text import Span

LineState = Literal["done", "current", "next", "coming"]
MARKS: dict[LineState, str] = {"done": "✓", "current": "▶", "next": "›", "coming": " "}


class Row(NamedTuple):
    """How a line of a listing is drawn.

    Attributes
    ----------
    kind : str
        `statement`, or what a heading is of.
    text, tail : str
        What stands at the left, and at the right end.
    state : str
        Whether it has run.
    positions : sequence of int
        The statements that it stands for.
    spans : tuple of Span
        The parts of the text with a style of their own.
    """

    kind: str
    text: str
    state: LineState = "coming"
    tail: str = ""
    positions: Sequence[int] = ()
    spans: tuple[Span, ...] = ()


class SourceWindow(Protocol):
    """What the Program panel asks of a listing; lines are numbered from 0."""

    @property
    def lines(self) -> Sequence[object]:
        """The lines in sight."""

    @property
    def tail_room(self) -> int:
        """The columns for the tails of the lines; 0 if these are only shown beside lines that leave room."""

    def line_at(self, position: int) -> int:
        """Return the number of the line of a statement; 0 at the start."""

    def changed(self, before: int, after: int) -> range:
        """Return the numbers of the lines that look different after a move."""

    def position_of(self, number: int, current: int) -> int:
        """Return where a line leads to."""

    def stop_of(self, number: int) -> LineStop:
        """Return where a breakpoint on a line stops."""

    def toggle(self, number: int) -> bool:
        """Fold what is under a line, or open it; return whether there is anything."""

    def call_of(self, number: int, is_open: bool) -> int | None:
        """Return the line whose call is to be folded, if it `is_open`, or to be opened; None without one."""

    def row(self, number: int, current: int) -> Row:
        """Return how a line is drawn while a statement is the current one."""

    def find(self, text: str, start: int, direction: Literal[1, -1] = 1) -> int | None:
        """Return the number of the nearest line with a text in it."""


class LineStop(NamedTuple):
    """Where a breakpoint on a line stops: what the command takes, and the positions."""

    place: str
    positions: Sequence[int]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a statement at its position, or a heading at the position of what it heads."""

    kind: Literal["phase", "layer", "step", "statement"]
    position: int


@dataclass(frozen=True)
class Listing:
    """The lines of a program."""

    program: Program
    as_mathematics: bool = False
    tail_room: ClassVar[int] = 0

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """All lines, in order."""
        lines: list[Line] = []
        phase, layer, step = "", 0, None
        for position, statement in enumerate(self.program.statements, start=1):
            if statement.phase != phase:
                lines.append(Line("phase", position))
                phase, layer = statement.phase, 0
            if statement.layer != layer:
                lines.append(Line("layer", position))
                layer, step = statement.layer, None
            if layer and statement.time != step:
                lines.append(Line("step", position))
                step = statement.time
            lines.append(Line("statement", position))
        return tuple(lines)

    @cached_property
    def line_numbers(self) -> dict[int, int]:
        """For each position, the number of its statement's line, from 0."""
        return {line.position: number for number, line in enumerate(self.lines) if line.kind == "statement"}

    def text(self, line: Line) -> str:
        """Write what a line says."""
        statement = self.program.statements[line.position - 1]
        if line.kind == "phase":
            return statement.phase
        if line.kind == "layer":
            layer = self.program.block_of(statement)
            return layer.heading if layer else ""
        if line.kind == "step":
            return "all time steps" if statement.time is None else f"time step {statement.time}"
        if self.as_mathematics:
            return self.program.mathematics.statement(statement)
        return shown_text(statement)

    def find(self, text: str, start: int, direction: Literal[1, -1] = 1) -> int | None:
        """Return the number of the nearest line that has a text in it, from one on and round the end."""
        return nearest_text(
            lambda number: self.text(self.lines[number]), len(self.lines), text, start, direction
        )

    def line_at(self, position: int) -> int:
        """Return the number of the line of a statement; 0 at the start."""
        return self.line_numbers.get(position, 0)

    def changed(self, before: int, after: int) -> range:
        """Return the numbers of the lines that look different after a move."""
        last = max(self.line_at(after), self.line_at(after + 1))  # what runs next is marked as well
        return range(self.line_at(before), last + 1)

    def position_of(self, number: int, current: int) -> int:
        """Return where a line leads to: to its statement, or the first one below a heading."""
        return self.lines[number].position

    def stop_of(self, number: int) -> LineStop:
        """Return where a breakpoint on a line stops: at what its statement writes."""
        position = self.lines[number].position
        return LineStop(self.program.statements[position - 1].name, (position,))

    def toggle(self, number: int) -> bool:
        """Fold nothing: every line is always in sight."""
        return False

    def call_of(self, number: int, is_open: bool) -> int | None:
        """Return None: a scenario calls nothing."""
        return None

    def row(self, number: int, current: int) -> Row:
        """Return how a line is drawn while a statement is the current one."""
        line = self.lines[number]
        if line.kind != "statement":
            return Row(line.kind, self.text(line))
        state: LineState = "done" if line.position < current else "coming"
        if line.position == current:
            state = "current"
        elif line.position == current + 1:
            state = "next"
        return Row(line.kind, self.text(line), state, self.shape(line), (line.position,))

    def shape(self, line: Line) -> str:
        """Write the shape of a statement's result: `2×4`."""
        return shape_text(self.program.shapes[self.program.statements[line.position - 1].name])


def fitted(text: str, tail: str, width: int) -> str:
    """Put a text at the left and its tail at the right end of a width; `…` stands for what is cut."""
    room = width - len(tail) - 1
    if len(text) > room:
        text = text[: max(0, room - 1)] + "…"
    return f"{text:<{max(0, room)}} {tail}"


def nearest_text(
    said: Callable[[int], str], count: int, text: str, start: int, direction: Literal[1, -1]
) -> int | None:
    """Return the number of the nearest line that has a text in it, from one on and round the end.

    Capitals are told from small letters only if the text has a capital.
    """
    numbers = ((start + direction * step) % count for step in range(count))
    return next((number for number in numbers if has_text(said(number), text)), None)


def has_text(line: str, text: str) -> bool:
    """Whether a line has a text in it; capitals are told apart only if the text has one."""
    return text in (line if text != text.lower() else line.lower())
