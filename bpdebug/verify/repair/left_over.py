"""Gradients that nobody sets back to zero: the second iteration adds to what the first has left.

A sum that a step was made with, and that grows in the next iteration from what it was, holds the gradients of
both. It is told by the values of the second iteration: what is added to there is, bit for bit, what the first
one has stepped by. A velocity is none: it is scaled before anything is added.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.nodes import Source
from bpdebug.sources.script import Instance, Node, Recording, SourceRange, record_script
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.analysis.chains import DIVIDE, KEEP, NEGATE, TRANSPOSE
from bpdebug.sources.script.graph import descendants
from bpdebug.sources.script.recorder.operations import is_in, put
from bpdebug.sources.script.recorder.records import Update
from bpdebug.sources.script.recorder.updates import ADD, SCALE, SUBTRACT
from bpdebug.sources.script.reference import recorded
from bpdebug.verify.repair.evaluating import value_at
from bpdebug.verify.repair.places import source_of, worst
from bpdebug.verify.repair.replay import ancestors
from bpdebug.verify.repair.report import Amendment, Finding, ParameterVerdict, ScriptReport
from bpdebug.verify.repair.running_again import corrected_texts
from bpdebug.verify.repair.structures.copies import copy_of
from bpdebug.verify.repair.surroundings import READ, tree_of

MOST_STEPS = 400
"""So many operations of a step are looked at."""
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
    left : Node
        What the iteration before has left in it.
    """

    update: Update
    places: tuple[int, ...]
    instance: Instance
    total: Node
    left: Node


def with_left_over(report: ScriptReport, analysis: Analysis, deadline: float) -> ScriptReport:
    """Return a report with what only the second iteration shows; see `left_over`."""
    lines = {(one.source.file, one.source.line) for one in report.findings}
    found = [one for one in left_over(analysis, deadline) if (one.source.file, one.source.line) not in lines]
    wrong = {name for one in found for name in one.also_wrong}
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
    asked = recording.options
    is_first = asked.iteration == 1 and not (asked.until or asked.function)
    if not is_first or recording.gone_back or not recording.can_run_again:
        return []
    every = (node for update in recording.updates for node, _ in _behind(update) if node.function in ADD)
    sums = {_key(node): node for node in every if _is_from_zero(node)}
    if not sums:
        return []
    later = _second(recording, {}, deadline)
    found = [] if later is None else _left(later, sums)
    if later is None or not found:
        return []
    names = {update.new.id: one.name for one in analysis.parameters for update in one.updates}
    stepped = [names.get(update.new.id, "") for update in recording.updates]
    proposed = [_finding(one, stepped, _amendment(later, one)) for one in found]
    # One step sets all of them back, where it is in a loop.
    places = [one.instead and (one.instead.source.line, one.instead.source.columns) for one in proposed]
    proposed = [
        one._replace(instead=None) if places[number] in places[:number] else one
        for number, one in enumerate(proposed)
    ]
    again = _second(recording, corrected_texts(recording, proposed), deadline)
    is_mended = again is not None and len(again.updates) == len(later.updates) and not _left(again, sums)
    return proposed if is_mended else [_finding(one, stepped, None) for one in found]


def _second(recording: Recording, texts: Mapping[str, str], deadline: float) -> Recording | None:
    left = deadline - time.thread_time()
    if left <= 0:
        return None
    options = recording.options._replace(iteration=2, seconds=min(recording.options.seconds, left))
    later = record_script(recording.path, recording.arguments, options, texts)
    return later if later.ending.kind == recording.ending.kind else None


def _behind(update: Update, dependent: Collection[int] = ()) -> Iterator[tuple[Node, bool]]:
    """Yield what a step is a multiple of, and what that is a sum of, from the step down.

    Each with whether it is scaled after it was added up: what is stepped by as it is are steps, a velocity.
    """
    waiting = [(delta, False) for _, delta in update.deltas]
    seen: set[int] = set()
    while waiting and len(seen) < MOST_STEPS:
        node, is_scaled = waiting.pop(0)
        node = node.origin
        if node.id not in seen:
            seen.add(node.id)
            yield node, is_scaled
            is_scaled = is_scaled or node.function in SCALE or node.function in DIVIDE
            waiting += [(one, is_scaled) for one in _summands(node, dependent)]


def _summands(node: Node, dependent: Collection[int]) -> list[Node]:
    """Return what a tensor is a sum of, or a constant multiple: what it is from there on, as large."""
    function, operands = node.function, node.operands
    own: Sequence[Any] = ()
    if function is put:
        return [one for one in (operands[0], operands[2]) if type(one) is Node]
    if function in ADD or function in SUBTRACT:
        own = operands[:2]
    elif function in SCALE:
        own = [
            one
            for one, other in (operands[:2], operands[1::-1])
            if type(other) is not Node or (np.size(other.like) == 1 and other.id not in dependent)
        ]
    elif function in DIVIDE or function in NEGATE or is_in(function, KEEP) or is_in(function, TRANSPOSE):
        own = operands[:1]
    return [one for one in own if type(one) is Node and np.size(one.like) == np.size(node.like)]


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


def _left(later: Recording, sums: Mapping[Key, Node]) -> list[LeftOver]:
    """Return the sums that begin at what the iteration before has stepped by, one for each statement."""
    found: dict[SourceRange, LeftOver] = {}
    olds = [update.old for update in later.updates]
    dependent = descendants(later.nodes, olds)
    written = (node.operands[0].origin for node in later.nodes if node.function is put)
    states = {one.id for one in written if one.function is None} - {old.origin.id for old in olds}
    for place, update in enumerate(later.updates):
        for total, is_scaled in _behind(update, dependent):
            instance = total.instance
            held = _held(total) if is_scaled and total.function in ADD and instance is not None else None
            if held is None or instance is None or held.function is not None or not np.any(held.value):
                continue
            # What is added of itself, as to an average, or of what changes with it, is meant to be kept.
            added = ancestors(one for one in total.operands[1:] if type(one) is Node)
            if _is_kept(held, total, sums) and added.isdisjoint({held.id, *states}):
                known = found.get(instance.statement)
                places = (place,) if known is None else tuple(dict.fromkeys((*known.places, place)))
                first = known or LeftOver(update, places, instance, total, held)
                found[instance.statement] = first._replace(places=places)
    return sorted(found.values(), key=lambda one: one.instance.site.line)


def _is_kept(held: Node, total: Node, sums: Mapping[Key, Node]) -> bool:
    """Whether a tensor, or the part of it that is added to, is what was stepped by."""
    return any(_key(one) in sums for one in (held, total.operands[0]) if isinstance(one, Node))


# ---- what is said, and what should stand there


def _finding(one: LeftOver, stepped: Sequence[str], amendments: tuple[Amendment, bool] | None) -> Finding:
    site = one.instance.site
    place = source_of(site, one.instance, one.instance.statement)
    target = site.targets[0].text if site.targets else site.code
    said = (
        f"`{target}` still holds the gradients of iteration 1, with which a step was made: nothing sets it "
        "back to 0 before these are added"
    )
    wrong = [stepped[place] for place in one.places if place < len(stepped)]
    value, left = np.asarray(one.total.value), np.asarray(one.total.operands[0].value)
    amendment, is_here = amendments if amendments is not None else (None, True)
    return Finding(
        place,
        "missing",
        target,
        next(iter(wrong), ""),
        said,
        amendment.correction if amendment is not None and is_here else None,
        amendment is not None and is_here,
        worst(value, value - left),
        tuple(dict.fromkeys(filter(None, wrong))),
        instead=None if is_here else amendment,
    )


def _amendment(later: Recording, one: LeftOver) -> tuple[Amendment, bool] | None:
    """Return what should stand where the sum is kept, or made, or after the step; and whether it is there."""
    site = one.instance.site
    alias = _alias(later, one)
    if alias is not None:
        return alias, False
    text = "" if site.source is None else site.source.code(one.instance.statement)
    if "+=" in text and one.total.operands[0] is not None and _is_alone(later, one):
        place = source_of(site, one.instance, one.instance.statement)
        return Amendment(place, text.replace("+=", "=", 1)), True
    cleared = _cleared(later, one)
    return None if cleared is None else (cleared, False)


def _is_alone(later: Recording, one: LeftOver) -> bool:
    """Whether a statement adds once in an iteration."""
    own = (each for each in later.instances if each.statement == one.instance.statement)
    return sum(1 for _ in own) == 1


def _cleared(later: Recording, one: LeftOver) -> Amendment | None:
    """Return the step with a line after it that sets the sum back to 0, under the name it has there."""
    site = one.update.site
    source, place = site.source, site.statement
    if source is None or source.lines[place.line - 1][: place.column].strip():
        return None
    code, indentation = source.code(place), " " * place.column
    step = next((each for each in later.instances if each.statement == place), None)
    name = "" if step is None else _name_of(later, step, code, one.update)
    if not name or step is None:
        return None
    cleared = f"{name}[...] = 0" if np.ndim(one.total.like) else f"{name} = 0.0"
    return Amendment(source_of(site, step, place), f"{code}\n{indentation}{cleared}")


def _name_of(later: Recording, step: Instance, code: str, update: Update) -> str:
    """Return how a step reads what was added up; empty where it does not."""
    sums = [node for node, _ in _behind(update) if node.function in ADD or node.function is put]
    tree = tree_of(code.partition("=")[2])
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, READ):
            text = ast.unparse(node)
            try:
                value = value_at(later, step, text, recorded)
            except Exception:  # noqa: S112 (a part need not make sense by itself)
                continue
            if any(np.shape(value) == one.shape and np.array_equal(value, one.value) for one in sums):
                return text
    return ""


def _alias(later: Recording, one: LeftOver) -> Amendment | None:
    """Return the statement that keeps another name of what is added to, with a copy in its place."""
    site = one.instance.site
    source = site.source
    if source is None or not site.targets:
        return None
    owner = tree_of(site.targets[0].text)
    while isinstance(owner, ast.Subscript):
        owner = owner.value
    name = "" if owner is None else ast.unparse(owner)
    for node in ast.walk(ast.parse(source.text)):
        match node:
            case ast.Assign(targets=[target], value=ast.Name() | ast.Attribute() as value):
                if name and ast.unparse(target) == name:
                    held = value_at(later, one.instance, name, recorded)
                    correction = copy_of(ast.unparse(value), held)
                    return Amendment(_source(later, site.place.file, value), correction)
    return None


def _source(later: Recording, file: str, node: ast.expr) -> Source:
    source = later.source(file)
    assert source is not None
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    place = SourceRange(file, node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
    return Source(file, node.lineno, node.end_lineno, source.columns(place), source.code(place))
