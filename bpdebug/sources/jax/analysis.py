"""One call of a function with a `custom_vjp`, with what JAX derives where the recorded forward is opaque."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bpdebug.engine.program.program import Program
from bpdebug.sources.jax.arrays import array_of
from bpdebug.sources.libraries import calls
from bpdebug.sources.libraries.references import OfOneCall
from bpdebug.sources.script.analysis.functions import FunctionAnalysis
from bpdebug.sources.script.conversion.forward import Forward
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recorder.records import ValueOf
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.reference import recorded

NARROW = {"bfloat16": 5e-2, "float16": 1e-2}
"""The dtypes that NumPy computes with more bits -> how far a gradient may lie from the derived one."""


@dataclass(frozen=True)
class ByGrad(OfOneCall):
    """Gradients that JAX derives, from a function of the leaves of the arguments."""

    def gradients(self, value_of: ValueOf = recorded) -> dict[int, Any]:
        """Return the gradients of the inputs."""
        call = self.call
        values = [
            one if node is None else jnp.asarray(value_of(node), one.dtype)
            for one, node in zip(call.arguments, call.inputs, strict=True)
        ]
        asked = [place for place, wanted in enumerate(call.wanted) if wanted]

        def total(given: Sequence[Any]) -> Any:
            arguments = list(values)
            for place, value in zip(asked, given, strict=True):
                arguments[place] = value
            return sum(
                jnp.sum(one * jnp.asarray(value_of(node), one.dtype))
                for one, node in self.with_incoming(self.computed(*arguments))
            )

        found: dict[int, Any] = {}
        for place, gradient in zip(asked, jax.grad(total)([values[place] for place in asked]), strict=True):
            node = call.inputs[place]
            assert node is not None, "what is wanted is an array"
            number = self.forward.graph.of(node).id
            found[number] = found.get(number, 0.0) + array_of(gradient)
        return found


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
        What computes the outputs from the leaves of the inputs in a way that JAX can derive; by default the
        recorded forward is derived, and JAX derives the function where something in it is opaque.
    """
    again = computed or call.again
    assert again is not None, "a call of JAX's can be made again"

    def by_jax(forward: Forward, is_seen: bool) -> Iterator[calls.ByLibrary]:
        try:
            by_grad = ByGrad(forward, Program({}, ()), call, again)
            by_grad.gradients()
        except Exception:  # JAX cannot derive it: the person's function may do anything
            yield from calls.by_differences(forward, call, _of_arrays(call, again))
        else:
            yield calls.ByLibrary(by_grad)

    dtypes = {str(getattr(one, "dtype", "")) for one in call.arguments}
    least = max((NARROW.get(dtype, 0.0) for dtype in dtypes), default=0.0)
    return calls.analysis_of(recording, call, by_jax, free, tolerance, least, computed is None)


def _of_arrays(call: FunctionCall, computed: Callable[..., Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """Return a function of JAX's arrays as one of NumPy's."""

    def of_arrays(given: Sequence[Any]) -> list[Any]:
        arguments = [
            one if value is None else jnp.asarray(value, one.dtype)
            for one, value in zip(call.arguments, given, strict=True)
        ]
        return [np.asarray(array_of(one), dtype=float) for one in computed(*arguments)]

    return of_arrays
