"""A recording computed again with some of its values replaced: only what depends on them is computed.

Nodes are pure functions of older nodes, so one pass in the order of their numbers does it. A branch that
was taken stays taken, and what was chosen by its position is what the derived gradients are those of: where
other values would have turned that, the replay says so.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from heapq import heapify, heappop, heappush
from types import MappingProxyType
from typing import Any

import numpy as np

from bpdebug.sources.script import Node, Recording, recomputed
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.recorder.operations import InPlace, is_in, put
from bpdebug.sources.script.recorder.records import ValueOf, nodes_in

Replaced = Mapping[int, Callable[[ValueOf], Any]]
"""The number of a node -> what gives its other value, from the values of older nodes."""
MOST_NODES = 60_000
"""From so many nodes on, only those are computed again that the targets depend on."""
CHOOSING = frozenset({operator.getitem, put, np.take, InPlace(np.add.at), InPlace(np.subtract.at)})
"""What chooses elements by positions, its second operand."""


def fixed(value: Any) -> Callable[[ValueOf], Any]:
    """Return what gives a node a value, whatever the older ones are."""
    return lambda value_of: value


class Replay:
    """Values of a recording, computed again.

    Parameters
    ----------
    recording : Recording
        What is computed again.
    targets : iterable of Node
        Nodes whose values will be asked for.
    is_partial : bool
        Whether nothing is computed that they do not depend on; of a large recording, nothing ever is.
    also : collection of int
        The numbers of nodes that are computed all the same.
    given : mapping
        What is replaced in every run.
    """

    def __init__(
        self,
        recording: Recording,
        targets: Iterable[Node],
        is_partial: bool = False,
        also: Collection[int] = (),
        given: Replaced = MappingProxyType({}),
    ) -> None:
        self.recording, self.given = recording, given
        self._values: dict[int, Any] = {}
        is_partial = is_partial or len(recording.nodes) > MOST_NODES
        self._wanted = ancestors(targets) | {*also} if is_partial else None

    @cached_property
    def _readers(self) -> Mapping[int, list[int]]:
        readers: dict[int, list[int]] = defaultdict(list)
        for node in self.recording.nodes:
            if self._wanted is None or node.id in self._wanted:
                for parent in node.parents():
                    readers[parent.id].append(node.id)
        return readers

    def readers(self, node: Node) -> list[Node]:
        """Return the nodes that were computed from one."""
        return [self.recording.nodes[number] for number in self._readers.get(node.id, ())]

    def recorded(self, node: Node) -> Any:
        """Return the value that a node had; one that had to be put together is put together once."""
        if node.id not in self._values:
            self._values[node.id] = self.recording.nodes[node.id].value
        return self._values[node.id]

    def run(self, replaced: Replaced) -> ValueOf:
        """Compute everything again that depends on what is replaced.

        Parameters
        ----------
        replaced : mapping
            What is replaced.

        Returns
        -------
        callable
            The value of any node.

        Raises
        ------
        Exception
            Whatever an operation raises on the new values.
        """
        replaced = {**self.given, **replaced}
        nodes, readers = self.recording.nodes, self._readers
        new: dict[int, Any] = {}

        def value_of(node: Node) -> Any:
            return new[node.id] if node.id in new else self.recorded(node)

        waiting = list(replaced)
        heapify(waiting)
        seen = set(waiting)
        with np.errstate(all="ignore"):
            while waiting:
                number = heappop(waiting)
                node = nodes[number]
                new[number] = replaced[number](value_of) if number in replaced else recomputed(node, value_of)
                for reader in readers.get(number, ()):
                    if reader not in seen:
                        seen.add(reader)
                        heappush(waiting, reader)
        return value_of

    @cached_property
    def _positions(self) -> Sequence[Node]:
        """The integers by which elements are chosen, such as the places of the largest."""
        found = {
            position.id: position
            for node in self.recording.nodes
            if is_in(node.function, CHOOSING)
            for position in nodes_in(node.operands[1])
            if np.asarray(position.like).dtype.kind in "iu"
        }
        return tuple(found.values())

    def is_turned(self, value_of: ValueOf) -> bool:
        """Whether other values would have decided a branch otherwise, or chosen other elements."""

        def filled(side: Any) -> Any:
            return value_of(side) if isinstance(side, Node) else side

        for test in self.recording.tests:
            left, right = filled(test.left), filled(test.right)
            if bool(left if test.operator is None else test.operator(left, right)) != test.truth:
                return True
        return any(
            now is not before and not np.array_equal(now, before)
            for now, before in ((value_of(one), self.recorded(one)) for one in self._positions)
        )


def ancestors(nodes: Iterable[Node], stop: Collection[int] = ()) -> set[int]:
    """Return the numbers of some nodes, and of all that they were computed from, up to those in `stop`."""
    found: set[int] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node.id not in found:
            found.add(node.id)
            waiting.extend(node.parents() if node.id not in stop else ())
    return found


def given_in(analysis: Analysis) -> set[int]:
    """Return the numbers of the new values of which a loss is computed: there another turn begins."""
    graph, given = analysis.graph, analysis.given
    return {node.id for node in graph.nodes if graph.of(node).id in given} if given else set()


def forward_of(analysis: Analysis) -> set[int]:
    """Return the numbers of what the loss was computed from, up to what was stepped before."""
    loss = analysis.loss
    return ancestors(loss.candidate.ends, given_in(analysis)) if loss is not None else set()
