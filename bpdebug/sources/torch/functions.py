"""The calls of custom `autograd.Function`s: what went in and out, forwards and backwards, as nodes.

`forward`, `backward` and `setup_context` of every class are exchanged while this watches, because `apply` may
have been bound long before: `f = MyFunction.apply`. torch looks the others up at each call. A class that is
made meanwhile, as those of a script are, is watched from then on.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from bpdebug.sources.script.recorder.function_calls import FunctionCall, Overwritten
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.torch.operators import CustomOperator, operator_of
from bpdebug.sources.torch.tensors import StorageWrite, unwrapped
from bpdebug.sources.torch.watcher import Watcher

LIBRARY = "torch"
EXCHANGED = ("forward", "backward", "vjp", "setup_context")
CALL, OWN = "bpdebug_call", "bpdebug_own"
"""Where a context keeps its call, and what is put in the place of a function that function itself."""


def custom_functions() -> list[type]:
    """Return all classes of custom Functions that are not torch's own, those of custom operators too."""
    found: list[type] = []
    waiting = [*torch.autograd.Function.__subclasses__()]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        is_own = one.__module__.partition(".")[0] != "torch" or written_backward(one) is not None
        if is_own and one not in found:
            found.append(one)
    return found


def code_of(function: Any) -> Any:
    """Return the person's own function behind what stands for it in a class."""
    return inspect.unwrap(getattr(function, "__func__", function))


def written_backward(function: Any) -> CustomOperator | None:
    """Return the custom operator that a Function was made of; None for any other."""
    return operator_of(function, code_of(_own(inspect.getattr_static(function, "backward"))))


@contextmanager
def functions_seen(watcher: Watcher) -> Iterator[None]:
    """Let a watcher see the calls of all custom Functions, those that are there and those to come."""
    kept: list[tuple[type, dict[str, Any]]] = []

    def watch(one: type) -> None:
        kept.append((one, {name: vars(one)[name] for name in EXCHANGED if name in vars(one)}))
        _watch(one, watcher)

    function: Any = torch.autograd.Function
    before = vars(function).get("__init_subclass__")  # that of a recording which this one lies within

    def is_made(cls: type, /, **options: Any) -> None:
        super(function, cls).__init_subclass__(**options)
        watch(cls)

    function.__init_subclass__ = classmethod(is_made)
    try:
        for one in custom_functions():
            watch(one)
        yield
    finally:
        if before is None:
            del function.__init_subclass__
        else:
            function.__init_subclass__ = before
        for one, own in kept:
            for name in EXCHANGED:
                if name in own:
                    setattr(one, name, own[name])
                elif name in vars(one):
                    delattr(one, name)


def _watch(function: Any, watcher: Watcher) -> None:
    has_setup = function.setup_context is not torch.autograd.Function.setup_context
    own = {name: _own(inspect.getattr_static(function, name)) for name in EXCHANGED}
    back = "vjp" if "vjp" in vars(function) else "backward"
    without_context: list[FunctionCall] = []
    running = watcher.running

    def is_seen() -> bool:
        return watcher.recorder.on and threading.get_ident() == watcher.thread

    def node_of(value: Any) -> Node | None:
        return watcher.node_of(value) if isinstance(value, torch.Tensor) and watcher.recorder.on else None

    def forward(cls: Any, *arguments: Any, **options: Any) -> Any:
        # A subclass that calls this within its own forward has its call already.
        is_inner = cls is not function or (arguments and hasattr(arguments[0], CALL))
        if not is_seen() or is_inner or options:
            return _call(own["forward"], cls, *arguments, **options)
        given = arguments if has_setup else arguments[1:]
        call = _begun(function, own["forward"], own[back], given, has_setup)
        call.inputs = tuple(map(node_of, call.arguments))
        if not running:  # within another one nobody may go back through it
            watcher.functions.append(call)
        if has_setup:
            without_context.append(call)
        else:
            setattr(arguments[0], CALL, call)
        running.append(call)
        try:
            with watcher.unseen.during(call):
                out = _call(own["forward"], cls, *arguments)
        finally:
            running.pop()
        call.outputs = tuple(map(node_of, out if isinstance(out, tuple) else (out,)))
        return out

    def setup_context(cls: Any, context: Any, inputs: Any, output: Any) -> Any:
        if without_context:
            setattr(context, CALL, without_context.pop())
        return _call(own["setup_context"], cls, context, inputs, output)

    def backward(cls: Any, context: Any, *incoming: Any) -> Any:
        if not is_seen() or cls is not function:
            return _call(own[back], cls, context, *incoming)
        call: FunctionCall | None = getattr(context, CALL, None)
        if call is not None and call.function is not function:  # one of another class, handed on
            return _call(own[back], cls, context, *incoming)
        if call is None:  # `vmap` has put another context in its place
            waiting = (
                one for one in reversed(watcher.functions) if one.function is function and not one.incoming
            )
            call = next(waiting, None)
        before = tuple(map(node_of, incoming))
        written = [len(_writes(watcher, one)) for one in incoming]
        with watcher.unseen.during(call, incoming):
            found = _call(own[back], cls, context, *incoming)
        if call is not None and call not in watcher.functions:
            watcher.functions.append(call)
        if call is not None and not call.incoming:
            call.incoming = before
            call.wanted = tuple(
                isinstance(one, torch.Tensor) and wanted
                for one, wanted in zip(call.arguments, context.needs_input_grad, strict=False)
            )
            call.overwritten = tuple(_overwritten(watcher, incoming, written))
            call.gradients = tuple(map(node_of, found if isinstance(found, tuple) else (found,)))
        return found

    exchanged: dict[str, Callable[..., Any]] = {"forward": forward, back: backward}
    if has_setup:
        exchanged["setup_context"] = setup_context
    for name, new in exchanged.items():
        setattr(function, name, _in_place_of(own[name], new))


def _in_place_of(own: Any, new: Callable[..., Any]) -> Any:
    """Return what stands in a class in the place of the person's own function, and looks like it to torch."""
    functools.update_wrapper(new, code_of(own))
    setattr(new, OWN, own)
    if not isinstance(own, classmethod):  # torch binds the inputs to what `forward` takes
        taken = inspect.signature(code_of(own))
        first = inspect.Parameter("cls", inspect.Parameter.POSITIONAL_ONLY)
        vars(new)["__signature__"] = taken.replace(parameters=[first, *taken.parameters.values()])
    return classmethod(new)


def _begun(function: Any, forward: Any, back: Any, given: tuple[Any, ...], has_setup: bool) -> FunctionCall:
    """Return a call that begins, without the nodes that go in."""
    operator = operator_of(function, code_of(back))  # it may have its backward only now
    written = code_of(back) if operator is None else operator.backward
    file = getattr(getattr(written, "__code__", None), "co_filename", "")
    given = given if operator is None else given[:-1]  # the last is torch's own
    wanted = tuple(isinstance(one, torch.Tensor) and one.requires_grad for one in given)
    call = FunctionCall(LIBRARY, function, file, _names(forward, given, has_setup), given, (), wanted)
    if operator is not None:
        call.names, call.again, call.title = operator.names[: len(given)], operator.call, operator.name
    return call


def _overwritten(watcher: Watcher, incoming: Sequence[Any], written: Sequence[int]) -> Iterator[Overwritten]:
    """Yield what a backward has written to what came in; it knows how often that was written to before."""
    for place, (one, count) in enumerate(zip(incoming, written, strict=True)):
        writes = _writes(watcher, one)
        if len(writes) > count and writes[count].node.site is not None:
            yield Overwritten(place, writes[count].node)


def _own(function: Any) -> Any:
    """Return the person's own function, where a class has it from another one that is watched."""
    return getattr(getattr(function, "__func__", function), OWN, function)


def _call(function: Any, cls: Any, *arguments: Any, **options: Any) -> Any:
    """Call what stands in a class: a static method, a method of the class, or a plain function."""
    bound = function.__get__(None, cls) if hasattr(function, "__get__") else function
    return bound(*arguments, **options)


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
    first = isinstance(forward, classmethod) + (not has_setup)
    named = [one.name for one in parameters if one.kind in kinds][first:]
    named += [f"input{number}" for number in range(len(named) + 1, len(given) + 1)]
    return tuple(named[: len(given)])
