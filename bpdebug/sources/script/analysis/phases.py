"""What each operation belongs to: the forward pass, the backward pass, the update, or none of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.records import Node

OperationPhase = Literal["forward", "backward", "update", "other"]


def phases_of(
    graph: Graph,
    roots: Iterable[Node],
    gradients: Iterable[Node],
    news: Collection[Node],
    given: Collection[int] = (),
) -> Sequence[OperationPhase]:
    """Return the phase of each node.

    Parameters
    ----------
    graph : Graph
        The operations.
    roots : iterable of Node
        What the loss is computed from, or itself: what lies behind them is the forward pass.
    gradients : iterable of Node
        The gradients of the parameters: what else lies behind them is the backward pass.
    news : collection of Node
        The new values of the parameters: they, and what else lies behind them, are the update, even where
        something reads them too early.
    given : collection of int
        The numbers of what the loss is computed of, whatever that was computed from.
    """
    stepped = {graph.of(node).id for node in news}
    forward = graph.ancestors(roots, stop=given) - stepped
    backward = graph.ancestors(gradients) - forward
    backward -= stepped
    update = graph.ancestors(news) - forward - backward
    found: list[OperationPhase] = []
    for node in graph.nodes:
        number = graph.of(node).id
        if number in forward:
            found.append("forward")
        elif number in backward:
            found.append("backward")
        else:
            found.append("update" if number in update else "other")
    return found
