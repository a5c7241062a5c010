"""The check of a person's own code: record it, judge every gradient, and search for corrections."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.nodes import CallSite, Source
from bpdebug.errors import Interrupted
from bpdebug.sources.script import Instance, Options, Place, Recording, Site, record_script
from bpdebug.sources.script.analysis.analysis import Analysis, analyse
from bpdebug.sources.script.analysis.standard import is_natural, multiple
from bpdebug.sources.script.analysis.told import Told
from bpdebug.sources.script.environment import callable_again
from bpdebug.sources.script.recorder.records import Frame, Node
from bpdebug.sources.script.reference import recorded
from bpdebug.verify.repair.early import EarlyRead, early_reads
from bpdebug.verify.repair.replay import Replaced, Replay, ValueOf, ancestors
from bpdebug.verify.repair.report import (
    Assumed,
    Elements,
    Finding,
    ParameterVerdict,
    ScriptReport,
)
from bpdebug.verify.repair.search import Correction, Progress, Search, unsaid
from bpdebug.verify.repair.suspects import Suspect, suspects
from bpdebug.verify.repair.trials import gradient_nodes, trials_of

SECONDS = 20.0
"""How long corrections are searched for."""
MOST_FAULTS = 3
TOLERANCE = 1e-6


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
    deadline = time.monotonic() + seconds
    analysis = analyse(recording, told)
    report = examine(recording, analysis, deadline - time.monotonic(), progress).report
    return report._replace(assumed=report.assumed._replace(told=told))


class Examined(NamedTuple):
    """What a check found.

    Attributes
    ----------
    report : ScriptReport
        What it says.
    value_of : callable
        Node -> the value that it has with all corrections.
    """

    report: ScriptReport
    value_of: ValueOf


def examine(
    recording: Recording, analysis: Analysis, seconds: float = SECONDS, progress: Progress = unsaid
) -> Examined:
    """Check the gradients of a recording that has been analysed; see `check_script`."""
    if analysis.loss is None:
        verdicts: dict[str, ParameterVerdict] = {one.name: "not reached" for one in analysis.parameters}
        notes = (*_ended_early(recording), *analysis.notes)
        report = ScriptReport(recording.path, verdicts, (), Assumed("", 1.0, {}, notes))
        return Examined(report, recorded)
    with callable_again(recording), np.errstate(all="ignore"):
        check = _Check(recording, analysis, time.monotonic() + seconds, progress)
        return Examined(check.report(), check.replay.run(check.corrected))


class _Check:
    """One check: what is known of the recording, and the faults that were found so far."""

    def __init__(self, recording: Recording, analysis: Analysis, deadline: float, progress: Progress) -> None:
        self.recording, self.analysis = recording, analysis
        targets = [node for parameter in analysis.parameters for node in _chain_nodes(parameter)]
        self.replay = Replay(recording, targets)
        self.trials = trials_of(analysis, self.replay)
        self.search = Search(recording, self.replay, self.trials, self.is_gradient, deadline, progress)
        self.dependent = _dependent(recording, analysis)
        self.corrected: Replaced = {}
        self.findings: list[Finding] = []
        self.early: list[EarlyRead] = []

    def report(self) -> ScriptReport:
        """Find the faults one after the other; who stops that is told what was found until then."""
        verdicts = self.verdicts()
        try:
            self._find()
        except (KeyboardInterrupt, Interrupted):
            self.search.is_stopped = True
        return ScriptReport(
            self.recording.path,
            verdicts,
            tuple(self.findings),
            self.assumed(),
            finished=not (self.search.is_over and self.wrong()),
            stopped=self.search.is_stopped,
        )

    def _find(self) -> None:
        self._early()
        while self.wrong() and len(self.findings) < MOST_FAULTS and not self.search.is_over:
            lines = self.suspects()
            found = self.search.corrections(lines, self.corrected) or self._with_early_reads(lines)
            if not found:
                self._unmended(lines)
                break
            self._add(found[0])

    def verdicts(self) -> dict[str, ParameterVerdict]:
        """Judge every parameter: wrong if it is on any of the values."""
        judged: dict[str, ParameterVerdict] = {}
        for said in self._judged():
            for name, verdict in said.items():
                judged[name] = "wrong" if "wrong" in (verdict, judged.get(name)) else verdict
        return judged

    def wrong(self) -> set[str]:
        """Return the parameters that are wrong still, with the corrections that were found."""
        return {name for said in self._judged() for name, verdict in said.items() if verdict == "wrong"}

    def _judged(self) -> Iterator[Any]:
        for trial in self.trials:
            yield trial.verdicts(self.replay.run({**trial.replaced, **self.corrected}), self.corrected)

    # ---- lines

    def suspects(self) -> list[Suspect]:
        """Return the lines that can be at fault, the likelier first."""
        wrong = self.wrong()
        judged = self.analysis.verdicts(self.replay.run(self.corrected))
        parameters = self.analysis.parameters
        right = [
            verdict.gradient
            for parameter, verdict in zip(parameters, judged.each, strict=True)
            if parameter.name not in wrong and not verdict.is_zero and verdict.gradient is not None
        ]
        steps = [
            node for parameter in parameters if parameter.name in wrong for node in gradient_nodes(parameter)
        ]
        forward = {number for number, phase in enumerate(self.analysis.phases) if phase == "forward"}
        value_of = self.replay.run(self.corrected)
        explained = {
            number
            for number in ancestors(steps) - forward
            if self.is_gradient(value_of(self.recording.nodes[number]))
        }
        return suspects(self.recording, steps, right, forward, self.dependent, explained)

    def is_gradient(self, value: Any) -> bool:
        """Whether a value is the right gradient of something, but for a factor that people write."""
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            return False
        if array.size < 2 or not array.any():
            return False
        for reference in self.analysis.gradients.values():
            if np.size(reference) == array.size:
                for laid in (array, array.T) if array.ndim == 2 else (array,):
                    ratio = multiple(laid, np.asarray(reference, dtype=float), TOLERANCE)
                    if ratio is not None and is_natural(ratio, TOLERANCE):
                        return True
        return False

    # ---- findings

    def _early(self) -> None:
        """Look for parameters that are updated before they are read for the last time."""
        before = len(self.wrong())
        for early in early_reads(self.recording, self.analysis.parameters) if before else ():
            kept, self.corrected = self.corrected, {**self.corrected, **early.replaced}
            try:
                left = len(self.wrong())
            except Exception:  # the old value may not do where the new one did
                left = before
            if left < before:
                before = left
                self._add_early(early, self._mended_by(kept, self.corrected))
            else:
                self.corrected = kept
                self.early.append(early)

    def _with_early_reads(self, lines: Sequence[Suspect]) -> list[Correction]:
        """Look for a correction that only shows once the parameters are updated later as well."""
        for early in self.early:
            found = self.search.corrections(lines, {**self.corrected, **early.replaced})
            if found:
                self.corrected = {**self.corrected, **early.replaced}
                self.early.remove(early)
                self._add_early(early, set(found[0].mended))
                return found
        return []

    def _add_early(self, early: EarlyRead, mended: set[str]) -> None:
        reader = next((node for node in early.readers if node.site is not None), None)
        if reader is None or reader.site is None:
            return
        name, line = early.parameter.name, early.parameter.line
        self.findings.append(
            Finding(
                source_of(reader.site, reader.frame, self._turns(reader.site, reader)),
                "early update",
                _stored(reader.site) or name,
                "",
                f"`{name}` is read here after line {line} has updated it: the update belongs after this",
                also_wrong=tuple(sorted(mended)),
            )
        )

    def _mended_by(self, before: Replaced, after: Replaced) -> set[str]:
        old = self.trials[0].verdicts(self.replay.run(before), before)
        new = self.trials[0].verdicts(self.replay.run(after), after)
        return {name for name, verdict in new.items() if verdict == "right" and old[name] != "right"}

    def _add(self, correction: Correction) -> None:
        before = self.replay.run(self.corrected)
        self.corrected = {**self.corrected, **correction.replaced}
        after = self.replay.run(self.corrected)
        # Of several executions that one is shown in which the correction makes the largest difference.
        first = max(correction.suspect.involved, key=lambda one: _difference(one.node, before, after))
        node = first.node or first.result
        site = correction.suspect.site
        source = source_of(site, first.frame, self._turns(site, first), correction.place)
        self.findings.append(
            Finding(
                source._replace(code=correction.code),
                "forward" if node and self.analysis.phases[node.id] == "forward" else "wrong",
                _stored(site) or (first.names[0] if first.names else site.code),
                self._gradient_of(after(node)) if node else "",
                correction.explanation,
                correction.correction,
                True,
                _worst(before(node), after(node)) if node else None,
                correction.mended,
            )
        )

    def _unmended(self, lines: Sequence[Suspect]) -> None:
        """Say where it goes wrong, where nothing mends it."""
        if not lines:
            return
        suspect = lines[0]
        first = suspect.first
        site = suspect.site
        self.findings.append(
            Finding(
                source_of(site, first.frame, self._turns(site, first)),
                "wrong",
                _stored(site) or site.code,
                "",
                "the gradients are right until here, and what this gives is not the gradient of anything",
                also_wrong=tuple(sorted(self.wrong())),
            )
        )

    def _gradient_of(self, value: Any) -> str:
        """Return the tensor that a value is the gradient of, as the person named it."""
        loss = self.analysis.loss
        assert loss is not None
        for number, reference in self.analysis.gradients.items():
            has_shape = np.shape(reference) == np.shape(value) and np.size(value) > 1
            if has_shape and multiple(value, reference, TOLERANCE) is not None:
                return loss.reference.forward.names.get(number, "")
        return ""

    def _turns(self, site: Site, ran: Node | Instance) -> tuple[int, ...]:
        return tuple(ran.turns.get(loop, 0) + 1 for loop in site.loops)

    def assumed(self) -> Assumed:
        """Say what was found without being told."""
        loss = self.analysis.loss
        assert loss is not None
        gradients = {
            parameter.name: (verdict.gradient.names or ("its step",))[0]
            for parameter, verdict in zip(self.analysis.parameters, loss.verdicts.each, strict=True)
            if verdict.gradient is not None
        }
        ratio = loss.verdicts.ratio
        notes = [*_ended_early(self.recording)]
        notes += [f"another loss explains as much: {other.text}" for other in self.analysis.equals]
        if ratio is not None and abs(ratio - 1) > TOLERANCE:
            notes.append(f"all gradients are {ratio:.6g} times those of this loss: a convention")
        return Assumed(loss.text, 1.0 if ratio is None else ratio, gradients, (*notes, *self.analysis.notes))


def _ended_early(recording: Recording) -> Iterator[str]:
    """Say that the script did not come to the end of an iteration, where it did not."""
    ending = recording.ending
    if ending.kind not in ("stopped", "finished"):
        at = f" at {ending.file}:{ending.line}" if ending.line else ""
        yield f"the recording ended early{at}: {ending.message}"


def _dependent(recording: Recording, analysis: Analysis) -> set[int]:
    """Return the numbers of the nodes that depend on a parameter."""
    found = {parameter.old.id for parameter in analysis.parameters}
    for node in recording.nodes:
        if any(parent.id in found for parent in node.parents()):
            found.add(node.id)
    return found


def source_of(site: Site, frame: Frame, turns: tuple[int, ...], place: Place | None = None) -> Source:
    """Return where something stands, and under what it ran."""
    place = place or site.place
    columns = site.source.columns(place) if site.source else (place.column, place.end_column)
    code = site.source.code(place) if site.source else ""
    return Source(place.file, place.line, place.end_line, columns, code, _calls(frame), turns)


def _calls(frame: Frame | None) -> tuple[CallSite, ...]:
    if frame is None or frame.site is None:
        return ()
    own = CallSite(frame.number, frame.site.function, *frame.caller)
    return (*_calls(frame.parent), own)


def _stored(site: Site) -> str:
    return site.targets[0].text if site.targets else ""


def _chain_nodes(parameter: Any) -> list[Node]:
    chain = [link.node for piece in parameter.pieces for link in piece.chain]
    return [*chain, *([parameter.new] if parameter.new is not None else [])]


def _difference(node: Node | None, before: ValueOf, after: ValueOf) -> float:
    """Return by how much a value differs at most."""
    if node is None:
        return 0.0
    worst = _worst(before(node), after(node))
    return 0.0 if worst is None else abs(worst.mine - worst.reference)


def _worst(mine: Any, reference: Any) -> Elements | None:
    """Return the element that differs most."""
    mine, reference = np.asarray(mine, dtype=float), np.asarray(reference, dtype=float)
    if mine.shape != reference.shape or not mine.size:
        return None
    place = np.unravel_index(int(np.argmax(np.abs(mine - reference))), mine.shape)
    index = tuple(int(i) for i in place)
    return Elements(index, float(mine[place]), float(reference[place]))
