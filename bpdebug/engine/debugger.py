"""The debugger: a position in a trace, and the verbs that move it.

Time is a sequence of moments. At position 0 nothing has run; at position k statement k has just
run; between two positions lie the moments at which the nodes of the next statement have been
computed one by one. Every verb is a direction, a grain and a stop condition, run by one loop; going
back needs no undo, because a position is all the state there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bpdebug.engine.breakpoints import Breakpoints, Hit
from bpdebug.engine.expression.evaluation import evaluate
from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.expression.nodes import Call, Expression, Statement, calls, names
from bpdebug.engine.expression.parsing import suggestion
from bpdebug.engine.health import Finding, examine
from bpdebug.engine.program import Program
from bpdebug.engine.trace import Trace, read_only
from bpdebug.engine.watches import Watches
from bpdebug.engine.what_if import branch, with_part
from bpdebug.errors import BpdebugError

Reason = Literal["step", "node", "layer", "phase", "position", "breakpoint", "start", "end", "nowhere"]


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A point in time: `position` statements have run, and `node` nodes of the next one."""

    position: int
    node: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a verb stopped, and why; `reason` is `nowhere` if it could not move.

    Attributes
    ----------
    moment : Moment
        Where one is now.
    reason : str
        Why it stopped.
    text : str
        The reason in words.
    hit : Hit or None
        The breakpoint that stopped it, with the actual numbers that did.
    """

    moment: Moment
    reason: Reason
    text: str
    hit: Hit | None = None


StopCondition = Callable[[Moment], Reason | Hit | None]


class Debugger:
    """Moves through a trace; the one owner of debugging state.

    Parameters
    ----------
    trace : Trace
        The run to look at.
    """

    def __init__(self, trace: Trace) -> None:
        self.original = trace
        self.trace = trace
        self.moment = Moment(0)
        self.breakpoints = Breakpoints(trace.program)
        self.watches = Watches(trace.program)
        self.replaced: dict[str, Array] = {}
        self._inner: tuple[Moment, Trace, Array] | None = None
        self._findings: tuple[Trace, tuple[Finding, ...]] | None = None

    # Questions

    @property
    def program(self) -> Program:
        """The program that ran."""
        return self.trace.program

    @property
    def position(self) -> int:
        """How many statements have run."""
        return self.moment.position

    @property
    def last(self) -> int:
        """The last position."""
        return len(self.program.statements)

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
            If it reads a tensor that is not computed yet.
        """
        late = [name for name in names(expression) if not self.is_known(name)]
        if late:
            position = self.program.positions[late[0]]
            raise BpdebugError(f"{late[0]} is not available yet: step {position} writes it")
        return np.asarray(evaluate(expression, self.trace.values))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the health of the whole run, in order of position."""
        if self._findings is None or self._findings[0] is not self.trace:
            self._findings = self.trace, examine(self.trace)
        return self._findings[1]

    def can_move(self, direction: Literal[1, -1]) -> bool:
        """Whether there is a moment after (1) or before (-1) this one."""
        return self.position < self.last if direction > 0 else self.moment > Moment(0)

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
        """Run to the end of the statement being stepped through."""
        return self.step() if self.moment.node else self._nowhere("not inside a statement")

    def next_layer(self) -> Stop:
        """Run until another layer, or the same layer's other pass, has begun."""
        here = self._group(self.position)
        return self._run(
            1, "statement", lambda moment: "layer" if self._group(moment.position) != here else None
        )

    def previous_layer(self) -> Stop:
        """Go back to the first statement of this layer, or, from there, of the layer before."""
        return self._run(
            -1, "statement", lambda moment: "layer" if self._begins_layer(moment.position) else None
        )

    def finish_phase(self) -> Stop:
        """Run to the end of the forward pass, or from there of the backward pass."""
        return self._run(
            1, "statement", lambda moment: "phase" if self._ends_phase(moment.position) else None
        )

    def continue_(self) -> Stop:
        """Run to the next breakpoint, or to the end."""
        return self._run(1, "statement", self._breakpoint_at)

    def reverse_continue(self) -> Stop:
        """Go back to the breakpoint before, or to the start."""
        return self._run(-1, "statement", self._breakpoint_at)

    def goto(self, position: int) -> Stop:
        """Go to a position.

        Raises
        ------
        BpdebugError
            If the program has no such position.
        """
        if not 0 <= position <= self.last:
            raise BpdebugError(f"there is no step {position}: the program has steps 0 to {self.last}")
        self.moment = Moment(position)
        return self._stop("position")

    def restart(self) -> Stop:
        """Go to the start, before the first statement."""
        return self.goto(0)

    def end(self) -> Stop:
        """Go to the end, after the last statement."""
        return self.goto(self.last)

    # What if

    def replace(self, name: str, value: Array) -> None:
        """Run on with another value in the place of a tensor; where one is stays the same.

        Parameters
        ----------
        name : str
            An input or a result, also one that is not computed yet.
        value : array
            Its new value, in its shape or one that is repeated to it; copied, in the tensor's dtype.

        Raises
        ------
        BpdebugError
            If there is no such tensor, or the value does not fit in it.
        """
        if name not in self.original.values:
            raise BpdebugError(f"there is no tensor {name!r}{suggestion(name, self.program.shapes)}")
        old = self.original.values[name]
        replaced = {**self.replaced, name: with_part(old, (), value)}
        self.trace = branch(self.original, replaced)
        self.replaced = replaced

    def reset(self) -> None:
        """Drop all replacements: the trace is the original again."""
        self.replaced = {}
        self.trace = self.original

    # The one loop

    def _run(
        self, direction: Literal[1, -1], grain: Literal["statement", "node"], stops: StopCondition
    ) -> Stop:
        if not self.can_move(direction):
            return self._nowhere("at the end" if direction > 0 else "at the start")
        while self.can_move(direction):
            self.moment = self._neighbour(direction, grain)
            reason = stops(self.moment)
            if isinstance(reason, Hit):
                self.breakpoints.count(reason)
                return self._stop("breakpoint", reason)
            if reason is not None:
                return self._stop(reason)
        return self._stop("end" if direction > 0 else "start")

    def _neighbour(self, direction: Literal[1, -1], grain: Literal["statement", "node"]) -> Moment:
        position, node = self.position, self.moment.node
        if direction < 0:
            return Moment(position) if node else Moment(position - 1)
        if grain == "node" and node + 1 < len(calls(self.program.statements[position].expression)):
            return Moment(position, node + 1)
        return Moment(position + 1)

    def _breakpoint_at(self, moment: Moment) -> Hit | None:
        return self.breakpoints.hit_at(moment.position, self.trace, lambda: self.findings)

    def _group(self, position: int) -> tuple[str, int] | None:
        statement = self.program.statements[position - 1] if position else None
        return (statement.phase, statement.layer) if statement else None

    def _begins_layer(self, position: int) -> bool:
        return position == 0 or self._group(position) != self._group(position - 1)

    def _ends_phase(self, position: int) -> bool:
        statements = self.program.statements
        return position == self.last or statements[position].phase != statements[position - 1].phase

    def _stop(self, reason: Reason, hit: Hit | None = None) -> Stop:
        statement = self.statement
        if statement is None:
            return Stop(self.moment, reason, hit.text if hit else "at the start", hit)
        place = f"{statement.phase}, layer {statement.layer}" if statement.layer else statement.phase
        texts: dict[Reason, str] = {
            "node": f"inside {statement.name}, node {self.moment.node}",
            "layer": place,
            "phase": f"the {statement.phase} pass is complete",
            "end": "at the end",
        }
        if hit is not None:
            texts["breakpoint"] = hit.text
        return Stop(self.moment, reason, texts.get(reason, f"after {statement.name}"), hit)

    def _nowhere(self, text: str) -> Stop:
        return Stop(self.moment, "nowhere", text)
