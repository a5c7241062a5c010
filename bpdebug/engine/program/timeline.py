"""Time in the debugger: a sequence of moments, and how one moves along it.

At position 0 of an iteration nothing of it has run; at position k its statement k has just run; between
two positions lie the moments at which the nodes of the next statement have been computed one by one.
After the last position of an iteration comes position 0 of the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bpdebug.engine.language.nodes import calls
from bpdebug.engine.program.program import Program

Direction = Literal[1, -1]
Grain = Literal["statement", "node", "iteration"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: `position` statements of an iteration have run, and `node` nodes of the next one."""

    position: int
    node: int = 0
    iteration: int = 1

    def __lt__(self, other: Moment) -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[int, int, int]:
        return self.iteration, self.position, self.node


@dataclass(frozen=True, slots=True)
class Timeline:
    """All moments of a program that runs for some iterations."""

    program: Program
    iterations: int = 1

    @property
    def last(self) -> int:
        """The last position of an iteration."""
        return len(self.program.statements)

    def can_move(self, moment: Moment, direction: Direction, grain: Grain = "statement") -> bool:
        """Whether there is a moment after (1) or before (-1) one.

        Parameters
        ----------
        moment : Moment
            Where one is.
        direction : int
            1 for later, -1 for earlier.
        grain : str
            What a step is: a `statement`, a `node` of one, or an `iteration`.
        """
        if grain == "iteration":
            return 1 <= moment.iteration + direction <= self.iterations
        if direction > 0:
            return moment.position < self.last or moment.iteration < self.iterations
        return Moment(0) < moment

    def neighbour(self, moment: Moment, direction: Direction, grain: Grain) -> Moment:
        """Return the moment next to one, which there is, in a direction."""
        position, node, iteration = moment.position, moment.node, moment.iteration
        if grain == "iteration":
            return Moment(position, 0, iteration + direction)
        if direction < 0:
            if not (node or position):
                return Moment(self.last, 0, iteration - 1)
            return Moment(position if node else position - 1, 0, iteration)
        if position == self.last:
            return Moment(0, 0, iteration + 1)
        if grain == "node" and node + 1 < len(calls(self.program.statements[position].expression)):
            return Moment(position, node + 1, iteration)
        return Moment(position + 1, 0, iteration)

    def group(self, moment: Moment) -> tuple[int, str, int]:
        """Return what a moment belongs to: an iteration, a phase, and a layer or a passage of own code."""
        if moment.position == 0:
            return moment.iteration, "", 0
        statement = self.program.statements[moment.position - 1]
        layer = self.program.passages[moment.position - 1] if self.program.is_recorded else statement.layer
        return moment.iteration, statement.phase, layer

    def begins_layer(self, moment: Moment) -> bool:
        """Whether the statement that has just run is the first of its layer in its phase."""
        before = Moment(max(0, moment.position - 1), 0, moment.iteration)
        return moment.position == 0 or self.group(moment) != self.group(before)

    def ends_phase(self, moment: Moment) -> bool:
        """Whether the statement that has just run is the last of its phase."""
        if moment.position in (0, self.last):
            return moment.position == self.last
        after = Moment(moment.position + 1, 0, moment.iteration)
        return self.group(moment)[1] != self.group(after)[1]
