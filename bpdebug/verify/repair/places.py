"""Where an expression stands and under what it ran, what it stores, and by how much a value differs."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import CallSite, Source
from bpdebug.sources.script import Instance, Node, Site, SourceRange
from bpdebug.sources.script.recorder.records import Frame
from bpdebug.verify.repair.replay import ValueOf
from bpdebug.verify.repair.report import Elements


def source_of(site: Site, frame: Frame, turns: tuple[int, ...], place: SourceRange | None = None) -> Source:
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


def stored(site: Site) -> str:
    """Return what the value is stored in, as written."""
    return site.targets[0].text if site.targets else ""


def turns_of(site: Site, ran: Node | Instance) -> tuple[int, ...]:
    """Return the turns of the loops around a place, the outermost first, from 1."""
    return tuple(ran.turns.get(loop, 0) + 1 for loop in site.loops)


def changed(instance: Instance, before: ValueOf, after: ValueOf) -> Node | None:
    """Return what an edit changes: the value of a statement, or only what is stored, as with a sign."""
    nodes = [node for node in (instance.node, instance.result) if node is not None]
    return next((node for node in nodes if difference(node, before, after)), nodes[0] if nodes else None)


def difference(node: Node | None, before: ValueOf, after: ValueOf) -> float:
    """Return by how much a value differs at most."""
    if node is None:
        return 0.0
    most = worst(before(node), after(node))
    return 0.0 if most is None else abs(most.mine - most.reference)


def worst(mine: Any, reference: Any) -> Elements | None:
    """Return the element that differs most."""
    mine, reference = np.asarray(mine, dtype=float), np.asarray(reference, dtype=float)
    if mine.shape != reference.shape or not mine.size:
        return None
    place = np.unravel_index(int(np.argmax(np.abs(mine - reference))), mine.shape)
    index = tuple(int(i) for i in place)
    return Elements(index, float(mine[place]), float(reference[place]))
