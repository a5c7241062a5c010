"""The lines of a person's own code that a program was recorded from, calls under the line that made them.

    12  loss = network.loss(x, y)            runs once
         31  h = relu(x @ self.w)             under it, what ran in the call
         32  return mean((h - y) ** 2)
    14  for epoch in range(3): w -= dw        a line in a loop stands once, and runs in turns

A line is one place in a file, reached by the same calls; it runs once for every turn of the loops around it
and every call that it is in.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bpdebug.engine.language.nodes import Source, Statement

FileLine = tuple[str, int]
"""A file, and the number of a line in it."""


@dataclass(eq=False, slots=True)
class SourceLine:
    """One line of the tree.

    Attributes
    ----------
    file, line : str, int
        Where it stands.
    function : str
        The function whose call it ran in; empty at the top of a file.
    depth : int
        How many calls it is in.
    parent : SourceLine, optional
        The line that made the innermost of these calls.
    source : Source, optional
        Where its own statements stand; none where it only calls.
    starts : list of int
        For each time that it ran, the position of its first statement, or of the first of the call.
    positions : list of int
        The positions of all its own statements, in order.
    last : int
        The last position that belongs to it or to what it calls.
    children : list of SourceLine
        The lines of the calls that it makes, in the order in which they ran first.
    """

    file: str
    line: int
    function: str
    depth: int
    parent: SourceLine | None
    source: Source | None = None
    starts: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    last: int = 0
    children: list[SourceLine] = field(default_factory=list)

    @property
    def first(self) -> int:
        """The first position that belongs to it or to what it calls."""
        return min(self.starts[0], self.children[0].first) if self.children else self.starts[0]

    def turn(self, position: int) -> int:
        """Return how often it has begun to run by a position."""
        return bisect_right(self.starts, position)

    def in_turn(self, position: int) -> list[int]:
        """Return the positions of its own statements in the run that a position is in."""
        turn = self.turn(position)
        return [own for own in self.positions if self.turn(own) == turn]

    def above(self) -> Iterator[SourceLine]:
        """Yield the lines that it is called from, the nearest first."""
        line = self.parent
        while line is not None:
            yield line
            line = line.parent


class SourceLines:
    """The tree of the lines of a program, and which line each statement is on.

    Parameters
    ----------
    statements : sequence of Statement
        The statements of a program, in order; those without a source are on no line.
    """

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.roots: list[SourceLine] = []
        self.at: dict[int, SourceLine] = {}
        self.by_place: dict[FileLine, list[SourceLine]] = {}
        self._known: dict[tuple[int, str, str, int], SourceLine] = {}
        self._ran: dict[SourceLine, object] = {}
        self._before: dict[int, SourceLine] = {}
        for position, statement in enumerate(statements, start=1):
            if statement.source is not None:
                self._add(position, statement.source)
        self._known, self._ran, self._before = {}, {}, {}

    def _add(self, position: int, source: Source) -> None:
        """Put a statement on its line, and that under the lines of its calls."""
        above: SourceLine | None = None
        numbers: tuple[int, ...] = ()
        function = ""
        for call in source.calls:
            above = self._line(above, call.file, call.line, function)
            numbers = (*numbers, call.number)
            if above.source is None:
                self._runs(above, position, numbers)
            above.last = position
            function = call.function
        line = self._line(above, source.file, source.line, function)
        if line.source is None:
            line.source = source
            line.starts.clear()  # of a line that computes, its own statements say how often it runs
        self._runs(line, position, (numbers, source.turns))
        line.positions.append(position)
        line.last = position
        self.at[position] = line

    def _line(self, above: SourceLine | None, file: str, number: int, function: str) -> SourceLine:
        """Return a line under another.

        A new one stands behind the line there that has run before it, and behind what is between the two in
        the file: the other branch of an `if`. Where a loop has gone back to it, it stands before the first
        line of the loop that is below it in the file.
        """
        key = id(above), function, file, number
        line = self._known.get(key)
        if line is None:
            line = SourceLine(file, number, function, above.depth + 1 if above else 0, above)
            self._known[key] = line
            siblings = above.children if above else self.roots
            before = self._before.get(id(above))
            siblings.insert(_place_of(line, before, siblings), line)
            self.by_place.setdefault((file, number), []).append(line)
        self._before[id(above)] = line
        return line

    def _runs(self, line: SourceLine, position: int, time: object) -> None:
        """Count one more run of a line, unless this is still the last one."""
        if self._ran.get(line) != time:
            self._ran[line] = time
            line.starts.append(position)

    # Questions

    @property
    def files(self) -> tuple[str, ...]:
        """The files, in the order in which they ran."""
        return tuple(dict.fromkeys(file for file, _ in self.by_place))

    def file_named(self, name: str) -> str | None:
        """Return the file that a person means by a name: the whole of it, or its last part."""
        ends = [file for file in self.files if file == name or file.endswith((f"/{name}", f"\\{name}"))]
        return ends[0] if ends else None

    def runs_of(self, file: str, number: int) -> tuple[int, ...]:
        """Return the positions at which a line of a file begins to run, in order."""
        found = (start for line in self.by_place.get((file, number), ()) for start in line.starts)
        return tuple(sorted(set(found)))

    def next_run(self, position: int, direction: int) -> int | None:
        """Return where the line of a statement runs after (1) or before (-1) it; None where it does not."""
        line = self.at.get(position)
        if line is None:
            return None
        turn = line.turn(position) - 1 + direction
        return line.starts[turn] if 0 <= turn < len(line.starts) else None


def _place_of(line: SourceLine, before: SourceLine | None, siblings: Sequence[SourceLine]) -> int:
    """Return where among the lines of a call a new line stands that ran after another of them."""
    if before is None:
        return len(siblings)
    place = siblings.index(before) + 1
    if before.file != line.file or before.function != line.function:
        return place
    if before.line < line.line:
        while place < len(siblings) and before.line < siblings[place].line < line.line:
            place += 1
        return place
    while place and siblings[place - 1].function == line.function and siblings[place - 1].line > line.line:
        place -= 1
    return place
