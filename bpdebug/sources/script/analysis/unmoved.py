"""Steps that depend on no parameter, or do not fit: a recorder cannot know that they are meant as updates.

`W = W - rate * dW` is an update because dW depends on W. Where a mistake made dW of data alone, or of another
shape, it still takes the place of W, beside others that are updates, after the forward pass has read W. Where
the forward pass forgets to read b, `b -= rate * db` still takes off it what was computed of the others. And
`W -= rate * W` takes off W itself, at the rate at which the others are taken off their gradients.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set

import numpy as np

from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.updates import ADD, SCALE, SUBTRACT, Terms, Update, terms_beside


def unmoved(graph: Graph, groups: Sequence[Sequence[Update]], depends: Sequence[int]) -> Iterator[Update]:
    """Yield what is written as a step of an array that the other updates depend on.

    Parameters
    ----------
    graph : Graph
        The operations.
    groups : sequence of sequence of Update
        The updates that are known.
    depends : sequence of int
        For each node, whether (not 0) it depends on what these update.
    """
    if not groups:
        return
    updates = [update for group in groups for update in group]
    known = {graph.of(update.old).id for update in updates} | {graph.of(update.new).id for update in updates}
    read = graph.ancestors(delta for update in updates for _, delta in update.deltas)
    begin = min(update.new.id for update in updates) - len(graph.nodes) // 4
    rates = [rate for update in updates for _, delta in update.deltas for rate in _scalars(delta.origin)]
    names: dict[int, set[str]] = defaultdict(set)
    for node in graph.nodes:
        names[graph.of(node).id].update(node.names)
    for node in graph.nodes[max(begin, 0) :]:
        number = graph.of(node).id
        if not (node.function in ADD or node.function in SUBTRACT) or number in known or number in read:
            continue  # what the updates are made of is a momentum, or a sum of squares
        old = node.operands[0].origin if type(node.operands[0]) is Node else node
        number = graph.of(old).id
        if old is node or number in known or depends[number] or not _is_begun_with(graph, old, known):
            continue
        terms = terms_beside(node, old)
        if terms == () and number in read:
            terms = _of_itself(node, old, rates)
        if number not in read and not _is_descent(graph, node, terms, known):
            continue
        if terms and node.site is not None and set(node.names) & names[number]:
            known.add(number)
            yield Update(old, node, terms, node.site, node.names[0])


def _is_descent(graph: Graph, node: Node, terms: Terms | None, known: Set[int]) -> bool:
    """Whether something is taken off that was computed of what is trained."""
    deltas = [delta for _, delta in terms or ()]
    return node.function in SUBTRACT and bool(graph.ancestors(deltas) & known)


def _of_itself(node: Node, old: Node, rates: Sequence[Node | float]) -> Terms:
    """Return the step of `W -= rate * W`, if others have the same rate: with one of its own it is a decay."""
    step = node.operands[1]
    if node.function not in SUBTRACT or type(step) is not Node or step.origin.function not in SCALE:
        return ()
    has_rate = any(one is rate or one == rate for one in _scalars(step.origin) for rate in rates)
    return ((-1, step),) if has_rate and any(one.origin is old for one in step.origin.parents()) else ()


def _scalars(step: Node) -> list[Node | float]:
    """Return the numbers that a step is scaled by: nodes, or what is written in its place."""
    operands = step.operands if step.function in SCALE else ()
    return [
        one.origin if type(one) is Node else one
        for one in operands
        if np.ndim(getattr(one, "like", one)) == 0
    ]


def _is_begun_with(graph: Graph, node: Node, known: set[int]) -> bool:
    """Whether an array was there before the iteration: it depends on no parameter."""
    return isinstance(node.like, np.ndarray) and not graph.ancestors([node]) & known
