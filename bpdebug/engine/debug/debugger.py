"""The debugger: a moment in a run or a training, and the verbs that move it.

Every verb is a direction, a grain and a stop condition, run by one loop over moments; going back needs no
undo, because a moment is all the state there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from bpdebug.engine.debug.breakpoints import Breakpoints, Hit
from bpdebug.engine.debug.stop import Reason, Stop, reason_text
from bpdebug.engine.debug.watches import Watches
from bpdebug.engine.health import HealthFinding, examine
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nearest import suggestion
from bpdebug.engine.language.nodes import Call, Expression, Statement, Subscript, calls, names
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.program.history import History
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.source_lines import SourceLine
from bpdebug.engine.program.timeline import Direction, Grain, Moment, Timeline
from bpdebug.engine.program.trace import Trace, read_only
from bpdebug.engine.program.what_if import pinned
from bpdebug.errors import BpdebugError

StopCondition = Callable[[Moment], Reason | tuple[Hit, ...] | None]


class Debugger:
    """Moves through a run or a training; the one owner of debugging state.

    Parameters
    ----------
    run : Trace or History
        What to look at: one run, or all iterations of a training.
    """

    def __init__(self, run: Trace | History) -> None:
        self.original_history = run if isinstance(run, History) else History.of(run)
        self.history = self.original_history
        self.timeline = Timeline(self.history.program, self.history.iterations)
        self.moment = Moment(0)
        self.breakpoints = Breakpoints(self.program)
        self.watches = Watches(self.program)
        self._inner: tuple[Moment, Trace, Array] | None = None
        self._findings: tuple[Trace, tuple[HealthFinding, ...]] | None = None
        self.on_iteration: Callable[[int], None] = lambda _: None
        """Called with each iteration that a verb computes or passes; it may raise `Interrupted`."""

    # Questions

    @property
    def program(self) -> Program:
        """The program that ran."""
        return self.history.program

    @property
    def trace(self) -> Trace:
        """The run of the iteration that one is in, with what was replaced."""
        return self.history.trace(self.moment.iteration)

    @property
    def original(self) -> Trace:
        """The run of the iteration that one is in, as it was before anything was replaced."""
        return self.original_history.trace(self.moment.iteration)

    @property
    def replaced(self) -> Mapping[str, Array]:
        """The tensors that were replaced in the iteration that one is in."""
        return self.history.replaced.get(self.iteration, {})

    @property
    def iteration(self) -> int:
        """The iteration that one is in, from 1."""
        return self.moment.iteration

    @property
    def position(self) -> int:
        """How many statements have run."""
        return self.moment.position

    @property
    def last(self) -> int:
        """The last position."""
        return self.timeline.last

    @property
    def statement(self) -> Statement | None:
        """The statement that has just run or is being stepped through; None at the start."""
        number = self.position + (self.moment.node > 0)
        return self.program.statements[number - 1] if number else None

    @property
    def node(self) -> Call | None:
        """Inside a statement, the node that has just been computed."""
        if self.moment.node and self.statement is not None:
            return calls(self.statement.expression)[self.moment.node - 1]
        return None

    @property
    def line(self) -> SourceLine | None:
        """The line of a person's own code that has just run; None at the start, and in a scenario."""
        return self.program.source_lines.at.get(self.position)

    @property
    def is_inside(self) -> bool:
        """Whether one is inside a statement, or in a call: there is something to finish."""
        return self.moment.node > 0 or (self.line is not None and self.line.parent is not None)

    @property
    def has_turns(self) -> bool:
        """Whether there is an iteration to go to, or another turn of the line that has just run."""
        if self.timeline.iterations > 1:
            return True
        return self.line is not None and len(self.line.starts) > 1

    @property
    def reads(self) -> tuple[str, ...]:
        """The tensors that the current statement, or inside it the current node, reads."""
        current = self.node or (self.statement.expression if self.statement else None)
        return names(current) if current is not None else ()

    def value(self, name: str) -> Array | None:
        """Return a tensor's value, or None where it is not computed yet."""
        return self.trace.values[name] if self.is_known(name) else None

    def is_known(self, name: str) -> bool:
        """Whether a tensor exists at this moment."""
        return name in self.program.inputs or 0 < self.program.positions.get(name, 0) <= self.position

    def node_value(self) -> Array | None:
        """Return the value of the node that has just been computed, inside a statement."""
        if self.node is None:
            return None
        if self._inner is None or self._inner[0] != self.moment or self._inner[1] is not self.trace:
            # Kept while one looks at it: the node may be a large product.
            self._inner = self.moment, self.trace, read_only(evaluate(self.node, self.trace.values))
        return self._inner[2]

    def evaluate(self, expression: Expression) -> Array:
        """Evaluate an expression over the tensors that are known at this moment.

        Raises
        ------
        BpdebugError
            If it reads a tensor that is not computed yet, or the shapes do not fit together.
        """
        expression = self.here(expression)
        late = [name for name in names(expression) if not self.is_known(name)]
        if late:
            position = self.program.positions[late[0]]
            raise BpdebugError(f"{late[0]} is not available yet: step {position} writes it")
        return np.asarray(evaluate(expression, self.trace.values))

    def here(self, expression: Expression) -> Expression:
        """Return an expression over the versions that a person's variables have at this moment.

        Raises
        ------
        ShapeError
            If the shapes of these versions do not fit together.
        """
        if self.program.is_recorded:
            expression = self.program.variables.at(expression, self.position)
            shape_of(expression, self.program.shapes)
        return expression

    @property
    def findings(self) -> tuple[HealthFinding, ...]:
        """What is wrong with the health of the whole run, in order of position."""
        if self._findings is None or self._findings[0] is not self.trace:
            self._findings = self.trace, examine(self.trace)
        return self._findings[1]

    def can_move(self, direction: Direction, grain: Grain = "statement") -> bool:
        """Whether there is a moment after (1) or before (-1) this one."""
        return self.timeline.can_move(self.moment, direction, grain)

    # Verbs

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
        return self._turn(1) if self._has_turns else self._run(1, "iteration", lambda _: "iteration")

    def previous_iteration(self) -> Stop:
        """Go to the same statement of the iteration before, or to the line's turn before."""
        return self._turn(-1) if self._has_turns else self._run(-1, "iteration", lambda _: "iteration")

    @property
    def _has_turns(self) -> bool:
        return self.timeline.iterations == 1 and self.program.is_recorded

    def _turn(self, direction: Direction) -> Stop:
        """Go to where the current line runs the next time, or ran the time before."""
        position = self.program.source_lines.next_run(self.position, direction)
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
        return self._run(1, "statement", self._breakpoints_at)

    def reverse_continue(self) -> Stop:
        """Go back to the breakpoint before, or to the start."""
        if self.can_move(-1) and not self.breakpoints.are_enabled:
            self.goto(0, 1)
            return self._stop("start")
        return self._run(-1, "statement", self._breakpoints_at)

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

    def is_replaced(self, name: str, element: tuple[int, ...]) -> bool:
        """Whether an element of a tensor was replaced in this iteration."""
        replacement = self.replaced.get(name)
        return replacement is not None and not np.ma.getmaskarray(replacement)[element]

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

    def _breakpoints_at(self, moment: Moment) -> tuple[Hit, ...] | None:
        hits = self.breakpoints.hits_at(moment.position, lambda: self.trace, lambda: self.findings)
        return hits or None

    def _stop(self, reason: Reason, hits: tuple[Hit, ...] = ()) -> Stop:
        if hits:
            return Stop(self.moment, reason, "; ".join(hit.text for hit in hits), hits)
        text = reason_text(reason, self.moment, self.statement, self.timeline.iterations)
        return Stop(self.moment, reason, text)

    def _nowhere(self, text: str) -> Stop:
        return Stop(self.moment, "nowhere", text)
