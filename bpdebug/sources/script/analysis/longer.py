"""The nodes of a recording, and more behind them: what nobody computed, and gradients are derived of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import DETACH
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recording import Recording


class LongerRecording:
    """The nodes of a recording, and those that are added."""

    def __init__(self, recording: Recording) -> None:
        self.own, self.nodes = recording, list(recording.nodes)

    def add(
        self, function: Callable[..., Any] | None, operands: tuple[Any, ...], value: Any, **options: Any
    ) -> Node:
        """Add a node."""
        node = Node(len(self.nodes), None, function, operands, options, value, self.own.frames[0])
        self.nodes.append(node)
        return node

    def add_copy(self, node: Node, of: Mapping[int, Node]) -> Node:
        """Add a node that computes what another does, of the operands that stand for its own."""
        copy = Node(
            len(self.nodes),
            node.site,
            node.function,
            _exchanged(node.operands, of),
            {name: _exchanged(one, of) for name, one in node.options.items()},
            node.value,
            node.frame,
        )
        copy.turns, copy.names, copy.instance = node.turns, node.names, node.instance
        self.nodes.append(copy)
        return copy

    def with_constants(
        self, root: Node, graph: Graph, constants: Collection[int], stop: Collection[int] = ()
    ) -> Node:
        """Add what computes a node once more, with some of what it is computed from as constants.

        Parameters
        ----------
        root : Node
            What is computed.
        graph : Graph
            The operations.
        constants : collection of int
            The numbers of the representatives of which no gradient comes back.
        stop : collection of int
            Behind these nothing is looked at.
        """
        stand_ins: dict[int, Node] = {}
        for number in sorted(graph.ancestors([root], stop=stop)):
            node = graph.nodes[number]
            if number in constants:
                stand_ins[number] = self.add(DETACH, (node,), node.value)
            elif node.function is not None and any(one.id in stand_ins for one in graph.parents(node)):
                own = {one.id: stand_ins.get(graph.of(one).id) for one in node.parents()}
                stand_ins[number] = self.add_copy(node, {key: one for key, one in own.items() if one})
        return stand_ins.get(graph.of(root).id, root)

    def alone(
        self, loss: Node, graph: Graph, own: Sequence[Node], others: Sequence[Node], cuts: Collection[int]
    ) -> Node:
        """Add a loss as a function of some parameters, with the others and what is in `cuts` as constants."""
        on_own, on_others = graph.reached(own, cuts), graph.reached(others, cuts)
        constants = {number for number, on in enumerate(on_others) if on and not on_own[number]}
        return self.with_constants(loss, graph, constants, cuts)

    def sum(self, one: Node, other: Node) -> Node:
        """Add the sum of two losses, at the place of the second."""
        total = self.add(np.add, (one, other), np.asarray(one.value + other.value))
        total.site = other.site
        return total

    def times(self, loss: Node, count: float) -> Node:
        """Add a multiple of a loss, at its place."""
        product = self.add(np.multiply, (loss, count), np.asarray(loss.value * count))
        product.site = loss.site
        return product

    def recording(self) -> Recording:
        """Return the recording with all of them."""
        return replace(self.own, nodes=[*self.nodes])


def _exchanged(value: Any, of: Mapping[int, Node]) -> Any:
    """Return an operand with other nodes in the place of those that have one."""
    if type(value) is Node:
        return of.get(value.id, value)
    if isinstance(value, tuple | list):
        return type(value)(_exchanged(one, of) for one in value)
    if isinstance(value, slice):
        return slice(*(_exchanged(one, of) for one in (value.start, value.stop, value.step)))
    return value
