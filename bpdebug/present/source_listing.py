"""A person's own code as the debugger's source window: the lines that ran, each call under its line.

It answers what `Listing` answers for a program without source: what stands on which line, and how it is now.
A call is open or folded; where the current line is in a folded call, the line that made it stands for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from bpdebug.engine.program.program import Program
from bpdebug.engine.program.source_lines import SourceLine
from bpdebug.present.listing import LineState, LineStop, Listing, Row, SourceWindow, nearest_text
from bpdebug.present.python_text import Span, spans_of
from bpdebug.sources.case import Case

INDENT = 2
"""Columns by which what ran in a call stands further to the right."""
DEEPEST = 8
"""Calls within calls from which on nothing is indented further."""
FOLDS = {True: "▸", False: "▾"}
"""The sign of a line that made a call: folded, open."""


class SourceListing:
    """The lines in sight, and what each says.

    Parameters
    ----------
    program : Program
        A program with sources.
    files : mapping
        The text of each file.
    """

    tail_room: ClassVar[int] = len(" 10/20")

    def __init__(self, program: Program, files: Mapping[str, str]) -> None:
        self.program = program
        self.tree = program.source_lines
        self.texts = {file: text.split("\n") for file, text in files.items()}
        self.folded: set[SourceLine] = set()
        self.number_room = len(str(max((line for _, line in self.tree.by_place), default=0)))
        self._unfold()

    def _unfold(self) -> None:
        """Lay out the lines in sight."""
        self.lines: list[SourceLine | str] = []
        self.numbers: dict[SourceLine, int] = {}
        file = ""
        waiting = self.tree.roots[::-1]
        while waiting:
            line = waiting.pop()
            if line.file != file:
                file = line.file
                self.lines.append(file)
            self.numbers[line] = len(self.lines)
            self.lines.append(line)
            if line not in self.folded:
                waiting.extend(line.children[::-1])

    # Where what is

    def line_at(self, position: int) -> int:
        """Return the number of the line that shows a statement, or stands for it; 0 at the start."""
        line = self.tree.at.get(position)
        while line is not None and line not in self.numbers:
            line = line.parent
        return self.numbers[line] if line is not None else 0

    def changed(self, before: int, after: int) -> range:
        """Return the numbers of the lines that may look different after a move."""
        return range(len(self.lines))

    def position_of(self, number: int, current: int) -> int:
        """Return where a line leads to: where it runs next, or behind the last time, where it ran first."""
        line = self._source_line(number)
        if line is None:
            return 0
        return next((start for start in line.starts if start > current), line.starts[0])

    def stop_of(self, number: int) -> LineStop:
        """Return where a breakpoint on a line stops: each time that it runs."""
        line = self._source_line(number)
        if line is None:
            return LineStop("", ())
        return LineStop(f"{line.file}:{line.line}", self.tree.runs_of(line.file, line.line))

    def _source_line(self, number: int) -> SourceLine | None:
        """Return a line; of the name of a file, the one below it."""
        for line in self.lines[number : number + 2]:
            if isinstance(line, SourceLine):
                return line
        return None

    # Folding

    def toggle(self, number: int) -> bool:
        """Fold the call that a line makes, or open it; return whether there is one."""
        line = self._source_line(number) if not isinstance(self.lines[number], str) else None
        if line is None or not line.children:
            return False
        self.folded ^= {line}
        self._unfold()
        return True

    def call_of(self, number: int, is_open: bool) -> int | None:
        """Return the line whose call is to be folded, if it `is_open`, or to be opened; None without one.

        What is folded is the call of the line itself, or else the one that it is in.
        """
        line = self.lines[number]
        if isinstance(line, str):
            return None
        calls = (line, *line.above()) if is_open else (line,)
        found = (call for call in calls if call.children and (call in self.folded) != is_open)
        return next((self.numbers[call] for call in found), None)

    # What is said

    def text(self, number: int) -> str:
        """Return the text of a line: the name of a file, or a person's code."""
        line = self.lines[number]
        return line if isinstance(line, str) else self.code(line)

    def code(self, line: SourceLine) -> str:
        """Return a line as it stands in its file; a statement of several lines on one."""
        last = line.source.end_line if line.source is not None else line.line
        rows = self.texts.get(line.file, [])[line.line - 1 : last]
        if not rows:
            rows = (line.source.code if line.source is not None else line.function).split("\n")
        return " ".join(row.strip() for row in rows)

    def find(self, text: str, start: int, direction: Literal[1, -1] = 1) -> int | None:
        """Return the number of the nearest line that has a text in it, from one on and round the end."""
        return nearest_text(self.text, len(self.lines), text, start, direction)

    def row(self, number: int, current: int) -> Row:
        """Return how a line is drawn while a statement is the current one."""
        line = self.lines[number]
        if isinstance(line, str):
            return Row("file", line)
        code = self.code(line)
        fold = FOLDS[line in self.folded] if line.children else " "
        indent = " " * (INDENT * min(line.depth, DEEPEST))
        head = f"{line.line:>{self.number_room}} {indent}{fold} "
        (own,) = spans_of(code)
        spans = tuple(Span(begin + len(head), end + len(head), style) for begin, end, style in own)
        state: LineState = "done" if line.last <= current else "coming"
        if current and number == self.line_at(current):
            state = "current"
        elif number == self.line_at(current + 1):
            state = "next"
        # Of the line that has just run it is said how this run of it was: the next may be another.
        positions = line.in_turn(current) if line is self.tree.at.get(current) else line.positions
        return Row("statement", head + code, state, self._tail(line, current), positions, spans)

    def _tail(self, line: SourceLine, current: int) -> str:
        """Say how often a line runs, and while it does, which time this is."""
        count, turn = len(line.starts), line.turn(current)
        if count == 1:
            return ""
        return f"{turn}/{count}" if turn > 0 and current <= line.last else f"×{count}"


def source_window(case: Case) -> SourceWindow:
    """Return what the Program panel shows of a case: the person's own code, or else the statements."""
    if case.script is not None:
        return SourceListing(case.program, case.script.files)
    return Listing(case.program)


def same_position(position: int, here: Program, there: Program) -> int:
    """Return where one is in another run of the same code: at the same time that a line runs."""
    if position == 0 or len(here.statements) == len(there.statements):
        return position
    own, others = runs_of_line(position, here, here), runs_of_line(position, here, there)
    return (
        others[min(own.index(position), len(others) - 1)] if others else min(position, len(there.statements))
    )


def runs_of_line(position: int, here: Program, there: Program) -> list[int]:
    """Return where the line of a statement runs in another run of the same code."""
    source = here.statements[position - 1].source
    return [
        place
        for place, statement in enumerate(there.statements, start=1)
        if statement.source is not None and source is not None and statement.source[:2] == source[:2]
    ]
