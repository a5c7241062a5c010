"""Gradients that nobody sets back to zero: the second iteration adds to what the first has left.

A sum that a step was made with, and that grows in the next iteration from what it was, holds the gradients of
both. It is told by the values of the second iteration: what is added to there is, bit for bit, what the first
one has stepped by. A velocity is none: it is scaled before anything is added. And with what would set it
back, the gradients of the second iteration must be right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bpdebug.sources.script import Instance, Node, Recording, SourceRange
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.chains import KEEP
from bpdebug.sources.script.graph import descendants
from bpdebug.sources.script.recorder.operations import is_in, put
from bpdebug.sources.script.recorder.updates import ADD, Update
from bpdebug.verify.repair.later_iterations import is_first, iteration_of
from bpdebug.verify.repair.places import source_of, worst
from bpdebug.verify.repair.replay import ancestors
from bpdebug.verify.repair.report import Finding, ParameterVerdict, ScriptReport, replacements
from bpdebug.verify.repair.reruns import analysed, told_after
from bpdebug.verify.repair.running_again import corrected_texts
from bpdebug.verify.repair.set_back import WAYS, Amended
from bpdebug.verify.repair.stepped_by import behind

Key = tuple[tuple[int, ...], bytes]
"""The shape and the bytes of a tensor."""


class LeftOver(NamedTuple):
    """A sum of gradients that holds those of the iteration before.

    Attributes
    ----------
    update : Update
        The step that is made with it.
    places : tuple of int
        Which of the steps of an iteration are made with what the statement adds, from 0.
    instance : Instance
        The statement that adds to it first.
    total : Node
        The sum.
    """

    update: Update
    places: tuple[int, ...]
    instance: Instance
    total: Node


def with_left_over(report: ScriptReport, analysis: Analysis, deadline: float) -> ScriptReport:
    """Return a report with what only the second iteration shows; see `left_over`."""
    lines = {(one.source.file, one.source.line) for one in report.findings}
    found = [one for one in left_over(analysis, deadline) if (one.source.file, one.source.line) not in lines]
    wrong = {*_named(found)}
    said: dict[str, ParameterVerdict] = {name: "wrong" for name in report.verdicts if name in wrong}
    return report._replace(verdicts={**report.verdicts, **said}, findings=(*report.findings, *found))


def left_over(analysis: Analysis, deadline: float) -> list[Finding]:
    """Return a finding for each statement that adds to gradients which a step was made with already.

    Parameters
    ----------
    analysis : Analysis
        Of the first iteration of a script.
    deadline : float
        When the check ends, on the clock of `time.thread_time`.
    """
    recording = analysis.recording
    has_sums = any(_is_from_zero(node) for node in _sums(recording).values())
    if recording.gone_back or not has_sums or not is_first(recording):
        return []
    later = iteration_of(recording, 2, deadline)
    found = [] if later is None else _left(later, recording)
    if later is not None and not found and any(_going_on(later)):
        # What draws its numbers without a seed had others when it was recorded first.
        again = iteration_of(recording, 1, deadline)
        recording, found = again or recording, [] if again is None else _left(later, again)
    third = iteration_of(recording, 3, deadline) if later is not None and found else None
    if later is None or not found or (third is not None and not _left(third, later)):
        return []  # or it is set back every second time
    stepped = _stepped(analysis)
    for way in WAYS:
        amendments = [way(later, one.instance, one.update, one.total) for one in found]
        if any(amendments):
            proposed = _each_once([_finding(*each, stepped) for each in zip(found, amendments, strict=True)])
            texts = corrected_texts(recording, proposed)
            again = iteration_of(recording, 2, deadline, texts)
            if again is None or len(again.updates) != len(later.updates) or _left(again, recording):
                continue
            # What is no gradient without what was kept is no sum of gradients.
            edits = [
                (one.source.line, one.source.end_line, one.correction)
                for one in replacements(proposed)
                if one.source.file == recording.path
            ]
            rerun = analysed(again, texts, told_after(analysis, edits))
            if rerun is None:
                continue
            names = _stepped(rerun.analysis)  # which may be others than in the first iteration
            if {names[place] for one in found for place in one.places} <= rerun.right:
                return proposed
    return []


def _stepped(analysis: Analysis) -> list[str]:
    """Return the name of the parameter of each step; empty for a step of something else."""
    names = {update.new.id: one.name for one in analysis.parameters for update in one.updates}
    return [names.get(update.new.id, "") for update in analysis.recording.updates]


def _named(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the parameters that are wrong because of some findings."""
    return (name for one in findings for name in one.also_wrong)


def _each_once(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings in which no line is amended twice: one step sets all back, where it is in a loop."""
    places = [one.instead and (one.instead.source.line, one.instead.source.columns) for one in findings]
    return [
        one._replace(instead=None) if places[number] in places[:number] else one
        for number, one in enumerate(findings)
    ]


def _sums(recording: Recording) -> dict[Key, Node]:
    """Return the sums that steps are made with, by their values."""
    every = (node for update in recording.updates for node, _ in behind(update))
    return {_key(node): node for node in every if node.function in ADD}


def _held(total: Node) -> Node | None:
    """Return what something is added to: a tensor that was there before the iteration."""
    whole = total.operands[0]
    if type(whole) is not Node:
        return None
    while is_in(whole.function, KEEP) and type(whole.operands[0]) is Node:
        whole = whole.operands[0]
    return whole


def _is_from_zero(total: Node) -> bool:
    """Whether a sum begins at nothing, or goes on from another."""
    held = _held(total)
    return not isinstance(total.operands[0], Node) or (
        held is not None and (held.function in ADD or held.function is put or not np.any(held.value))
    )


def _key(node: Node) -> Key:
    value = np.asarray(node.value)
    return value.shape, value.tobytes()


def _left(later: Recording, before: Recording) -> list[LeftOver]:
    """Return the sums that begin at what the iteration before has stepped by, one for each statement."""
    found: dict[SourceRange, LeftOver] = {}
    sums, states = _sums(before), _states(later, before)
    for one, held in _going_on(later):
        # What is added of itself, as to an average, or of what changes with it, is meant to be kept.
        added = ancestors(each for each in one.total.operands[1:] if type(each) is Node)
        if _is_kept(held, one.total, sums) and added.isdisjoint({held.id, *states}):
            statement = one.instance.statement
            first = found.get(statement, one)
            found[statement] = first._replace(places=tuple(dict.fromkeys((*first.places, *one.places))))
    return sorted(found.values(), key=lambda one: one.instance.site.line)


def _going_on(later: Recording) -> Iterator[tuple[LeftOver, Node]]:
    """Yield the sums in steps that go on from what is not 0 before the iteration, each with that."""
    dependent = descendants(later.nodes, [update.old for update in later.updates])
    for place, update in enumerate(later.updates):
        for total, is_scaled in behind(update, dependent):
            held = _held(total) if is_scaled and total.function in ADD else None
            is_before = held is not None and held.function is None and np.any(held.value)
            if is_before and held is not None and total.instance is not None:
                yield LeftOver(update, (place,), total.instance, total), held


def _states(later: Recording, before: Recording) -> set[int]:
    """Return what else an iteration goes on from: tensors that it writes to, and parameters as they were."""
    olds = {update.old.origin.id for update in later.updates}
    written = (node.operands[0].origin for node in later.nodes if node.function is put)
    former = {_key(update.old) for update in before.updates if np.size(update.old.like) > 1}
    shapes = {shape for shape, _ in former}
    leaves = (node for node in later.nodes if node.function is None and node.shape in shapes)
    kept = {node.id for node in leaves if _key(node) in former}
    return ({one.id for one in written if one.function is None} | kept) - olds


def _is_kept(held: Node, total: Node, sums: Mapping[Key, Node]) -> bool:
    """Whether a tensor, or the part of it that is added to, is what was stepped by."""
    return any(_key(one) in sums for one in (held, total.operands[0]) if isinstance(one, Node))


def _finding(one: LeftOver, amended: Amended | None, stepped: Sequence[str]) -> Finding:
    site = one.instance.site
    target = site.targets[0].text if site.targets else site.code
    said = (
        f"`{target}` still holds the gradients of iteration 1, with which a step was made: nothing sets it "
        "back to 0 before these are added"
    )
    wrong = [stepped[place] for place in one.places if place < len(stepped)]
    value, left = np.asarray(one.total.value), np.asarray(one.total.operands[0].value)
    is_here = amended is not None and amended.is_here
    return Finding(
        source_of(site, one.instance, one.instance.statement),
        "missing",
        target,
        next(iter(wrong), ""),
        said,
        amended.amendment.correction if amended is not None and is_here else None,
        is_here,
        worst(value, value - left),
        tuple(dict.fromkeys(filter(None, wrong))),
        instead=None if amended is None or is_here else amended.amendment,
    )
