"""The check of one hand-written backward: its outputs against the derived gradients of its inputs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from bpdebug.sources.libraries.calls import SUMS_UP
from bpdebug.sources.script import Node, Recording, SourceRange
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.computed import names_gradient
from bpdebug.sources.script.analysis.functions import FunctionAnalysis
from bpdebug.sources.script.graph import descendants
from bpdebug.sources.script.recorder.function_calls import FunctionCall, Overwritten
from bpdebug.verify.repair.faults import Check
from bpdebug.verify.repair.judge import Judge
from bpdebug.verify.repair.localisation import Localisation
from bpdebug.verify.repair.places import source_of
from bpdebug.verify.repair.replay import Replaced, Replay, ancestors, fixed
from bpdebug.verify.repair.report import Assumed, Finding, ScriptReport
from bpdebug.verify.repair.returned import not_returned, wrong_names
from bpdebug.verify.repair.suspects import Suspect
from bpdebug.verify.repair.trials import COPIES
from bpdebug.verify.repair.trying import Correction, Progress, unsaid
from bpdebug.verify.repair.unseen import is_handed_on, written_unseen

AGREES = 1e-3
"""How far a difference may lie off what it is said to be."""


class FunctionJudge(Judge):
    """Computes again what one call does."""

    def __init__(
        self, recording: Recording, analysis: Analysis, call: FunctionCall, incoming: Mapping[int, Node]
    ) -> None:
        self.call = call
        # One number that comes in is a factor that any other might be; what is right counts on what it gets.
        is_right = all(one.kind == "right" for one in analysis.verdicts_of_record)
        if not is_right:
            self.incoming = {number: one for number, one in incoming.items() if np.any(one.value != 1)}
        super().__init__(recording, analysis)
        self.returned = frozenset(one.origin.id for one in call.gradients if one is not None)

    def replay_of(self, targets: Sequence[Node]) -> Replay:
        """Return what computes the call again, and nothing of what else the recording has.

        What the backward has at hand is computed whether it is used or not: it may be what is missing.
        """
        outputs, gradients = (
            [one for one in each if one] for each in (self.call.outputs, self.call.gradients)
        )
        backward = range(
            min((one.id for one in incoming_of(self.call)), default=0),
            max((one.id for one in gradients), default=-1) + 1,
        )
        at_hand = ancestors([*outputs, *(self.recording.nodes[number] for number in backward)])
        return Replay(self.recording, targets, is_partial=True, also=at_hand)


class FunctionLocalisation(Localisation):
    """Knows that what depends on an incoming gradient is a gradient as well."""

    def __init__(self, judge: Judge, call: FunctionCall) -> None:
        super().__init__(judge)
        self.call, self.incoming = call, incoming_of(call)

    def suspects(self, every: bool = False) -> list[Suspect]:
        """Return the lines that can be at fault; `return dx` only hands on what another has computed."""
        found = super().suspects(every)
        own = [line for line in found if not self._is_handed_on(line)]
        return found if every else own or found

    def _is_handed_on(self, line: Suspect) -> bool:
        """Whether a line only returns a name, or copies an incoming gradient."""
        if line.site.role != "assign":
            return line.site.code.isidentifier()
        return line.first.node is not None and self._is_incoming(line.first.node)

    def _is_right(self, node: Node) -> bool:
        return self._is_incoming(node) or super()._is_right(node)

    def _is_at_home(self, suspect: Suspect, read: Sequence[Node]) -> bool:
        return any(map(self._is_incoming, read)) or super()._is_at_home(suspect, read)

    def is_sure(self, suspect: Suspect, is_passed: bool = False) -> bool:
        """Whether all that a line reads is right, and what it gives is called a gradient, and is none at all.

        A sum or a mean on the way to one is the gradient of nothing either.
        """
        node = suspect.first.node
        is_meant = node is not None and (
            node.origin.id in self.judge.returned or any(map(names_gradient, node.names))
        )
        return is_meant and super().is_sure(suspect, is_passed) and not self._is_of_inner_result(node)

    def _is_of_inner_result(self, node: Node | None) -> bool:
        """Whether something is the gradient of a result within a line of the forward, which has no name.

        That is a difference along one direction: Σ gradient · direction.
        """
        if node is None or self.analysis.loss is None:
            return False
        roots = self.analysis.loss.candidate.roots
        replay, value = Replay(self.recording, roots, is_partial=True), np.asarray(node.value, dtype=float)
        direction = np.random.default_rng(0).normal(size=value.shape)
        slope = float(np.sum(value * direction))
        outputs = {one.origin.id for one in self.call.outputs if one is not None}  # theirs is what came in
        for number in sorted(ancestors(roots)):
            inner = self.recording.nodes[number]
            is_inner = inner.function is not None and inner.origin.id not in outputs
            if not is_inner or inner.shape != value.shape or inner.like.dtype.kind != "f":
                continue
            step = np.cbrt(np.finfo(inner.like.dtype).eps) * direction
            over, under = (
                float(np.sum(replay.run({number: fixed(moved)})(roots[0])))
                for moved in (inner.value + step, inner.value - step)
            )
            along = (over - under) / float(np.linalg.norm(step)) * float(np.linalg.norm(direction)) / 2
            if abs(along - slope) <= AGREES * abs(slope):
                return True
        return False

    def _is_incoming(self, copied: Node) -> bool:
        """Whether a node is an incoming gradient, or a copy of one."""
        node: Node | None = copied
        while node is not None and node not in self.incoming:
            node = node.operands[0] if node.function in COPIES else None
        return node is not None

    @cached_property
    def dependent(self) -> set[int]:
        """The numbers of the nodes that are computed from an input or an incoming gradient."""
        judged = [one.old for one in self.analysis.parameters]
        given = [*judged, *(one.origin for one in self.call.inputs if one is not None), *self.incoming]
        return descendants(self.recording.nodes, given) - {node.id for node in given}


def incoming_of(call: FunctionCall) -> list[Node]:
    """Return the incoming gradients of a call."""
    return [node for node in call.incoming if node is not None]


def lines_of(call: FunctionCall) -> set[SourceRange]:
    """Return the expressions that the gradients were computed by, of a call that is cut out."""
    # What comes in was computed before it, by a hook perhaps.
    others = ancestors(one for one in (*call.outputs, *call.incoming) if one is not None)
    computed, waiting = set[Node](), [one for one in call.gradients if one is not None]
    while waiting:
        node = waiting.pop()
        if node not in computed and node.id not in others:
            computed.add(node)
            waiting += node.parents()
    return {node.site.place for node in computed if node.site is not None}


class FunctionCheck(Check):
    """Corrects lines of a backward; the forward is what is meant."""

    def __init__(self, one: FunctionAnalysis, deadline: float, stack: ExitStack, progress: Progress) -> None:
        self.call, self.incoming, self.steps = one.call, one.incoming, list[Replaced]()
        super().__init__(one.recording, one.analysis, deadline, stack, progress)

    def judge_of(self, recording: Recording, analysis: Analysis) -> Judge:
        """Return who says what is right."""
        return FunctionJudge(recording, analysis, self.call, self.incoming)

    def localisation_of(self, judge: Judge) -> Localisation:
        """Return who says which lines can be at fault."""
        return FunctionLocalisation(judge, self.call)

    def assumed(self) -> Assumed:
        """Say nothing: no loss was looked for, and no factor is a convention."""
        return Assumed("", 1.0, {})

    def find(self) -> None:
        """Correct lines until all is right, or nothing mends any more."""
        left_out = list(not_returned(self.judge, self.call))
        for finding in left_out:
            self.add_finding(finding)
        if self.judge.wrong() - {finding.gradient_of for finding in left_out}:
            for one in wrong_names(self.search, self.call, self.judge.corrected):
                self.add_correction(one)
            self.backward()

    def add_finding(self, finding: Finding) -> None:
        """Take a finding, and keep with which corrections it was made."""
        super().add_finding(finding)
        self.steps.append(self.judge.corrected)

    def _first_right(self, lines: Sequence[Suspect]) -> list[Correction]:
        """Look among lines that others follow: what is returned mends a gradient by itself or not at all."""
        return super()._first_right([line for line in lines if not self.search.is_returned(line)])

    def _rewritten(self, lines: Sequence[Suspect]) -> bool:
        """Run nothing again: a call is no script."""
        return False


class FoundInFunction(NamedTuple):
    """A fault of a function, and all corrections until then, as what a replay of the recording replaces."""

    finding: Finding
    corrected: Replaced


class CheckedFunction(NamedTuple):
    """What a check of one call has found.

    Attributes
    ----------
    report : ScriptReport
        The verdicts on the gradients of the inputs, and the faults.
    found : tuple of FoundInFunction
        The faults, with their corrections.
    """

    report: ScriptReport
    found: tuple[FoundInFunction, ...]


def check_function(one: FunctionAnalysis, seconds: float, progress: Progress = unsaid) -> CheckedFunction:
    """Check the backward of one call.

    Parameters
    ----------
    one : FunctionAnalysis
        The call, while it is cut out of its recording.
    seconds : float
        How long corrections are searched for.
    progress : callable
        Is told which line is looked at.
    """
    call = one.call
    with ExitStack() as stack, np.errstate(all="ignore"):
        check = FunctionCheck(one, time.thread_time() + seconds, stack, progress)
        report = check.report()
    notes = tuple(_notes(call, report))
    report = report._replace(file=call.name, assumed=report.assumed._replace(notes=notes))
    if call.overwritten and "wrong" in report.verdicts.values():
        # What reads it later is not wrong by itself: an edit of that would only undo this.
        found = tuple(map(partial(_overwriting, call), call.overwritten))
        return CheckedFunction(
            report._replace(findings=found), tuple(FoundInFunction(one, {}) for one in found)
        )
    faults = tuple(map(FoundInFunction, report.findings, check.steps))
    unseen = tuple(written_unseen(one.analysis, report)) if seconds else ()
    if unseen:
        faults = tuple(each for each in faults if not is_handed_on(each.finding))
        faults += tuple(FoundInFunction(each, {}) for each in unseen)
    return CheckedFunction(report._replace(findings=tuple(each.finding for each in faults)), faults)


def _overwriting(call: FunctionCall, written: Overwritten) -> Finding:
    """Say that a line writes over an incoming gradient."""
    node = written.node
    assert node.site is not None, "what a backward writes stands in it"
    source = source_of(node.site, node)
    incoming = call.incoming[written.place]
    name = incoming.names[-1] if incoming is not None and incoming.names else "an incoming gradient"
    said = f"this writes over {name} in place, which is read after that, and is autograd's own"
    return Finding(source, "overwritten", "", "", said, also_wrong=call.names)


def _notes(call: FunctionCall, report: ScriptReport) -> Iterator[str]:
    """Say what autograd does with what a backward returns, without a word."""
    gradients = (*call.gradients, *(None,) * len(call.inputs))
    if call.refused:
        yield f"{call.name}: backward {call.refused}: JAX refuses it"
        return
    for name, node, wanted, gradient in zip(call.names, call.inputs, call.wanted, gradients, strict=False):
        if node is None or not wanted:
            continue
        if gradient is None and report.verdicts.get(name) == "wrong":
            yield f"{call.name}: backward returns None for {name}, whose gradient is not 0"
        if gradient is not None and gradient.shape != node.shape:
            yield (
                f"{call.name}: backward returns the shape {_shape(gradient)} for {name}, which has the shape "
                f"{_shape(node)}: {_what_is_done(call, gradient, node)}"
            )


def _what_is_done(call: FunctionCall, gradient: Node, node: Node) -> str:
    """Say what a library does with a gradient of another shape."""
    if call.library not in SUMS_UP:
        return "JAX refuses it"
    try:
        is_summed = np.broadcast_shapes(gradient.shape, node.shape) == gradient.shape
    except ValueError:
        is_summed = False
    return f"autograd {'sums it up' if is_summed else 'refuses it'}"


def _shape(node: Node) -> str:
    return "×".join(map(str, node.shape)) or "()"
