"""The script as it runs with other rates and constants: what a correction mends here, it mends there too.

The other run carries out the same operations one by one, or nothing is said of it. So whatever is replaced in
a replay of the one can be replaced in the other: an expression is evaluated anew where it stands there.
"""

from __future__ import annotations

import ast
import time
from dataclasses import replace

from bpdebug.sources.script import Recording
from bpdebug.sources.script.evaluation import callable_again
from bpdebug.verify.repair.constants import files_of, last_name, moved, rates
from bpdebug.verify.repair.evaluating import Rewritten
from bpdebug.verify.repair.judge import Judge
from bpdebug.verify.repair.replay import Replaced, Replay
from bpdebug.verify.repair.reruns import SHARE, Rerun, run_again, told_of
from bpdebug.verify.repair.surroundings import tree_of
from bpdebug.verify.repair.trials import gradient_nodes, trial_of


class OtherRun:
    """Judges corrections in another run.

    Parameters
    ----------
    recording : Recording
        What ran here.
    other : Rerun
        What ran there.
    """

    def __init__(self, recording: Recording, other: Rerun) -> None:
        self.recording, analysis = other.recording, other.analysis
        self._places = {instance: number for number, instance in enumerate(recording.instances)}
        self._replay = Replay(
            other.recording, [n for one in analysis.parameters for n in gradient_nodes(one)]
        )
        self._trial = trial_of(analysis, {}, analysis.gradients)

    def right(self, replaced: Replaced) -> set[str]:
        """Return which gradients are right there, with some corrections of here."""
        there = {
            number: self._there(new) if isinstance(new, Rewritten) else new
            for number, new in replaced.items()
        }
        with callable_again(self.recording):
            said = self._trial.verdicts(self._replay.run(there), there)
        return {name for name, verdict in said.items() if verdict == "right"}

    def _there(self, one: Rewritten) -> Rewritten:
        instance = self.recording.instances[self._places[one.instance]]
        return replace(one, recording=self.recording, instance=instance)


def other_run(judge: Judge, deadline: float) -> OtherRun | None:
    """Run a script with other constants; None where it has none, or does something else with them.

    Parameters
    ----------
    judge : Judge
        Knows how it ran here, and which gradients are right.
    deadline : float
        When the search ends, on the clock of `time.thread_time`.
    """
    recording, seconds = judge.recording, SHARE * (deadline - time.thread_time())
    if seconds <= 0 or not _reads_constants(recording):
        return None
    sources = [recording.source(file) for file in files_of(recording)]
    texts = {one.file: moved(one.text) for one in sources if one is not None}
    other = run_again(recording, texts, seconds, told_of(judge.analysis))
    if other is None or not _is_alike(recording, other.recording) or other.analysis.loss is None:
        return None
    one = OtherRun(recording, other)
    said = judge.trials[0].verdicts(judge.replay.run({}), {})
    right = {name for name, verdict in said.items() if verdict == "right"}
    return one if right <= one.right({}) else None


def _reads_constants(recording: Recording) -> bool:
    """Whether anything but the updates reads a constant."""
    updates = {update.site.statement for update in recording.updates}
    names = rates(recording)
    trees = (tree_of(site.code) for site in recording.own_sites if names and site.statement not in updates)
    return any(last_name(node) in names for tree in trees if tree is not None for node in ast.walk(tree))


def _is_alike(recording: Recording, other: Recording) -> bool:
    """Whether two runs did the same."""
    return _operations(recording) == _operations(other) and len(recording.instances) == len(other.instances)


def _operations(recording: Recording) -> list[tuple[str, int]]:
    return [
        (getattr(node.function, "__name__", ""), node.site.line if node.site is not None else 0)
        for node in recording.nodes
    ]
