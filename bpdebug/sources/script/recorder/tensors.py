"""What is followed: numeric arrays and floats, and the tensors of another library that knows them itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from bpdebug.sources.script.recorder.function_calls import FunctionCall, GoneBack
from bpdebug.sources.script.recorder.records import Node

NUMERIC = frozenset("fbiuc")
"""The kinds of dtype that are followed."""
OTHER_TENSOR, OTHER_ARRAY = "__torch_function__", "addressable_shards"
"""What has one of these is a tensor of another library, whatever its class."""


def is_tensor(value: Any) -> bool:
    """Whether a value is followed: a numeric array, a float, or a number of NumPy's that is no truth."""
    kind = type(value)
    if kind is float:
        return True
    if kind is int or kind is str or kind is list:
        return False
    if isinstance(value, np.ndarray):
        return value.dtype.kind in NUMERIC
    return isinstance(value, float | np.floating | np.integer | np.complexfloating) or is_other(value)


def is_row(value: Any) -> bool:
    """Whether a value is a list or a tuple that is gone over as such, a named tuple among them."""
    return isinstance(value, list | tuple) and type(value).__iter__ in (list.__iter__, tuple.__iter__)


def parts_of(container: Any, name: str) -> dict[str, Any]:
    """Return what a list, a tuple or a dict holds, by how it is written: `w[0]`, `w["b"]`, `w.b`."""
    if isinstance(container, dict):
        return {f"{name}[{key!r}]": part for key, part in container.items()}
    fields = getattr(type(container), "_fields", None)
    keys = [f".{key}" for key in fields] if fields else [f"[{place}]" for place in range(len(container))]
    written = [f"{name}{key}" for key in keys]
    return dict(zip(written, container, strict=True))


def is_container(value: Any) -> bool:
    """Whether a value is a list, a tuple, a named one among them, or a dict."""
    return type(value) in (list, tuple, dict) or (isinstance(value, tuple) and hasattr(value, "_fields"))


def is_other(value: Any) -> bool:
    """Whether a value is a tensor of another library than NumPy."""
    kind = type(value)
    return hasattr(kind, OTHER_TENSOR) or (hasattr(kind, OTHER_ARRAY) and _has_elements(value))


def _has_elements(value: Any) -> bool:
    """Whether there is an array behind a tracer: one that stands for a shape only has no elements."""
    while hasattr(value, "_trace"):
        value = stands_for(value)
    return value is not None


def stands_for(tracer: Any) -> Any:
    """Return what a tracer of JAX's stands for: an array in the end; None where that is a shape only.

    One of `grad` has a `primal`, one of `vmap` a `val` with its axis of the batch.
    """
    if hasattr(tracer, "primal"):
        return tracer.primal
    return tracer.val if hasattr(tracer, "batch_dim") else None


class OtherTensors(Protocol):
    """Knows what the tensors of another library stand for: whoever sees the operations on them keeps it.

    Attributes
    ----------
    functions : list of FunctionCall
        The calls of functions whose gradients the person wrote.
    gone_back : list of GoneBack
        From which numbers gradients were asked for.
    module : str
        The module that has the functions of its tensors.
    sum_options : pair of str
        What the options of a sum are called there: its axis, and whether it is kept.
    """

    functions: list[FunctionCall]
    gone_back: list[GoneBack]
    module: str
    sum_options: tuple[str, str]

    def node_of(self, value: Any) -> Node:
        """Return the node that a tensor stands for now; one that was never seen becomes a leaf."""
        ...

    def node_at(self, value: Any, time: int) -> Node | None:
        """Return the node that it stood for at a time; None if it is not known."""
        ...

    def gradient_at(self, value: Any, time: int) -> Node | None:
        """Return the gradient that stood in a tensor at a time; None where none did, or none stands there."""
        ...

    def is_known(self, value: Any) -> bool:
        """Whether it was seen before."""
        ...

    def renamed(self, value: Any, node: Node) -> None:
        """Let it stand for a node that is the same as the one that it stood for."""
        ...

    def moved(self, value: Any, old: Node) -> None:
        """Note what a tensor stood for before it was given other elements."""
        ...

    def made(self, value: Any, like: Any) -> Any:
        """Return an array of NumPy's as such a tensor, of the dtype of another."""
        ...

    def stand_in(self, module: ModuleType) -> ModuleType:
        """Return what takes the place of a module where an expression is evaluated again."""
        ...

    def named(self, value: Any, name: str) -> None:
        """Note what the person calls a tensor."""
        ...

    def read(self, value: Any) -> Any:
        """Return such a tensor as an array of NumPy's."""
        ...

    def stored(self, owner: Any, key: Any, value: Any) -> None:
        """Do `owner[key] = value` where `value` is that part already, changed in place."""
        ...

    def forget(self) -> None:
        """Begin anew."""
        ...

    def settle(self, own: Mapping[int, int]) -> None:
        """Let no node have a value that a later write changes.

        Parameters
        ----------
        own : mapping
            The identity of a tensor -> how often the recording holds it: who else does can write to it.
        """
        ...

    def leaves(self) -> Iterator[tuple[Any, Node]]:
        """Yield the tensors that nothing computed, and their nodes."""
        ...

    def is_differentiated(self, node: Node) -> bool:
        """Whether the library will go back through a node: then it is no gradient that a step adds."""
        ...
