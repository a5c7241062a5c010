"""Gradients to which nothing was ever added: they depend on no parameter, and their steps are judged too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import is_in
from bpdebug.sources.script.recorder.records import Node

EMPTY: frozenset[Any] = frozenset({np.zeros, np.zeros_like})
"""What a gradient begins with that is added up."""


def begun_late(graph: Graph, depends: Sequence[int], old: Node, steps: Sequence[Node]) -> list[Node]:
    """Return what a step was computed from, and was begun after the first parameter was read.

    What momentum remembers was begun before that.

    Parameters
    ----------
    graph : Graph
        The operations.
    depends : sequence of int
        For each node, whether (not 0) it depends on a parameter.
    old : Node
        The parameter.
    steps : sequence of Node
        The terms of its step.
    """
    reading = (one for one in graph.nodes if any(depends[graph.of(parent).id] for parent in one.parents()))
    first = next((one.id for one in reading if not is_in(one.function, EMPTY)), 0)
    behind = (graph.nodes[number] for number in graph.ancestors(steps))
    return [
        node
        for node in behind
        if node.id > first
        and np.size(node.like) == np.size(old.like)
        and all(parent.id <= first for parent in graph.parents(node))
    ]
