"""The recorded operations as a graph, in which equal operations of equal operands are one.

A script computes the same thing more than once: the forward pass for the loss and again for the gradients,
`a * (1 - a)` in two lines. Value numbering gives all of these one *representative*, the oldest. What is
random, and what was made of nothing (`np.zeros(3)`), is itself each time; so is every old value of a
parameter, because two parameters that begin equal are still two.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script.graph import LIKE, is_random
from bpdebug.sources.script.recorder.operations import Method, is_in, put
from bpdebug.sources.script.recorder.records import Node, nodes_in, same

COPIES: frozenset[Any] = frozenset({np.copy, Method("copy")})


class Graph:
    """Value numbering over the nodes of a recording.

    Parameters
    ----------
    nodes : sequence of Node
        All operations, in order.
    apart : collection of int
        The nodes that are never one with another: the old values of what is updated.
    script : str
        The file that ran: a line of it is spoken of without its name.
    """

    def __init__(self, nodes: Sequence[Node], apart: Collection[int] = (), script: str = "") -> None:
        self.nodes, self.script = nodes, script
        self._representative = list(range(len(nodes)))
        self._parents: dict[int, tuple[Node, ...]] = {}
        table: dict[Any, int] = {}
        for node in nodes:
            if node.function is same:
                self._representative[node.id] = self._representative[node.operands[0].id]
            elif node.function is put and (before := self._put_back(node)) is not None:
                self._representative[node.id] = before.id
            elif node.id not in apart and (key := self._key(node)) is not None:
                self._representative[node.id] = table.setdefault(key, node.id)

    def of(self, node: Node) -> Node:
        """Return the representative of a node: the oldest one that computes the same of the same."""
        return self.nodes[self._representative[node.id]]

    def is_representative(self, node: Node) -> bool:
        """Whether nothing older computes the same."""
        return self._representative[node.id] == node.id

    def parents(self, node: Node) -> tuple[Node, ...]:
        """Return what the value of a representative depends on, as representatives."""
        known = self._parents.get(node.id)
        if known is None:
            operands = node.operands
            if is_in(node.function, LIKE) or (node.function is put and _is_whole(operands[1])):
                operands = operands[1:]
            held = (*nodes_in(operands), *nodes_in(tuple(node.options.values())))
            known = self._parents[node.id] = tuple(dict.fromkeys(map(self.of, held)))
        return known

    def ancestors(self, of: Iterable[Node], stop: Collection[int] = ()) -> set[int]:
        """Return the representatives that some nodes were computed from, themselves included.

        What lies behind a node in `stop` is not looked at.
        """
        seen: set[int] = set()
        waiting = [self.of(node) for node in of]
        while waiting:
            node = waiting.pop()
            if node.id not in seen:
                seen.add(node.id)
                if node.id not in stop:
                    waiting.extend(self.parents(node))
        return seen

    def reached(self, sources: Sequence[Node], stop: Collection[int] = ()) -> list[int]:
        """Return for each node which of the sources it depends on: bit i stands for source i.

        Only representatives have an entry other than 0. A node in `stop` depends on nothing.
        """
        reached = [0] * len(self.nodes)
        for place, source in enumerate(sources):
            reached[self.of(source).id] |= 1 << place
        for node in self.nodes:
            if self.is_representative(node) and node.id not in stop:
                for parent in self.parents(node):
                    reached[node.id] |= reached[parent.id]
        return reached

    def _put_back(self, node: Node) -> Node | None:
        """Return what an array is again, with its part as it was: `w[i] = old + h`, then `w[i] = old`."""
        whole, index, part = node.operands
        if type(whole) is not Node or type(part) is not Node:
            return None
        here, part = self.of(whole), self.of(part)
        while here.function is put and type(here.operands[0]) is Node and _is_same(here.operands[1], index):
            here = self.of(here.operands[0])
        is_read = part.function is operator.getitem and type(part.operands[0]) is Node
        is_own = is_read and self.of(part.operands[0]) is here and _is_same(part.operands[1], index)
        return here if is_own else None

    def _key(self, node: Node) -> Any:
        function = node.function
        if function is None:
            # A literal: equal ones are one. What has a name is a variable.
            return ("literal", node.value) if type(node.value) is float and not node.names else None
        if is_random(node) or not any(nodes_in(node.operands)):
            return None
        try:
            key = (function, self._hashable(node.operands), self._hashable(tuple(node.options.items())))
            hash(key)
        except TypeError:
            return None
        return key

    def _hashable(self, value: Any) -> Any:
        kind = type(value)
        if kind is Node:
            return (Node, self._representative[value.id])
        if kind is tuple or kind is list:
            return (kind, *map(self._hashable, value))
        if kind is slice:
            return (slice, *map(self._hashable, (value.start, value.stop, value.step)))
        return (kind, value)


def _is_same(index: Any, other: Any) -> bool:
    """Whether two indices are the same positions, or slices between them."""
    if type(index) is not type(other) or isinstance(index, np.ndarray | list):
        return False
    if isinstance(index, tuple):
        return len(index) == len(other) and all(map(_is_same, index, other))
    return bool(index == other)


def _is_whole(index: Any) -> bool:
    """Whether an index takes all of an array: `x[:] = v` keeps nothing of `x`."""
    return index is Ellipsis or (isinstance(index, slice) and index == slice(None))
