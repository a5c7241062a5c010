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

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.program.program import Program
from bpdebug.verify.blame import Judged, came_from
from bpdebug.verify.diagnosis import Bench, Explanations, described
from bpdebug.verify.diagnosis.arising import Hidden, arising
from bpdebug.verify.diagnosis.evaluator import Evaluator
from bpdebug.verify.diagnosis.every_step import AtEveryStep
from bpdebug.verify.diagnosis.fits import BATCH
from bpdebug.verify.diagnosis.search import FormulaCandidate
from bpdebug.verify.report import TensorReport
from bpdebug.verify.upstream import own_value, upstream_values

FEWEST = 2
"""A fault that shows in one tensor alone is told there."""


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
    fed : mapping
        The values of all tensors with the fault among them.
    """

    statement: Statement
    candidates: tuple[FormulaCandidate, ...]
    tensors: tuple[str, ...]
    fed: Mapping[str, Array]


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
        self._fed_back = judged.fed_back
        self._is_right = is_right
        self._found: dict[str, Explanations] = {}
        self._steps: dict[AtEveryStep, tuple[Explanations, list[str]]] = {}
        self.explained: dict[str, str] = {}

    def fed_to(self, statement: Statement) -> Mapping[str, Array]:
        """Return the values that the user's formula of a statement was fed, by the faults found so far."""
        return self._judged.fed if statement.phase == "forward" else self._fed_back

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
        if len(wrong) < FEWEST or not found.candidates:
            return
        fed = self._bench.with_examples(self.fed_to(statement))
        shared = shared_fault(
            self._bench.program,
            statement,
            found.candidates,
            {BATCH: np.asarray(float(self._bench.program.batch)), **fed},
            self._judged.mine,
            wrong,
            self._judged.right,
            self._is_right,
            self._bench.allowance.half(),
        )
        if shared is not None:
            self.take(shared)
            self._fed_back = shared.fed

    def take(self, fault: SharedFault) -> None:
        """Take over a fault that was found elsewhere."""
        self._found[fault.statement.name] = Explanations(fault.candidates)
        self.explained |= dict.fromkeys(fault.tensors, fault.statement.name)

    def told_once(self, reports: Mapping[str, TensorReport]) -> Iterator[TensorReport]:
        """Yield the reports with each fault where it arises, and there in what else it shows."""
        sources = {one.name: one.source for one in self._judged.judgements if one.source} | self.explained
        firsts = {name: sources.get(source, source) for name, source in sources.items()}
        for name, report in reports.items():
            shows_in = tuple(other for other, source in firsts.items() if source == name)
            if name in self._found:
                diagnoses, ambiguous = described(self._bench, self._found[name])
                note = "not given"
                report = replace(report, verdict="wrong", note=note, diagnoses=diagnoses, ambiguous=ambiguous)
            elif name in self.explained:
                note = came_from(self.explained[name])
                report = replace(report, verdict="innocent", note=note, diagnoses=(), ambiguous=False)
            yield replace(report, shows_in=shows_in)


def does_follow(
    program: Program, values: Mapping[str, Array], is_right: Callable[[str, Array], bool], name: str
) -> bool:
    """Whether a tensor of the user is what its statement gives from `values`."""
    statement = program.index.statement(name)
    return statement is not None and is_right(name, np.asarray(evaluate(statement.expression, values)))


def shared_fault(
    program: Program,
    statement: Statement,
    candidates: Sequence[FormulaCandidate],
    fed: Mapping[str, Array],
    mine: Mapping[str, Array],
    wrong: Collection[str],
    right: Collection[str],
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
    right : collection of str
        Those that are right: what would make one of them wrong is no explanation.
    is_right : callable
        (tensor, value) -> whether the user has this value.
    is_used_up : callable
        Whether no more may be tried.
    """
    given, own = mine.keys(), {name: fed[name] for name in mine}
    evaluator = Evaluator(fed, {})
    best: list[Hidden] = []
    faulty = fed
    explained: tuple[str, ...] = ()
    trials = (hidden for one in candidates for hidden in arising(program, statement, one, given))
    for hidden in takewhile(lambda trial: not is_used_up(), trials):
        name = hidden.statement.name
        value = evaluator.value(hidden.candidate.expression)
        if value is None or value.shape != program.shapes[name]:
            continue
        values = upstream_values(program, fed, {**own, name: value})
        tensors = tuple(
            one
            for one in wrong
            if program.positions.get(one, 0) > program.positions[name]
            and does_follow(program, values, is_right, one)
        )
        if statement.name not in tensors or len(tensors) < max(len(explained), FEWEST):
            continue
        if not all(is_right(one, own_value(program, one, values, fed)) for one in right):
            continue
        if len(tensors) > len(explained):
            best, explained, faulty = [hidden], tensors, values
        elif tensors == explained and hidden.statement == best[0].statement:
            best.append(hidden)
    if not best:
        return None
    return SharedFault(best[0].statement, tuple(hidden.candidate for hidden in best), explained, faulty)
