"""Which node an array stands for: arrays of JAX's never change, so each object is one value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bpdebug.sources.script.recorder.known import node_then
from bpdebug.sources.script.recorder.records import Node


class KnownArray:
    """An array that stands for a node; it is kept, so that no other object gets its identity.

    Attributes
    ----------
    history : list of (int, Node)
        What it stood for from which time on: a name that it gets is a node of its own.
    """

    __slots__ = ("array", "history", "node")

    def __init__(self, array: Any, node: Node) -> None:
        self.array, self.node = array, node
        self.history = [(node.id, node)]


class Arrays:
    """All arrays that are known.

    Parameters
    ----------
    add : callable
        Makes a node: (site, function, operands, options, value) -> Node.
    """

    def __init__(self, add: Callable[..., Node]) -> None:
        self.add = add
        self.known: dict[int, KnownArray] = {}

    def get(self, array: Any) -> KnownArray | None:
        """Return what is known of an array."""
        return self.known.get(id(array))

    def node_of(self, array: Any) -> Node:
        """Return the node that an array stands for; one that was never seen becomes a leaf."""
        known = self.known.get(id(array))
        return known.node if known else self.stands_for(array, self.add(None, None, (), {}, array_of(array)))

    def node_at(self, array: Any, time: int) -> Node | None:
        """Return the node that it stood for at a time; None if it is not known."""
        known = self.known.get(id(array))
        return node_then(known.history, time) if known else None

    def stands_for(self, array: Any, node: Node) -> Node:
        """Let an array stand for a node whose value it is, and return that."""
        known = self.known.get(id(array))
        if known is None:
            self.known[id(array)] = KnownArray(array, node)
        else:
            known.node = node
            known.history.append((node.id, node))
        return node

    def leaves(self) -> Iterator[tuple[Any, Node]]:
        """Yield the arrays that nothing computed, and their nodes."""
        for known in self.known.values():
            _, first = known.history[0]
            if first.function is None:
                yield known.array, first


def array_of(value: Any) -> Any:
    """Return an array as one of NumPy's, and a key as the integers that it is made of."""
    if jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        value = jax.random.key_data(value)
    array = np.asarray(value)
    # What NumPy has no type for, such as bfloat16, is computed with the next larger one.
    is_narrow = array.dtype.kind == "V" or array.dtype.kind not in "fiubc"
    return array.astype(np.float32) if is_narrow else array
