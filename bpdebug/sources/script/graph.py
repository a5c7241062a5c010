"""Questions about the nodes of a recording: what depends on what, and where the iteration begins."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.operations import Method, is_in
from bpdebug.sources.script.recorder.records import Node, same
from bpdebug.sources.script.recording import Recording

LIKE: frozenset[Any] = frozenset({np.zeros_like, np.ones_like, np.empty_like, np.full_like})
"""Functions that ask their first argument for its shape, and for nothing else."""
SHAPE_ONLY = LIKE | {np.shape, np.size, Method("fill")}
"""Functions whose result has the shape of their operand, and nothing else of it."""
RANDOM_OWNERS = (np.random.RandomState, np.random.Generator, random.Random)
RANDOM_MODULES = frozenset({"numpy.random", "numpy.random.mtrand", "random"})


def is_random(node: Node) -> bool:
    """Whether a node was drawn: computed again, it would be another."""
    function: Any = getattr(node.function, "function", node.function)
    if isinstance(getattr(function, "__self__", None), RANDOM_OWNERS):
        return True
    return getattr(function, "__module__", "") in RANDOM_MODULES


def sources(node: Node) -> Iterator[Node]:
    """Yield the nodes that the value of a node depends on."""
    if not is_in(node.function, SHAPE_ONLY):
        yield from node.parents()


def ancestors(roots: Iterable[Node], stop: Collection[int] = ()) -> set[int]:
    """Return the numbers of all that nodes depend on, themselves too; what lies behind `stop` is left out."""
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node.id not in found:
            found.add(node.id)
            if node.id not in stop:
                waiting.extend(sources(node))
    return found


def descendants(nodes: Iterable[Node], roots: Iterable[Node]) -> set[int]:
    """Return the numbers of all that depends on some nodes, themselves too."""
    found = {node.id for node in roots}
    for node in nodes:
        if node.id not in found and any(source.id in found for source in sources(node)):
            found.add(node.id)
    return found


def start_of(recording: Recording) -> int:
    """Return the time at which the iteration begins: the first operation on a parameter that a step needs.

    Without any update it is the first operation that is carried out on something computed before.
    """
    if recording.updates:
        deltas = [delta for update in recording.updates for _, delta in update.deltas]
        old = [update.old for update in recording.updates]
        reached = descendants(recording.nodes, old) - {node.id for node in old}
        needed = ancestors(deltas) & reached
        used = [number for number in needed if _computes(recording.nodes[number])]
        if used:
            return min(used)
    used = [node.id for node in recording.nodes if _computes(node) and not is_random(node)]
    return min(used, default=len(recording.nodes))


def _computes(node: Node) -> bool:
    return node.function is not None and node.function is not same and any(True for _ in sources(node))
