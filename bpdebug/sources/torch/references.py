"""The gradients of one call's inputs where its recorded forward cannot be derived: `forward` runs again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from bpdebug.sources.libraries.references import OfOneCall
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.reference import recorded
from bpdebug.sources.torch.tensors import array_of


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
                for one, node in self.with_incoming(self.computed(*arguments))
                if isinstance(one, torch.Tensor) and one.requires_grad
            )
        if not isinstance(total, torch.Tensor):  # nothing of it has a derivative other than 0
            return {number: np.zeros(tuple(leaf.shape)) for number, leaf in leaves.items()}
        found = torch.autograd.grad(total, [*leaves.values()], allow_unused=True)
        return {
            number: np.zeros(tuple(leaf.shape)) if one is None else array_of(one)
            for (number, leaf), one in zip(leaves.items(), found, strict=True)
        }


class Context(SimpleNamespace):
    """What `forward` gets as its context where torch does not call it."""

    saved_tensors: tuple[Any, ...] = ()

    def __init__(self, wanted: tuple[bool, ...] = (True,) * 64) -> None:
        super().__init__(needs_input_grad=wanted)

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep what is asked for as `saved_tensors`."""
        self.saved_tensors = tensors

    def _ignore(self, *arguments: Any) -> None:
        """Keep nothing."""

    save_for_forward = mark_dirty = mark_non_differentiable = set_materialize_grads = _ignore


def forward_again(call: FunctionCall) -> Callable[..., Any]:
    """Return the `forward` of a call as a function of its inputs."""
    return call.again or (lambda *inputs: run_forward(call.function, Context(), inputs))


def run_forward(function: Any, context: Context, given: Sequence[Any]) -> Any:
    """Run the forward of a custom Function, in the old form or the new."""
    if function.setup_context is torch.autograd.Function.setup_context:
        return function.forward(context, *given)
    out = function.forward(*given)
    function.setup_context(context, tuple(given), out)
    return out


def of_arrays(call: FunctionCall, computed: Callable[..., Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """Return a function of tensors as one of arrays."""

    def computed_arrays(given: Sequence[Any]) -> list[Any]:
        arguments = [
            one if value is None else torch.from_numpy(value.copy()).to(_wide(one.dtype))
            for one, value in zip(call.arguments, given, strict=True)
        ]
        with torch.no_grad():
            out = computed(*arguments)
        parts = out if isinstance(out, tuple) else (out,)
        return [array_of(one) if isinstance(one, torch.Tensor) else None for one in parts]

    return computed_arrays


def _wide(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype in which differences are taken: of fewer than 64 bits they say nothing."""
    return torch.float64 if dtype.is_floating_point else dtype
