"""Where first: each of the user's tensors is judged by what it was fed.

A tensor is compared with what its statement gives from the user's own values upstream. So a mistake
early in the backward pass does not light up everything after it, and two independent mistakes are
both found.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.forms import written
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Statement, names
from bpdebug.engine.program.program import Program
from bpdebug.verify.comparison import Comparison, Tolerance, agrees, compare
from bpdebug.verify.conventions import Convention, conventions_of
from bpdebug.verify.preimages import implied
from bpdebug.verify.report import Verdict, Worst
from bpdebug.verify.rounding import Rounding
from bpdebug.verify.shape_finding import shape_finding
from bpdebug.verify.transposition import columns_of, is_meant, is_square, other_way_round
from bpdebug.verify.upstream import upstream_values


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one of the user's tensors.

    Attributes
    ----------
    name : str
        The tensor.
    verdict : Verdict
        `right`, `innocent`, `wrong`, or `convention`.
    comparison : Comparison or None
        How it compares with the reference; None where the shapes differ.
    note : str
        The shape that does not fit, or where an innocent tensor's fault came from.
    source : str
        The wrong tensor that an innocent one follows from; empty where none was given.
    """

    name: str
    verdict: Verdict
    comparison: Comparison | None
    note: str = ""
    source: str = ""


class Judged(NamedTuple):
    """What is said of all of the user's tensors.

    Attributes
    ----------
    judgements : tuple of Judgement
        Of each tensor, in the order of the program.
    mine : mapping
        The user's values as they would be by the program's conventions, without a factor or a transposition.
    fed : mapping
        The values that the formulas of the forward pass were fed, of all names.
    fed_back : mapping
        The same for all others: with pre-activations that follow from the user's activations.
    rounding : Rounding
        What rounding alone may come to.
    """

    judgements: tuple[Judgement, ...]
    mine: Mapping[str, Array]
    fed: Mapping[str, Array]
    fed_back: Mapping[str, Array]
    rounding: Rounding

    def fed_to(self, statement: Statement) -> Mapping[str, Array]:
        """Return the values that the user's formula of a statement was fed."""
        return self.fed if statement.phase == "forward" else self.fed_back

    @property
    def wrong(self) -> int:
        """How many are wrong."""
        return sum(judgement.verdict == "wrong" for judgement in self.judgements)

    @property
    def following(self) -> frozenset[str]:
        """Those that are right, or right given what they were fed."""
        return frozenset(one.name for one in self.judgements if one.verdict != "wrong")

    @property
    def right(self) -> frozenset[str]:
        """Those that are right, by whatever convention."""
        return frozenset(one.name for one in self.judgements if one.verdict in ("right", "convention"))


def judge(
    program: Program, reference: Mapping[str, Array], mine: Mapping[str, Array], tolerance: Tolerance
) -> Judged:
    """Judge the user's tensors.

    Another convention than the program's is taken only where less is wrong by it.

    Parameters
    ----------
    program : Program
        The right program.
    reference : mapping
        Its values, of all names.
    mine : mapping
        The user's values, of some.
    tolerance : Tolerance
        What counts as equal.
    """
    judging = _Judging(program, reference, tolerance, Rounding(program, reference))
    judged, given = judging.by_any_convention(mine), mine
    results, weights = other_way_round(program, mine, judged.right)
    if not results and not weights:
        return judged
    # Where more is the other way round, a bias that is a column, or none, is no mistake.
    columns = columns_of(program, mine)
    mine = {**mine} | {name: mine[name].reshape(program.shapes[name]) for name in columns}
    trial = judging.by_any_convention(_turned(mine, results | weights))
    weights = weights if weights <= trial.right else frozenset()
    # A square one shows that it is the other way round by being right, or by what is right because of it.
    likely = frozenset(name for name in results if name in trial.right or not is_square(mine[name]))
    trials = [(frozenset[str](), judged)]
    for some in (likely, results):
        turned = (some if is_meant(program, some, trial.following) else frozenset()) | weights
        if turned:
            trials.append((turned, judging.by_any_convention(_turned(mine, turned))))
    turned, judged = min(trials, key=lambda pair: pair[1].wrong)
    turned = turned | columns if turned else turned
    noted = (
        _noted(one, given[one.name], program) if one.name in turned else one for one in judged.judgements
    )
    return judged._replace(judgements=tuple(noted))


def _turned(mine: Mapping[str, Array], names: Collection[str]) -> dict[str, Array]:
    return {name: value.T if name in names else value for name, value in mine.items()}


def _noted(judgement: Judgement, mine: Array, program: Program) -> Judgement:
    note = f"kept transposed: {written(mine.shape)}, here {written(program.shapes[judgement.name])}"
    return replace(judgement, note=f"{judgement.note}; {note}" if judgement.note else note)


@dataclass(frozen=True, slots=True)
class _Judging:
    """What tensors are judged by: the right program, its values, and what counts as equal."""

    program: Program
    reference: Mapping[str, Array]
    tolerance: Tolerance
    rounding: Rounding

    def by_any_convention(self, mine: Mapping[str, Array]) -> Judged:
        plain = self.by(Convention(), mine)
        if not plain.wrong:
            return plain
        conventions = conventions_of(self.program, self.reference, mine, self.tolerance, self.rounding)
        others = [self.by(convention, mine) for convention in conventions]
        if not others:
            return plain
        return min((plain, *others), key=lambda one: one.wrong + self.cancelling(one))

    def cancelling(self, judged: Judged) -> int:
        """Return how many are right though they do not follow from what they were fed: faults cancel."""

        def follows(statement: Statement) -> bool:
            own, value = judged.mine[statement.name], evaluate(statement.expression, judged.fed_to(statement))
            allowed = self.rounding.allowed(statement.name, own, value)
            return agrees(own, np.asarray(value), self.tolerance, allowed)

        names_of_right = judged.right
        backward = (one for one in self.program.statements if one.phase == "backward")
        return sum(not follows(one) for one in backward if one.name in names_of_right)

    def by(self, convention: Convention, mine: Mapping[str, Array]) -> Judged:
        """Judge tensors by a convention: by it more or less flows than here, and what it feeds follows."""
        program, reference = self.program, self.reference
        own = {name: convention.without_factor(name, value) for name, value in mine.items()}
        fed = fed_back = upstream_values(program, reference, own)
        if hidden := implied(program, reference, own):
            fed_back = upstream_values(program, reference, own | hidden)
        judgements: dict[str, Judgement] = {}
        words = convention.words
        for name in (*program.inputs, *(statement.name for statement in program.statements)):
            if name in mine:
                found = self.judgement(name, own[name], fed, judgements)
                is_backward = program.index.phase(name) == "backward"
                if found.verdict == "wrong" and fed_back is not fed and is_backward:
                    found = self.judgement(name, own[name], fed_back, judgements)
                if found.verdict == "right" and convention.factor(name) != 1:
                    comparison = compare(mine[name], reference[name], self.tolerance)
                    found, words = Judgement(name, "convention", comparison, words), ""  # it is said once
                elif found.verdict == "wrong" and self._is_without_factor(name, mine[name], convention):
                    found = replace(found, note="it has not the factor that the others have")
                judgements[name] = _in_their_numbers(found, convention.factor(name))
        return Judged(tuple(judgements.values()), own, fed, fed_back, self.rounding)

    def _is_without_factor(self, name: str, mine: Array, convention: Convention) -> bool:
        return convention.factor(name) != 1 and agrees(mine, self.reference[name], self.tolerance)

    def judgement(
        self, name: str, mine: Array, fed: Mapping[str, Array], earlier: Mapping[str, Judgement]
    ) -> Judgement:
        program, right = self.program, self.reference[name]
        if mine.shape != program.shapes[name]:
            note = shape_finding(name, mine.shape, program.shapes[name], program)
            return Judgement(name, "wrong", None, note)
        comparison = compare(mine, right, self.tolerance)
        if comparison.agrees:
            return Judgement(name, "right", comparison)
        position = program.positions.get(name)
        if position is None:
            return Judgement(name, "wrong", comparison, "it differs from the value that the scenario gives")
        allowed = self.rounding.allowed(name, mine, right)
        if (close := compare(mine, right, self.tolerance, allowed)).agrees:
            return Judgement(name, "right", close)
        statement = program.statements[position - 1]
        if agrees(mine, np.asarray(evaluate(statement.expression, fed)), self.tolerance, allowed):
            source = _source_of_fault(program, statement, earlier)
            return Judgement(name, "innocent", comparison, came_from(source), source)
        return Judgement(name, "wrong", comparison)


def _in_their_numbers(judgement: Judgement, factor: float) -> Judgement:
    """Return what is said of a tensor that differs with the element that the person has, factor and all."""
    comparison = judgement.comparison
    if factor == 1 or judgement.verdict == "convention" or comparison is None or comparison.worst is None:
        return judgement
    index, mine, reference = comparison.worst.index, comparison.worst.mine, comparison.worst.reference
    worst = Worst(index, factor * mine, factor * reference)
    return replace(judgement, comparison=replace(comparison, worst=worst))


def _source_of_fault(program: Program, statement: Statement, earlier: Mapping[str, Judgement]) -> str:
    """Follow the operands up to the nearest tensor of the user that is wrong itself; empty without one."""
    waiting, seen = list(names(statement.expression)), set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if name in earlier and earlier[name].verdict == "wrong":
            return name
        if name in program.positions:
            waiting += names(program.statements[program.positions[name] - 1].expression)
    return ""


def came_from(source: str) -> str:
    """Say where the fault of an innocent tensor came from."""
    said = "right given what it was fed"
    return f"{said}: the fault came from {source}" if source else said
