"""The check of one hand-written backward: its outputs against the derived gradients of its inputs."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import ExitStack
from functools import cached_property

import numpy as np

from bpdebug.sources.script import Node, Recording
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.graph import sources
from bpdebug.verify.repair.check import Check
from bpdebug.verify.repair.judge import Judge
from bpdebug.verify.repair.report import Assumed, ScriptReport
from bpdebug.verify.repair.trying import Progress, unsaid


class FunctionJudge(Judge):
    """Knows that what depends on an incoming gradient is a gradient as well."""

    incoming: Collection[Node] = ()

    @cached_property
    def dependent(self) -> set[int]:
        """The numbers of the nodes that are computed from an input or an incoming gradient."""
        found = {parameter.old.id for parameter in self.analysis.parameters}
        given = found | {node.id for node in self.incoming}
        for node in self.recording.nodes:
            if any(parent.id in given for parent in sources(node)):
                given.add(node.id)
        return given - found


class FunctionCheck(Check):
    """Corrects lines of a backward; the forward is what is meant."""

    def __init__(
        self,
        recording: Recording,
        analysis: Analysis,
        incoming: Collection[Node],
        deadline: float,
        stack: ExitStack,
        progress: Progress,
    ) -> None:
        self.incoming = incoming
        super().__init__(recording, analysis, deadline, stack, progress)

    def judge_of(self, recording: Recording, analysis: Analysis) -> Judge:
        """Return who says what is right."""
        judge = FunctionJudge(recording, analysis)
        judge.incoming = self.incoming
        return judge

    def assumed(self) -> Assumed:
        """Say nothing: no loss was looked for, and no factor is a convention."""
        return Assumed("", 1.0, {})

    def find(self) -> None:
        """Correct lines until all is right, or nothing mends any more."""
        if self.judge.wrong():
            self.backward()


def check_function(
    recording: Recording,
    analysis: Analysis,
    incoming: Collection[Node],
    seconds: float,
    progress: Progress = unsaid,
) -> ScriptReport:
    """Check the backward of one call.

    Parameters
    ----------
    recording : Recording
        In which the call was made.
    analysis : Analysis
        The call, with the derived gradients of its inputs.
    incoming : collection of Node
        The gradients of its outputs.
    seconds : float
        How long corrections are searched for.
    progress : callable
        Is told which line is looked at.
    """
    with ExitStack() as stack, np.errstate(all="ignore"):
        deadline = time.thread_time() + seconds
        return FunctionCheck(recording, analysis, incoming, deadline, stack, progress).report()
