"""Where an expression stands and under what it ran, what it stores, and by how much a value differs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import CallSite, Source
from bpdebug.sources.script import Instance, Node, Site, SourceRange
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.records import Frame, ValueOf
from bpdebug.verify.repair.report import Elements

MUCH = 0.1
"""An element differs by much that differs by this part of what any does."""


def source_of(site: Site, ran: Node | Instance, place: SourceRange | None = None) -> Source:
    """Return where something stands, under what it ran, and in which turns of the loops around it, from 1."""
    place = place or site.place
    turns = tuple(ran.turns.get(loop, 0) + 1 for loop in site.loops)
    columns = site.source.columns(place) if site.source else (place.column, place.end_column)
    code = site.source.code(place) if site.source else ""
    return Source(place.file, place.line, place.end_line, columns, code, _calls(ran.frame), turns)


def frames_from(frame: Frame | None) -> Iterator[Frame]:
    """Yield a call, and those that it was made in, the script last."""
    while frame is not None:
        yield frame
        frame = frame.parent


def _calls(frame: Frame | None) -> tuple[CallSite, ...]:
    calls = [
        CallSite(one.number, one.site.function, *one.caller)
        for one in frames_from(frame)
        if one.site is not None
    ]
    return tuple(reversed(calls))


def stored(site: Site) -> str:
    """Return what the value is stored in, as written."""
    return site.targets[0].text if site.targets else ""


def sum_of(instance: Instance) -> Node | None:
    """Return the node that adds: of `x[i] += v` what is put there."""
    result = instance.result
    if result is not None and result.function is put:
        result = result.operands[2]
    return result if type(result) is Node and len(result.operands) == 2 else None


def changed(instance: Instance, before: ValueOf, after: ValueOf) -> Node | None:
    """Return what an edit changes: the value of a statement, or only what is stored, as with a sign."""
    nodes = [node for node in (instance.node, instance.result) if node is not None]
    return next((node for node in nodes if difference(node, before, after)), nodes[0] if nodes else None)


def difference(node: Node | None, before: ValueOf, after: ValueOf) -> float:
    """Return by how much a value differs at most; of another shape, it differs by no number."""
    if node is None:
        return 0.0
    old, new = (np.asarray(value, dtype=float) for value in (before(node), after(node)))
    if old.shape != new.shape:
        return float("inf")
    return float(np.max(np.abs(old - new), initial=0))


def worst(mine: Any, reference: Any) -> Elements | None:
    """Return the element that differs most in proportion, of those that differ by much; None if none does."""
    mine, reference = np.asarray(mine, dtype=float), np.asarray(reference, dtype=float)
    if mine.shape != reference.shape or np.array_equal(mine, reference):
        return None
    off = np.abs(mine - reference)
    larger = np.maximum(np.abs(mine), np.abs(reference))
    by_much = np.where(off >= MUCH * np.max(off), off, 0)
    in_proportion = np.divide(by_much, larger, out=np.zeros_like(off), where=larger > 0)
    place = np.unravel_index(int(np.argmax(in_proportion)), mine.shape)
    index = tuple(int(i) for i in place)
    return Elements(index, float(mine[place]), float(reference[place]))
