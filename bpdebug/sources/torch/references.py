"""The gradients of one call's inputs where its recorded forward cannot be derived: `forward` runs once more.

torch derives what it sees into, and takes central differences of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recorder.records import Node, ValueOf
from bpdebug.sources.script.reference import Reference, recorded
from bpdebug.sources.torch.tensors import array_of

STEP, BY_DIFFERENCES = 1e-5, 1e-6
"""The steps of differences, and how far what they give may lie off."""
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

    def outputs(self, arguments: Sequence[Any]) -> Iterator[tuple[torch.Tensor, Node]]:
        """Yield each output for some arguments that a gradient comes in for, with that gradient."""
        out = self.computed(*arguments)
        outputs = out if isinstance(out, tuple) else (out,)
        for one, node in zip(outputs, self.call.incoming, strict=False):
            if node is not None and isinstance(one, torch.Tensor):
                yield one, node


@dataclass(frozen=True)
class ByAutograd(OfOneCall):
    """Gradients that torch derives, from a function of the inputs."""

    def gradients(self, value_of: ValueOf = recorded) -> dict[int, Any]:
        """Return the gradients of the inputs."""
        leaves: dict[int, torch.Tensor] = {}
        arguments = []
        for argument, node, wanted in zip(
            self.call.arguments, self.call.inputs, self.call.wanted, strict=True
        ):
            if node is not None:
                value = torch.from_numpy(np.array(value_of(node))).to(argument.dtype)
                if wanted:
                    value = leaves.setdefault(self.forward.graph.of(node).id, value.requires_grad_())
                arguments.append(value)
            else:
                arguments.append(argument)
        with torch.enable_grad():
            total = sum(
                (one * torch.from_numpy(np.array(value_of(node))).to(one.dtype)).sum()
                for one, node in self.outputs(arguments)
                if one.requires_grad
            )
        if not isinstance(total, torch.Tensor):  # nothing of it has a derivative other than 0
            return {number: np.zeros(tuple(leaf.shape)) for number, leaf in leaves.items()}
        found = torch.autograd.grad(total, [*leaves.values()], allow_unused=True)
        return {
            number: np.zeros(tuple(leaf.shape)) if one is None else array_of(one)
            for (number, leaf), one in zip(leaves.items(), found, strict=True)
        }


@dataclass(frozen=True)
class ByDifferences(OfOneCall):
    """Gradients by central differences of the forward, which torch does not see into."""

    def gradients(self, value_of: ValueOf = recorded) -> dict[int, Any]:
        """Return the gradients of the inputs."""
        given = [None if node is None else _wide_array(value_of(node)) for node in self.call.inputs]
        incoming = {node.id: np.asarray(value_of(node)) for node in self.call.incoming if node is not None}

        def total() -> float:
            arguments = [
                one if value is None else torch.from_numpy(value.copy()).to(_wide(one.dtype))
                for one, value in zip(self.call.arguments, given, strict=True)
            ]
            with torch.no_grad():
                return sum(
                    float(np.sum(array_of(one) * incoming[node.id])) for one, node in self.outputs(arguments)
                )

        found: dict[int, Any] = {}
        for value, node, wanted in zip(given, self.call.inputs, self.call.wanted, strict=True):
            if value is None or node is None or not wanted or value.size > MOST_DIFFERENCES:
                continue
            gradient = np.zeros(value.shape)
            for place in np.ndindex(value.shape):
                held = value[place]
                step = STEP * max(1.0, abs(float(held)))
                value[place] = held + step
                over = total()
                value[place] = held - step
                gradient[place] = (over - total()) / (2 * step)
                value[place] = held
            number = self.forward.graph.of(node).id
            found[number] = found.get(number, 0.0) + gradient
        return found


def _wide_array(value: Any) -> Any:
    """Return a copy of an array, in which a small step is not lost."""
    array = np.array(value)
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def _wide(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype in which differences are taken: of fewer than 64 bits they say nothing."""
    return torch.float64 if dtype.is_floating_point else dtype


class Context(SimpleNamespace):
    """What `forward` gets as its context where nobody goes back through it."""

    def __init__(self) -> None:
        super().__init__(needs_input_grad=(True,) * 64)

    def _ignore(self, *arguments: Any) -> None:
        """Keep nothing."""

    save_for_backward = save_for_forward = mark_dirty = mark_non_differentiable = _ignore
    set_materialize_grads = _ignore


def forward_again(call: FunctionCall, has_setup: bool) -> Callable[..., Any]:
    """Return the `forward` of a call as a function of its inputs."""
    forward: Any = call.function.forward  # type: ignore[attr-defined]
    return forward if has_setup else lambda *inputs: forward(Context(), *inputs)
