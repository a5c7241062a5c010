"""What a check knows, and what it has found so far: each correction goes on from those before it."""

from __future__ import annotations

from contextlib import ExitStack

from bpdebug.sources.script import Recording
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.evaluation import callable_again
from bpdebug.verify.repair.findings import Findings, of_correction
from bpdebug.verify.repair.forward import ForwardSearch
from bpdebug.verify.repair.judge import Judge
from bpdebug.verify.repair.localisation import Localisation
from bpdebug.verify.repair.report import Finding
from bpdebug.verify.repair.search import Search
from bpdebug.verify.repair.structures.early import EarlyRead
from bpdebug.verify.repair.trying import Correction, Progress

MOST_FAULTS = 3


class FaultsFound:
    """What is known of the recording, and the faults that were found so far.

    Attributes
    ----------
    findings : Findings
        The faults.
    doubtful : list of Finding
        What may be one.
    early : list of EarlyRead
        Parameters that are read after their update: whether that is wrong is not known.
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
        self.begin_with(recording, analysis, deadline)

    def begin_with(self, recording: Recording, analysis: Analysis, deadline: float) -> None:
        """Begin with a recording: that of the script, or that of a corrected text of it."""
        self.stack.enter_context(callable_again(recording))
        self.recording, self.judge = recording, self.judge_of(recording, analysis)
        self.localisation = self.localisation_of(self.judge)
        replay, trials = self.judge.replay, self.judge.trials
        self.search = Search(recording, replay, trials, self.judge.known, deadline, self.progress)
        self.search.returned = self.judge.returned
        self.early: list[EarlyRead] = []
        self.forward = ForwardSearch(recording, analysis, self.search)

    def judge_of(self, recording: Recording, analysis: Analysis) -> Judge:
        """Return who says what is right."""
        return Judge(recording, analysis)

    def localisation_of(self, judge: Judge) -> Localisation:
        """Return who says which lines can be at fault."""
        return Localisation(judge)

    def add_correction(self, correction: Correction) -> None:
        """Take a correction: from here on it stands there."""
        before = self.judge.corrected
        self.judge.corrected = {**before, **correction.replaced}
        self.add_finding(of_correction(self.judge, correction, before, self.judge.corrected))

    def add_finding(self, finding: Finding) -> None:
        """Take a finding."""
        self.findings.add(finding, self.judge)
