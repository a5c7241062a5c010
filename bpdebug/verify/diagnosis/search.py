"""The search: edit the right formula until it gives the user's numbers.

Single edits first, each with and without a factor; then what adds a multiple of another tensor; then
pairs of edits. Formulas that also agree on other numbers say the same thing, and the most plausible of
them speaks for all. If formulas are left that agree here but not elsewhere, this scenario cannot tell
them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple, TypeVar

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Number
from bpdebug.engine.language.printing import numpy_text
from bpdebug.verify.diagnosis.allowance import Allowance
from bpdebug.verify.diagnosis.edits import FormulaEdit, single_edits, updated_parameter
from bpdebug.verify.diagnosis.evaluator import Evaluator
from bpdebug.verify.diagnosis.fits import (
    BATCH,
    FEWEST_ELEMENTS,
    coefficient,
    is_explained,
    residual,
    scales_of,
    with_added,
)
from bpdebug.verify.diagnosis.scope import FormulaScope

Found = TypeVar("Found")
UPDATED = "updated parameter"
"""The kind of an edit that has a parameter as it is after its update, with a rate that fits."""
PAIR_COST = 0.5
"""How much less plausible two mistakes are than their costs alone say."""
MOST_NUMBERS = 2**27
"""When so many numbers have been computed for a formula, no more single edits of it are tried."""
SAME_ELSEWHERE = 1e-9
"""The tolerance within which two formulas agree on other numbers."""
LEFT_OVER = 1e-3
"""How much of the user's difference from the right numbers an added term may leave unexplained."""


@dataclass(frozen=True, slots=True)
class FormulaCandidate:
    """A formula that gives the user's numbers, how it differs from the right one, and that one."""

    expression: Expression
    edits: tuple[FormulaEdit, ...]
    cost: float
    residual: float
    right: Expression


class Sought(NamedTuple):
    """Numbers to explain, and what explains them.

    Attributes
    ----------
    mine : array
        The user's numbers.
    values : mapping
        The values of all names in the scope: what the user's formula was fed.
    scope : FormulaScope
        What formulas can be made of.
    batch : int
        The size of the batch.
    rtol : float
        The tolerance, relative to the largest number.
    """

    mine: Array
    values: Mapping[str, Array]
    scope: FormulaScope
    batch: int
    rtol: float


def search(
    formulas: Sequence[tuple[Expression, float]], sought: Sought, allowance: Allowance, is_whole: bool = False
) -> list[FormulaCandidate]:
    """Find the formulas that give the user's numbers and differ from a right one by one edit.

    Parameters
    ----------
    formulas : sequence of (Expression, float)
        The right formula, and how implausible it is that the mistake lies in it; then the same with
        what was not given written out, one tensor after the other.
    sought : Sought
        The user's numbers.
    allowance : Allowance
        How long it may take.
    is_whole : bool
        Whether to try only what concerns a formula as a whole: a factor, zeros, another term.

    Returns
    -------
    list of FormulaCandidate
        The most plausible first; empty if no small edit explains the numbers.
    """
    found: list[FormulaCandidate] = []
    is_used_up = allowance.half()
    for formula, cost in formulas:
        looking = _Finder.of(formula, cost, sought)
        found += looking.whole(is_used_up)
        found += looking.single(is_used_up) if not is_whole else ()
        allowance.is_cut_short |= is_used_up() or looking.evaluator.computed > MOST_NUMBERS
    return _most_plausible_first(found)


def search_pairs(
    formula: tuple[Expression, float], sought: Sought, allowance: Allowance
) -> list[FormulaCandidate]:
    """Find the formulas that differ by two edits; the allowance is lessened by what is tried."""
    return _most_plausible_first(_Finder.of(*formula, sought).pairs(allowance))


def _most_plausible_first(found: Iterable[FormulaCandidate]) -> list[FormulaCandidate]:
    return sorted(found, key=lambda candidate: (candidate.cost, len(numpy_text(candidate.expression))))


@dataclass(frozen=True)
class _Finder:
    """Looks for the edits of one formula that give the user's numbers."""

    right: Expression
    cost: float
    mine: Array
    evaluator: Evaluator
    scope: FormulaScope
    batch: int
    rtol: float

    @classmethod
    def of(cls, right: Expression, cost: float, sought: Sought) -> _Finder:
        mine, values, scope, batch, rtol = sought
        evaluator = Evaluator({BATCH: np.asarray(float(batch)), **values}, {}).remembering(right)
        return cls(right, cost, mine, evaluator, scope, batch, rtol)

    def candidate(
        self, expression: Expression, edits: tuple[FormulaEdit, ...], off: float
    ) -> FormulaCandidate:
        cost = self.cost + sum(edit.cost for edit in edits) + PAIR_COST * (len(edits) - 1)
        return FormulaCandidate(expression, edits, cost, off, self.right)

    def whole(self, is_used_up: Callable[[], bool]) -> Iterator[FormulaCandidate]:
        """Try a factor, zeros in places, and the sum with a multiple of another tensor."""
        scaled = [*self.matches(self.right, ())]
        yield from scaled
        value = self.evaluator.value(self.right)
        yield from self.switched_off()
        if value is None or value.shape != self.mine.shape or self.mine.size < FEWEST_ELEMENTS:
            return
        factor = coefficient(value, self.mine)
        if factor and not scaled and is_explained(self.mine, factor * value, self.rtol):
            times = Call("multiply", (Number(float(f"{factor:.4g}")), self.right))
            edit = FormulaEdit(times, "another factor", self.right, times, 2.0)
            yield self.candidate(times, (edit,), residual(self.mine, factor * value))
        difference = np.asarray(self.mine.astype(float) - value)
        for kind, name, term, cost in takewhile(lambda addend: not is_used_up(), self.addends()):
            addend = self.evaluator.value(term)
            if addend is None or addend.shape != self.mine.shape:
                continue
            # A multiple of the right numbers is a factor, not a term.
            if is_explained(addend, (coefficient(value, addend) or 0.0) * value, self.rtol):
                continue
            factor = coefficient(addend, difference)
            # A small difference of large numbers has lost digits: it is the sum that must fit.
            if factor is None or not is_explained(self.mine, value + factor * addend, self.rtol):
                continue
            # ... and by much better than without the term.
            if residual(difference, factor * addend) > LEFT_OVER:
                continue
            expression = with_added(self.right, factor, term)
            amount = Number(float(f"{-factor if kind == 'updated parameter' else factor:.4g}"))
            edit = FormulaEdit(expression, kind, Name(name), amount, cost)
            yield self.candidate(expression, (edit,), residual(self.mine, value + factor * addend))

    def switched_off(self) -> Iterator[FormulaCandidate]:
        """Try zeros where another tensor is not positive, if zeros are all that is wrong."""
        value = self.evaluator.value(self.right)
        if value is None or value.shape != self.mine.shape:
            return
        is_there = self.mine != 0
        if not is_there.any() or not is_explained(self.mine, np.where(is_there, value, 0.0), self.rtol):
            return
        for name in self.scope.near:
            mask: Expression = Call("relu_prime", (Name(name),))
            if self.scope.shapes[name] == self.mine.shape:
                for switch, cost in ((mask, 1.3), (Call("subtract", (Number(1), mask)), 1.6)):
                    formula = Call("multiply", (self.right, switch))
                    found = self.evaluator.value(formula)
                    if found is not None and is_explained(self.mine, found, self.rtol):
                        edit = FormulaEdit(formula, "zeros in places", self.right, switch, cost)
                        yield self.candidate(formula, (edit,), residual(self.mine, found))

    def addends(self) -> Iterator[tuple[str, str, Expression, float]]:
        for expression, name in updated_parameter(self.right, self.scope):
            yield UPDATED, name, expression, 1.5
        for name in self.scope.tensors:
            yield "penalty" if name in self.scope.parameters else "added term", name, Name(name), 2.0

    def single(self, is_used_up: Callable[[], bool]) -> Iterator[FormulaCandidate]:
        """Try every single edit, each with a factor too; of huge tensors only the likely ones."""
        for edit in self.likely_first(is_used_up):
            if self.evaluator.computed > MOST_NUMBERS or is_used_up():
                return
            yield from self.matches(edit.expression, (edit,))

    def likely_first(self, is_used_up: Callable[[], bool]) -> list[FormulaEdit]:
        """Return the single edits, the most plausible first; of a very long formula those at its start."""
        edits = takewhile(lambda edit: not is_used_up(), single_edits(self.right, self.scope))
        return sorted(edits, key=lambda edit: edit.cost)

    def pairs(self, allowance: Allowance) -> Iterator[FormulaCandidate]:
        """Try the pairs of edits, the likely ones first, as far as there is time."""
        tried: set[Expression] = set()
        is_used_up = allowance.half()
        for first in self.likely_first(is_used_up):
            beside = replace(self, evaluator=self.evaluator.remembering(first.expression))
            for second in single_edits(first.expression, self.scope):
                if second.expression not in tried:
                    tried.add(second.expression)
                    allowance.pairs -= 1
                    before = beside.evaluator.computed
                    yield from beside.matches(second.expression, (first, second))
                    allowance.numbers -= beside.evaluator.computed - before
                    if is_used_up():
                        return

    def matches(self, expression: Expression, edits: tuple[FormulaEdit, ...]) -> Iterator[FormulaCandidate]:
        """Yield a formula if it gives the user's numbers, as it is or times a factor."""
        value = self.evaluator.value(expression)
        if value is None or value.shape != self.mine.shape:
            return
        if is_explained(self.mine, value, self.rtol):
            if edits:
                yield self.candidate(expression, edits, residual(self.mine, value))
            return
        for scale in scales_of(value, self.mine, self.batch, self.rtol):
            scaled = scale.applied_to(expression)
            edit = FormulaEdit(scaled, scale.kind, expression, scaled, scale.cost)
            off = residual(self.mine, scale.factor(self.batch) * value)
            yield self.candidate(scaled, (*edits, edit), off)


def groups_of(
    candidates: Iterable[Found], value_elsewhere: Callable[[Found], Array | None]
) -> list[list[Found]]:
    """Put together the candidates that say the same thing: those that agree on other numbers, too.

    Parameters
    ----------
    candidates : iterable
        The most plausible first.
    value_elsewhere : callable
        (candidate) -> what it gives in another run of the program, on general numbers and a batch of its own.

    Returns
    -------
    list of list
        The groups, and in each its members, in the order of the candidates.
    """
    groups: list[tuple[Array | None, list[Found]]] = []
    for candidate in candidates:
        value = value_elsewhere(candidate)
        for other, members in groups:
            if value is not None and other is not None and is_explained(value, other, SAME_ELSEWHERE):
                members.append(candidate)
                break
        else:
            groups.append((value, [candidate]))
    return [members for _, members in groups]
