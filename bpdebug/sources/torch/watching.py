"""All that sees what torch computes for a recorder, put in place together."""

from __future__ import annotations

from contextlib import ExitStack

from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.torch.calls import calls_seen
from bpdebug.sources.torch.functions import functions_seen
from bpdebug.sources.torch.watcher import Watcher


def watch(recorder: Recorder) -> ExitStack:
    """Let a recorder see what torch computes, until the stack that is returned is closed."""
    watcher = Watcher(recorder)
    recorder.other = watcher
    recorder.objects.other = watcher
    stack = ExitStack()
    stack.enter_context(watcher)
    stack.push(calls_seen(watcher))
    stack.enter_context(functions_seen(watcher))
    return stack
