"""The debugger: a moment in a run or a training, and the verbs that move it.

Every verb is a direction, a grain and a stop condition, run by one loop over moments; going back needs no
undo, because a moment is all the state there is.
"""

from __future__ import annotations

from collections.abc import Callable

from bpdebug.engine.debug.breakpoints import Breakpoints, Hit
from bpdebug.engine.debug.inspection import Inspection
from bpdebug.engine.debug.stop import Reason, Stop, reason_text
from bpdebug.engine.debug.watches import Watches
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nearest import suggestion
from bpdebug.engine.language.nodes import Subscript
from bpdebug.engine.program.history import History
from bpdebug.engine.program.source_lines import SourceLine
from bpdebug.engine.program.timeline import Direction, Grain, Moment
from bpdebug.engine.program.trace import Trace
from bpdebug.engine.program.what_if import pinned
from bpdebug.errors import BpdebugError

StopCondition = Callable[[Moment], Reason | tuple[Hit, ...] | None]


class Debugger(Inspection):
    """Moves through a run or a training; the one owner of debugging state.

    Parameters
    ----------
    run : Trace or History
        What to look at: one run, or all iterations of a training.
    """

    def __init__(self, run: Trace | History) -> None:
        super().__init__(run if isinstance(run, History) else History.of(run))
        self.breakpoints = Breakpoints(self.program)
        self.watches = Watches(self.program)
        self.on_iteration: Callable[[int], None] = lambda _: None
        """Called with each iteration that a verb computes or passes; it may raise `Interrupted`."""

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The breakpoints that stop here, and why."""
        return self.breakpoints.hits_at(self.position, lambda: self.trace, lambda: self.findings)

    def step(self) -> Stop:
        """Run to the end of the next statement, or of the one being stepped through."""
        return self._run(1, "statement", lambda _: "step")

    def back(self) -> Stop:
        """Go back by one statement, or to the start of the one being stepped through."""
        return self._run(-1, "statement", lambda _: "step")

    def into(self) -> Stop:
        """Compute one node of the next statement."""
        return self._run(1, "node", lambda moment: "node" if moment.node else "step")

    def out(self) -> Stop:
        """Run to the end of the statement being stepped through; between two, until the call is over."""
        if self.moment.node:
            return self.step()
        line = self.line
        if line is None or (inside := line.parent) is None:
            return self._nowhere("not inside a statement")
        return self._run(1, "statement", lambda moment: None if self._is_in(moment, inside) else "out")

    def next_layer(self) -> Stop:
        """Run until another layer, or the same layer's other pass, has begun."""
        here = self.timeline.group(self.moment)
        return self._run(
            1, "statement", lambda moment: "layer" if self.timeline.group(moment) != here else None
        )

    def previous_layer(self) -> Stop:
        """Go back to the first statement of this layer, or, from there, of the layer before."""
        return self._run(
            -1, "statement", lambda moment: "layer" if self.timeline.begins_layer(moment) else None
        )

    def finish_phase(self) -> Stop:
        """Run to the end of this phase: forward, backward, or update."""
        return self._run(1, "statement", lambda moment: "phase" if self.timeline.ends_phase(moment) else None)

    def next_iteration(self) -> Stop:
        """Go to the same statement of the next iteration; in a person's own code, to the line's next turn."""
        return self._iterate(1)

    def previous_iteration(self) -> Stop:
        """Go to the same statement of the iteration before, or to the line's turn before."""
        return self._iterate(-1)

    def _iterate(self, direction: Direction) -> Stop:
        if self.timeline.iterations == 1 and self.program.is_recorded:
            return self._turn(direction)
        return self._run(direction, "iteration", lambda _: "iteration")

    def _turn(self, direction: Direction) -> Stop:
        """Go to where the current line runs the next time, or ran the time before."""
        position = self.program.source_lines.next_run(self.position or 1, direction)
        if position is None:
            return self._nowhere("the line runs no other time " + ("after" if direction > 0 else "before"))
        return self.goto(position)

    def _is_in(self, moment: Moment, call: SourceLine) -> bool:
        """Whether a moment is in the calls that a line makes."""
        line = self.program.source_lines.at.get(moment.position)
        return line is not None and call in line.above()

    def continue_(self) -> Stop:
        """Run to the next breakpoint, or to the end."""
        if self.can_move(1) and not self.breakpoints.are_enabled:
            self.goto(self.last, self.timeline.iterations)
            return self._stop("end")
        return self._run(1, "statement", lambda _: self.hits or None)

    def reverse_continue(self) -> Stop:
        """Go back to the breakpoint before, or to the start."""
        if self.can_move(-1) and not self.breakpoints.are_enabled:
            self.goto(0, 1)
            return self._stop("start")
        return self._run(-1, "statement", lambda _: self.hits or None)

    def goto(self, position: int, iteration: int | None = None) -> Stop:
        """Go to a position, of this iteration or another.

        Raises
        ------
        BpdebugError
            If there is no such position or iteration.
        """
        iteration = self.iteration if iteration is None else iteration
        if not 1 <= iteration <= self.timeline.iterations:
            raise BpdebugError(
                f"there is no iteration {iteration}: there are iterations 1 to {self.timeline.iterations}"
            )
        if not 0 <= position <= self.last:
            raise BpdebugError(f"there is no step {position}: the program has steps 0 to {self.last}")
        self._reach(iteration)
        self.moment = Moment(position, 0, iteration)
        return self._stop("position")

    def restart(self) -> Stop:
        """Go to the start of this iteration, before its first statement."""
        return self.goto(0)

    def end(self) -> Stop:
        """Go to the end of this iteration, after its last statement."""
        return self.goto(self.last)

    # What if

    def replace(self, name: str, value: Array, index: Subscript = ()) -> None:
        """Run on with other numbers in the place of a tensor or a part of it; where one is stays the same.

        Parameters
        ----------
        name : str
            An input or a result, also one that is not computed yet.
        value : array
            The new numbers, in its shape or one that is repeated to it; copied, in the tensor's dtype.
        index : Subscript
            The part; the rest is computed as ever, or stays what it was replaced with before.

        Raises
        ------
        BpdebugError
            If there is no such tensor, or the value does not fit in it.
        """
        if name not in self.program.shapes:
            raise BpdebugError(f"there is no tensor {name!r}{suggestion(name, self.program.shapes)}")
        replacement = pinned(self.replaced.get(name), self.original.values[name], index, value)
        here = {**self.replaced, name: replacement}
        self.history = self.original_history.branch({**self.history.replaced, self.iteration: here})

    def reset(self) -> None:
        """Drop all replacements: the history is the original again."""
        self.history = self.original_history

    # The one loop

    def _run(self, direction: Direction, grain: Grain, stops: StopCondition) -> Stop:
        if not self.can_move(direction, grain):
            return self._nowhere("at the end" if direction > 0 else "at the start")
        while self.can_move(direction, grain):
            moment = self.timeline.neighbour(self.moment, direction, grain)
            if moment.iteration != self.iteration:
                self._reach(moment.iteration)
            self.moment = moment
            reason = stops(moment)
            if isinstance(reason, tuple):
                for hit in reason:
                    self.breakpoints.count(hit)
                return self._stop("breakpoint", reason)
            if reason is not None:
                return self._stop(reason)
        return self._stop("end" if direction > 0 else "start")

    def _reach(self, iteration: int) -> None:
        """Compute up to an iteration, in the original too where something was replaced."""
        self.on_iteration(iteration)
        for history in dict.fromkeys((self.original_history, self.history)):
            for before in history.reach(iteration):
                self.on_iteration(before)

    def _stop(self, reason: Reason, hits: tuple[Hit, ...] = ()) -> Stop:
        if hits:
            return Stop(self.moment, reason, "; ".join(hit.text for hit in hits), hits)
        text = reason_text(reason, self.moment, self.statement, self.timeline.iterations)
        return Stop(self.moment, reason, text)

    def _nowhere(self, text: str) -> Stop:
        return Stop(self.moment, "nowhere", text)
