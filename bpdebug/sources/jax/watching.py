"""All that sees what JAX computes for a recorder, put in place together."""

from __future__ import annotations

from contextlib import ExitStack

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
    stack.enter_context(jax.disable_jit())
    stack.enter_context(internals.current(watcher))
    return stack
