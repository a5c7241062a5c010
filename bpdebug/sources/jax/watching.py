"""All that sees what JAX computes for a recorder, put in place together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import jax

from bpdebug.sources.jax import internals
from bpdebug.sources.jax.functions import functions_seen
from bpdebug.sources.jax.watcher import PrimitiveWatcher
from bpdebug.sources.script.recorder.recorder import Recorder


def watch(recorder: Recorder) -> ExitStack:
    """Let a recorder see what JAX computes, until the stack that is returned is closed."""
    watcher = PrimitiveWatcher(recorder)
    recorder.other = watcher
    recorder.objects.other = watcher
    stack = ExitStack()
    stack.enter_context(functions_seen(watcher))
    stack.enter_context(nothing_traced())
    stack.enter_context(jax.disable_jit())
    stack.enter_context(internals.current(watcher))
    return stack


@contextmanager
def nothing_traced() -> Iterator[None]:
    """Let `checkpoint` call what it is given: it traces that, to compute it again, and here it is kept."""
    module: Any = jax
    kept = {name: getattr(module, name) for name in ("checkpoint", "remat")}

    def itself(function: Callable[..., Any] | None = None, **options: Any) -> Any:
        return itself if function is None else function

    for name in kept:
        setattr(module, name, itself)
    try:
        yield
    finally:
        for name, own in kept.items():
            setattr(module, name, own)
