"""What a backward pass may take as a constant, although it is computed from the parameters.

Whoever trains on a bootstrapped target, `r + γ max Q(s′)`, goes back through `Q(s)` alone, and the weight of
a log-probability, an advantage or π(a)/μ(a), is but a number. Three things can be meant so:

    named       what is called a target, an advantage, a baseline
    Bellman     of `r + γ v′ − v`, a difference with data in it, all outputs but one; as a weight, all of it
    quotient    an output divided by data, or an exponential of what is that far from data

Whether one is meant, only the gradients can tell (`detached`): a penalty, a mean that is taken off or a
weight that the classes share may be forgotten just so.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.chains import DIVIDE, NEGATE
from bpdebug.sources.script.analysis.errors import Dependence
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.updates import ADD, SUBTRACT

NAMED = re.compile(
    r"target|teacher|pseudo|goal|bootstrap|advantage|baseline|importance|expected_|^adv(s|_.*)?$|^td_",
    re.IGNORECASE,
)
"""What is called so is not what is learned, but what is learned from."""
EXPONENTIAL: frozenset[Any] = frozenset({np.exp, math.exp})
MOST_OUTPUTS, MOST_TERMS = 3, 8
"""A Bellman error is the sum of few outputs, and of few terms."""
MOST_SETS = 8
"""So many sets are tried."""
Constants = frozenset[int]
"""The numbers of representatives."""


def constants_of(known: Dependence) -> list[Constants]:
    """Return the sets of tensors that may be meant as constants, the likelier first.

    Parameters
    ----------
    known : Dependence
        What depends on the parameters.
    """
    named = frozenset(_named(known))
    quotients = frozenset(_quotients(known))
    found = [one for one in (named, named | quotients) if one]
    found += [wise | named for wise in _bellman(known)] + list(_bellman(known))
    found += [frozenset({one}) for one in sorted(named | quotients)]
    return list(dict.fromkeys(found))[:MOST_SETS]


def _named(known: Dependence) -> Iterator[int]:
    graph = known.graph
    names: dict[int, set[str]] = {}
    for node in graph.nodes:
        names.setdefault(graph.of(node).id, set()).update(node.names)
    for node in _depending(known):
        if any(NAMED.search(name.rpartition(".")[2]) for name in names[node.id]):
            yield node.id


def _depending(known: Dependence) -> Iterator[Node]:
    """Yield what is computed from the parameters, and not from what they become."""
    for node in known.graph.nodes:
        if node.function is not None and known.on[node.id] and not known.on_new[node.id]:
            yield node


def _quotients(known: Dependence) -> Iterator[int]:
    """Yield what an output is of data, element by element: `π / μ`, `exp(log π - log μ)`."""
    for node in _depending(known):
        inner = node
        if node.function in EXPONENTIAL and type(node.operands[0]) is Node:
            inner = known.graph.of(node.operands[0])
        is_far = inner.function in (SUBTRACT if inner is not node else DIVIDE)
        if is_far and _depends(known, inner.operands[0]) and _is_data(known, inner.operands[1]):
            yield node.id


def _bellman(known: Dependence) -> Iterator[Constants]:
    """Yield of sums of outputs and data all outputs but one, and the sum as a whole."""
    graph = known.graph
    trees = {node.id: node for node in _depending(known) if node.function in ADD | SUBTRACT}
    parameters = {graph.of(one.old).id for one in known.parameters}
    inner = {parent.id for node in trees.values() for parent in graph.parents(node)}
    for number, node in trees.items():
        if number in inner:
            continue
        terms = list(itertools.islice(_terms(known, node, trees), MOST_TERMS))
        outputs = {graph.of(one).id: sign for one, sign in terms if _depends(known, one)}
        is_of_parameters = any(one in parameters for one in outputs)
        has_data = any(_is_data(known, one) for one, _ in terms)
        # A prediction is held against what is made of another; what is only added up is one prediction.
        is_difference = 1 < len(outputs) <= MOST_OUTPUTS and len({*outputs.values()}) > 1
        if has_data and is_difference and not is_of_parameters and len(terms) < MOST_TERMS:
            yield frozenset({number})
            yield from (frozenset(outputs) - {one} for one in outputs)


def _terms(known: Dependence, value: Node, trees: Mapping[int, Node]) -> Iterator[tuple[Any, int]]:
    """Yield what a value is the sum of, with signs, the last first: of a long sum nobody asks for all."""
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        one, sign = waiting.pop()
        node = known.graph.of(one) if type(one) is Node else None
        if node is not None and (node.id in trees or node.function in NEGATE):
            first, *others = node.operands
            waiting.append((first, -sign if node.function in NEGATE else sign))
            waiting += [(other, -sign if node.function in SUBTRACT else sign) for other in others]
        else:
            yield one, sign


def _depends(known: Dependence, value: Any) -> bool:
    return type(value) is Node and bool(known.on[known.graph.of(value).id])


def _is_data(known: Dependence, value: Any) -> bool:
    """Whether something that is no literal does not depend on the parameters."""
    return (
        type(value) is Node
        and not _depends(known, value)
        and (value.function is not None or bool(value.names) or bool(value.shape))
    )
