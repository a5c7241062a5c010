"""Errors: where the backward pass of a script begins, an output beside its target.

`a - y`, `y - a`, `p[range(m), y] -= 1`, or `y / a` where there is no difference.
"""

from __future__ import annotations

import ast
import operator
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from bpdebug.sources.script.analysis.chains import DIVIDE
from bpdebug.sources.script.analysis.measured import measured
from bpdebug.sources.script.analysis.parameters import TrainedParameter, filled
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import put
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.updates import SUBTRACT


class Error(NamedTuple):
    """An output beside its target.

    Attributes
    ----------
    node : Node
        What was computed of them.
    output : Node
        Depends on the parameters.
    target : Node or number or array
        Does not; for classes, a mask over the output that is 1 at them.
    is_of_classes : bool
        Whether 1 was taken off at the place of the class.
    weight : Node or number or None
        What its elements are multiplied by at once; None for nothing.
    """

    node: Node
    output: Node
    target: Any
    is_of_classes: bool = False
    weight: Any = None


class Dependence:
    """What depends on the parameters, on their new or shifted values, and what the updates are made of.

    What is in `constants` depends on nothing; what is `given` was not even computed.
    """

    def __init__(
        self,
        graph: Graph,
        parameters: Sequence[TrainedParameter],
        constants: Collection[int] = (),
        given: Collection[int] = (),
    ) -> None:
        self.graph, self.parameters, self.given = graph, parameters, given
        olds = [parameter.old for parameter in parameters]
        self.on = graph.reached(olds, {*constants, *given})
        self.is_measured = measured(graph, olds, self.on)
        news = [parameter.new for parameter in parameters if parameter.new is not None]
        on_new = graph.reached(news)
        self.on_new = [one | other for one, other in zip(on_new, self.is_measured, strict=True)]
        ends = [link.node for one in parameters for piece in one.pieces for link in piece.chain[:1]]
        self.behind_updates = graph.ancestors(ends, stop=given)


def errors_of(known: Dependence) -> list[list[Error]]:
    """Return the errors that updates are made of, those of one place of the source together."""
    graph = known.graph
    groups: dict[Any, list[Error]] = defaultdict(list)
    taken: set[int] = set()
    backward = [
        graph.nodes[one] for one in sorted(known.behind_updates) if known.on[one] and not known.on_new[one]
    ]
    for node in backward:
        error = _difference(known, node) or _of_classes(known, node)
        # What is made of another error is none.
        if error is not None and not (taken and graph.ancestors([error.output], known.given) & taken):
            taken.add(node.id)
            groups[node.site].append(error)
    if not groups:
        # What an adaptive step is divided by is no output.
        chains = [piece.chain for one in known.parameters for piece in one.pieces]
        steps = {graph.of(link.node).id for chain in chains for link in chain}
        quotients = [error for node in backward if node.id not in steps and (error := _quotient(known, node))]
        groups = defaultdict(list, {error.node.site: [error] for error in quotients[-3:]})
    return list(groups.values())


def _difference(known: Dependence, node: Node) -> Error | None:
    """Find `a - y` or `y - a`, where y is no literal and does not depend on the parameters."""
    if node.function not in SUBTRACT:
        return None
    left, right = node.operands
    on_left, on_right = _depends(known, left), _depends(known, right)
    if on_left == on_right:
        return None
    output, target = (left, right) if on_left else (right, left)
    if _is_literal(node, 1 if on_left else 0, target):
        return None
    return Error(node, output, target)


def _is_literal(node: Node, place: int, target: Any) -> bool:
    """Whether an operand of a difference stands there as a number."""
    if node.site is not None and node.site.kind != "binary":  # `p -= 1`
        return type(target) is not Node or (target.function is None and not target.names and not target.shape)
    try:
        tree = ast.parse(node.site.code.strip(), mode="eval").body if node.site else None
    except SyntaxError:
        return False
    if isinstance(tree, ast.BinOp):
        return isinstance((tree.left, tree.right)[place], ast.Constant)
    return False


def _of_classes(known: Dependence, node: Node) -> Error | None:
    """Find `p[range(m), y] -= 1`."""
    if node.function is not put:
        return None
    whole, index, part = node.operands
    if type(part) is not Node or part.function not in SUBTRACT or not _depends(known, whole):
        return None
    read, one = part.operands
    value = one.value if type(one) is Node else one
    if type(read) is not Node or read.function is not operator.getitem or np.size(value) != 1:
        return None
    if float(np.ravel(value)[0]) != 1:
        return None
    mask = np.zeros(whole.shape)
    mask[cast("Any", filled(index))] = 1
    return Error(node, whole, mask, is_of_classes=True)


def _quotient(known: Dependence, node: Node) -> Error | None:
    """Find `y / a`: where a target meets an output in no difference."""
    if node.function not in DIVIDE:
        return None
    target, output = node.operands
    if type(target) is not Node or type(output) is not Node or target.shape != output.shape:
        return None
    if _depends(known, target) or not _depends(known, output) or np.size(node.like) < 2:
        return None
    return Error(node, output, target)


def _depends(known: Dependence, value: Any) -> bool:
    return type(value) is Node and bool(known.on[known.graph.of(value).id])
