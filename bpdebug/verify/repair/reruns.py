"""The script is run again with a line rewritten: for what no replay of recorded operations can show.

A position, the bounds of a loop, the argument of a call, the place of a statement: none of these is a value
that can be replaced. So the text is edited, the script runs once more, and everything is found and judged
anew, here and on fresh values. An edit counts only if the forward pass is what it was.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from bpdebug.errors import BpdebugError
from bpdebug.sources.script import Recording, RecordingOptions, SourceRange, record_script
from bpdebug.sources.script.analysis.analyse import analyse
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.standard import multiple
from bpdebug.sources.script.analysis.told import Told
from bpdebug.sources.script.evaluation import callable_again
from bpdebug.verify.repair.replay import Replay
from bpdebug.verify.repair.staying_right import staying_right
from bpdebug.verify.repair.trials import gradient_nodes, trials_of

SHARE = 0.25
"""A script that takes a larger share of the time that is left is not run again and again."""
SAME = 1e-9
"""So near, relatively, are two runs of the same numbers in the same order of operations."""


class Rewriting(NamedTuple):
    """A place in the text, what stands there, and what might stand there instead.

    Attributes
    ----------
    place : SourceRange
        The expression, the statement, or the lines.
    code, correction : str
        What stands there, and what would.
    explanation : str
        What would have been wrong.
    cost : float
        How unlikely it is.
    """

    place: SourceRange
    code: str
    correction: str
    explanation: str
    cost: float


@dataclass(frozen=True)
class Rerun:
    """The script as it ran with other texts.

    Attributes
    ----------
    recording : Recording
        What ran.
    analysis : Analysis
        What it is a training of.
    texts : mapping
        The texts that differ from those of the files.
    """

    recording: Recording
    analysis: Analysis
    texts: Mapping[str, str]

    @cached_property
    def right(self) -> frozenset[str]:
        """The parameters whose gradients are right, here and on fresh values."""
        if self.recording.ending.kind == "raised" or self.analysis.loss is None:
            return frozenset()
        replay = Replay(self.recording, [n for one in self.analysis.parameters for n in gradient_nodes(one)])
        right = {one.name for one in self.analysis.parameters}
        with callable_again(self.recording), np.errstate(all="ignore"):
            for trial in trials_of(self.analysis, replay):
                said = trial.verdicts(replay.run(trial.replaced), {})
                right &= {name for name, verdict in said.items() if verdict == "right"}
                if not right:
                    break
        return frozenset(right)

    @cached_property
    def wrong(self) -> frozenset[str]:
        """The parameters whose gradients are not."""
        return frozenset(one.name for one in self.analysis.parameters) - self.right

    @property
    def loss(self) -> float | None:
        """The value of the loss; None where none was found."""
        found = self.analysis.loss
        return None if found is None else float(np.ravel(found.reference.values()[found.reference.loss])[0])


def run_again(
    recording: Recording, texts: Mapping[str, str], seconds: float, told: Told, before: Analysis | None = None
) -> Rerun | None:
    """Run a script again with other texts; None where nothing can be said of it.

    Parameters
    ----------
    recording : Recording
        How the script ran before.
    texts : mapping
        The name of a file -> a text in place of its own.
    seconds : float
        How long it may run.
    told : Told
        Which loss it has, to look for no other.
    before : Analysis, optional
        What the recording is a training of: where every step is the same again, that is known already.
    """
    again = recorded_again(recording, texts, recording.options._replace(seconds=seconds))
    if again is not None and before is not None and _is_same_run(again, recording):
        return Rerun(recording, before, texts)
    return None if again is None else analysed(again, texts, told)


def recorded_again(
    recording: Recording, texts: Mapping[str, str], options: RecordingOptions
) -> Recording | None:
    """Run a script again; what draws numbers without a seed gets the same ones each time."""
    if not recording.can_run_again:
        return None
    kept = np.random.get_state(), random.getstate()
    np.random.seed(0)
    random.seed(0)
    try:
        again = record_script(recording.path, recording.arguments, options, texts)
    except BpdebugError:
        return None  # the edit is no Python
    finally:
        np.random.set_state(kept[0])
        random.setstate(kept[1])
    if again.ending.kind == "interrupted":
        raise KeyboardInterrupt  # it was the search that someone meant
    return again


def analysed(recording: Recording, texts: Mapping[str, str], told: Told) -> Rerun | None:
    """Return a run with what it is a training of; None where it makes no sense."""
    try:
        analysis = staying_right(analyse(recording, told))
        return Rerun(analysis.recording, analysis, texts)
    except (BpdebugError, ArithmeticError, ValueError, TypeError, LookupError, AttributeError):
        return None  # what runs need make no sense


def told_of(analysis: Analysis) -> Told:
    """Return which loss was found, so that nobody looks for it again."""
    if analysis.loss is None or len(analysis.loss.candidate.parts) > 1:
        return Told()  # what is a sum of losses is found as one
    return Told(loss=str(analysis.loss.candidate.line))


def told_after(analysis: Analysis, edits: Iterable[tuple[int, int, str]]) -> Told:
    """Return which loss was found, on its line in a text with edits in it that may have other lines.

    Parameters
    ----------
    analysis : Analysis
        What was found before.
    edits : iterable of (int, int, str)
        The first and the last line of what is replaced, and by what.
    """
    loss = analysis.loss
    if loss is None or len(loss.candidate.parts) > 1:
        return told_of(analysis)
    line = loss.candidate.line
    before = [(text, last - first) for first, last, text in edits if last < line]
    return Told(loss=str(line + sum(text.count("\n") - lines for text, lines in before)))


def with_rewriting(text: str, rewriting: Rewriting) -> str:
    """Return the text of a file with an edit in it."""
    place = rewriting.place
    lines = text.encode().split(b"\n")
    before, after = lines[place.line - 1][: place.column], lines[place.end_line - 1][place.end_column :]
    lines[place.line - 1 : place.end_line] = [before + rewriting.correction.encode() + after]
    return b"\n".join(lines).decode()


def text_of(recording: Recording, texts: Mapping[str, str], file: str) -> str:
    """Return the text with which a file ran."""
    source = recording.source(file)
    return texts.get(file) or (source.text if source else "")


def mending(
    base: Rerun, rewritings: Iterable[Rewriting], deadline: float, needs_more: bool = True
) -> tuple[Rewriting, Rerun] | None:
    """Return the first rewriting with which more gradients are right and none less, and how it ran.

    Parameters
    ----------
    base : Rerun
        The script as it is.
    rewritings : iterable of Rewriting
        What to try, the likelier first.
    deadline : float
        When the search ends, on the clock of `time.thread_time`.
    needs_more : bool
        Whether more gradients must be right; if not, it is enough that none is less.
    """
    for rewriting in rewritings:
        left = deadline - time.thread_time()
        if left <= 0:
            return None
        text = text_of(base.recording, base.texts, rewriting.place.file)
        if not text:
            continue  # the run was ended before it came to that file
        texts = {**base.texts, rewriting.place.file: with_rewriting(text, rewriting)}
        recording = recorded_again(base.recording, texts, base.recording.options._replace(seconds=left))
        if recording is not None and _is_promising(recording, base):
            place = rewriting.place
            edit = place.line, place.end_line, rewriting.correction
            again = analysed(recording, texts, told_after(base.analysis, [edit]))
            if again is not None and _is_better(again, base, needs_more):
                return rewriting, again
    return None


def _is_promising(recording: Recording, base: Rerun) -> bool:
    """Whether it is worth the trouble to judge a run: by the steps alone, which are there at once."""
    if recording.ending.kind in ("raised", "timed out"):
        return False
    updated = [one for one in base.analysis.parameters if one.new is not None]
    if base.recording.ending.kind == "raised" or not updated:
        return True
    after = _steps(recording)
    has_changed = False
    for parameter in updated:
        old = np.asarray(parameter.old.value)
        found = next((key for key in after if key[1:] == (old.shape, old.tobytes())), None)
        if found is None:
            return False
        assert parameter.new is not None
        step, other = np.asarray(parameter.new.value) - old, after.pop(found)
        is_same = _is_near(other, step)
        # A factor that all have in common may have been at fault.
        if not is_same and parameter.name in base.right and multiple(other, step, SAME) is None:
            return False
        has_changed = has_changed or not is_same
    return has_changed


def _steps(recording: Recording) -> dict[tuple[int, tuple[int, ...], bytes], Any]:
    """Return by how much each tensor was changed, by the number, shape and bytes of what it was before."""
    found = {}
    for update in recording.updates:
        old = np.asarray(update.old.origin.value)
        found[update.old.origin.id, old.shape, old.tobytes()] = np.asarray(update.new.value) - old
    return found


def _is_same_run(again: Recording, recording: Recording) -> bool:
    """Whether a script ran as before: what it draws may be other numbers each time."""
    steps, before = _steps(again), _steps(recording)
    if len(again.nodes) != len(recording.nodes) or not steps or steps.keys() != before.keys():
        return False
    return all(np.array_equal(step, before[key], equal_nan=True) for key, step in steps.items())


def _is_near(step: Any, other: Any) -> bool:
    return bool(np.allclose(step, other, SAME, 0, equal_nan=True))


def _is_better(again: Rerun, base: Rerun, needs_more: bool) -> bool:
    """Whether more is right, nothing less, and the forward pass as it was."""
    if again.analysis.loss is None or (base.loss is not None and not _is_same_loss(again, base)):
        return False
    if base.recording.ending.kind == "raised":
        return bool(again.right) and not again.wrong
    if not base.right | base.wrong <= again.right | again.wrong:
        return False  # what is no longer trained is not right
    return again.right > base.right if needs_more else again.right >= base.right


def _is_same_loss(again: Rerun, base: Rerun) -> bool:
    """Whether two runs have the same loss; a script that draws its numbers anew has another each time."""
    mine, other = again.loss, base.loss
    if mine is None or other is None:
        return False
    return abs(mine - other) <= SAME * max(abs(mine), abs(other))
