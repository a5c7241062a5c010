"""The check of a person's own code: record it, judge every gradient, and search for corrections."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from types import MappingProxyType

import numpy as np

from bpdebug.sources.script import Recording, RecordingOptions, SourceRange, record_script
from bpdebug.sources.script.analysis.analyse import analyse
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.functions import analysis_of, calls_of, cut_out
from bpdebug.sources.script.analysis.told import INTENDED, Told, hold_intended
from bpdebug.verify.repair.added_up import added_up
from bpdebug.verify.repair.assumed import said_of
from bpdebug.verify.repair.faults import Check
from bpdebug.verify.repair.findings import of_rewriting
from bpdebug.verify.repair.found import MOST_FAULTS
from bpdebug.verify.repair.functions import CheckedFunction, FoundInFunction, check_function, lines_of
from bpdebug.verify.repair.intended import ScriptJudge, derived_of
from bpdebug.verify.repair.judge import Judge
from bpdebug.verify.repair.later_iterations import that_proves_more
from bpdebug.verify.repair.left_over import with_left_over
from bpdebug.verify.repair.localisation import Localisation
from bpdebug.verify.repair.put_in_place import put_in_place
from bpdebug.verify.repair.raising import mended
from bpdebug.verify.repair.report import Assumed, Finding, ParameterVerdict, ScriptReport
from bpdebug.verify.repair.staying_right import staying_right
from bpdebug.verify.repair.trying import Progress, unsaid

SECONDS = 20.0
"""How long corrections are searched for."""
FUNCTION_SHARE = 0.5
"""The share of what is left of that for a function with a backward of its own."""
MOST_CALLS = 4
"""So many calls of a function are looked at, as long as all of them are right."""


def check_script(
    script: str | os.PathLike[str],
    arguments: Sequence[str] = (),
    options: RecordingOptions = RecordingOptions(),  # noqa: B008 (a constant)
    seconds: float = SECONDS,
    *,
    loss: str | int = "",
    gradients: Mapping[str, str] = MappingProxyType({}),
    parameters: Sequence[str] = (),
    intended: Sequence[str] = (),
    progress: Progress = unsaid,
) -> ScriptReport:
    """Check the gradients in a person's own script.

    Parameters
    ----------
    script : str or path
        A Python file or a notebook. It runs, as Python runs it.
    arguments : sequence of str
        Its arguments.
    options : RecordingOptions
        What of it is recorded.
    seconds : float
        How long corrections are searched for.
    loss : str or int
        What the loss is, in place of what would be found: its name, the line that computes or implies it, or
        a kind: `mse`, `bce`, `ce`, `mae`.
    gradients : mapping
        The name of a tensor -> the name of its gradient.
    parameters : sequence of str
        The only parameters to look at.
    intended : sequence of str
        The functions, by name, whose backward is meant to be another than the derivative: a straight-through
        estimator, a reversal of gradients. All else is judged as if they handed the derivative on.
    progress : callable
        Is told which line is looked at and how many edits have been tried; it may raise `Interrupted`, which
        ends the search as Ctrl+C does.

    Returns
    -------
    ScriptReport
        A verdict for each parameter, and a finding for each fault.

    Raises
    ------
    ScriptError
        If the script cannot be read, or nothing in it can be checked.
    BpdebugError
        If a loss, a gradient or a parameter is named that is not there.
    """
    told = Told(str(loss), gradients, tuple(parameters), tuple(intended))
    recording = record_script(script, arguments, options)
    deadline = time.thread_time() + seconds
    first = staying_right(analyse(recording, told))
    later = that_proves_more(recording, first, told, deadline)
    seen, analysis = (recording, first) if later is None else (later.recording, later.analysis)
    report = _reported(seen, analysis, deadline, told, progress)
    report = with_left_over(report, first, deadline)
    said = added_up(recording, deadline), "" if later is None else later.reason
    notes = [one for one in said if one]
    return report._replace(assumed=report.assumed._replace(notes=(*report.assumed.notes, *notes)))


def check_recording(
    recording: Recording,
    seconds: float = SECONDS,
    told: Told = Told(),  # noqa: B008 (a constant)
    progress: Progress = unsaid,
) -> ScriptReport:
    """Check the gradients of a recording; see `check_script`."""
    deadline = time.thread_time() + seconds
    analysis = staying_right(analyse(recording, told))
    report = _reported(recording, analysis, deadline, told, progress)
    return with_left_over(report, analysis, deadline)


def _reported(
    recording: Recording, analysis: Analysis, deadline: float, told: Told, progress: Progress
) -> ScriptReport:
    is_right = analysis.loss is not None and analysis.loss.verdicts.are_right
    replaced = None if is_right else put_in_place(recording, told, deadline)
    if replaced is not None:
        return replaced
    if analysis.loss is None:
        verdicts: dict[str, ParameterVerdict] = {one.name: "not reached" for one in analysis.parameters}
        notes = (*said_of(recording), *analysis.notes)
        findings = tuple(_in_functions(recording, deadline, progress, told.intended))
        raising = None if findings else mended(recording, analysis, told, deadline)
        if raising is not None:
            findings = (of_rewriting(recording, raising, ()),)
        return ScriptReport(recording.path, verdicts, findings, Assumed("", 1.0, {}, notes, told))
    report, is_mended = _checked(analysis.recording, analysis, deadline, progress, told.intended)
    computed = analysis.computed
    if report.findings and computed is not None and not told.loss:
        other = analyse(recording, told._replace(loss=str(computed.candidate.line)))
        if other.loss is not None:
            found, all_is_mended = _checked(
                other.recording, other, deadline, progress, told.intended, len(report.findings)
            )
            # The fewest faults; of as few, the loss that the script computes.
            if all_is_mended and all(one.verified for one in found.findings):
                is_fewer = len(found.findings) <= len(report.findings)
                report = found if is_fewer or not is_mended else report
    if is_mended and not report.findings and not told.loss:
        meant = tuple(_if_squared(recording, analysis, told, deadline, progress))
        report = report._replace(assumed=report.assumed._replace(notes=(*report.assumed.notes, *meant)))
    return report._replace(assumed=report.assumed._replace(told=told))


def _in_functions(
    recording: Recording, deadline: float, progress: Progress, intended: Sequence[str]
) -> Iterator[Finding]:
    """Yield what is wrong in functions where nothing else is judged: no loss is derived through a kernel."""
    own = {site.place.file for site in recording.own_sites}
    first = {call.function: call for call in reversed(calls_of(recording)) if call.name not in intended}
    for call in first.values():
        if call.file in own:
            with cut_out(call):
                one = analysis_of(call.library)(recording, call)
                if one is not None:
                    left = deadline - time.thread_time()
                    yield from (each.finding for each in check_function(one, left, progress).found)


def _if_squared(
    recording: Recording, analysis: Analysis, told: Told, deadline: float, progress: Progress
) -> Iterator[str]:
    """Say what is wrong if a squared error is meant: `a - y` is the slope of both that and a cross-entropy.

    It is right behind a sigmoid for a cross-entropy, and lacks the sigmoid's slope for a squared error. Where
    the script computes no loss, nobody but the person can say which is meant.
    """
    assert analysis.loss is not None
    kind = analysis.loss.candidate.kind
    if kind is None or kind.short != "bce":
        return
    squared = analyse(recording, told._replace(loss="mse"))
    if squared.loss is None or squared.loss.candidate.line != analysis.loss.candidate.line:
        return
    report, is_mended = _checked(recording, squared, deadline, progress, told.intended, 1)
    for one in report.findings:
        if is_mended and one.verified and one.correction:
            formula = squared.loss.text.partition(",")[0]
            yield (
                f"if {formula} is meant, line {one.source.line} should be `{one.correction}`: "
                "--loss mse checks that"
            )


def _checked(
    recording: Recording,
    analysis: Analysis,
    deadline: float,
    progress: Progress,
    intended: Sequence[str],
    most_faults: int = MOST_FAULTS,
) -> tuple[ScriptReport, bool]:
    """Check the gradients by a loss; say also whether all are right with what was found."""
    with ExitStack() as stack, np.errstate(all="ignore"):
        check = ScriptCheck(recording, analysis, deadline, stack, progress, most_faults, intended)
        return check.report(), not check.judge.wrong()


class ScriptCheck(Check):
    """Corrects the functions that have a backward of their own, each by itself; then what is wrong still."""

    notes: tuple[str, ...] = ()

    def __init__(
        self,
        recording: Recording,
        analysis: Analysis,
        deadline: float,
        stack: ExitStack,
        progress: Progress,
        most_faults: int = MOST_FAULTS,
        intended: Sequence[str] = (),
    ) -> None:
        self.intended, self.innocent = intended, set[SourceRange]()
        hold_intended(intended, [call.name for call in calls_of(recording)])
        super().__init__(recording, analysis, deadline, stack, progress, most_faults)
        self.notes = tuple(f"{name} is meant to be as it is, and was not judged" for name in intended)

    def judge_of(self, recording: Recording, analysis: Analysis) -> Judge:
        """Return who says what is right."""
        return ScriptJudge(recording, analysis, self.intended)

    def localisation_of(self, judge: Judge) -> Localisation:
        """Return who says which lines can be at fault: none of a function that is right by itself."""
        return Localisation(judge, self.innocent)

    def assumed(self) -> Assumed:
        """Say what the check takes for granted, and what autograd does with what a function returns."""
        said = super().assumed()
        return said._replace(notes=(*said.notes, *self.notes))

    def find(self) -> None:
        """Find the faults one after the other."""
        self._functions()
        super().find()

    def _functions(self) -> None:
        own = {site.place.file for site in self.recording.own_sites}
        looked_at: Counter[type] = Counter()
        is_right = not self.judge.wrong()
        for call in calls_of(self.recording):
            if (
                call.name in self.intended
                or call.file not in own
                or looked_at[call.function] == MOST_CALLS
                or self.search.is_over
            ):
                continue
            looked_at[call.function] += 1
            with cut_out(call):
                one = analysis_of(call.library)(self.recording, call)
                if one is None:
                    continue
                left = self.search.deadline - time.thread_time()
                checked = check_function(one, FUNCTION_SHARE * left, self.progress)
                if set(checked.report.verdicts.values()) == {"right"}:
                    self.innocent |= lines_of(call)
            # What has no gradient is none of the parameters that are judged.
            is_no_matter = is_right and all(each.finding.kind != "missing" for each in checked.found)
            found = [each for each in checked.found if each.finding.verified or not is_no_matter]
            if found:
                looked_at[call.function] = MOST_CALLS
                self._take_function(found, checked)

    def _take_function(self, found: Sequence[FoundInFunction], checked: CheckedFunction) -> None:
        """Take what was found in a function; what it made wrong in the script is what is right now."""
        name = checked.report.file
        for each in found:
            before = self.judge.corrected
            mending = each.corrected if each.finding.verified else derived_of(self.recording, {name})
            self.judge.corrected = {**before, **mending}
            mended = self.judge.mended_by(before, self.judge.corrected)
            self.add_finding(each.finding._replace(also_wrong=tuple(sorted(mended))))
        self.notes += (
            *checked.report.assumed.notes,
            f"{name}: if its backward is not meant to be the derivative: {INTENDED} {name}",
        )
        self.proven = tuple(self.findings.each)
