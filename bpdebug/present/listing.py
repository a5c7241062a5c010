"""The program as source code: a heading for each phase, layer and time step, and a line for each statement.

A listing holds no text, only what stands on which line; the text of a line is written when it is
drawn, so a program of 10,000 statements opens as quickly as one of twelve.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from bpdebug.engine.language.printing import shape_text, statement_text
from bpdebug.engine.program.program import Program

State = Literal["done", "current", "coming"]
MARKS: dict[State, str] = {"done": "✓", "current": "▶", "coming": " "}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a statement at its position, or a heading at the position of what it heads."""

    kind: Literal["phase", "layer", "step", "statement"]
    position: int


@dataclass(frozen=True)
class Listing:
    """The lines of a program."""

    program: Program

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
            layer = self.program.layer_of(statement)
            return layer.heading if layer else ""
        if line.kind == "step":
            return "all time steps" if statement.time is None else f"time step {statement.time}"
        return statement_text(statement)

    def find(self, text: str, start: int, direction: Literal[1, -1] = 1) -> int | None:
        """Return the number of the nearest line that has a text in it, from one on and round the end.

        Capitals are told from small letters only if the text has a capital.
        """
        exact = text != text.lower()
        count = len(self.lines)
        for step in range(count):
            number = (start + direction * step) % count
            said = self.text(self.lines[number])
            if text in (said if exact else said.lower()):
                return number
        return None

    def shape(self, line: Line) -> str:
        """Write the shape of a statement's result: `2×4`."""
        return shape_text(self.program.shapes[self.program.statements[line.position - 1].name])


def fitted(text: str, tail: str, width: int) -> str:
    """Put a text at the left and its tail at the right end of a width; `…` stands for what is cut."""
    room = width - len(tail) - 1
    if len(text) > room:
        text = text[: max(0, room - 1)] + "…"
    return f"{text:<{max(0, room)}} {tail}"
