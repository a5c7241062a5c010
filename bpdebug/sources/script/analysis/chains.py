"""From the step of a parameter down to its gradient: one operation after the other is taken off.

A rate, 1/m, a sign, copies and reshapes, clipping, a weight decay, momentum; and what Adam and its relatives
make of a gradient, where a tensor is looked for that all of the step passes through.
"""

from __future__ import annotations

import math
import operator
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.begun import begun_late
from bpdebug.sources.script.analysis.readings import ROUNDING, multiple
from bpdebug.sources.script.analysis.steps import Link
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import Attribute, Method, is_in, put, shaped
from bpdebug.sources.script.recorder.records import Node, same
from bpdebug.sources.script.recorder.updates import ADD, SCALE, SUBTRACT, terms_beside

LONGEST = 40
"""A chain is a few operations long."""
DIVIDE: frozenset[Any] = frozenset({operator.truediv, np.divide})
NEGATE: frozenset[Any] = frozenset({operator.neg, np.negative})
TRANSPOSE: frozenset[Any] = frozenset({Attribute("T"), np.transpose, Method("transpose")})
KEEP: frozenset[Any] = frozenset(
    {
        same, operator.pos, shaped, np.copy, np.array, np.asarray, np.reshape, np.ravel, np.squeeze,
        np.expand_dims, np.clip, np.nan_to_num, np.atleast_1d, np.atleast_2d, np.float64, np.float32, float,
        operator.getitem,
        *map(Method, ("reshape", "copy", "astype", "ravel", "flatten", "squeeze", "clip", "view", "item")),
    }
)  # fmt: skip
"""What gives the elements of its first operand again, or keeps them within bounds."""
ROOTS: frozenset[Any] = frozenset({np.sqrt, math.sqrt, np.sign, np.linalg.norm})
"""What Adam, its relatives and clipping by a norm do to a gradient on the way to the step."""
POWERS: frozenset[Any] = frozenset({operator.pow, np.power, math.pow})
DOMINATORS_TRIED = 24


class Chains:
    """Takes the chains of updates.

    Parameters
    ----------
    graph : Graph
        The operations.
    depends : sequence of int
        For each node, whether (not 0) it depends on a parameter.
    """

    def __init__(self, graph: Graph, depends: Sequence[int]) -> None:
        self.graph, self.depends = graph, depends

    def of(self, old: Node, new: Node, deltas: Sequence[tuple[int, Node]]) -> tuple[Link, ...]:
        """Return the chain of one update, from the step down."""
        whole = whole_step(new.origin, old.origin)
        deltas = (whole,) if whole is not None else deltas
        chains, dependent = self, [term for term in deltas if self.is_dependent(term[1])]
        if not dependent:
            begun = begun_late(self.graph, self.depends, old, [delta for _, delta in deltas])
            chains = Chains(self.graph, self.graph.reached(begun))
            dependent = [term for term in deltas if chains.is_dependent(term[1])] or list(deltas)
        return chains._down(old, new, dependent) if dependent else ()

    def _down(self, old: Node, new: Node, dependent: Sequence[tuple[int, Node]]) -> tuple[Link, ...]:
        sign, delta = max(dependent, key=lambda term: term[1].id)
        link: Link | None = Link(delta, sign, is_stripped=len(dependent) > 1)
        chain: list[Link] = []
        while link is not None and len(chain) < LONGEST:
            chain.append(link)
            is_handed = link.node.instance is not None and not _is_of(new, link.node)
            link = self.below(link, old, new)
            if link is not None and (is_handed or chain[-1].is_inner):
                link = link._replace(is_inner=True)
        return tuple(chain)

    def is_dependent(self, value: Any) -> bool:
        """Whether an operand depends on a parameter."""
        return type(value) is Node and bool(self.depends[self.graph.of(value).id])

    def below(self, link: Link, old: Node, new: Node) -> Link | None:
        """Take one operation off; None where the gradient must have been reached."""
        found = next(self._plain(link, old), None)
        if found is None and not link.is_adaptive and link.node.shape == old.shape:
            found = self._adaptive(link, old, new)
        return found

    def _plain(self, link: Link, old: Node) -> Iterator[Link]:
        node, function, operands = link.node, link.node.function, link.node.operands
        if function in SCALE or function in DIVIDE:
            power = 1 if function in SCALE else -1
            for place in (0, 1) if power == 1 else (0,):
                held, scalar = operands[place], operands[1 - place]
                if self._is_scaled(held, scalar, node):
                    yield link._replace(node=held, scalars=(*link.scalars, (scalar, power)))
        elif function in NEGATE:
            yield link._replace(node=operands[0], sign=-link.sign)
        elif function in ADD or function in SUBTRACT:
            yield from self._terms(link, operands, -1 if function in SUBTRACT else 1, old)
        elif function is put:
            if self.is_dependent(operands[2]) and np.size(operands[2].like) == np.size(node.like):
                yield link._replace(node=operands[2])
        elif operands and self.is_dependent(first := _only(operands[0])) and size(first) == size(node):
            if is_in(function, TRANSPOSE) and len(operands) == 1 and len(first.shape) <= 2:
                turned = link.is_transposed != (len(first.shape) == 2)
                yield link._replace(node=first, is_transposed=turned)
            elif is_in(function, KEEP):
                yield link._replace(node=first)

    def _is_scaled(self, held: Any, scalar: Any, node: Node) -> bool:
        """Whether `held * scalar` is a multiple of what is held."""
        if not self.is_dependent(held) or np.size(held.like) != np.size(node.like):
            return False
        value = scalar.like if type(scalar) is Node else scalar
        if not isinstance(value, int | float | np.number | np.ndarray) or np.size(value) != 1:
            return False
        return not self.is_dependent(scalar) or self._is_clipping(held, scalar)

    def _is_clipping(self, held: Node, scalar: Node) -> bool:
        """Whether a number that depends on the parameters scales by a norm of what it scales."""
        graph, start = self.graph, self.graph.of(held)
        if np.size(held.like) == 1:
            return False
        behind = graph.ancestors([scalar], stop=(start.id,))
        return start.id in behind and any(_is_root(graph.nodes[one]) for one in _above(graph, behind, start))

    def _terms(self, link: Link, operands: tuple[Any, ...], second: int, old: Node) -> Iterator[Link]:
        """Of a sum: the only term that depends on parameters, or the one beside a weight decay."""
        signs = (link.sign, link.sign * second)
        dependent = [place for place in (0, 1) if self.is_dependent(operands[place])]
        if len(dependent) == 1:
            (place,) = dependent
            is_whole = np.size(operands[place].like) == np.size(link.node.like)
            if is_whole and _may_be_velocity(operands[1 - place], old):
                yield link._replace(node=operands[place], sign=signs[place])
        for place in dependent if len(dependent) == 2 else ():
            other = operands[1 - place]
            if terms_beside(other, old.origin) == () or _is_of_part(other, old.origin):
                yield link._replace(node=operands[place], sign=signs[place], is_stripped=True)
            elif (ahead := self._ahead(operands[place], other)) is not None:
                times = (1 + second * ahead, 1)
                yield link._replace(node=operands[place], sign=signs[place], scalars=(*link.scalars, times))

    def _ahead(self, gradient: Node, velocity: Node) -> float | None:
        """Return how many times a gradient is in the velocity beside it, which it has just been added to.

        Nesterov's step looks ahead: `g + mu * v`, with `v = mu * v + g`.
        """
        total = velocity.origin
        while total.function in SCALE:
            total = next((one.origin for one in total.operands if self.is_dependent(one)), velocity)
            if total is velocity:
                return None
        start = self.graph.of(gradient)
        sides = [one for one in total.operands if type(one) is Node and one.shape == gradient.shape]
        is_sum_with_it = total.function in ADD and any(self.graph.of(one) is start for one in sides)
        if is_sum_with_it and not all(map(self.is_dependent, sides)):  # the other is what is remembered
            return multiple(velocity.value, gradient.value, ROUNDING)
        return None

    def _adaptive(self, link: Link, old: Node, new: Node) -> Link | None:
        """Find the tensor that all of a step passes through, where a root was taken on the way."""
        graph, top = self.graph, self.graph.of(link.node)
        size = np.size(old.like)
        behind = sorted(graph.ancestors([top]), reverse=True)
        candidates = [
            graph.nodes[number]
            for number in behind
            if number < top.id and self.depends[number] and np.size(graph.nodes[number].like) == size
        ]
        start = graph.of(old).id
        for candidate in candidates[:DOMINATORS_TRIED]:
            if candidate.id == start:
                continue
            between = graph.ancestors([top], stop=(candidate.id, start))
            if candidate.id not in between:
                continue
            own = {number for number in between if self.depends[number]}
            above = _above(graph, own, candidate)
            if own <= above | {start} and any(_is_root(graph.nodes[one]) for one in above - {candidate.id}):
                sign = _sign_in_step(new, candidate, graph)
                return Link(candidate, sign, is_stripped=link.is_stripped, is_adaptive=True)
        return None


def _is_of_part(value: Any, old: Node) -> bool:
    """Whether a value is a multiple of a part of the parameter: of `w[i] -= rate * (dw + decay * w[i])`."""
    if type(value) is not Node:
        return False
    node = value.origin
    if node.function is operator.getitem:
        return type(node.operands[0]) is Node and node.operands[0].origin is old
    if node.function in SCALE:
        pairs = (node.operands, node.operands[::-1])
        return any(np.ndim(_like(scalar)) == 0 and _is_of_part(held, old) for held, scalar in pairs)
    return is_in(node.function, KEEP) and bool(node.operands) and _is_of_part(node.operands[0], old)


def _like(value: Any) -> Any:
    return value.like if type(value) is Node else value


def _may_be_velocity(value: Any, old: Node) -> bool:
    """Whether what is added to a gradient may be what momentum remembers: as large as the parameter, or 0."""
    like = value.like if type(value) is Node else value
    if np.shape(like) == old.shape or np.size(old.like) == 1:
        return True
    return not np.any(value.value if type(value) is Node else value)


def _is_of(new: Node, node: Node) -> bool:
    """Whether a value was kept by the statement of the update itself."""
    return node.instance is None or (new.site is not None and node.instance.statement == new.site.statement)


def whole_step(new: Node, old: Node) -> tuple[int, Node] | None:
    """Return all that is added to a multiple of the old value, with its sign; a decay in it stays in it."""
    if new.function in ADD or new.function in SUBTRACT:
        for place in (0, 1):
            held, other = new.operands[place], new.operands[1 - place]
            if type(held) is Node and type(other) is Node and terms_beside(held, old) == ():
                return (-1 if new.function in SUBTRACT and place == 0 else 1), other
    return None


def _is_root(node: Node) -> bool:
    """Whether a node takes a root or a sign."""
    if is_in(node.function, POWERS):
        power = node.operands[1].value if type(node.operands[1]) is Node else node.operands[1]
        return np.ndim(power) == 0 and 0 < abs(float(power)) < 1
    return is_in(node.function, ROOTS)


def size(node: Node) -> int:
    """Return the number of elements of a tensor."""
    return int(np.size(node.like))


def _only(value: Any) -> Any:
    """Return what is in a list of one, of one, ..."""
    while type(value) in (list, tuple) and len(value) == 1:
        value = value[0]
    return value


def _above(graph: Graph, among: set[int], candidate: Node) -> set[int]:
    """Return which of some nodes depend on a candidate."""
    found = {candidate.id}
    for number in sorted(among):
        if any(parent.id in found for parent in graph.parents(graph.nodes[number])):
            found.add(number)
    return found


def _sign_in_step(new: Node, wanted: Node, graph: Graph) -> int:
    """Return the sign with which a tensor goes into `new`: along sums, products and quotients."""
    waiting: deque[tuple[Node, int]] = deque([(new, 1)])
    seen: set[int] = set()
    while waiting:
        node, sign = waiting.popleft()
        node = graph.of(node)
        if node is wanted:
            return sign
        if node.id in seen:
            continue
        seen.add(node.id)
        function, operands = node.function, node.operands
        if function in NEGATE:
            waiting.append((operands[0], -sign))
        elif function in SUBTRACT:
            waiting.extend(
                (held, way) for held, way in zip(operands, (sign, -sign), strict=False) if type(held) is Node
            )
        elif function in SCALE or function in DIVIDE:
            for place in (0, 1) if function in SCALE else (0,):
                if type(operands[place]) is Node:
                    other = operands[1 - place]
                    value = other.like if type(other) is Node else other
                    negative = np.ndim(value) == 0 and value < 0
                    waiting.append((operands[place], -sign if negative else sign))
        elif function is not np.sqrt:
            waiting.extend((parent, sign) for parent in node.parents())
    return 1
