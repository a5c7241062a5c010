"""One call of a custom Function, with what torch derives where the recorded forward is opaque."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from bpdebug.engine.program.program import Program
from bpdebug.sources.libraries import calls
from bpdebug.sources.libraries.references import BY_DIFFERENCES, ByDifferences, OfOneCall
from bpdebug.sources.script.analysis.functions import FunctionAnalysis
from bpdebug.sources.script.conversion.forward import Forward
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.reference import recorded
from bpdebug.sources.torch.tensors import array_of

OF_TORCH = {torch.bfloat16: 5e-2, torch.float16: 1e-2}
"""The dtypes that NumPy computes with more bits -> how far a gradient may lie from the derived one."""


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
    """What `forward` gets as its context where nobody goes back through it."""

    def __init__(self) -> None:
        super().__init__(needs_input_grad=(True,) * 64)

    def _ignore(self, *arguments: Any) -> None:
        """Keep nothing."""

    save_for_backward = save_for_forward = mark_dirty = mark_non_differentiable = _ignore
    set_materialize_grads = _ignore


def forward_again(call: FunctionCall) -> Callable[..., Any]:
    """Return the `forward` of a call as a function of its inputs."""
    function: Any = call.function
    if function.setup_context is not torch.autograd.Function.setup_context:
        return function.forward  # type: ignore[no-any-return]
    return lambda *inputs: function.forward(Context(), *inputs)


def analysis_of(
    recording: Recording,
    call: FunctionCall,
    free: Collection[int] = (),
    tolerance: float | None = None,
    computed: Callable[..., Any] | None = None,
) -> FunctionAnalysis | None:
    """Return what a call is; see `libraries.calls.analysis_of`.

    Parameters
    ----------
    computed : callable, optional
        What computes the outputs from the inputs in a way that torch can derive; by default the recorded
        forward is derived, and torch derives `forward` where something in it is opaque.
    """
    again = computed or forward_again(call)

    def by_torch(forward: Forward, is_seen: bool) -> calls.ByLibrary:
        if is_seen or computed is not None:
            return calls.ByLibrary(ByAutograd(forward, Program({}, ()), call, again))
        of_arrays = ByDifferences(forward, Program({}, ()), call, _of_arrays(call, again))
        return calls.ByLibrary(of_arrays, BY_DIFFERENCES)

    dtypes = {one.dtype for one in call.arguments if isinstance(one, torch.Tensor)}
    tolerance = tolerance or max((OF_TORCH.get(dtype, 0.0) for dtype in dtypes), default=0.0)
    return calls.analysis_of(recording, call, by_torch, free, tolerance, computed is None)


def _of_arrays(call: FunctionCall, computed: Callable[..., Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """Return a function of tensors as one of arrays."""

    def of_arrays(given: Sequence[Any]) -> list[Any]:
        arguments = [
            one if value is None else torch.from_numpy(value.copy()).to(one.dtype)
            for one, value in zip(call.arguments, given, strict=True)
        ]
        with torch.no_grad():
            out = computed(*arguments)
        parts = out if isinstance(out, tuple) else (out,)
        return [array_of(one) if isinstance(one, torch.Tensor) else None for one in parts]

    return of_arrays
