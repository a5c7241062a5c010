"""The check of all functions with a backward of their own that a recording has calls of.

Each is judged by itself, on what went into its backward and what came out of it: the right gradients are
derived from its recorded forward. So one that is wrong does not make those before it look wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from bpdebug.engine.language.provenance.origins import element_text
from bpdebug.sources.script import Recording
from bpdebug.sources.script.analysis.functions import FunctionAnalysis, calls_of, cut_out
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.sites import shown
from bpdebug.verify.repair.functions import check_function
from bpdebug.verify.repair.report import Finding, ScriptReport

SECONDS = 20.0
"""How long corrections of one function are searched for."""
Found = Mapping[str, tuple[Finding, ...]]
"""The name of a function -> the faults that are known of it."""


class BackwardReport(NamedTuple):
    """What was found in the functions with a backward of their own that a function calls.

    Attributes
    ----------
    reports : tuple of ScriptReport
        One for each of them: the verdicts on the gradients of its inputs, and its faults.
    notes : tuple of str
        What else there is to say, a sentence each.
    intended : tuple of str
        Those that were called and are meant to be otherwise.
    faults : tuple of str
        What is wrong but for the gradients, a sentence each.
    """

    reports: tuple[ScriptReport, ...]
    notes: tuple[str, ...] = ()
    intended: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The faults of all of them."""
        return tuple(finding for report in self.reports for finding in report.findings)

    @property
    def passed(self) -> bool:
        """Whether gradients were judged, and none is wrong; those that are meant otherwise do not count."""
        judged = [report for report in self.reports if report.is_judged]
        return not self.faults and bool(judged or self.intended) and all(report.passed for report in judged)

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for report in self.reports:
            for finding in report.findings:
                yield f"{shown(finding.source.file)}:{finding.source.line}: {_sentence(finding)}"
                yield f"    {finding.explanation}"
                if finding.elements is not None:
                    place, mine, right = finding.elements
                    element = element_text(finding.tensor, place)
                    yield f"    {element} is {mine:.6g}, and should be {right:.6g}"
            for name, verdict in report.verdicts.items():
                yield f"{report.file}: the gradient of {name} is {verdict}"
            yield from report.assumed.notes
        yield from (*self.faults, *self.notes)


def _sentence(finding: Finding) -> str:
    yours = " ".join(finding.source.code.split())
    stored = f"{finding.tensor} = " if finding.tensor.isidentifier() else ""
    if finding.correction is None:
        return f"{stored}{yours}"
    return f"{stored}{yours} should be {' '.join(finding.correction.split())}"


def check_calls(
    recording: Recording,
    analysis_of: Callable[[FunctionCall], FunctionAnalysis | None],
    only: Collection[Any] | None,
    intended: Collection[Any],
    seconds: float,
    known: Found = MappingProxyType({}),
) -> BackwardReport:
    """Check one call of each function.

    Parameters
    ----------
    recording : Recording
        In which they were called, and gone back through.
    analysis_of : callable
        Says what a call is, while it is cut out of the recording; None where no gradient came in.
    only : collection, optional
        The only functions to look at.
    intended : collection
        The functions whose backward is meant to be another than the derivative.
    seconds : float
        How long corrections of one function are searched for.
    known : mapping
        What is known of their faults: these are not searched for again.
    """
    calls = calls_of(recording)
    reports: list[ScriptReport] = []
    notes: list[str] = []
    seen: list[Any] = []
    for call in calls:
        if call.function in (*seen, *intended) or (only and call.function not in only):
            continue
        with cut_out(call):
            one = analysis_of(call)
            if one is None:
                continue
            seen.append(call.function)
            faults = known.get(call.name, ())
            report = check_function(one, 0.0 if faults else seconds).report
            reports.append(report._replace(findings=faults) if faults and not report.passed else report)
        if "wrong" in report.verdicts.values():
            notes.append(
                f"{call.name}: if its backward is not meant to be the derivative: intended={call.name}"
            )
        notes += [f"{call.name}: backward returns None for {name}, which is not judged" for name in one.free]
    reached = [call.function for call in calls]
    waiting = [call for call in recording.functions if any(call.wanted) and call.function not in reached]
    notes += [
        f"{name}: its backward was not called, or in another thread, which is not seen"
        for name in dict.fromkeys(call.name for call in waiting)
    ]
    meant = tuple(dict.fromkeys(call.name for call in calls if call.function in intended))
    notes += [f"{name} is meant to be as it is, and was not judged" for name in meant]
    return BackwardReport(tuple(reports), tuple(notes), meant)


def proven_on(arguments: Sequence[Any] | None, check: Callable[..., BackwardReport]) -> Found:
    """Return the faults, by a check on other arguments, of functions whose corrections all hold there.

    Nothing is known where there are no such arguments, or the functions need those that they have.
    """
    try:
        reports = () if arguments is None else check(*arguments).reports
    except Exception:
        return {}
    return {
        one.file: one.findings
        for one in reports
        if one.findings and all(finding.verified for finding in one.findings)
    }
