"""What each operation belongs to: the forward pass, the backward pass, the update, or none of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from bpdebug.sources.script.analysis.graph import Graph
from bpdebug.sources.script.recorder.records import Node

Phase = Literal["forward", "backward", "update", "other"]


def phases_of(
    graph: Graph, roots: Iterable[Node], gradients: Iterable[Node], news: Iterable[Node]
) -> Sequence[Phase]:
    """Return the phase of each node.

    Parameters
    ----------
    graph : Graph
        The operations.
    roots : iterable of Node
        What the loss is computed from, or itself: what lies behind them is the forward pass.
    gradients : iterable of Node
        The gradients of the parameters: what else lies behind them is the backward pass.
    news : iterable of Node
        The new values of the parameters: what else lies behind them is the update.
    """
    forward = graph.ancestors(roots)
    backward = graph.ancestors(gradients) - forward
    update = graph.ancestors(news) - forward - backward
    found: list[Phase] = []
    for node in graph.nodes:
        number = graph.of(node).id
        if number in forward:
            found.append("forward")
        elif number in backward:
            found.append("backward")
        else:
            found.append("update" if number in update else "other")
    return found
