"""The gradients of what has a name: what they are called, and which of them stood in a leaf when."""

from __future__ import annotations

import functools
from typing import Any

import torch

from bpdebug.sources.script.recorder.known import node_then
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.torch.tensors import StoredTensor, unwrapped


class NamedGradients:
    """Hangs hooks on tensors that have a name.

    Parameters
    ----------
    watcher : Watcher
        Sees the operations.

    Attributes
    ----------
    hooked : dict
        The tensors whose gradients get a name.
    """

    def __init__(self, watcher: Any) -> None:
        self.watcher = watcher
        self.hooked: dict[Any, Any] = {}
        self._of_leaves: dict[int, list[StoredTensor]] = {}

    def named(self, value: Any, name: str) -> None:
        """Let the gradient of a tensor be called after it."""
        if not value.requires_grad or name.startswith("_"):
            return
        with self.watcher.alone():
            # A leaf that is made one of another dtype, as by `.double()`, has lost its hooks.
            leaf = id(value), value.dtype
            key = (value.grad_fn, value.output_nr) if value.grad_fn is not None else leaf
            if key in self.hooked:
                return
            self.hooked[key] = value
            if value.grad_fn is None:
                value.register_post_accumulate_grad_hook(functools.partial(self._has_gradient, name))
            elif value.is_floating_point():
                value.register_hook(functools.partial(self._is_gradient, name))

    def at(self, leaf: Any, time: int) -> Node | None:
        """Return the gradient that stood in a leaf at a time."""
        then = [one for one in self._of_leaves.get(id(leaf), ()) if one.history[0][0] <= time]
        return node_then(then[-1].history, time) if then else None

    @property
    def _is_on(self) -> bool:
        return bool(self.watcher.recorder.on and self.watcher.recorder.other is self.watcher)

    def _has_gradient(self, name: str, leaf: torch.Tensor) -> None:
        """Name the gradient that a leaf has now."""
        watcher = self.watcher
        if self._is_on and leaf.grad is not None:
            node, stored = watcher.node_of(leaf.grad), watcher.tensors.entry(unwrapped(leaf.grad))
            self._of_leaves.setdefault(id(leaf), []).extend((stored,) if stored is not None else ())
            watcher.recorder.name(node, f"{name}.grad")
            if watcher.gone_back:
                watcher.gone_back[-1].gradients.append((watcher.node_of(leaf), node))

    def _is_gradient(self, name: str, gradient: torch.Tensor | None) -> None:
        """Name the gradient of a tensor; a backward may have returned None for it."""
        if self._is_on and gradient is not None:
            node = self.watcher.node_of(gradient)
            if not node.names:
                self.watcher.recorder.name(node, f"d{name}" if name.isidentifier() else f"d({name})")
