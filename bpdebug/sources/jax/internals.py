"""All that JAX keeps to itself and that is used here; everything else is public.

- A *trace* gets every primitive that is bound while it is the current one. `jax.core` has had a current trace
  since 0.4.36; the base class and what makes one current are not exported.
- A *tracer* stands for a value within `grad` or `vmap` (see `recorder.tensors.stands_for`).
- Which place of the forward the backward pass goes back through: the traceback of the current source
  information, and its instructions.
- What some primitives are called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import CodeType
from typing import Any

from jax._src import core, source_info_util

from bpdebug.sources.script.recorder.tensors import stands_for

Trace: Any = core.Trace
"""The base class of traces: `process_primitive`, `process_custom_jvp_call`, `process_custom_vjp_call`."""
evaluate: Any = core.eval_trace
"""The trace that computes."""
current: Callable[[Any], AbstractContextManager[None]] = core.set_current_trace
"""Make a trace the current one, for a `with` statement."""
eval_jaxpr: Any = core.eval_jaxpr
"""Bind the equations of a jaxpr, one after the other: (jaxpr, constants, *arguments) -> results."""
INNER = {
    "jit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "checkpoint": "jaxpr",
    "remat2": "jaxpr",
}
"""The primitives that are a function of others -> the parameter that holds it."""
DRAWN = "random_"
"""The primitives that make and use keys begin like this."""
MADE = frozenset({"iota", "empty", "empty2", "create_token"})
"""What is made of nothing."""


def unwrapped(value: Any) -> Any:
    """Return the array that a tracer stands for; itself, where it stands for a shape only."""
    while isinstance(value, core.Tracer) and (inner := stands_for(value)) is not None:
        value = inner
    return value


def instructions() -> Iterator[tuple[CodeType, int]]:
    """Yield what runs, the innermost first; in the backward pass, what ran at that place of the forward."""
    traceback: Any = source_info_util.current().traceback
    yield from zip(*traceback.raw_frames(), strict=True)


@contextmanager
def anew() -> Iterator[None]:
    """Let `instructions` be those that run, also within the backward pass."""
    held = source_info_util._source_info_context
    before, held.context = held.context, source_info_util.new_source_info()
    try:
        yield
    finally:
        held.context = before
