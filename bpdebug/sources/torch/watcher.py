"""torch's own hook: a mode that gets every operation, forwards and backwards, and makes nodes of it.

Where an operation stands in the person's code is told by the innermost frame of theirs, with columns, so that
the parts of one line are told apart. A module of torch's, an optimizer's step and a node of the backward pass
are calls: what runs in them stands together.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, cast

import numpy as np
import torch
from torch._C._autograd import _get_sequence_nr
from torch.autograd.function import BackwardCFunction
from torch.utils._python_dispatch import TorchDispatchMode

from bpdebug.sources.libraries.places import Places, frame_of
from bpdebug.sources.libraries.terms import Application, UnknownFormError, node_of_term, term
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recorder.objects import node_then
from bpdebug.sources.script.recorder.operations import InLanguage
from bpdebug.sources.script.recorder.recorder import NOTHING, Recorder
from bpdebug.sources.script.recorder.records import Frame, Node
from bpdebug.sources.script.sites import GRADIENT, MODULE, Site, Target
from bpdebug.sources.torch.by_torch import ByTorch, taken_apart
from bpdebug.sources.torch.names import ParameterNames
from bpdebug.sources.torch.operations.backward import BACKWARD
from bpdebug.sources.torch.operations.forward import FORWARD, LOST, RESHAPES, SAME
from bpdebug.sources.torch.tensors import Tensors, array_of, tensor_of, unwrapped, within

TABLE = {**FORWARD, **BACKWARD}
NOT_COMPUTED = frozenset(
    {
        "empty",
        "empty_like",
        "empty_strided",
        "new_empty_strided",
        "new_empty",
        "zeros",
        "zeros_like",
        "new_zeros",
        "zero",
        "ones",
        "ones_like",
        "new_ones",
        "full",
        "full_like",
        "new_full",
        "fill",
        "arange",
        "eye",
        "linspace",
        "scalar_tensor",
        "rand",
        "randn",
        "rand_like",
        "randn_like",
        "randint",
        "randperm",
        "normal",
        "normal_functional",
        "uniform",
        "bernoulli",
        "exponential",
        "multinomial",
        "random",
    }
)
"""What is made of nothing: constants, and random numbers, with the values that they had."""
UNTOUCHED = frozenset({"_local_scalar_dense", "is_same_size", "sym_size", "record_stream", "equal", "item"})
"""What gives no tensor."""


class Watcher(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees what torch computes while a recorder records.

    Attributes
    ----------
    tensors : Tensors
        What tensors stand for.
    """

    module = "torch"
    sum_options = ("dim", "keepdim")

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.recorder = recorder
        self.thread = threading.get_ident()  # torch calls a mode in its own thread only
        self.names = ParameterNames()
        self.is_busy = False
        self.is_paused = False
        self.places = Places(recorder)
        self.calls: list[Any] = []  # of modules of torch's that run
        self.forget()

    # ---- what the recorder asks

    def forget(self) -> None:
        """Begin anew."""
        self.tensors = Tensors(self._add)
        self.flows: set[int] = set()  # the nodes that a gradient flows back through
        self.forward: dict[int, Site] = {}  # the number of a node of autograd's -> where it was made
        self.modules: dict[int, str] = {}  # the same, where that is a module: what it is called
        self.backward: dict[int, Site] = {}  # the same, as the place of what goes back through it
        self.hooked: dict[Any, Any] = {}  # the tensors whose gradients get a name
        self.frames: dict[int, Any] = {}  # the number of a node of autograd's -> its call
        self.asked: set[int] = set()  # the leaves whose names were looked for
        self.cut: dict[int, Node] = {}
        self.functions: list[FunctionCall] = []  # of custom Functions

    def node_of(self, value: Any) -> Node:
        """Return the node that a tensor stands for now."""
        value = unwrapped(value)
        with self.alone():
            node = self.tensors.node_of(value)
            # What is trained gets its name later than it is made; what is data has it, or never will.
            is_trained = value.is_leaf and value.requires_grad
            if node.function is None and not node.names and (is_trained or node.id not in self.asked):
                self.asked.add(node.id)
                name = self.names.of(value, self.recorder.files)
                if name:
                    self.recorder.name(node, name)
                    self.named(value, name)
                if value.requires_grad:
                    self.flows.add(node.id)
            return node

    def node_at(self, value: Any, time: int) -> Node | None:
        """Return the node that it stood for at a time."""
        entry = self.tensors.entry(unwrapped(value))
        return node_then(entry.history, time) if entry is not None else None

    def is_known(self, value: Any) -> bool:
        """Whether it was seen before."""
        return self.tensors.entry(unwrapped(value)) is not None

    def renamed(self, value: Any, node: Node) -> None:
        """Let it stand for a node that is the same."""
        self.tensors.stands_for(unwrapped(value), node)
        if node.operands[0].id in self.flows:
            self.flows.add(node.id)

    def made(self, value: Any, like: Any) -> Any:
        """Return an array of NumPy's as a tensor."""
        return tensor_of(value, like)

    def stand_in(self, module: ModuleType) -> ModuleType:
        """Return what takes the place of a module where an expression is evaluated again: itself."""
        return module

    def named(self, value: Any, name: str) -> None:
        """Let the gradient of a tensor be called after it."""
        value = unwrapped(value)
        if not value.requires_grad or name.startswith("_"):
            return
        with self.alone():
            key = (value.grad_fn, value.output_nr) if value.grad_fn is not None else id(value)
            if key in self.hooked:
                return
            self.hooked[key] = value
            if value.grad_fn is None:
                value.register_post_accumulate_grad_hook(functools.partial(self._has_gradient, name))
            elif value.is_floating_point():
                value.register_hook(functools.partial(self._is_gradient, name))

    def _has_gradient(self, name: str, leaf: torch.Tensor) -> None:
        """Name the gradient that a leaf has now."""
        if self.recorder.on and leaf.grad is not None and self.recorder.other is self:
            self.recorder.name(self.node_of(leaf.grad), f"{name}.grad")

    def _is_gradient(self, name: str, gradient: torch.Tensor) -> None:
        """Name the gradient of a tensor."""
        if self.recorder.on and self.recorder.other is self:
            node = self.node_of(gradient)
            if not node.names:
                self.recorder.name(node, f"d{name}" if name.isidentifier() else f"d({name})")

    def read(self, value: Any) -> Any:
        """Return a tensor as an array of NumPy's."""
        return array_of(unwrapped(value))

    def stored(self, owner: Any, key: Any, value: Any) -> None:
        """Do `owner[key] = value`, of which nothing is to be seen."""
        with self.alone():
            owner[key] = value

    def settle(self) -> None:
        """Let no node have a value that a later write changes."""
        self.tensors.settle()

    def leaves(self) -> Iterator[tuple[Any, Node]]:
        """Yield the tensors that nothing computed."""
        return self.tensors.leaves()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Compute something that is not to be seen."""
        before, self.is_busy = self.is_busy, True
        try:
            yield
        finally:
            self.is_busy = before

    def _add(
        self, site: Any, function: Any, operands: tuple[Any, ...], options: Mapping[str, Any], value: Any
    ) -> Node:
        """Make a node; what the recorder adds by itself is only where the operation is."""
        node = self.recorder.add(site, function, operands, options, value)
        is_forward = torch._C._current_autograd_node() is None
        if function is not None and is_forward and any(one.id in self.flows for one in node.parents()):
            self.flows.add(node.id)
        return node

    # ---- operations

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """See an operation."""
        kwargs = kwargs or {}
        if self.is_busy or not self.recorder.on:
            return func(*args, **kwargs)
        node = torch._C._current_autograd_node()
        with self.alone():
            if node is None or isinstance(node, BackwardCFunction):
                return self._seen(func, args, kwargs, self.site())
            with self._going_back(node) as site:
                return self._seen(func, args, kwargs, site)

    @contextmanager
    def _going_back(self, node: Any) -> Iterator[Site | None]:
        """Let what runs now be a call of its own, at the place where the node of autograd's was made."""
        number, recorder = node._sequence_nr(), self.recorder
        made, here = self.forward.get(number), self.site()
        if made is None or here is None:
            yield here
            return
        if number not in self.backward:
            self.backward[number] = dataclasses.replace(
                made, role=GRADIENT, targets=(Target(self.modules.get(number) or made.code),)
            )
        frame = self.frames.get(number)
        if frame is None:
            site = dataclasses.replace(here, function=node.name(), role="")
            caller = (here.place.file, here.place.line)
            frame = Frame(len(recorder.frames), site, recorder.stack[-1], caller, recorder.time)
            self.frames[number] = frame
            recorder.frames.append(frame)
        recorder.stack.append(frame)
        try:
            yield self.backward[number]
        finally:
            if recorder.stack[-1] is frame:
                recorder.stack.pop()

    def _seen(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], site: Site | None) -> Any:
        name = func._schema.name.partition("::")[2]
        if name in UNTOUCHED:
            return func(*args, **kwargs)
        recorder = self.recorder
        if site is not None and torch._C._current_autograd_node() is None and torch.is_grad_enabled():
            number = _get_sequence_nr() - 1  # autograd has made its node already
            self.forward[number] = site
            call = recorder.stack[-1].site
            if call is not None and call.role == MODULE:
                self.modules[number] = f"{call.function}()"
        operands, options = self._operands(site, (args, kwargs))
        written = _written(func, args, kwargs)
        for tensor in written:
            self.tensors.storage(tensor).keep()
        for place in LOST.get(name, ()):
            if isinstance(args[place], torch.Tensor):
                self.tensors.storage(args[place]).keep()
        before = [self.tensors.node_of(tensor) for tensor in written]
        result = func(*args, **kwargs)
        if not recorder.on:
            return result
        for place in LOST.get(name, ()):
            if isinstance(args[place], torch.Tensor):
                self.tensors.lost(args[place])
        plain = name.rstrip("_") if written and name.endswith("_") else name
        outs = written if written else _flat(result)
        nodes = self._nodes(site, func, plain, operands, options, outs, before, args, kwargs)
        for tensor, node in zip(outs, nodes, strict=True):
            if tensor is None or node is None:
                continue
            if written:
                self.tensors.written(tensor, node)
            else:
                self.tensors.stands_for(tensor, node)
        for tensor, old in zip(written, before, strict=True):
            self._has_written(site, tensor, old)
        return result

    def _operands(self, site: Site | None, arguments: Any) -> Any:
        """Return arguments with nodes in the place of tensors; a new iteration may begin with that."""

        def seen(value: Any) -> Any:
            if isinstance(value, torch.Tensor):
                return self._operand(value)
            if isinstance(value, list | tuple):
                return type(value)(map(seen, value)) if type(value) in (list, tuple) else [*map(seen, value)]
            if isinstance(value, dict):
                return {key: seen(one) for key, one in value.items()}
            return value

        recorder = self.recorder
        objects = recorder.objects
        found = seen(arguments)
        if site is not None:
            for node in within(found, Node):
                if recorder._is_read(node, site.number):
                    break
            if recorder.objects is not objects:  # a new iteration has begun
                found = seen(arguments)
        return found

    def _operand(self, tensor: torch.Tensor) -> Node:
        node = self.node_of(tensor)
        is_cut = (
            not tensor.requires_grad
            and node.id in self.flows
            and torch.is_grad_enabled()
            and torch._C._current_autograd_node() is None
        )
        if not is_cut:
            return node
        if node.id not in self.cut:
            detached = self.recorder.add(node.site, InLanguage("detach"), (node,), NOTHING, node._value)
            self.cut[node.id] = detached
        return self.cut[node.id]

    def _nodes(
        self,
        site: Site | None,
        func: Any,
        name: str,
        operands: Sequence[Any],
        options: Mapping[str, Any],
        outs: Sequence[Any],
        before: Sequence[Node],
        args: Any,
        kwargs: Any,
    ) -> list[Node | None]:
        """Return a node for each result; None for one that is known, and for what is no tensor."""
        wanted = [
            out if isinstance(out, torch.Tensor) and (before or not self._is_same(out)) else None
            for out in outs
        ]
        if not any(out is not None for out in wanted):
            return [None] * len(outs)
        if name in NOT_COMPUTED:
            return [
                None if out is None else self._add(site, None, (), NOTHING, array_of(out)) for out in wanted
            ]
        try:
            terms = self._terms(name, operands, options, outs)
            if len(terms) != len(outs):
                raise UnknownFormError(name)
        except (UnknownFormError, TypeError, IndexError, KeyError, ValueError):
            terms = (None,) * len(outs)
        unknown = self._by_torch(func, args, kwargs) if None in terms else None
        return [
            None
            if out is None
            else node_of_term(self._add, site, one, array_of(out))
            if one is not None or unknown is None
            else self._add(site, unknown[0](place), unknown[1], NOTHING, array_of(out))
            for place, (one, out) in enumerate(zip(terms, wanted, strict=True))
        ]

    def _is_same(self, out: torch.Tensor) -> bool:
        """Whether a result is a tensor that is there already: nothing was computed."""
        return self.tensors.is_current(out)

    def _terms(
        self, name: str, operands: Sequence[Any], options: Mapping[str, Any], outs: Sequence[Any]
    ) -> tuple[Any, ...]:
        if name in RESHAPES:
            found: Any = term(np.reshape, operands[0], tuple(outs[0].shape))
        elif name in SAME:
            found = _copied(operands[1] if name == "copy" else operands[0], outs[0])
        else:
            kept = {key: one for key, one in options.items() if key not in UNSAID}
            found = TABLE[name](*operands, **kept)
        return found if type(found) is tuple else (found,)

    def _by_torch(
        self, func: Any, args: Any, kwargs: Any
    ) -> tuple[Callable[[int], ByTorch], tuple[Node, ...]]:
        """Return what gives a result of an operation, by its place, and what it is computed from."""
        leaves, filled = taken_apart((args, kwargs))
        likes = tuple(leaf.dtype for leaf in leaves)
        nodes = tuple(self.node_of(leaf) for leaf in leaves)
        return functools.partial(ByTorch, func, cast("Any", filled), likes), nodes

    def _has_written(self, site: Site | None, tensor: torch.Tensor, old: Node) -> None:
        """Note that a statement changed a tensor in place, if it has a name."""
        names = old.names or old.origin.names
        node = self.tensors.node_of(tensor)
        if site is None or not names or node is old:
            return
        self.recorder.effect(site, node, names[0])
        self.recorder.steps.check(site, old, node, names[0])

    # ---- where

    def site(self) -> Site | None:
        """Return the place in the person's code that is carried out."""
        frame = frame_of(self.recorder.files)
        if frame is None:
            return None
        return self.places.at(frame.f_code, frame.f_lasti, frame.f_lineno)


UNSAID = frozenset({"dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking"})
"""Options that say how elements are kept, and not what they are."""


def _copied(source: Any, out: torch.Tensor) -> Application:
    """Return the term of the same elements, repeated where they are copied into more."""
    shape = source.shape if type(source) is Node else np.shape(source)
    if shape == tuple(out.shape):
        return term(np.copy, source)
    return term(np.broadcast_to, source, tuple(out.shape))


def _flat(result: Any) -> list[Any]:
    """Return the results of an operation; None for what is no tensor."""
    parts = result if isinstance(result, tuple | list) else (result,)
    return [part if isinstance(part, torch.Tensor) else None for part in parts]


def _written(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    """Return the tensors that an operation writes to."""
    schema = func._schema
    if not schema.is_mutable:
        return []
    found = []
    for place, argument in enumerate(schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            value = args[place] if place < len(args) else kwargs.get(argument.name)
            found += [one for one in _flat(value) if one is not None]
    return found
