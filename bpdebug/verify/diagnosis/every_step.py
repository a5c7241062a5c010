"""The same mistake at every time step: what is wrong in a loop over the steps is wrong in each of them.

Users of a recurrent layer hand in the gradients of its parameters, which add up what all steps send back, and
no formula that one could read gives these numbers. So the formulas of the steps are edited one after the
other, each in the same way at all steps, and what follows is computed anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Option, Statement, names, replace, rewrite
from bpdebug.engine.program.index import ProgramIndex
from bpdebug.engine.program.program import Program
from bpdebug.verify.diagnosis.allowance import Allowance
from bpdebug.verify.diagnosis.edits import FormulaEdit, single_edits
from bpdebug.verify.diagnosis.evaluator import Evaluator
from bpdebug.verify.diagnosis.fits import is_explained, residual
from bpdebug.verify.diagnosis.scope import FormulaScope
from bpdebug.verify.diagnosis.written_out import with_parts

MOST_COSTLY = 1.4
"""Less likely edits are not tried: every one of them is the work of a whole backward pass."""


@dataclass(frozen=True, slots=True)
class AtEveryStep:
    """An edit of the formula of one step, and of the same formula at all others.

    Attributes
    ----------
    name : str
        The tensor of a step that it was found at.
    right : Expression
        Its right formula.
    edit : FormulaEdit
        What was changed in it.
    """

    name: str
    right: Expression
    edit: FormulaEdit

    @property
    def change(self) -> dict[Expression, Expression]:
        """What is replaced by what: a part, which other steps have too, or else the whole formula."""
        part = {self.edit.old: self.edit.new}
        is_all = replace(self.right, part) == self.edit.expression
        return part if is_all else {self.right: self.edit.expression}


class Loop:
    """The formulas between a wrong tensor and what the user gave, as one pass over all time steps.

    Parameters
    ----------
    program : Program
        The right program.
    statement : Statement
        What gives the wrong tensor.
    given : collection of str
        The tensors that the user gave.
    """

    def __init__(self, program: Program, statement: Statement, given: Collection[str]) -> None:
        self.result = statement.name
        self.index = program.index
        self.formulas: dict[str, Expression] = {}
        waiting = [statement]
        while waiting:
            inner = waiting.pop()
            formula = with_parts(program, inner.expression, given)
            self.formulas[inner.name] = formula
            for name in names(formula):
                if name in program.positions and name not in given and name not in self.formulas:
                    above = program.statements[program.positions[name] - 1]
                    if above.phase == "backward" and above.layer == statement.layer:
                        waiting.append(above)
        self.order = sorted(self.formulas, key=program.positions.__getitem__)
        self.reads = {name: frozenset(names(formula)) for name, formula in self.formulas.items()}
        self.steps = max((step for name in self.order if (step := self.index.time(name))), default=0)

    def kinds_of_formulas(self) -> Iterator[str]:
        """Yield a name for each formula that differs from the others by more than its step."""
        seen = set()
        for name in self.order:
            step = self.index.time(name)
            if step is not None:
                formula = (self.index.series(name), _later(self.formulas[name], -step, self.index))
                if formula not in seen:
                    seen.add(formula)
                    yield name

    def value(self, one: AtEveryStep, values: Mapping[str, Array], allowance: Allowance) -> Array | None:
        """Return what the wrong tensor is with an edit made at every step; None if it is no other."""
        moves = range(1 - self.steps, self.steps)
        changes = {
            _later(old, by, self.index): _later(new, by, self.index)
            for by in moves
            for old, new in one.change.items()
        }
        changes = {old: new for old, new in changes.items() if values.keys() >= {*names(new)}}
        found, changed = dict(values), set[str]()
        for name in self.order:
            formula = self.formulas[name]
            if self.index.series(name) == self.index.series(one.name):
                formula = replace(formula, changes)
            if formula != self.formulas[name] or not changed.isdisjoint(self.reads[name]):
                evaluator = Evaluator(found, {})
                value = evaluator.value(formula)
                allowance.formulas -= 1
                allowance.numbers -= evaluator.computed
                if value is None or (value.shape != values[name].shape and name != self.result):
                    return None
                found[name] = value
                changed.add(name)
        return found[self.result] if self.result in changed else None

    def edits(self, scopes: Mapping[str, FormulaScope], allowance: Allowance) -> list[AtEveryStep]:
        """Return what can be wrong at every step, the most plausible first.

        Parameters
        ----------
        scopes : mapping
            What the formula of each tensor can be made of.
        allowance : Allowance
            How long it may take to list them.
        """
        is_used_up = allowance.half()
        edits = (
            AtEveryStep(name, self.formulas[name], edit)
            for name in self.kinds_of_formulas()
            for edit in single_edits(self.formulas[name], scopes[name])
            if edit.cost <= MOST_COSTLY and self._is_near(edit.new, name)
        )
        return sorted(takewhile(lambda one: not is_used_up(), edits), key=lambda one: one.edit.cost)

    def explaining(
        self,
        edits: Iterable[AtEveryStep],
        mine: Array,
        values: Mapping[str, Array],
        rtol: float,
        allowance: Allowance,
    ) -> list[tuple[AtEveryStep, float]]:
        """Return the edits that give the user's numbers, as far as there is time, and what they leave over.

        Parameters
        ----------
        edits : iterable of AtEveryStep
            What is tried.
        mine : array
            The user's numbers.
        values : mapping
            The values of all names: what the user's formula was fed.
        rtol : float
            The tolerance, relative to the largest number.
        allowance : Allowance
            How much may be computed; it is lessened by what was.
        """
        is_used_up = allowance.half()
        found = []
        for one in edits:
            value = self.value(one, values, allowance)
            if value is not None and is_explained(mine, value, rtol):
                found.append((one, residual(mine, value)))
            if is_used_up():
                break
        return found

    def _is_near(self, new: Expression, name: str) -> bool:
        """Whether what may stand in the formula of a tensor reads only its own step and the neighbours."""
        step, steps = self.index.time(name), map(self.index.time, names(new))
        return step is not None and all(other is None or abs(other - step) <= 1 for other in steps)


def _later(expression: Expression, by: int, index: ProgramIndex) -> Expression:
    """Return a formula of a step as it is at another, so many steps later; there need be no such step."""

    def moved(node: Expression) -> Expression:
        if isinstance(node, Name):
            step = index.time(node.id)
            if step is None:
                return node
            at = index.series(node.id), step + by
            return Name(index.at_step.get(at, "{} at step {}".format(*at)))
        if isinstance(node, Call) and "index" in dict(node.options):
            # In an index, a number is a time step; parts are slices.
            options = ((name, _later_index(value, by)) for name, value in node.options)
            return Call(node.function, node.arguments, tuple(options))
        return node

    return rewrite(expression, moved)


def _later_index(value: Option, by: int) -> Option:
    if not isinstance(value, tuple):
        return value
    return tuple(part + by if isinstance(part, int) else part for part in value)
