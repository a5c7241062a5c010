"""The faults of a recording, found one after the other: each correction goes on from those before it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from bpdebug.errors import Interrupted
from bpdebug.sources.script import Recording
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.environment import callable_again
from bpdebug.verify.repair.assumed import assumed
from bpdebug.verify.repair.findings import (
    Findings,
    of_correction,
    of_early_read,
    of_end,
    of_forward,
    of_rewriting,
    unmended,
)
from bpdebug.verify.repair.formula import Derived, derived_correction
from bpdebug.verify.repair.forward import ForwardSearch
from bpdebug.verify.repair.forward_fault import ForwardFault, other_reading
from bpdebug.verify.repair.judge import Judge
from bpdebug.verify.repair.report import Assumed, Finding, ScriptReport, corrected
from bpdebug.verify.repair.reruns import SHARE, Rewriting, mending, run_again, text_of, told_of
from bpdebug.verify.repair.rewritings import Rewritings
from bpdebug.verify.repair.search import Search
from bpdebug.verify.repair.structures.early import EarlyRead, early_reads
from bpdebug.verify.repair.structures.structures import structures
from bpdebug.verify.repair.suspects import Suspect, suspects
from bpdebug.verify.repair.trying import Candidate, Correction, Progress

RERUN_SHARE = 0.4
"""The share of the time that is kept for running the script again."""
FORWARD_SECONDS = 6.0
FORWARD_SHARE = 0.25
"""How long of that edits of the forward pass are tried, and what share is kept for them."""
BOTH_SECONDS = 4.0
"""How long they are tried where a backward line is found already."""
MOST_FAULTS = 3


class Check:
    """One check: what is known of the recording, and the faults that were found so far.

    Attributes
    ----------
    proven : tuple of Finding
        Those of them that were proven by themselves, whatever else is wrong.
    """

    def __init__(
        self,
        recording: Recording,
        analysis: Analysis,
        deadline: float,
        stack: ExitStack,
        progress: Progress,
        most_faults: int = MOST_FAULTS,
    ) -> None:
        self.stack, self.first, self.progress = stack, recording, progress
        self.most_faults = most_faults
        self.findings = Findings()
        self.doubtful: list[Finding] = []
        self.proven: tuple[Finding, ...] = ()
        self._take(recording, analysis, deadline)

    def _take(self, recording: Recording, analysis: Analysis, deadline: float) -> None:
        """Begin with a recording: that of the script, or that of a corrected text of it."""
        self.stack.enter_context(callable_again(recording))
        self.recording, self.judge = recording, self.judge_of(recording, analysis)
        replay, trials = self.judge.replay, self.judge.trials
        self.search = Search(recording, replay, trials, self.judge.known, deadline, self.progress)
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
        unread = [name for one in self.findings.each if one.kind == "forward" for name in one.also_wrong]
        return ScriptReport(
            self.recording.path,
            {**verdicts, **dict.fromkeys(unread, "wrong")},
            tuple(self.findings.each),
            self.assumed(),
            finished=not (self.search.is_over and self.judge.wrong()),
            stopped=self.search.is_stopped,
        )

    def assumed(self) -> Assumed:
        """Return what the check rests on."""
        return assumed(self.recording, self.judge.analysis)

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
        if self.judge.wrong():  # what mends nothing by itself is proven only if all is right in the end
            self.findings.each = [
                one for one in self.findings.each if not one.verified or one.also_wrong or one in self.proven
            ]

    def backward(self) -> None:
        """Correct backward lines until all is right, or nothing mends any more."""
        while self.judge.wrong() and len(self.findings.each) < self.most_faults and not self.search.is_over:
            lines, end = self.judge.suspects(), self.search.deadline
            self.search.deadline = end - RERUN_SHARE * max(0.0, end - time.thread_time())
            found = self.search.corrections(lines, self.judge.corrected)
            found = [one for one in found if self.judge.may_mend(one)]
            if not found:
                known = {line.site for line in lines}
                further = [line for line in self.judge.suspects(every=True) if line.site not in known]
                found = self.search.corrections(further, self.judge.corrected)
                found = found or self._with_early_reads(lines)
            found = found or self._first_right(lines)
            self.search.deadline = end
            if found:
                self._add(found[0])
            elif not self._rewritten(lines):
                derived = self._derived(lines)
                if derived is None or derived.passed:
                    self._unmended(lines, derived)
                    break
                self._add_derived(derived)

    def _unmended(self, lines: Sequence[Suspect], derived: Derived | None) -> None:
        """Say at which line it goes wrong, if that is sure; a line that may be right is not named."""
        sure = next(filter(self.judge.is_sure, lines), None)
        if sure is not None:
            self._found(unmended(self.judge, sure, derived))
        elif lines:
            self.doubtful = [unmended(self.judge, lines[0], derived)]

    def _first_right(self, lines: Sequence[Suspect]) -> list[Correction]:
        """Where more than one fault lies on the way to every parameter, look for the first of them."""
        correction = self.search.first_right(lines, self.judge.corrected, self.judge.there)
        return [] if correction is None else [correction]

    def _derived(self, lines: Sequence[Suspect]) -> Derived | None:
        """Where no edit mends a line, return one with the derived formula."""
        if any(finding.kind == "forward" for finding in self.findings.each):
            return None  # the derived gradients are those of the forward pass as it was
        return derived_correction(self.search, self.judge.analysis, lines, self.judge.corrected)

    def _add_derived(self, derived: Derived) -> None:
        self._add(derived.correction)
        last = self.findings.each[-1]
        self.findings.each[-1] = last._replace(is_derived=last.correction is not None)

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
        while self.judge.wrong() and len(self.findings.each) < self.most_faults:
            early = list(early_reads(self.recording, self.judge.analysis.parameters))
            every = {one.rewriting: one for one in structures(self.recording, early)}
            sure = [one.rewriting for one in every.values() if one.is_sure]
            found = (self._run_again(every) if every else None) or (
                self._run_again(sure, needs_more=False) if sure else None
            )
            if found is None:
                break
            self.findings.each[-1] = self.findings.each[-1]._replace(kind=every[found].kind)

    def _run_again(self, rewritings: Iterable[Rewriting], needs_more: bool = True) -> Rewriting | None:
        """Go on with the script as it runs with a rewriting that mends something; None where none does."""
        if self.search.is_over:
            return None
        texts = corrected_texts(self.first, self.findings.each)
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
        mended = sorted(again.right - base.right - before)
        self._found(of_rewriting(self.recording, rewriting, mended))
        self.findings.shift(rewriting)
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
        edits = [
            (self._keeps_shape(edit), not self.search.fits_its_name(edit, line), edit.cost, place, edit)
            for line in lines
            for place, edit in enumerate(self.search.candidates(line, self.judge.corrected))
        ]
        # What stops in the middle of training is most often a shape.
        edits.sort(key=lambda each: each[:4])
        rewritings = [Rewriting(*edit.texts, edit.cost) for *_, edit in edits]
        if not self._run_again(rewritings):
            self._found(of_end(self.recording))

    def _keeps_shape(self, edit: Candidate) -> bool:
        recorded = self.judge.replay.recorded
        for number, new in edit.replaced.items():
            try:
                if np.shape(new(recorded)) != np.shape(recorded(self.recording.nodes[number])):
                    return False
            except Exception:  # noqa: S112 (what makes sense in one execution need not in another)
                continue
        return True

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
        others = [finding for finding in self.findings.each if finding.kind != "wrong"]
        backward = [*self.findings.each, *self.doubtful]
        if not backward or others or self.proven or self.recording is not self.first:
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
            self.findings.each = [backward[0]._replace(explanation=said)]
        elif fault is not None:
            self.findings.each, self.judge.corrected = [], {}
            self._add_forward(fault, backward)

    def _add_forward(self, fault: ForwardFault, otherwise: Sequence[Finding]) -> None:
        self.judge.trials = self.search.trials = fault.trials
        self.judge.forget()
        self.search.known = self.judge.known
        self.judge.analysis = replace(self.judge.analysis, loss=fault.loss)
        self.judge.corrected = {**self.judge.corrected, **fault.edit.replaced}
        self._found(of_forward(fault, otherwise))

    # ---- the backward pass

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
        finding = of_early_read(early, mended)
        if finding is not None:
            self._found(finding)

    def _add(self, correction: Correction) -> None:
        before = self.judge.corrected
        self.judge.corrected = {**before, **correction.replaced}
        self._found(of_correction(self.judge, correction, before, self.judge.corrected))

    def _found(self, finding: Finding) -> None:
        self.findings.add(finding, self.judge)


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
