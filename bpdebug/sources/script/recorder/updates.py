"""Which stores are steps of a parameter, and when the next iteration has begun.

An update gives a slot (a name, an attribute, an item) or an array in place `c · old + delta`, where delta
depends on `old` in another way: that is how a gradient comes in. The iteration is over when a place in the
source that has read the old value reads the new one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.recorder.operations import DETACH, InPlace, Method, put
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.sites import Site

Terms = tuple[tuple[int, Node], ...]
ADD: frozenset[Callable[..., Any]] = frozenset({operator.add, np.add})
SUBTRACT: frozenset[Callable[..., Any]] = frozenset({operator.sub, np.subtract})
SCALE: frozenset[Callable[..., Any]] = frozenset({operator.mul, np.multiply})
MAY_UPDATE = ADD | SUBTRACT
COPIED: frozenset[Callable[..., Any]] = frozenset({np.copy, np.array, Method("copy"), DETACH})
"""What gives the same values in another object."""
MAY_BE_STEP = MAY_UPDATE | COPIED
SCATTERED: dict[Any, int] = {InPlace(np.add.at): 1, InPlace(np.subtract.at): -1}
DEEPEST = 6
"""An update is a few operations on top of the old value."""


class Update(NamedTuple):
    """`new = c · old + deltas`, where a delta depends on `old` in another way: a step of a parameter.

    Attributes
    ----------
    old, new : Node
        The value before, and after.
    deltas : tuple of (int, Node)
        What is added to it, each with its sign.
    site : Site
        Where.
    slot : str
        What was updated, as it is named there.
    """

    old: Node
    new: Node
    deltas: tuple[tuple[int, Node], ...]
    site: Site
    slot: str


def terms_beside(new: Node, old: Node, sign: int = 1, depth: int = 0, is_delta: bool = False) -> Terms | None:
    """Write `new = c · old + terms`, and return the terms with their signs; None if it has no such form.

    Nearly all may be a multiple: the slope of a bias may be `c · (w x + b − y)`, and that of a place
    `2 · (x − t)`. So a delta is not looked into where other statements have stored or returned it.
    """
    is_stored = new.instance is not None and (
        old.shape == () or new.instance.site.role in ("assign", "return")
    )
    if is_delta and is_stored and new.origin is not old:
        return None
    new = new.origin
    while new is not old and new.function in COPIED and type(new.operands[0]) is Node:
        new = new.operands[0].origin
    if new is old:
        return ()
    if depth > DEEPEST or new.id < old.id:
        return None
    function, operands = new.function, new.operands
    if function in SCATTERED and type(operands[0]) is Node and operands[0].origin is old:
        part = operands[2]
        return ((SCATTERED[function] * sign, part),) if type(part) is Node else ()
    if function is put:
        return _terms_of_part(operands, old, sign)
    if function in ADD or function in SUBTRACT:
        signs = (sign, -sign if function in SUBTRACT else sign)
        for first in (0, 1):
            held, other = operands[first], operands[1 - first]
            if type(held) is not Node:
                continue
            terms = terms_beside(held, old, signs[first], depth + 1, is_delta)
            if terms is None:
                continue
            if type(other) is not Node:
                return terms
            more = terms_beside(other, old, signs[1 - first], depth + 1, is_delta=True)
            return (*terms, *(((signs[1 - first], other),) if more is None else more))
    if function in SCALE:
        for first in (0, 1):
            held, other = operands[first], operands[1 - first]
            if type(held) is Node and np.ndim(other.like if type(other) is Node else other) == 0:
                terms = terms_beside(held, old, sign, depth + 1, is_delta)
                if terms is not None:
                    return terms
    return None


def _terms_of_part(operands: tuple[Any, ...], old: Node, sign: int) -> Terms | None:
    """Do the same for `x[i] = x[i] + delta`."""
    whole, _, part = operands
    if type(whole) is not Node or whole.origin is not old or type(part) is not Node:
        return None
    part = part.origin
    if part.function not in MAY_UPDATE:
        return None
    held, other = part.operands
    reads = type(held) is Node and held.origin.function is operator.getitem
    if not reads or type(other) is not Node or held.origin.operands[0].origin is not old:
        return None
    return ((sign if part.function in ADD else -sign, other),)


def is_plain_sum(new: Node, terms: Terms) -> bool:
    """Whether an update is written `x = x + f(x)`, with no rate and no minus: it may be a residual."""
    if new.function is not operator.add or (new.site is not None and new.site.kind != "binary"):
        return False
    return all(sign > 0 and not is_scaled(delta.origin) for sign, delta in terms)


def is_scaled(delta: Node) -> bool:
    """Whether a value is the multiple of another: by a number, or with the other sign."""
    if delta.function is operator.neg:
        return True
    if delta.function not in SCALE and delta.function is not operator.truediv:
        return False
    likes = (operand.like if type(operand) is Node else operand for operand in delta.operands)
    return any(np.ndim(like) == 0 for like in likes)


def depends_on(node: Node, target: Node) -> bool:
    """Whether a node was computed from another."""
    return any(here is target for here in nodes_behind([node], target.id - 1))


def nodes_behind(nodes: Iterable[Node], since: int) -> Iterator[Node]:
    """Yield what some nodes were computed from, themselves included, of what is younger than a number."""
    seen: set[int] = set()
    waiting = list(nodes)
    while waiting:
        here = waiting.pop().origin
        if here.id > since and here.id not in seen:
            seen.add(here.id)
            yield here
            waiting.extend(here.parents())
