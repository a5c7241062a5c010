"""The faults of a recording, found one after the other: each correction goes on from those before it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache, partial

from bpdebug.errors import Interrupted
from bpdebug.sources.script import Recording
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.verify.repair.assumed import assumed
from bpdebug.verify.repair.findings import of_early_read, of_forgotten_way, of_written_over, unmended
from bpdebug.verify.repair.forgotten import ForgottenWay, adding_line, forgotten_way
from bpdebug.verify.repair.formula import Derived, derived_correction, given_names, of_each_turn
from bpdebug.verify.repair.forward_readings import forward_instead, forward_with_evidence
from bpdebug.verify.repair.found import FaultsFound
from bpdebug.verify.repair.hidden import hidden_pair
from bpdebug.verify.repair.other_run import other_run
from bpdebug.verify.repair.recurrence import belonging
from bpdebug.verify.repair.report import Assumed, ScriptReport
from bpdebug.verify.repair.running_again import (
    leave_out,
    leave_out_doubts,
    mend_structures,
    mend_what_raises,
    rewritten,
)
from bpdebug.verify.repair.structures.early import EarlyRead, early_reads
from bpdebug.verify.repair.structures.last_call import written_over
from bpdebug.verify.repair.suspects import Suspect, read_by
from bpdebug.verify.repair.together import of_a_sum, of_two_lines
from bpdebug.verify.repair.trials import other_data
from bpdebug.verify.repair.trying import KNOWN, LIKELY, PLAIN, Correction

RERUN_SHARE = 0.4
"""The share of the time that is kept for running the script again."""
MOST_PLACES = 3
"""So many lines that something else belongs on are looked at closely."""
FORWARD_SHARE = 0.25
"""The share that is kept for edits of the forward pass."""


class Check(FaultsFound):
    """One check."""

    def begin_with(self, recording: Recording, analysis: Analysis, deadline: float) -> None:
        """Begin with a recording; what is a correction of it is one with other constants too."""
        super().begin_with(recording, analysis, deadline)
        self.search.other_data = cache(partial(other_data, analysis, self.judge.replay))
        if recording.can_run_again:
            self.search.other_run = cache(partial(other_run, self.judge, deadline))

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
        mend_structures(self)
        self._early()
        self._written_over()
        if self.recording.ending.kind == "raised" and self.recording.ending.line:
            mend_what_raises(self)
        if self.judge.wrong() or self.forward.has_unread_parameters:
            end = self.search.deadline
            forward_with_evidence(self)
            self.search.deadline = end - FORWARD_SHARE * max(0.0, end - time.thread_time())
            self.backward()
            self.search.deadline = end
            forward_instead(self)
            leave_out(self)
            leave_out_doubts(self)
        if self.judge.wrong():  # what mends nothing by itself is proven only if all is right in the end
            self.findings.each = [
                one
                for one in self.findings.each
                if one.kind != "wrong" or one.also_wrong or one in self.proven
            ]

    def backward(self) -> None:
        """Correct backward lines until all is right, or nothing mends any more."""
        while self.judge.wrong() and len(self.findings.each) < self.most_faults and not self.search.is_over:
            lines, end = self.localisation.suspects(), self.search.deadline
            further: list[Suspect] = []
            self.search.deadline = end - RERUN_SHARE * max(0.0, end - time.thread_time())
            found = self._of_each_turn(lines) or self._of_sure_line(lines)
            found = [one for one in found if self.localisation.may_mend(one)]
            found = found or self.search.corrections(
                lines, self.judge.corrected, accepts=self.localisation.may_mend
            )
            pair = self._hidden_pair(lines, found)
            if not (found or pair):
                share, self.search.deadline = self.search.deadline, end
                found = of_a_sum(self.search, lines, self.judge.corrected)
                self.search.deadline = share
            if not (found or pair):
                partly, further = self.search.partly, self._further(lines)
                found = self.search.corrections(further, self.judge.corrected)
                self.search.partly = [*partly, *self.search.partly]
                pair = self._pair(found)
                found = found or pair or self._with_early_reads(lines)
            if pair:
                self.search.deadline = end
                for one in pair:
                    self.add_correction(one)
                continue
            found = found or self._first_right(lines)
            self.search.deadline = end
            if found:
                self.add_correction(found[0])
            elif not (self._rewritten(lines) or self._rewritten(further) or self._of_two_lines(lines)):
                derived = self._derived(lines)
                way = forgotten_way(self.search, self.judge.analysis, self.judge.corrected)
                if derived is not None and not derived.passed:
                    self._add_derived(derived, way)
                    continue
                if way is not None and lines:
                    self.add_finding(of_forgotten_way(self.judge, adding_line(lines), way))
                    self.proven = tuple(self.findings.each)
                elif self._unmended(lines, derived):
                    continue
                break

    def _of_sure_line(self, lines: Sequence[Suspect]) -> list[Correction]:
        """Edit the first line that reads what is right and gives what is not before any other."""
        sure = [one for one in lines[:1] if self.localisation.is_sure(one)]
        return self.search.corrections(sure, self.judge.corrected, [KNOWN]) if sure else []

    def _of_each_turn(self, lines: Sequence[Suspect]) -> list[Correction]:
        """Look for lines of which it is known what belongs there in every turn, and what to write there."""
        before = self.judge.corrected
        places = list(belonging(self.search, self.judge.analysis, lines, before))
        formulas = ((one, of_each_turn(self.search, self.judge.analysis, one, before)) for one in places)
        place, derived = next((pair for pair in formulas if pair[1] is not None), (None, None))
        if place is None or derived is None:
            return self.search.corrections([one.suspect for one in places[:MOST_PLACES]], before, [KNOWN])
        # In the person's own words it is better still, if these are soon found, here or where it is fed from.
        read = {node.origin.id for node in read_by(place.suspect)}
        feeding = [
            line
            for line in lines
            if any(one.node is not None and one.node.origin.id in read for one in line.instances)
        ]
        written = self.search.corrections([place.suspect], before, [PLAIN])
        return [*(written or self.search.corrections(feeding, before, [PLAIN])), derived]

    def _of_two_lines(self, lines: Sequence[Suspect]) -> bool:
        """Whether two lines mend something together: it goes on with that."""
        if len(self.findings.each) + 2 > self.most_faults:
            return False
        pair = of_two_lines(self.search, lines, self.judge.corrected)
        for one in pair:
            self.add_correction(one)
        return bool(pair)

    def _further(self, lines: Sequence[Suspect]) -> list[Suspect]:
        """Return the lines that something right was computed through as well."""
        known = {line.site for line in lines}
        return [line for line in self.localisation.suspects(every=True) if line.site not in known]

    def _hidden_pair(self, lines: Sequence[Suspect], found: Sequence[Correction]) -> list[Correction]:
        """Look for two faults that hide each other: what is right by both speaks for no line."""
        pair = self._pair(found)
        if pair:
            partly = self.search.partly
            more = self.search.corrections(self._further(lines), self.judge.corrected, [LIKELY])
            self.search.partly = [*partly, *self.search.partly]
            pair = self._pair([*found, *more]) or pair
        return pair

    def _pair(self, found: Sequence[Correction]) -> list[Correction]:
        if len(self.findings.each) + 2 > self.most_faults:
            return []
        return hidden_pair(self.search, found, self.judge.corrected)

    def _unmended(self, lines: Sequence[Suspect], derived: Derived | None) -> bool:
        """Say at which line it goes wrong, if that is sure; a line that may be right is not named.

        Returns
        -------
        bool
            Whether a later line goes past it, so that what else is wrong can be looked for.
        """
        passed = derived.passed if derived is not None else frozenset[str]()
        sure = next(
            (one for one in lines if self.localisation.is_sure(one, bool(given_names(one.site) & passed))),
            None,
        )
        if sure is not None:
            self.add_finding(unmended(self.judge, sure, derived))
            if derived is not None:
                self.judge.corrected = {**self.judge.corrected, **derived.correction.replaced}
            return derived is not None
        if lines:
            self.doubtful = [unmended(self.judge, lines[0], derived)]
        return False

    def _first_right(self, lines: Sequence[Suspect]) -> list[Correction]:
        """Where more than one fault lies on the way to every parameter, look for the first of them."""
        correction = self.search.first_right(lines, self.judge.corrected, self.localisation.there)
        return [] if correction is None else [correction]

    def _rewritten(self, lines: Sequence[Suspect]) -> bool:
        """Whether another run of the script, with a line rewritten, mends something: it goes on with that."""
        return rewritten(self, lines)

    def _derived(self, lines: Sequence[Suspect]) -> Derived | None:
        """Where no edit mends a line, return one with the derived formula."""
        if any(finding.kind == "forward" for finding in self.findings.each):
            return None  # the derived gradients are those of the forward pass as it was
        return derived_correction(self.search, self.judge.analysis, lines, self.judge.corrected)

    def _add_derived(self, derived: Derived, way: ForgottenWay | None) -> None:
        self.add_correction(derived.correction)
        last = self.findings.each[-1]
        said = last.explanation if way is None else way.sentence
        self.findings.each[-1] = last._replace(is_derived=last.correction is not None, explanation=said)

    # ---- updates that come too early

    def _early(self) -> None:
        """Look for parameters that are updated before they are read for the last time."""
        before = len(self.judge.wrong())
        for early in early_reads(self.judge.analysis) if before else ():
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

    def _written_over(self) -> None:
        """Look for calls that read what a later call has kept in the place of what they need."""
        wrong = bool(self.judge.wrong())
        for over in written_over(self.recording.nodes, self.judge.analysis.phases) if wrong else ():
            kept, self.judge.corrected = self.judge.corrected, {**self.judge.corrected, **over.replaced}
            try:
                if not self.judge.wrong():
                    mended = self.judge.mended_by(kept, self.judge.corrected)
                    self.add_finding(of_written_over(self.recording, over, mended))
                    return
            except Exception:  # noqa: S110 (what another call has kept may not do here)
                pass
            self.judge.corrected = kept

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
            self.add_finding(finding)
