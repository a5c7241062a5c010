"""What a check of a person's own code said, as the screen shows it: marks, both values, and the words.

The check itself is the one that `bpdebug check net.py` runs; here is only what is shown of it. A statement is
wrong (its line is what is to be mended), wrong only because of what it was fed, or right: its value is the
same with all corrections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Source
from bpdebug.engine.language.provenance.origins import element_text
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.engine.program.program import Program
from bpdebug.export.script_report import conclusion, corrected, one_line, proof
from bpdebug.present.slicing import nearest
from bpdebug.present.verdicts import MARKS, next_beyond
from bpdebug.sources.script import Instance, Place, Site
from bpdebug.sources.script.case import Recorded
from bpdebug.verify.comparison import Tolerance, compare
from bpdebug.verify.repair.check import Examined
from bpdebug.verify.repair.report import Finding, ScriptReport

WAY_THERE, WAY_ON = "] goes there", "x shows the run with the correction"


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
        Of the statements whose values are wrong: the person's values, and those that they would have with
        all corrections.
    wrong_positions : tuple of int
        Where each finding shows first, in order.
    texts : mapping
        The files that a correction changes, with the verified corrections in them.
    """

    program: Program
    report: ScriptReport | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    findings: Mapping[str, Finding] = field(default_factory=dict)
    values: Mapping[str, Array] = field(default_factory=dict)
    reference: Mapping[str, Array] = field(default_factory=dict)
    wrong_positions: tuple[int, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)

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

    def words(self, name: str, index: Index) -> tuple[str, ...]:
        """Say what was found about a tensor, for the Operation card; at the start, all that was found."""
        if self.report is None:
            return ()
        if not name:
            keys = (WAY_THERE * bool(self.wrong_positions), WAY_ON * bool(self.texts))
            hint = ("  " + ", ".join(filter(None, keys)),) if any(keys) else ()
            return (*_overview(self.report), *hint)
        mark = self.mark(name)
        if name in self.findings:
            finding = self.findings[name]
            lines = [f"{mark} {finding.explanation}", f"  yours      {one_line(finding.source.code)}"]
            if finding.correction is not None:
                lines.append(f"  should be  {one_line(finding.correction)}    ({proof(finding)})")
            return (*lines, *self._values(name, index))
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
            yield f"  {element_text(name, place)}: yours {own[place]:.6g}, should be {right[place]:.6g}"

    def _causes(self, name: str) -> str:
        """Name the lines that are to be mended, of those that ran before."""
        position = self.program.positions[name]
        before = [finding for own, finding in self.findings.items() if self.program.positions[own] < position]
        return ", ".join(dict.fromkeys(map(_place, before))) or "what it was fed"


def code_verdicts(program: Program, recorded: Recorded, examined: Examined) -> CodeVerdicts:
    """Say of each statement of a recorded program what a check found.

    Parameters
    ----------
    program : Program
        The program.
    recorded : Recorded
        What it was recorded from.
    examined : Examined
        What the check found.
    """
    report = examined.report
    values: dict[str, Array] = {}
    reference: dict[str, Array] = {}
    judged = [one for one in program.statements if one.phase in ("backward", "update")]
    for name in (one.name for one in judged):
        node = recorded.nodes[name]
        own, right = (np.asarray(value, dtype=float) for value in (node.value, examined.value_of(node)))
        if own.shape != right.shape or not compare(own, right, Tolerance()).agrees:
            values[name], reference[name] = own, right
    findings: dict[str, Finding] = {}
    positions: list[int] = []
    for finding in report.findings:
        own_names = [name for name, instance in recorded.instances.items() if _is_of(instance, finding)]
        # What a line gets right in some of its turns is not what is wrong.
        shown = [name for name in own_names if name in reference] or own_names
        findings |= dict.fromkeys(shown, finding)
        positions += [min(program.positions[name] for name in shown)] if shown else []
    # Only with all corrections it is known what is right.
    is_mended = report.is_judged and all(
        one.verified or one.kind == "early update" for one in report.findings
    )
    right_mark = MARKS["right"] if is_mended and report.finished else " "
    marks = {one.name: MARKS["innocent"] if one.name in reference else right_mark for one in judged}
    marks |= dict.fromkeys(findings, MARKS["wrong"])
    texts = {}
    for file in dict.fromkeys(one.source.file for one in report.findings):
        source = recorded.recording.source(file)
        own_findings = tuple(one for one in report.findings if one.source.file == file)
        if source is not None and (text := corrected(source.text, own_findings)) != source.text:
            texts[file] = text
    return CodeVerdicts(
        program, report, marks, findings, values, reference, tuple(sorted(set(positions))), texts
    )


def _is_of(instance: Instance, finding: Finding) -> bool:
    """Whether an execution is one of the expression, or of the statement, that a finding is about."""
    wanted = finding.source
    return any(
        _stands(instance.site, place, wanted) for place in (instance.site.place, instance.site.statement)
    )


def _stands(site: Site, place: Place, wanted: Source) -> bool:
    is_there = (place.file, place.line, place.end_line) == (wanted.file, wanted.line, wanted.end_line)
    return is_there and site.source is not None and site.source.columns(place) == wanted.columns


def _place(finding: Finding) -> str:
    return f"line {finding.source.line}"


def _overview(report: ScriptReport) -> Iterator[str]:
    """Yield what the check found, a line for each fault."""
    mark = MARKS["right" if report.passed else "wrong"]
    yield f"{mark} {conclusion(report)}"
    for finding in report.findings:
        yield f"  {_place(finding)}: {finding.explanation}"
