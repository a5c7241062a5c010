"""Parts of gradients: what flows back through one reading of a tensor, where others read it as well.

Of h, which the output reads and the next turn too, `W.T @ dy` is a part: it is the gradient of nothing, and
no less right. But only where something is added to it: whoever goes on with a part alone has forgotten the
others.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.sources.script import Node
from bpdebug.sources.script.recorder.operations import Method, is_in
from bpdebug.sources.script.recorder.records import same
from bpdebug.sources.script.reference import Reference
from bpdebug.verify.repair.replay import Replay

TOLERANCE = 1e-6
ADDITIONS: frozenset[Any] = frozenset({operator.add, np.add})
HANDED_ON: frozenset[Any] = frozenset({same, np.copy, Method("copy")})


class GradientParts:
    """Knows the parts of the derived gradients.

    Parameters
    ----------
    reference : Reference
        The forward pass, and the backward pass that was derived from it.
    ratio : float
        The hand-written gradients are so many times the derived ones.
    """

    def __init__(self, reference: Reference, ratio: float) -> None:
        values = reference.values()
        found: dict[Shape, list[Any]] = defaultdict(list)
        for statement in reference.program.statements:
            value = values[statement.name]
            if statement.part and np.size(value) > 1:
                found[np.shape(value)].append(ratio * value)
        self._by_shape: Mapping[Shape, Any] = {shape: np.stack(each) for shape, each in found.items()}

    def has(self, value: Any) -> bool:
        """Whether a value is one of them."""
        parts = self._by_shape.get(np.shape(value))
        if parts is None:
            return False
        axes = tuple(range(1, parts.ndim))
        size = np.max(np.abs(parts), axis=axes)
        return bool(np.any((np.max(np.abs(parts - value), axis=axes) <= TOLERANCE * size) & (size > 0)))


def is_added(replay: Replay, node: Node) -> bool:
    """Whether whatever reads a tensor adds it to something, or hands it on to where that is done."""
    readers = replay.readers(node)
    return bool(readers) and all(
        is_in(one.function, ADDITIONS) or (is_in(one.function, HANDED_ON) and is_added(replay, one))
        for one in readers
    )
