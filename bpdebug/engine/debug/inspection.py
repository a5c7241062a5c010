"""What there is to see at a moment of a run or a training: where one is, and what is known there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bpdebug.engine.health import HealthFinding, examine
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Statement, calls, names
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.program.history import History
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.source_lines import SourceLine
from bpdebug.engine.program.timeline import Direction, Grain, Moment, Timeline
from bpdebug.engine.program.trace import Trace, read_only
from bpdebug.errors import BpdebugError


class Inspection:
    """Answers questions about a moment, and moves nowhere.

    Parameters
    ----------
    history : History
        What is looked at: all iterations of a training, or the one run.
    """

    def __init__(self, history: History) -> None:
        self.original_history = self.history = history
        self.timeline = Timeline(history.program, history.iterations)
        self.moment = Moment(0)
        self._inner: tuple[Moment, Trace, Array] | None = None
        self._findings: tuple[Trace, tuple[HealthFinding, ...]] | None = None

    # Where one is

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
        """Whether there is an iteration to go to, or another turn of the current line."""
        line = self.program.source_lines.at.get(self.position or 1)
        return self.timeline.iterations > 1 or (line is not None and len(line.starts) > 1)

    def can_move(self, direction: Direction, grain: Grain = "statement") -> bool:
        """Whether there is a moment after (1) or before (-1) this one."""
        return self.timeline.can_move(self.moment, direction, grain)

    # What is known there

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

    def is_replaced(self, name: str, element: tuple[int, ...]) -> bool:
        """Whether an element of a tensor was replaced in this iteration."""
        replacement = self.replaced.get(name)
        return replacement is not None and not np.ma.getmaskarray(replacement)[element]

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
