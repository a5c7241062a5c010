"""The same mistake at every time step: what is wrong in a loop over the steps is wrong in each of them.

Users of a recurrent layer hand in the gradients of its parameters, which add up what all steps send back, and
no formula that one could read gives these numbers. So the formulas of the steps are edited one after the
other, each in the same way at all steps, and what follows is computed anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Number, Statement, names, replace
from bpdebug.engine.program.program import Program
from bpdebug.verify.diagnosis.allowance import Allowance
from bpdebug.verify.diagnosis.compiled_terms import CompiledTerm, addends, compiled_term, sum_of
from bpdebug.verify.diagnosis.edits import FormulaEdit, single_edits
from bpdebug.verify.diagnosis.everywhere import without
from bpdebug.verify.diagnosis.fits import is_explained, residual
from bpdebug.verify.diagnosis.later_steps import counts_steps, later, name_later
from bpdebug.verify.diagnosis.scope import FormulaScope
from bpdebug.verify.diagnosis.written_out import with_parts

MOST_COSTLY = 1.4
"""Less likely edits are not tried: every one of them is the work of a whole backward pass."""

NOT_CARRIED = "not carried"
"""The kind of an edit of all formulas of a step at once: nothing is passed on to the step before."""
LEFT = 0.2
"""What one loop leaves of all that may be tried: it looks for what is wrong in all tensors of a layer."""


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


ExplainedByLoop = Mapping[str, Sequence[tuple[AtEveryStep, float]]]
"""For each wrong tensor, the edits that give the user's numbers, and how far from them they stay."""


class Loop:
    """The formulas between wrong tensors of a layer and what the user gave, as one pass over all time steps.

    Those of hundreds of steps are a few, each on the tensors of many steps: each of them is compiled once.

    Parameters
    ----------
    program : Program
        The right program.
    results : sequence of Statement
        What gives the wrong tensors.
    given : collection of str
        The tensors that the user gave.
    """

    def __init__(self, program: Program, results: Sequence[Statement], given: Collection[str]) -> None:
        self.results = tuple(statement.name for statement in results)
        self.index = program.index
        self.shapes = program.shapes
        self.formulas: dict[str, Expression] = {}
        waiting = [*results]
        while waiting:
            inner = waiting.pop()
            formula = with_parts(program, inner.expression, given)
            self.formulas[inner.name] = formula
            for name in names(formula):
                if name in program.positions and name not in given and name not in self.formulas:
                    above = program.statements[program.positions[name] - 1]
                    if above.phase == "backward" and above.layer == inner.layer:
                        waiting.append(above)
        self.order = sorted(self.formulas, key=program.positions.__getitem__)
        self.reads = {name: frozenset(names(formula)) for name, formula in self.formulas.items()}
        self.steps = max((step for name in self.order if (step := self.index.time(name))), default=0)

    @cached_property
    def kinds(self) -> dict[str, list[str]]:
        """A name for each formula that differs by more than its step, and all whose formula it is."""
        found: dict[tuple[str, Expression], list[str]] = {}
        for name in self.order:
            step = self.index.time(name)
            if step is not None:
                formula = self.index.series(name), later(self.formulas[name], -step, self.index)
                found.setdefault(formula, []).append(name)
        return {members[0]: members for members in found.values()}

    @cached_property
    def _terms(self) -> dict[str, list[CompiledTerm]]:
        """What is added up to each result: a sum over all steps is long, every other formula one term."""
        found = {
            name: [term]
            for kind in self.kinds
            for name, term in self._of_kind(kind, self.formulas[kind], self.shapes)
        }
        return found | {
            name: [compiled_term(addend, self.shapes) for addend in addends(formula)]
            for name, formula in self.formulas.items()
            if name not in found
        }

    def _of_kind(
        self, kind: str, formula: Expression, shapes: Mapping[str, Shape]
    ) -> Iterator[tuple[str, CompiledTerm]]:
        """Yield a formula of one step as it is at each whose own formula is of that kind."""
        term = compiled_term(formula, shapes)
        is_another = counts_steps(formula)
        for name in self.kinds[kind]:
            by = self._apart(name, kind)
            operands = tuple(name_later(operand, by, self.index) for operand in term.operands)
            if is_another:
                own = dict(zip(operands, (shapes.get(operand, ()) for operand in term.operands), strict=True))
                yield name, compiled_term(later(formula, by, self.index), own)
            else:
                yield name, term._replace(operands=operands)

    def _apart(self, name: str, other: str) -> int:
        """Return by how many steps one tensor is later than another."""
        return (self.index.time(name) or 0) - (self.index.time(other) or 0)

    def _edited(self, one: AtEveryStep, values: Mapping[str, Array]) -> dict[str, list[CompiledTerm]]:
        """Return the formulas that an edit changes, as they are then."""
        found: dict[str, list[CompiledTerm]] = {}
        for kind in self.kinds:
            formula = self._changed(kind, one)
            if formula != self.formulas[kind]:
                shapes = {name: values[name].shape for name in names(formula) if name in values}
                edited = self._of_kind(kind, formula, shapes)
                found |= {name: [term] for name, term in edited if values.keys() >= {*term.operands}}
        return found

    def _changed(self, kind: str, one: AtEveryStep) -> Expression:
        """Return the formula of a step with an edit that is made at every step."""
        if one.edit.kind == NOT_CARRIED:
            return self._not_carried(kind)
        if self.index.series(kind) != self.index.series(one.name):
            return self.formulas[kind]
        by = self._apart(kind, one.name)
        changes = {later(old, by, self.index): later(new, by, self.index) for old, new in one.change.items()}
        return replace(self.formulas[kind], changes)

    def _not_carried(self, kind: str) -> Expression:
        """Return the formula of a step without all that later steps send back."""
        formula, step = self.formulas[kind], self.index.time(kind) or 0
        for name in names(formula):
            if name in self.formulas and (self.index.time(name) or 0) > step:
                formula = without(formula, Name(name)) or Call("multiply", (Number(0), formula))
        return formula

    def values(self, one: AtEveryStep, values: Mapping[str, Array], allowance: Allowance) -> dict[str, Array]:
        """Return what the wrong tensors are with an edit made at every step: those that are others then."""
        edited = self._edited(one, values)
        found, changed, results = dict(values), set[str](), dict[str, Array]()
        with np.errstate(all="ignore"):
            for name in self.order:
                if name in edited or not changed.isdisjoint(self.reads[name]):
                    value = sum_of(edited.get(name) or self._terms[name], found, allowance)
                    if name in self.results:  # the user's own is what later formulas were fed
                        results |= {name: value} if value is not None else {}
                    elif value is None or value.shape != values[name].shape:
                        return {}
                    else:
                        found[name] = value
                        changed.add(name)
        return results

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
            for name in self.kinds
            for edit in single_edits(self.formulas[name], scopes[name])
            if edit.cost <= MOST_COSTLY and self._is_near(edit.new, name)
        )
        alone = ((kind, self.formulas[kind], self._not_carried(kind)) for kind in self.kinds)
        not_carried = [
            AtEveryStep(name, right, FormulaEdit(formula, NOT_CARRIED, right, formula, 1.1))
            for name, right, formula in alone
            if formula != right
        ]
        listed = takewhile(lambda one: not is_used_up(), edits)
        # Where one tensor alone is carried from step to step, that is a term which was left out.
        return sorted((*not_carried[: len(not_carried) > 1], *listed), key=lambda one: one.edit.cost)

    def explaining(
        self,
        edits: Iterable[AtEveryStep],
        mine: Mapping[str, Array],
        values: Mapping[str, Array],
        rtol: float,
        allowance: Allowance,
    ) -> dict[str, list[tuple[AtEveryStep, float]]]:
        """Return the edits that give the user's numbers, as far as there is time, and what they leave over.

        Parameters
        ----------
        edits : iterable of AtEveryStep
            What is tried.
        mine : mapping
            The user's numbers, of each of the results.
        values : mapping
            The values of all names: what the user's formulas were fed.
        rtol : float
            The tolerance, relative to the largest number.
        allowance : Allowance
            How much may be computed; it is lessened by what was.
        """
        is_used_up = allowance.all_but(LEFT)
        found: dict[str, list[tuple[AtEveryStep, float]]] = {name: [] for name in self.results}
        for one in edits:
            for name, value in self.values(one, values, allowance).items():
                if is_explained(mine[name], value, rtol):
                    found[name].append((one, residual(mine[name], value)))
            if is_used_up():
                allowance.is_cut_short = True
                break
        return found

    def _is_near(self, new: Expression, name: str) -> bool:
        """Whether what may stand in the formula of a tensor reads only its own step and the neighbours."""
        step, steps = self.index.time(name), map(self.index.time, names(new))
        return step is not None and all(other is None or abs(other - step) <= 1 for other in steps)
