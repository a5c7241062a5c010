"""Modules of torch's and steps of its optimizers are calls: what runs in them stands together."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from typing import Any

import torch
from torch.nn.modules import module as modules
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from bpdebug.sources.libraries.running_sites import frame_of
from bpdebug.sources.script.sites import MODULE
from bpdebug.sources.torch.watcher import Watcher


def calls_seen(watcher: Watcher) -> ExitStack:
    """Let modules and optimizers of torch's be calls, until the stack that is returned is closed."""
    recorder, stack = watcher.recorder, ExitStack()

    def enter(name: str, role: str = "") -> None:
        with watcher.alone():
            site = watcher.sites.now() if recorder.on else None
            watcher.calls.append(site)
            if site is not None:
                call = dataclasses.replace(site, function=name, role=role)
                recorder.enter(call, frame_of(recorder.files))

    def leave() -> None:
        if watcher.calls and watcher.calls.pop() is not None:
            recorder.leave()

    # A library for processors computes a whole layer of an LSTM at once; without it the steps are seen.
    whole_layers: list[bool] = []

    def before_steps(module: Any, arguments: Any) -> None:
        if isinstance(module, torch.nn.RNNBase):
            whole_layers.append(torch._C._get_mkldnn_enabled())
            torch._C._set_mkldnn_enabled(False)

    def after_steps(module: Any, arguments: Any, out: Any) -> None:
        if isinstance(module, torch.nn.RNNBase) and whole_layers:
            torch._C._set_mkldnn_enabled(whole_layers.pop())

    def is_own(function: Any) -> bool:
        return function.__code__.co_filename in recorder.files if hasattr(function, "__code__") else False

    def before(module: Any, arguments: Any) -> None:
        if not is_own(type(module).forward):
            enter(watcher.names.of_module(module, recorder.files) or type(module).__name__, MODULE)

    def after(module: Any, arguments: Any, out: Any) -> None:
        if not is_own(type(module).forward):
            leave()

    hooks = (
        modules.register_module_forward_pre_hook(before_steps),
        modules.register_module_forward_hook(after_steps, always_call=True),
        modules.register_module_forward_pre_hook(before),
        modules.register_module_forward_hook(after, always_call=True),
        register_optimizer_step_pre_hook(lambda optimizer, *given: enter(f"{type(optimizer).__name__}.step")),
        register_optimizer_step_post_hook(lambda optimizer, *given: leave()),
    )
    for hook in hooks:
        stack.callback(hook.remove)
    return stack
