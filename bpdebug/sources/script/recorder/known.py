"""What is known of an object: the node that it stands for, and which memory it shares with others.

All views of one buffer are a *family*. A write through one of them makes what the others stand for out of
date: when one of those is met again it gets a new node, which reads it from the buffer as it is by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.records import Node

ArrayView = tuple[Any, Callable[..., Any], tuple[Any, ...], Mapping[str, Any]]
"""For a view: what it was taken from, and the function, other operands and options that took it."""


class Family:
    """An array that owns its memory, and all views of it.

    Attributes
    ----------
    root : array
        The array.
    version : int
        How often it was written to.
    live : list of Node
        The nodes whose value is the memory itself: before a write, each gets a copy.
    node : Node or None
        What the whole array stands for, if that is known.
    parts : int
        How many writes in a row have kept a part only.
    """

    __slots__ = ("live", "node", "parts", "root", "version")

    def __init__(self, root: Any) -> None:
        self.root, self.version, self.parts = root, 0, 0
        self.live: list[Node] = []
        self.node: Node | None = None

    def keep(self, but: Node | None = None) -> None:
        """Give the nodes whose value is the memory itself a copy of it."""
        for node in self.live:
            if node is not but and node._undo is None and isinstance(node._value, np.ndarray):
                node._value = node._value.copy(order="K")  # the layout decides how products are summed
        self.live = []


class Known:
    """An object that stands for a node; it is kept, so that no other object gets its identity.

    Attributes
    ----------
    history : list of (int, Node)
        What it stood for from which time on.
    view : tuple or None
        For a view: the object that it was taken from, and the function, other operands and options that
        took it.
    """

    __slots__ = ("family", "history", "node", "object", "version", "view")

    def __init__(self, known: Any, node: Node, family: Family | None, view: ArrayView | None) -> None:
        self.object, self.node, self.family, self.view = known, node, family, view
        self.version = family.version if family else 0
        self.history = [(node.id, node)]

    def becomes(self, node: Node) -> None:
        """Note that from now on it stands for another node."""
        self.node = node
        self.version = self.family.version if self.family else 0
        self.history.append((node.id, node))


def node_then(history: Sequence[tuple[int, Node]], time: int) -> Node:
    """Return the node that something stood for at a time, from those that it stood for since when."""
    found = history[0][1]
    for since, node in history:
        if since > time:
            break
        found = node
    return found
