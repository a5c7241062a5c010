"""The right gradients of one call, where they cannot be derived from what was recorded of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recorder.records import Node, ValueOf
from bpdebug.sources.script.reference import Reference, recorded

STEP, WIDE_STEP, BY_DIFFERENCES = 1e-5, 1e-3, 1e-6
"""The steps of differences, and how far what those of the first give may lie off."""
MOST_DIFFERENCES = 2000
"""Inputs of more elements have no differences taken."""


@dataclass(frozen=True)
class OfOneCall(Reference):
    """The gradients of the inputs of one call.

    Attributes
    ----------
    call : FunctionCall
        The call.
    computed : callable
        Gives the outputs of the call from its arguments.
    """

    call: FunctionCall
    computed: Callable[..., Any]

    def values(self, value_of: ValueOf = recorded) -> Mapping[str, Any]:
        """Return the tensors of the forward by name: nothing is derived from them."""
        return self.inputs(value_of) | {name: value_of(node) for name, node in self.forward.nodes.items()}

    def with_incoming(self, outputs: Any) -> Iterator[tuple[Any, Node]]:
        """Yield each output that a gradient comes in for, with that gradient."""
        parts = outputs if isinstance(outputs, tuple | list) else (outputs,)
        for one, node in zip(parts, self.call.incoming, strict=False):
            if node is not None and one is not None:
                yield one, node


@dataclass(frozen=True)
class ByDifferences(OfOneCall):
    """Gradients by central differences of the forward, which the library does not see into.

    `computed` takes an array for each input, None for what is no tensor, and returns arrays.
    """

    step: float = STEP

    def gradients(self, value_of: ValueOf = recorded) -> dict[int, Any]:
        """Return the gradients of the inputs."""
        given = [None if node is None else _wide(value_of(node)) for node in self.call.inputs]
        incoming = {node.id: np.asarray(value_of(node)) for node in self.call.incoming if node is not None}

        def total() -> float:
            outputs = self.computed(given)
            return sum(float(np.sum(one * incoming[node.id])) for one, node in self.with_incoming(outputs))

        found: dict[int, Any] = {}
        for value, node, wanted in zip(given, self.call.inputs, self.call.wanted, strict=True):
            if value is None or node is None or not wanted or value.size > MOST_DIFFERENCES:
                continue
            number = self.forward.graph.of(node).id
            found[number] = found.get(number, 0.0) + _slopes(value, total, self.step)
        return found


def _wide(value: Any) -> Any:
    """Return a copy of an array, in which a small step is not lost."""
    array = np.array(value)
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _slopes(value: Any, total: Callable[[], float], relative: float) -> Any:
    """Return by how much a total changes with each element of an array, which is moved for that."""
    gradient = np.zeros(value.shape)
    for place in np.ndindex(value.shape):
        held = value[place]
        step = relative * max(1.0, abs(float(held)))
        value[place] = held + step
        over = total()
        value[place] = held - step
        gradient[place] = (over - total()) / (2 * step)
        value[place] = held
    return gradient
