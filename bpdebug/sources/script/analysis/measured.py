"""Derivatives that are measured, and not derived: a loss with an element of a parameter shifted up and down.

    w[i] = old + h;  up = loss(w);  w[i] = old − h;  down = loss(w);  w[i] = old

What is computed until the element is what it was is no loss that a training descends, and no backward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from bpdebug.sources.script.analysis.chains import KEEP
from bpdebug.sources.script.analysis.parameters import filled
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import is_in, put
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.updates import ADD, SUBTRACT

RESTORED = 1e-9
"""How far an element may be from what it was, beside its size: `+= h`, `-= 2 * h`, `+= h` is not exact."""


def measured(graph: Graph, olds: Sequence[Node], on: Sequence[int]) -> list[int]:
    """Return for each node whether it follows from a parameter that is shifted: not 0 where it does.

    Parameters
    ----------
    graph : Graph
        The operations.
    olds : sequence of Node
        The parameters.
    on : sequence of int
        For each node, whether it depends on a parameter.
    """
    held = {graph.of(old).id: np.asarray(old.value) for old in olds}
    shifted: list[Node] = []
    restored: set[int] = set()
    for node in graph.nodes:
        whole = node.operands[0] if node.operands else None
        before = held.get(graph.of(whole).id) if type(whole) is Node else None
        if before is None or not graph.is_representative(node):
            continue
        if node.function is put:
            part, element = node.operands[2], before[cast("Any", filled(node.operands[1]))]
            value = part.value if type(part) is Node else part
            size = RESTORED * np.max(np.abs(element), initial=0)
            if np.size(value) == 1 and np.allclose(value, element, RESTORED, size):
                restored.add(node.id)
            elif type(part) is Node and _is_shift(graph, part.origin, on):
                shifted += [part.origin, node]
            else:
                continue
            held[node.id] = before
        elif is_in(node.function, KEEP) and node.shape == before.shape:
            held[node.id] = before
    return graph.reached(shifted, restored) if shifted else [0] * len(graph.nodes)


def _is_shift(graph: Graph, part: Node, on: Sequence[int]) -> bool:
    """Whether a number is an element of a parameter, and a constant more or less."""
    if np.size(part.like) != 1 or part.function not in ADD | SUBTRACT:
        return False
    return sum(type(one) is Node and bool(on[graph.of(one).id]) for one in part.operands) == 1
