"""Pieces of tensors that are right by chance: of a tensor that is shifted, each is the gradient of another.

What is right in some turns of the loops and not in others, and is the gradient of what was computed in
another turn, says nothing of what it was taken from.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from bpdebug.sources.script import Node
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.recorder.updates import ADD


def right_by_chance(
    nodes: Sequence[Node], forward: Sequence[Node], exact: Mapping[int, Collection[int]], value_of: ValueOf
) -> set[int]:
    """Return the numbers of the pieces that are right by chance.

    Parameters
    ----------
    nodes, forward : sequence of Node
        All nodes, and what their numbers stand for in the forward pass.
    exact : mapping
        The number of a node -> the numbers of what it is the right gradient of, on all values.
    value_of : callable
        The value of each node.
    """
    # A sum that turns add to is right after the last of them alone.
    out_of_turn = [
        nodes[number]
        for number, of in exact.items()
        if nodes[number].function not in ADD
        and all(_is_piece(forward[one]) and not _is_in_turn(nodes[number], forward[one]) for one in of)
    ]
    turns = {_of_every_turn(node) for node in out_of_turn}
    off = {
        _of_every_turn(node)
        for node in nodes
        if node.id not in exact and _of_every_turn(node) in turns and np.any(value_of(node))
    }
    return {node.id for node in out_of_turn if _of_every_turn(node) in off}


def _is_piece(node: Node) -> bool:
    """Whether a tensor is an element or a part of another."""
    return node.function is operator.getitem or np.size(node.like) == 1


def _is_in_turn(node: Node, forward: Node) -> bool:
    """Whether the turns of the loops that a forward tensor was computed in are among those of another."""
    return not Counter(forward.turns.values()) - Counter(node.turns.values())


def _of_every_turn(node: Node) -> tuple[object, ...]:
    """Return what the nodes have in common that one expression of a call gives in the turns of its loops."""
    return node.site, id(node.frame), node.function, node.shape
