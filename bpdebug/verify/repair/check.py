"""The check of a person's own code: record it, judge every gradient, and search for corrections."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import numpy as np

from bpdebug.engine.language.nodes import Source
from bpdebug.errors import Interrupted
from bpdebug.sources.script import Options, Recording, record_script
from bpdebug.sources.script.analysis.analysis import Analysis, analyse
from bpdebug.sources.script.analysis.told import Told
from bpdebug.sources.script.environment import callable_again
from bpdebug.verify.repair.early import EarlyRead, early_reads
from bpdebug.verify.repair.formula import Derived, derived_correction, past
from bpdebug.verify.repair.forward import ForwardFault, ForwardSearch, forward_sentence, other_reading
from bpdebug.verify.repair.judge import TOLERANCE, Judge
from bpdebug.verify.repair.places import changed, difference, source_of, stored, turns_of, worst
from bpdebug.verify.repair.report import (
    Assumed,
    Finding,
    ParameterVerdict,
    ScriptReport,
    corrected,
)
from bpdebug.verify.repair.reruns import SHARE, Rewriting, mending, run_again, text_of, told_of
from bpdebug.verify.repair.rewritings import Rewritings
from bpdebug.verify.repair.search import Candidate, Correction, Progress, Search, unsaid
from bpdebug.verify.repair.structures import structures
from bpdebug.verify.repair.suspects import Suspect, suspects
from bpdebug.verify.repair.trials import named_pieces

SECONDS = 20.0
"""How long corrections are searched for."""
RERUN_SHARE = 0.4
"""The share of the time that is kept for running the script again."""
FORWARD_SECONDS = 6.0
FORWARD_SHARE = 0.25
"""How long of that edits of the forward pass are tried, and what share is kept for them."""
BOTH_SECONDS = 4.0
"""How long they are tried where a backward line is found already."""
MOST_FAULTS = 3


def check_script(
    script: str | os.PathLike[str],
    arguments: Sequence[str] = (),
    options: Options = Options(),  # noqa: B008 (a constant)
    seconds: float = SECONDS,
    *,
    loss: str | int = "",
    gradients: Mapping[str, str] = MappingProxyType({}),
    parameters: Sequence[str] = (),
    progress: Progress = unsaid,
) -> ScriptReport:
    """Check the gradients in a person's own script.

    Parameters
    ----------
    script : str or path
        A Python file or a notebook. It runs, as Python runs it.
    arguments : sequence of str
        Its arguments.
    options : Options
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
    told = Told(str(loss), gradients, tuple(parameters))
    return check_recording(record_script(script, arguments, options), seconds, told, progress)


def check_recording(
    recording: Recording,
    seconds: float = SECONDS,
    told: Told = Told(),  # noqa: B008 (a constant)
    progress: Progress = unsaid,
) -> ScriptReport:
    """Check the gradients of a recording; see `check_script`."""
    deadline = time.thread_time() + seconds
    analysis = analyse(recording, told)
    if analysis.loss is None:
        verdicts: dict[str, ParameterVerdict] = {one.name: "not reached" for one in analysis.parameters}
        notes = (*_ended_early(recording), *recording.messages, *analysis.notes)
        return ScriptReport(recording.path, verdicts, (), Assumed("", 1.0, {}, notes, told))
    with ExitStack() as stack, np.errstate(all="ignore"):
        report = Check(recording, analysis, deadline, stack, progress).report()
    return report._replace(assumed=report.assumed._replace(told=told))


class Check:
    """One check: what is known of the recording, and the faults that were found so far."""

    def __init__(
        self,
        recording: Recording,
        analysis: Analysis,
        deadline: float,
        stack: ExitStack,
        progress: Progress,
    ) -> None:
        self.stack, self.first, self.progress = stack, recording, progress
        self.findings: list[Finding] = []
        self.shifts: list[tuple[str, int, int]] = []
        self._take(recording, analysis, deadline)

    def _take(self, recording: Recording, analysis: Analysis, deadline: float) -> None:
        """Begin with a recording: that of the script, or that of a corrected text of it."""
        self.stack.enter_context(callable_again(recording))
        self.recording, self.judge = recording, self.judge_of(recording, analysis)
        is_known = partial(self.judge.is_gradient, as_shaped=True)
        replay, trials = self.judge.replay, self.judge.trials
        self.search = Search(recording, replay, trials, is_known, deadline, self.progress)
        self.early: list[EarlyRead] = []
        self.forward = ForwardSearch(recording, analysis, self.search)

    def judge_of(self, recording: Recording, analysis: Analysis) -> Judge:
        """Return who says what is right."""
        return Judge(recording, analysis)

    def report(self) -> ScriptReport:
        """Find the faults one after the other; who stops that is told what was found until then."""
        verdicts = self.judge.verdicts()
        try:
            self.find()
        except (KeyboardInterrupt, Interrupted):
            self.search.is_stopped = True
        # What the forward pass does not read has no gradient to be right or wrong, until it reads it.
        unread = [name for one in self.findings if one.kind == "forward" for name in one.also_wrong]
        return ScriptReport(
            self.recording.path,
            {**verdicts, **dict.fromkeys(unread, "wrong")},
            tuple(self.findings),
            self.assumed(),
            finished=not (self.search.is_over and self.judge.wrong()),
            stopped=self.search.is_stopped,
        )

    def find(self) -> None:
        """Find the faults one after the other."""
        self._structures()
        self._early()
        if self.recording.ending.kind == "raised" and self.recording.ending.line:
            self._raised()
        if self.judge.wrong() or self.forward.has_unread_parameters:
            end = self.search.deadline
            self._forward_with_evidence()
            self.search.deadline = end - FORWARD_SHARE * max(0.0, end - time.thread_time())
            self.backward()
            self.search.deadline = end
            self._forward_instead()
        if self.judge.wrong():  # what mended nothing by itself is proven only if all is right in the end
            self.findings = [
                one._replace(verified=one.verified and bool(one.also_wrong)) for one in self.findings
            ]

    def backward(self) -> None:
        """Correct backward lines until all is right, or nothing mends any more."""
        while self.judge.wrong() and len(self.findings) < MOST_FAULTS and not self.search.is_over:
            lines, end = self.judge.suspects(), self.search.deadline
            self.search.deadline = end - RERUN_SHARE * max(0.0, end - time.thread_time())
            found = self.search.corrections(lines, self.judge.corrected) or self._with_early_reads(lines)
            if not found:
                known = {line.site for line in lines}
                further = [line for line in self.judge.suspects(every=True) if line.site not in known]
                found = self.search.corrections(further, self.judge.corrected)
            self.search.deadline = end
            if found:
                self._add(found[0])
            elif not self._rewritten(lines):
                derived = self._derived(lines)
                if derived is None or derived.passed:
                    self._unmended(lines, derived)
                    break
                self._add_derived(derived)

    def _derived(self, lines: Sequence[Suspect]) -> Derived | None:
        """Where no edit mends a line, return one with the derived formula."""
        if any(finding.kind == "forward" for finding in self.findings):
            return None  # the derived gradients are those of the forward pass as it was
        return derived_correction(self.search, self.judge.analysis, lines, self.judge.corrected)

    def _add_derived(self, derived: Derived) -> None:
        self._add(derived.correction)
        is_given = self.findings[-1].correction is not None
        self.findings[-1] = self.findings[-1]._replace(is_derived=is_given)

    # ---- the script run again

    def _rewritten(self, lines: Sequence[Suspect]) -> bool:
        """Look for a rewriting of the text that only running it again can judge, and go on with that."""
        forward = [number for number, phase in enumerate(self.judge.analysis.phases) if phase == "forward"]
        rewritings = Rewritings(self.recording, self.judge.replay.run(self.judge.corrected), forward)
        return self._run_again(rewritings.around(lines)) is not None

    def _structures(self) -> None:
        """Look for what is wrong with how statements stand; each is found by running the script again.

        Where another fault hides that it mends anything, what can be nothing but a fault is mended still.
        """
        while self.judge.wrong() and len(self.findings) < MOST_FAULTS:
            early = list(early_reads(self.recording, self.judge.analysis.parameters))
            every = {one.rewriting: one for one in structures(self.recording, early)}
            sure = [one.rewriting for one in every.values() if one.is_sure]
            found = (self._run_again(every) if every else None) or (
                self._run_again(sure, needs_more=False) if sure else None
            )
            if found is None:
                break
            self.findings[-1] = self.findings[-1]._replace(kind=every[found].kind)

    def _run_again(self, rewritings: Iterable[Rewriting], needs_more: bool = True) -> Rewriting | None:
        """Go on with the script as it runs with a rewriting that mends something; None where none does."""
        if self.search.is_over:
            return None
        texts = corrected_texts(self.first, self.findings)
        began = time.thread_time()
        longest = SHARE * (self.search.deadline - began)
        told = told_of(self.judge.analysis)
        base = run_again(self.recording, texts, longest, told) if longest > 0 else None
        if base is None or time.thread_time() - began > longest:
            return None
        found = mending(base, self._told(rewritings), self.search.deadline, needs_more)
        if found is None:
            return None
        rewriting, again = found
        before = {name for name, verdict in self.judge.verdicts().items() if verdict == "right"}
        self._add_rewriting(rewriting, tuple(sorted(again.right - base.right - before)))
        more = rewriting.correction.count("\n") - rewriting.code.count("\n")
        self.shifts.append((rewriting.place.file, rewriting.place.end_line + more, more))
        self._take(again.recording, again.analysis, self.search.deadline)
        return rewriting

    def _told(self, rewritings: Iterable[Rewriting]) -> Iterator[Rewriting]:
        """Say which rewriting is tried."""
        for number, rewriting in enumerate(rewritings, start=self.search.tried + 1):
            self.progress(rewriting.place.line, number)
            yield rewriting

    def _raised(self) -> None:
        """Where the script raises, look for a line with which it goes on, and its gradients are right."""
        forward = {number for number, phase in enumerate(self.judge.analysis.phases) if phase == "forward"}
        # What nobody has read yet was at hand when it was raised.
        read = {parent.id for node in self.recording.nodes for parent in node.parents()}
        unread = [node for node in self.recording.nodes if node.id not in read | forward]
        lines = suspects(self.recording, unread, [], forward, self.judge.dependent, forward)
        edits = [edit for line in lines for edit in self.search.candidates(line, self.judge.corrected)]
        # What stops in the middle of training is most often a shape.
        edits.sort(key=lambda edit: (self._keeps_shape(edit), edit.cost))
        rewritings = [Rewriting(*edit[:5]) for edit in edits]
        if not self._run_again(rewritings):
            ending = self.recording.ending
            source = self.recording.source(ending.file)
            code = source.lines[ending.line - 1] if source else ""
            columns = len(code) - len(code.lstrip()), len(code)
            place = Source(ending.file, ending.line, ending.line, columns, code.strip())
            self._found(Finding(place, "raised", code.strip(), "", f"here it ends: {ending.message}"))

    def _keeps_shape(self, edit: Candidate) -> bool:
        recorded = self.judge.replay.recorded
        for number, new in edit.replaced.items():
            try:
                if np.shape(new(recorded)) != np.shape(recorded(self.recording.nodes[number])):
                    return False
            except Exception:  # noqa: S112 (what makes sense in one execution need not in another)
                continue
        return True

    def _found(self, finding: Finding) -> None:
        """Take a finding, with its lines as they are in the person's text, which has no corrections in it."""
        source = finding.source
        for file, last, more in reversed(self.shifts):
            if source.file == file and source.line > last:
                source = source._replace(line=source.line - more, end_line=source.end_line - more)
        whole = {one.name for one in self.judge.analysis.parameters} & {*finding.also_wrong}
        own = {
            name
            for one in self.judge.analysis.parameters
            if one.name in whole
            for name, _ in named_pieces(one)
        }
        finding = finding._replace(also_wrong=tuple(one for one in finding.also_wrong if one not in own))
        place = (source.file, source.line, source.columns)
        known = [
            one for one in self.findings if (one.source.file, one.source.line, one.source.columns) == place
        ]
        if known:
            # What is still wrong with a line was not mended by its correction: it is one fault, without any.
            wrong = tuple(dict.fromkeys(name for one in (*known, finding) for name in one.also_wrong))
            self.findings.remove(known[0])
            finding = finding._replace(also_wrong=wrong, correction=None, verified=False)
        self.findings.append(finding._replace(source=source))

    def _add_rewriting(self, rewriting: Rewriting, mended: tuple[str, ...]) -> None:
        place = rewriting.place
        ran = [one for one in self.recording.instances if one.site.place[:2] == place[:2]]
        site = ran[0].site if ran else None
        source = source_of(site, ran[0].frame, turns_of(site, ran[0]), place) if site else None
        columns = self.recording.source(place.file)
        assert columns is not None
        plain = Source(place.file, place.line, place.end_line, columns.columns(place), rewriting.code, (), ())
        self._found(
            Finding(
                source or plain,
                "wrong",
                (stored(site) if site else "") or rewriting.code,
                "",
                rewriting.explanation,
                rewriting.correction,
                True,
                also_wrong=mended,
            )
        )

    # ---- the forward pass

    def _forward_with_evidence(self) -> None:
        """Edit the forward line that evidence speaks for; what is wrong then is wrong by itself."""
        fault = self.forward.with_evidence(self.judge.corrected, FORWARD_SECONDS)
        if fault is not None:
            self._add_forward(fault, ())

    def _forward_instead(self) -> None:
        """Edit one forward line, where it takes several of the backward pass, or where nothing mends it.

        Where one backward line has something too much, a forward line may lack it: then both are said.
        """
        backward = [finding for finding in self.findings if finding.kind == "wrong"]
        if not backward or len(backward) < len(self.findings) or self.recording is not self.first:
            return
        is_mended = len(backward) == 1 and not self.judge.wrong()
        if is_mended and not _is_longer(backward[0]):
            return
        fault = self.forward.without_evidence({}, BOTH_SECONDS if is_mended else FORWARD_SECONDS)
        loss = self.judge.analysis.loss
        if (
            fault is not None
            and loss is not None
            and fault.loss.candidate.is_explicit < loss.candidate.is_explicit
        ):
            return  # a loss that the script computes is not given up for one that nobody wrote
        if fault is not None and is_mended:
            said = f"{backward[0].explanation}. {other_reading(fault)}"
            self.findings = [backward[0]._replace(explanation=said)]
        elif fault is not None:
            self.findings, self.judge.corrected = [], {}
            self._add_forward(fault, backward)

    def _add_forward(self, fault: ForwardFault, otherwise: Sequence[Finding]) -> None:
        self.judge.trials = self.search.trials = fault.trials
        self.judge.is_forward_corrected = True
        self.judge.analysis = replace(self.judge.analysis, loss=fault.loss)
        self.judge.corrected = {**self.judge.corrected, **fault.edit.replaced}
        site, first = fault.line.site, fault.line.first
        source = source_of(site, first.frame, turns_of(site, first), fault.edit.place)
        self._found(
            Finding(
                source,
                "forward",
                stored(site) or site.code,
                "",
                forward_sentence(fault, otherwise),
                fault.edit.correction,
                True,
                also_wrong=fault.mended,
            )
        )

    # ---- findings

    def _early(self) -> None:
        """Look for parameters that are updated before they are read for the last time."""
        before = len(self.judge.wrong())
        for early in early_reads(self.recording, self.judge.analysis.parameters) if before else ():
            kept, self.judge.corrected = self.judge.corrected, {**self.judge.corrected, **early.replaced}
            try:
                left = len(self.judge.wrong())
            except Exception:  # the old value may not do where the new one did
                left = before
            if left < before:
                before = left
                self._add_early(early, self.judge.mended_by(kept, self.judge.corrected))
            else:
                self.judge.corrected = kept
                self.early.append(early)

    def _with_early_reads(self, lines: Sequence[Suspect]) -> list[Correction]:
        """Look for a correction that only shows once the parameters are updated later as well."""
        for early in self.early:
            found = self.search.corrections(lines, {**self.judge.corrected, **early.replaced})
            if found:
                self.judge.corrected = {**self.judge.corrected, **early.replaced}
                self.early.remove(early)
                self._add_early(early, set(found[0].mended))
                return found
        return []

    def _add_early(self, early: EarlyRead, mended: set[str]) -> None:
        reader = next((node for node in early.readers if node.site is not None), None)
        if reader is None or reader.site is None:
            return
        name, line = early.parameter.name, early.parameter.line
        self._found(
            Finding(
                source_of(reader.site, reader.frame, turns_of(reader.site, reader)),
                "early update",
                stored(reader.site) or name,
                "",
                f"`{name}` is read here after line {line} has updated it: the update belongs after this",
                also_wrong=tuple(sorted(mended)),
            )
        )

    def _add(self, correction: Correction) -> None:
        before = self.judge.replay.run(self.judge.corrected)
        self.judge.corrected = {**self.judge.corrected, **correction.replaced}
        after = self.judge.replay.run(self.judge.corrected)
        # Of several executions that one is shown in which the correction makes the largest difference.
        involved = correction.suspect.involved
        first = max(involved, key=lambda one: difference(changed(one, before, after), before, after))
        node = changed(first, before, after)
        site = correction.suspect.site
        source = source_of(site, first.frame, turns_of(site, first), correction.place)
        self._found(
            Finding(
                source._replace(code=correction.code),
                "forward" if node and self.judge.analysis.phases[node.id] == "forward" else "wrong",
                stored(site) or (first.names[0] if first.names else site.code),
                self.judge.gradient_of(after(node)) if node else "",
                correction.explanation,
                correction.correction,
                True,
                worst(before(node), after(node)) if node else None,
                correction.mended,
            )
        )

    def _unmended(self, lines: Sequence[Suspect], derived: Derived | None) -> None:
        """Say where it goes wrong, where nothing mends it, and at which line a formula goes past it."""
        if not lines:
            return
        suspect = lines[0]
        first, site = suspect.first, suspect.site
        self._found(
            Finding(
                source_of(site, first.frame, turns_of(site, first)),
                "wrong",
                stored(site) or site.code,
                "",
                "the gradients are right until here, and what this gives is not the gradient of anything"
                + (past(derived) if derived is not None else ""),
                also_wrong=tuple(sorted(self.judge.wrong())),
            )
        )

    def assumed(self) -> Assumed:
        """Say what was found without being told."""
        loss = self.judge.analysis.loss
        assert loss is not None
        gradients = {
            parameter.name: (verdict.gradient.names or ("its step",))[0]
            for parameter, verdict in zip(self.judge.analysis.parameters, loss.verdicts.each, strict=True)
            if verdict.gradient is not None
        }
        ratio = loss.verdicts.ratio
        notes = [*_ended_early(self.recording)]
        notes += [f"another loss explains as much: {other.text}" for other in self.judge.analysis.equals]
        computed = self.judge.analysis.computed
        if computed is not None:
            line = computed.candidate.line
            notes.append(
                f"line {line} computes another loss, by which they are not right: --loss {line} checks that"
            )
        if ratio is not None and abs(ratio - 1) > TOLERANCE:
            notes.append(f"all gradients are {ratio:.6g} times those of this loss: a convention")
        return Assumed(
            loss.text, 1.0 if ratio is None else ratio, gradients, (*notes, *self.judge.analysis.notes)
        )


def corrected_texts(recording: Recording, findings: Sequence[Finding]) -> dict[str, str]:
    """Return the texts of the files with the corrections that were found in them."""
    found = [one for one in findings if one.verified and one.correction is not None]
    return {
        file: corrected(text_of(recording, {}, file), [one for one in found if one.source.file == file])
        for file in dict.fromkeys(one.source.file for one in found)
    }


def _is_longer(finding: Finding) -> bool:
    """Whether a line says more than its correction."""
    return finding.correction is not None and len(finding.source.code) > len(finding.correction)


def _ended_early(recording: Recording) -> Iterator[str]:
    """Say that the script did not come to the end of an iteration, where it did not."""
    if recording.ended_early:
        yield recording.ended_early
