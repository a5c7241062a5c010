"""What a check of a person's own code said, as the screen shows it: marks, both values, and the words.

The check itself is the one that `bpdebug check net.py` runs; here is only what is shown of it. A statement is
wrong (its line is what is to be mended), wrong only because of what it was fed, or right: in the run with the
corrections it has the same value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Source, names
from bpdebug.engine.language.provenance.origins import element_text
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.trace import run
from bpdebug.export.script_report import both_codes, conclusion
from bpdebug.present.slicing import nearest
from bpdebug.present.source_listing import runs_of_line, same_position
from bpdebug.present.verdicts import MARKS, WAY_THERE, next_beyond, worst_of
from bpdebug.sources.case import Case
from bpdebug.sources.script.sites import shown
from bpdebug.verify.comparison import Tolerance, compare
from bpdebug.verify.repair.corrected_run import Checked
from bpdebug.verify.repair.report import Finding, ScriptReport

WAY_ON = "x shows the run with the correction"


@dataclass(frozen=True)
class CodeVerdicts:
    """A report on a person's own code, and what it says of each statement.

    Attributes
    ----------
    program : Program
        What was recorded.
    report : ScriptReport or None
        What was found; None before a check has run.
    marks : mapping
        The mark of each statement of the backward pass and the updates, as far as something is known.
    findings : mapping
        A statement on a line that is to be mended -> its finding.
    values, reference : mapping
        Of the statements whose values are wrong: the person's values, and those with the corrections.
    wrong_positions : tuple of int
        Where each finding shows first, in order.
    corrected : Case or None
        The run with the corrections; None where there are none.
    """

    program: Program
    report: ScriptReport | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    findings: Mapping[str, Finding] = field(default_factory=dict)
    values: Mapping[str, Array] = field(default_factory=dict)
    reference: Mapping[str, Array] = field(default_factory=dict)
    wrong_positions: tuple[int, ...] = ()
    corrected: Case | None = None

    @cached_property
    def hidden(self) -> CodeVerdicts:
        """What is to be seen while the verdicts are hidden: nothing was found."""
        return CodeVerdicts(self.program)

    @property
    def mine(self) -> Mapping[str, Array]:
        """The user's values beside those of the run: none, as these are the user's."""
        return {}

    def mark(self, name: str) -> str:
        """Return the mark of the statement that writes a tensor; a blank where nothing is known."""
        return self.marks.get(name, " ")

    def wrong_cells(self, name: str) -> np.ndarray | None:
        """Return which elements of a tensor are wrong; None where all are right, or that is not known."""
        if name not in self.reference:
            return None
        own, right = self.values[name], self.reference[name]
        return compare(own, right, Tolerance()).wrong if own.shape == right.shape else None

    def worst_cell(self, name: str) -> Index | None:
        """Return the element of a tensor that is wrong the most; None where none is, or no one knows."""
        wrong = self.wrong_cells(name)
        return worst_of(wrong, self.values[name], self.reference[name]) if wrong is not None else None

    def next_wrong(self, position: int, direction: Literal[1, -1]) -> int | None:
        """Return the nearest position after or before one at which a finding shows."""
        return next_beyond(self.wrong_positions, position, direction)

    @property
    def summary(self) -> str:
        """Say in a few words what the check found; empty before it has run."""
        if self.report is None:
            return ""
        if not self.report.findings:
            return "checked: all right" if self.report.passed else "checked: see the start"
        return f"{len(self.report.findings)} wrong"

    @property
    def ways_on(self) -> str:
        """Say which keys go on from what was found."""
        keys = (WAY_THERE * bool(self.wrong_positions), WAY_ON * bool(self.corrected))
        return ", ".join(filter(None, keys))

    def words(self, name: str, index: Index) -> tuple[str, ...]:
        """Say what was found about a tensor, for the Operation card; at the start, all that was found."""
        if self.report is None:
            return ()
        if not name:
            return tuple(_overview(self.report))
        mark = self.mark(name)
        if name in self.findings:
            finding = self.findings[name]
            codes = (f"  {line}" for line in both_codes(finding))
            return (f"{mark} {finding.explanation}", *codes, *self._values(name, index))
        if name in self.reference:
            return (f"{mark} wrong because of {self._causes(name)}", *self._values(name, index))
        return (f"{mark} right",) if mark == MARKS["right"] else ()

    def _values(self, name: str, index: Index) -> Iterator[str]:
        """Yield both values of an element, side by side."""
        if name not in self.reference:
            return
        own, right = self.values[name], self.reference[name]
        if own.shape != right.shape:
            yield f"  {name} has shape {own.shape}, and should have {right.shape}"
        elif own.size:
            place = nearest(index, own.shape)
            values = f"yours {own[place]:.6g}, should be {right[place]:.6g}"
            yield f"  {element_text(name, place)}: {values}, off by {own[place] - right[place]:.6g}"

    def _causes(self, name: str) -> str:
        """Name the lines that are to be mended, of those that a tensor was computed through."""
        behind, waiting = {name}, [name]
        while waiting:
            position = self.program.positions.get(waiting.pop(), 0)
            read = names(self.program.statements[position - 1].expression) if position else ()
            waiting += set(read) - behind
            behind.update(read)
        causes = [finding for own, finding in self.findings.items() if own in behind]
        return ", ".join(dict.fromkeys(map(_place, causes))) or "what it was fed"


def code_verdicts(case: Case, values: Mapping[str, Array], checked: Checked) -> CodeVerdicts:
    """Say of each statement of a person's own code what a check found.

    Parameters
    ----------
    case : Case
        What was recorded.
    values : mapping
        Its values.
    checked : Checked
        What the check found.
    """
    report, program = checked.report, case.program
    judged = [one.name for one in program.statements if one.phase in ("backward", "update")]
    right = _right_values(case, judged, checked)
    wrong = [name for name, value in right.items() if not _is_same(values[name], value)]
    findings: dict[str, Finding] = {}
    positions: list[int] = []
    for finding in report.findings:
        names = _names_on(program, finding)
        # What a line gets right in some of its turns is not what is wrong.
        own = [name for name in names if name in wrong] or names
        findings |= dict.fromkeys(own, finding)
        positions += [min(program.positions[name] for name in own)] if own else []
    # Only with all corrections it is known what is right.
    is_mended = report.is_judged and report.finished and all(one.verified for one in report.findings)
    known = right if is_mended and report.findings else judged if is_mended else ()
    marks = dict.fromkeys(known, MARKS["right"]) | dict.fromkeys(wrong, MARKS["innocent"])
    return CodeVerdicts(
        program,
        report,
        marks | dict.fromkeys(findings, MARKS["wrong"]),
        findings,
        {name: values[name] for name in wrong},
        {name: right[name] for name in wrong},
        tuple(sorted(set(positions))),
        checked.corrected,
    )


def _right_values(case: Case, names: list[str], checked: Checked) -> dict[str, Array]:
    """Return what statements compute in the corrected run; nothing where that began with other values."""
    other = checked.corrected
    if other is None or not _begin_alike(case, other):
        return {}
    values = run(other.program, other.values).values
    found: dict[str, Array] = {}
    for name in names:
        here = case.program.positions[name]
        counts = [len(runs_of_line(here, case.program, program)) for program in (case.program, other.program)]
        if counts[0] != counts[1]:
            continue  # which run is which, nobody can say
        position = same_position(here, case.program, other.program)
        found[name] = values[other.program.statements[position - 1].name]
    return found


def _begin_alike(case: Case, other: Case) -> bool:
    """Whether two runs have the same inputs: a script that draws its values without a seed has others."""
    common = case.values.keys() & other.values.keys()
    return all(np.array_equal(case.values[name], other.values[name], equal_nan=True) for name in common)


def _is_same(mine: Array, right: Array) -> bool:
    return mine.shape == right.shape and compare(mine, right, Tolerance()).agrees


def _names_on(program: Program, finding: Finding) -> list[str]:
    """Return the statements that stand where a finding is; of several on a line, those that it names."""
    place = finding.source
    names = [one.name for one in program.statements if one.source is not None and _covers(one.source, place)]
    return [name for name in names if program.versions.get(name, name) == finding.tensor] or names


def _covers(source: Source, place: Source) -> bool:
    return source.file == shown(place.file) and source.line <= place.line <= source.end_line


def _place(finding: Finding) -> str:
    return f"line {finding.source.line}"


def _overview(report: ScriptReport) -> Iterator[str]:
    """Yield what the check found, a line for each fault."""
    mark = MARKS["right" if report.passed else "wrong"]
    yield f"{mark} {conclusion(report)}"
    for finding in report.findings:
        yield f"  {_place(finding)}: {finding.explanation}"
