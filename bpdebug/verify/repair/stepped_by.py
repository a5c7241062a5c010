"""What a step is made of: the sums in it, and what these are sums of, as large as the step."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script import Node
from bpdebug.sources.script.analysis.chains import DIVIDE, KEEP, NEGATE, TRANSPOSE
from bpdebug.sources.script.recorder.operations import is_in, put
from bpdebug.sources.script.recorder.updates import ADD, SCALE, SUBTRACT, Update

MOST_STEPS = 400
"""So many operations of a step are looked at."""


def behind(update: Update, dependent: Collection[int] = ()) -> Iterator[tuple[Node, bool]]:
    """Yield what a step is a multiple of, and what that is a sum of, from the step down.

    Each with whether it is scaled after it was added up: what is stepped by as it is are steps, a velocity.

    Parameters
    ----------
    update : Update
        The step.
    dependent : collection of int
        The numbers of what depends on a parameter: a number among these makes no constant multiple.
    """
    waiting = [(delta, False) for _, delta in update.deltas]
    seen: set[int] = set()
    while waiting and len(seen) < MOST_STEPS:
        node, is_scaled = waiting.pop(0)
        node = node.origin
        if node.id not in seen:
            seen.add(node.id)
            yield node, is_scaled
            is_scaled = is_scaled or node.function in SCALE or node.function in DIVIDE
            waiting += [(one, is_scaled) for one in _summands(node, dependent)]


def _summands(node: Node, dependent: Collection[int]) -> list[Node]:
    """Return what a tensor is a sum of, or a constant multiple: what it is from there on, as large."""
    function, operands = node.function, node.operands
    own: Sequence[Any] = ()
    if function is put:
        return [one for one in (operands[0], operands[2]) if type(one) is Node]
    if function in ADD or function in SUBTRACT:
        own = operands[:2]
    elif function in SCALE:
        own = [
            one
            for one, other in (operands[:2], operands[1::-1])
            if type(other) is not Node or (np.size(other.like) == 1 and other.id not in dependent)
        ]
    elif function in DIVIDE or function in NEGATE or is_in(function, KEEP) or is_in(function, TRANSPOSE):
        own = operands[:1]
    return [one for one in own if type(one) is Node and np.size(one.like) == np.size(node.like)]
