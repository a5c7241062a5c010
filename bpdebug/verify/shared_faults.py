"""A fault that shows in several tensors is one fault: told where it arises, though nobody gave that tensor.

Who hands in the gradients of parameters alone, and has a wrong `dz1`, has a wrong `dw1` and a wrong `db1`. An
edit in `dz1` that explains one of them is tried there: if the others follow from it, it is the fault, and
they are innocent. Two tensors together also tell what one of them leaves open.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Statement, names
from bpdebug.engine.program.program import Program
from bpdebug.verify.blame import Judged, came_from
from bpdebug.verify.diagnosis.diagnose import Bench, Explanations, described
from bpdebug.verify.diagnosis.evaluator import Evaluator
from bpdebug.verify.diagnosis.every_step import AtEveryStep
from bpdebug.verify.diagnosis.fits import BATCH
from bpdebug.verify.diagnosis.search import FormulaCandidate
from bpdebug.verify.diagnosis.written_out import DEEPEST_OF_LAYER, with_parts
from bpdebug.verify.report import TensorReport
from bpdebug.verify.upstream import own_value, upstream_values

FEWEST = 2
"""A fault that shows in one tensor alone is told there."""


class Hidden(NamedTuple):
    """A tensor that the user did not give, as an edit of its formula would make it.

    Attributes
    ----------
    statement : Statement
        What computes it.
    candidate : FormulaCandidate
        Its formula, and how it differs from the right one.
    """

    statement: Statement
    candidate: FormulaCandidate


class SharedFault(NamedTuple):
    """What explains several wrong tensors at once.

    Attributes
    ----------
    statement : Statement
        What is wrong.
    candidates : tuple of FormulaCandidate
        The formulas by which it is, the most plausible first.
    tensors : tuple of str
        The tensors in which it shows.
    """

    statement: Statement
    candidates: tuple[FormulaCandidate, ...]
    tensors: tuple[str, ...]


class SharedFaults:
    """The faults of one check that show in several tensors.

    Parameters
    ----------
    bench : Bench
        The program.
    judged : Judged
        What was said of the user's tensors.
    is_right : callable
        (name, value) -> whether the user's tensor has this value.

    Attributes
    ----------
    explained : dict
        For each tensor in which a fault shows that was not given, the tensor where it arises.
    """

    def __init__(self, bench: Bench, judged: Judged, is_right: Callable[[str, Array], bool]) -> None:
        self._bench = bench
        self._judged = judged
        self._is_right = is_right
        self._found: dict[str, Explanations] = {}
        self._steps: dict[AtEveryStep, tuple[Explanations, list[str]]] = {}
        self.explained: dict[str, str] = {}

    def look_for(self, statement: Statement, found: Explanations) -> None:
        """Look for a fault that explains this wrong tensor, and others.

        Parameters
        ----------
        statement : Statement
            What gives the wrong tensor.
        found : Explanations
            What explains it by itself.
        """
        if found.at_every_step:
            (one, _), *_ = found.at_every_step
            _, tensors = self._steps.setdefault(one, (found, []))
            tensors.append(statement.name)
            if len(tensors) >= FEWEST and one.name not in self._judged.mine:
                self._found[one.name] = Explanations((), found.at_every_step[:1])
                self.explained |= dict.fromkeys(tensors, one.name)
            return
        wrong = [
            one.name
            for one in self._judged.judgements
            if one.verdict == "wrong" and one.name not in self.explained
        ]
        if len(wrong) < FEWEST:
            return
        fed = self._bench.with_examples(self._judged.fed_to(statement))
        shared = shared_fault(
            self._bench.program,
            statement,
            found.candidates,
            {BATCH: np.asarray(float(self._bench.program.batch)), **fed},
            self._judged.mine,
            wrong,
            self._is_right,
            self._bench.allowance.half(),
        )
        if shared is not None:
            self._found[shared.statement.name] = Explanations(shared.candidates)
            self.explained |= dict.fromkeys(shared.tensors, shared.statement.name)

    def told_once(self, reports: Mapping[str, TensorReport]) -> Iterator[TensorReport]:
        """Yield the reports with each fault where it arises, and there in what else it shows."""
        sources = {one.name: one.source for one in self._judged.judgements if one.source} | self.explained
        for name, report in reports.items():
            shows_in = tuple(other for other, source in sources.items() if source == name)
            if name in self._found:
                diagnoses, ambiguous = described(self._bench, self._found[name])
                note = "not given"
                report = replace(report, verdict="wrong", note=note, diagnoses=diagnoses, ambiguous=ambiguous)
            elif name in self.explained:
                note = came_from(self.explained[name])
                report = replace(report, verdict="innocent", note=note, diagnoses=(), ambiguous=False)
            yield replace(report, shows_in=shows_in)


def shared_fault(
    program: Program,
    statement: Statement,
    candidates: Sequence[FormulaCandidate],
    fed: Mapping[str, Array],
    mine: Mapping[str, Array],
    wrong: Collection[str],
    is_right: Callable[[str, Array], bool],
    is_used_up: Callable[[], bool],
) -> SharedFault | None:
    """Return what explains a wrong tensor and others, too; None where each has a fault of its own.

    Parameters
    ----------
    program : Program
        The right program.
    statement : Statement
        What gives the wrong tensor.
    candidates : sequence of FormulaCandidate
        The formulas that give the user's numbers, the most plausible first.
    fed : mapping
        What the user's formulas were fed: all tensors, those that the user gave among them.
    mine : mapping
        The tensors that the user gave.
    wrong : collection of str
        Those that are wrong, this one among them.
    is_right : callable
        (tensor, value) -> whether the user has this value.
    is_used_up : callable
        Whether no more may be tried.
    """
    given, own = mine.keys(), {name: fed[name] for name in mine}
    evaluator = Evaluator(fed, {})
    best: list[Hidden] = []
    explained: tuple[str, ...] = ()
    trials = (hidden for one in candidates for hidden in arising(program, statement, one, given))
    for hidden in takewhile(lambda trial: not is_used_up(), trials):
        name = hidden.statement.name
        value = evaluator.value(hidden.candidate.expression)
        if value is None or value.shape != program.shapes[name]:
            continue
        values = upstream_values(program, fed, {**own, name: value})
        tensors = tuple(one for one in wrong if is_right(one, own_value(program, one, values, fed)))
        if statement.name in tensors and len(tensors) > max(len(explained), FEWEST - 1):
            best, explained = [hidden], tensors
        elif best and tensors == explained and hidden.statement == best[0].statement:
            best.append(hidden)
    if not best:
        return None
    return SharedFault(best[0].statement, tuple(hidden.candidate for hidden in best), explained)


def arising(
    program: Program, statement: Statement, candidate: FormulaCandidate, given: Collection[str]
) -> Iterator[Hidden]:
    """Yield the tensors above a wrong one in which an edit of its formula may lie, the deepest first.

    Parameters
    ----------
    program : Program
        The right program.
    statement : Statement
        What gives the wrong tensor.
    candidate : FormulaCandidate
        A formula that gives the user's numbers, with what was not given written out.
    given : collection of str
        The tensors that the user gave.
    """
    *_, whole = candidate.edits
    if len(candidate.edits) == 1 and whole.old == candidate.right:
        yield from _scaled(program, statement, candidate, given)
        return
    found = [*_within(program, statement, candidate.right, candidate.expression, given)]
    yield from (
        Hidden(at, replace(candidate, expression=edited, right=right))
        for at, right, edited in reversed(found)
    )


def _within(
    program: Program, statement: Statement, right: Expression, edited: Expression, given: Collection[str]
) -> Iterator[tuple[Statement, Expression, Expression]]:
    """Follow an edit from tensor to tensor, as long as it lies in the formula of one that was not given."""
    while True:
        pattern = with_parts(program, statement.expression, given)
        occurrences = _occurrences(pattern, right, edited, program, given)
        changed = {name: pair for name, *pair in occurrences or () if pair[0] != pair[1]}
        if len(changed) != 1:
            return
        ((name, (right, edited)),) = changed.items()
        if any(other == name and after != edited for other, _, after in occurrences or ()):
            return  # in one place of two
        statement = program.statements[program.positions[name] - 1]
        yield statement, right, edited


Occurrence = tuple[str, Expression, Expression]
"""A tensor that was not given, and what stands in its place in the right formula and in the edited one."""


def _occurrences(
    pattern: Expression, right: Expression, edited: Expression, program: Program, given: Collection[str]
) -> list[Occurrence] | None:
    """Return what stands for tensors that were not given; None where a formula differs anywhere else."""
    if isinstance(pattern, Name) and is_hidden(program, pattern.id, given) and right != pattern:
        return [(pattern.id, right, edited)]
    if pattern == edited:
        return []
    if not (isinstance(pattern, Call) and isinstance(right, Call) and isinstance(edited, Call)):
        return None
    if _head(pattern) != _head(edited) or _head(pattern) != _head(right):
        return None
    found: list[Occurrence] = []
    for parts in zip(pattern.arguments, right.arguments, edited.arguments, strict=True):
        inner = _occurrences(*parts, program, given)
        if inner is None:
            return None
        found += inner
    return found


def _head(call: Call) -> tuple[object, ...]:
    return call.function, call.options, len(call.arguments)


def is_hidden(program: Program, name: str, given: Collection[str]) -> bool:
    """Whether a tensor is a gradient that the user did not give."""
    return name in program.positions and name not in given and program.index.phase(name) == "backward"


def _scaled(
    program: Program, statement: Statement, candidate: FormulaCandidate, given: Collection[str]
) -> Iterator[Hidden]:
    """Yield the tensors above that may have the factor: what follows from them has it too."""
    (edit,) = candidate.edits
    waiting, seen = [statement], set[str]()
    while waiting and len(seen) < DEEPEST_OF_LAYER:
        formula = with_parts(program, waiting.pop(0).expression, given)
        for name in names(formula):
            if is_hidden(program, name, given) and name not in seen:
                seen.add(name)
                above = program.statements[program.positions[name] - 1]
                waiting.append(above)
                own = with_parts(program, above.expression, given)
                scaled = _in_place(candidate.expression, candidate.right, own)
                changed = replace(edit, expression=scaled, old=own, new=scaled)
                yield Hidden(above, replace(candidate, expression=scaled, right=own, edits=(changed,)))


def _in_place(expression: Expression, old: Expression, new: Expression) -> Expression:
    if expression == old:
        return new
    if isinstance(expression, Call):
        arguments = tuple(_in_place(argument, old, new) for argument in expression.arguments)
        return Call(expression.function, arguments, expression.options)
    return expression
