"""Parts of gradients: what flows back through some readings of a tensor, where others read it as well.

Of h, which the output reads and the next turn too, `W.T @ dy` is a part: it is the gradient of nothing, and
no less right. But only where something is added to it: whoever goes on with a part alone has forgotten the
others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.sources.script import Node
from bpdebug.sources.script.recorder.operations import Method, is_in
from bpdebug.sources.script.recorder.records import same
from bpdebug.sources.script.recorder.updates import ADD
from bpdebug.sources.script.reference import Reference
from bpdebug.verify.repair.replay import Replay

TOLERANCE = 1e-6
HANDED_ON: frozenset[Any] = frozenset({same, np.copy, Method("copy")})
Sum = tuple[str, ...]
"""Derived tensors that are added up."""


def parts_of(reference: Reference) -> dict[str, list[Sum]]:
    """Return for each tensor that is read several times what comes back by each, and by all but each."""
    found: dict[str, list[str]] = defaultdict(list)
    for statement in reference.program.statements:
        if statement.part:
            found[statement.of].append(statement.name)
    return {of: [(one,) for one in own] + _all_but_each(own) for of, own in found.items()}


def _all_but_each(names: Sequence[str]) -> list[Sum]:
    return [(*names[:at], *names[at + 1 :]) for at in range(len(names))] if len(names) > 2 else []


def value_of_sum(added: Sum, values: Mapping[str, Any]) -> Any:
    """Return the value of a sum."""
    return sum(values[name] for name in added)


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
        for sums in parts_of(reference).values():
            for value in (ratio * value_of_sum(one, values) for one in sums):
                if np.size(value) > 1 and np.any(value):
                    found[np.shape(value)].append(value.ravel())
        self._by_shape: Mapping[Shape, Any] = {shape: np.stack(each) for shape, each in found.items()}

    def has(self, value: Any) -> bool:
        """Whether a value is one of them."""
        parts = self._by_shape.get(np.shape(value))
        if parts is None:
            return False
        off = np.max(np.abs(parts - np.ravel(value)), axis=1)
        return bool(np.any(off <= TOLERANCE * np.max(np.abs(parts), axis=1)))


def is_added(replay: Replay, node: Node) -> bool:
    """Whether whatever reads a tensor adds it to something, or hands it on to where that is done."""
    readers = replay.readers(node)
    return bool(readers) and all(
        is_in(one.function, ADD) or (is_in(one.function, HANDED_ON) and is_added(replay, one))
        for one in readers
    )
