"""All that sees what torch computes for a recorder, put in place together."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.torch.calls import calls_seen
from bpdebug.sources.torch.functions import functions_seen
from bpdebug.sources.torch.unseen import kernels_alone
from bpdebug.sources.torch.watcher import Watcher


@contextmanager
def losses_seen(watcher: Watcher) -> Iterator[None]:
    """Let a watcher see what `backward()` is called on, with no gradient given."""
    library: Any = torch.autograd
    own = library.backward

    @functools.wraps(own)
    def backward(tensors: Any, gradients: Any = None, *more: Any, **options: Any) -> Any:
        if isinstance(tensors, torch.Tensor) and tensors.numel() == 1 and gradients is None:
            gradients = watcher.goes_back(tensors)
        return own(tensors, gradients, *more, **options)

    library.backward = backward
    try:
        yield
    finally:
        library.backward = own


def watch(recorder: Recorder) -> ExitStack:
    """Let a recorder see what torch computes, until the stack that is returned is closed."""
    watcher = Watcher(recorder)
    recorder.other = watcher
    recorder.objects.other = watcher
    stack = ExitStack()
    stack.enter_context(watcher)
    stack.push(calls_seen(watcher))
    stack.enter_context(functions_seen(watcher))
    stack.enter_context(losses_seen(watcher))
    stack.callback(register_optimizer_step_pre_hook(watcher.steps).remove)
    stack.enter_context(kernels_alone(watcher.alone))
    return stack
