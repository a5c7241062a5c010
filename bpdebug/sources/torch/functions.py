"""The calls of custom `autograd.Function`s: what went in and out, forwards and backwards, as nodes.

`forward`, `backward` and `setup_context` of every class are exchanged while this watches, because `apply` may
have been bound long before: `f = MyFunction.apply`. torch looks the others up at each call.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.torch.tensors import StorageWrite, unwrapped
from bpdebug.sources.torch.watcher import Watcher

EXCHANGED = ("forward", "backward", "vjp", "setup_context")


class Overwritten(NamedTuple):
    """An incoming gradient that was written to, and the first value that it got."""

    place: int
    node: Node


@dataclass(eq=False)
class FunctionCall:
    """One call of a custom Function.

    Attributes
    ----------
    function : type
        The class.
    names : tuple of str
        What `forward` calls its inputs.
    arguments : tuple
        The inputs.
    inputs, outputs : tuple of (Node or None)
        They, and what `forward` returned; None for what is no tensor.
    wanted : tuple of bool
        Whether a gradient of an input is asked for.
    incoming : tuple of (Node or None)
        The gradients of the outputs, as `backward` got them; empty as long as it was not called.
    gradients : tuple of (Node or None)
        What `backward` returned.
    overwritten : tuple of Overwritten
        The incoming gradients that `backward` wrote to.
    """

    function: type
    names: tuple[str, ...]
    arguments: tuple[Any, ...]
    inputs: tuple[Node | None, ...]
    wanted: tuple[bool, ...]
    outputs: tuple[Node | None, ...] = ()
    incoming: tuple[Node | None, ...] = ()
    gradients: tuple[Node | None, ...] = ()
    overwritten: tuple[Overwritten, ...] = ()
    contexts: list[Any] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the class is called."""
        return self.function.__qualname__.rpartition("<locals>.")[2]


def custom_functions() -> list[type]:
    """Return all classes of custom Functions that are not torch's own."""
    found: list[type] = []
    waiting = [*torch.autograd.Function.__subclasses__()]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__.partition(".")[0] != "torch" and one not in found:
            found.append(one)
    return found


def code_of(function: Any) -> Any:
    """Return the person's own function behind what stands for it in a class."""
    return inspect.unwrap(getattr(function, "__func__", function))


@contextmanager
def seen_functions(watcher: Watcher) -> Iterator[list[FunctionCall]]:
    """Watch the calls of all custom Functions that there are; yield the list that takes them."""
    calls: list[FunctionCall] = []
    kept: list[tuple[type, dict[str, Any]]] = []
    try:
        for one in custom_functions():
            kept.append((one, {name: vars(one)[name] for name in EXCHANGED if name in vars(one)}))
            _watch(one, watcher, calls)
        yield calls
    finally:
        for one, own in kept:
            for name in EXCHANGED:
                if name in own:
                    setattr(one, name, own[name])
                elif name in vars(one):
                    delattr(one, name)


def _watch(function: Any, watcher: Watcher, calls: list[FunctionCall]) -> None:
    has_setup = function.setup_context is not torch.autograd.Function.setup_context
    own = {name: getattr(function, name) for name in EXCHANGED}
    back = "vjp" if "vjp" in vars(function) else "backward"

    def node_of(value: Any) -> Node | None:
        is_seen = isinstance(value, torch.Tensor) and watcher.recorder.on
        return watcher.node_of(value) if is_seen else None

    @functools.wraps(own["forward"])
    def forward(*arguments: Any) -> Any:
        given = arguments if has_setup else arguments[1:]
        wanted = tuple(isinstance(one, torch.Tensor) and one.requires_grad for one in given)
        call = FunctionCall(
            function, _names(own["forward"], given, has_setup), given, tuple(map(node_of, given)), wanted
        )
        calls.append(call)
        if not has_setup:
            call.contexts.append(arguments[0])
        out = own["forward"](*arguments)
        call.outputs = tuple(map(node_of, out if isinstance(out, tuple) else (out,)))
        return out

    @functools.wraps(own["setup_context"])
    def setup_context(context: Any, inputs: Any, output: Any) -> Any:
        call = next((one for one in reversed(calls) if one.function is function and not one.contexts), None)
        if call is not None:
            call.contexts.append(context)
        return own["setup_context"](context, inputs, output)

    @functools.wraps(own[back])
    def backward(context: Any, *incoming: Any) -> Any:
        if threading.get_ident() != watcher.thread:
            return own[back](context, *incoming)
        call = next((one for one in calls if any(held is context for held in one.contexts)), None)
        if call is None:  # `vmap` has put another context in its place
            waiting = (one for one in reversed(calls) if one.function is function and not one.incoming)
            call = next(waiting, None)
        before = tuple(map(node_of, incoming))
        written = [_writes(watcher, one) for one in incoming]
        found = own[back](context, *incoming)
        if call is not None and not call.incoming:
            call.incoming = before
            call.wanted = tuple(
                isinstance(one, torch.Tensor) and wanted
                for one, wanted in zip(call.arguments, context.needs_input_grad, strict=False)
            )
            call.overwritten = tuple(
                Overwritten(place, writes[count].node)
                for place, (one, count) in enumerate(zip(incoming, map(len, written), strict=True))
                if len(writes := _writes(watcher, one)) > count
            )
            call.gradients = tuple(map(node_of, found if isinstance(found, tuple) else (found,)))
        return found

    exchanged: dict[str, Callable[..., Any]] = {"forward": forward, back: backward}
    if has_setup:
        exchanged["setup_context"] = setup_context
    for name, new in exchanged.items():
        setattr(function, name, staticmethod(new))


def _writes(watcher: Watcher, value: Any) -> Sequence[StorageWrite]:
    """Return what was written to the memory of a tensor."""
    if not isinstance(value, torch.Tensor) or not watcher.recorder.on:
        return ()
    return tuple(watcher.tensors.storage(unwrapped(value)).writes)


def _names(forward: Any, given: tuple[Any, ...], has_setup: bool) -> tuple[str, ...]:
    """Return what `forward` calls its inputs."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = list(inspect.signature(code_of(forward)).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    named = [one.name for one in parameters if one.kind in kinds][0 if has_setup else 1 :]
    named += [f"input{number}" for number in range(len(named) + 1, len(given) + 1)]
    return tuple(named[: len(given)])
