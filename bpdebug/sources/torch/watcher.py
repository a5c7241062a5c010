"""torch's own hook: a mode that gets every operation, forwards and backwards, and makes nodes of it.

It is what the recorder asks about tensors, too: which node one stands for, and what it is called.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from types import ModuleType
from typing import Any

import torch
from torch.autograd.function import BackwardCFunction
from torch.utils._python_dispatch import TorchDispatchMode

from bpdebug.sources.libraries.running_sites import RunningSites
from bpdebug.sources.script.recorder.function_calls import FunctionCall, GoneBack
from bpdebug.sources.script.recorder.known import node_then
from bpdebug.sources.script.recorder.operations import DETACH
from bpdebug.sources.script.recorder.recorder import NOTHING, Recorder
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.statements import add_effect
from bpdebug.sources.script.sites import Site
from bpdebug.sources.torch.gradient_calls import GradientCalls, is_in_hook
from bpdebug.sources.torch.memory import shares_memory
from bpdebug.sources.torch.named_gradients import NamedGradients
from bpdebug.sources.torch.names import ParameterNames
from bpdebug.sources.torch.operation import Operation, results_of
from bpdebug.sources.torch.operations.forward import LOST
from bpdebug.sources.torch.tensors import Tensors, array_of, tensor_of, unwrapped, within
from bpdebug.sources.torch.term_nodes import TermNodes
from bpdebug.sources.torch.unseen import UnseenWrites, is_buffer

UNTOUCHED = frozenset(
    {"_local_scalar_dense", "is_same_size", "sym_size", "record_stream", "equal", "item", "set_"}
)
"""What gives no tensor, or another memory that a tensor stands for from then on."""
CUTTING = {"detach": "detach", "_local_scalar_dense": "item"}
"""What gives something that no gradient goes back through, and how a person asks for it."""


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
        self.sites = RunningSites(recorder)
        self.calls: list[Any] = []  # of modules of torch's that run
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.tensors = Tensors(self._add)
        self.unseen = UnseenWrites(self.tensors, self.alone)
        self.term_nodes = TermNodes(self._add)
        self.gradient_calls = GradientCalls(self.recorder)
        self.flows: set[int] = set()  # the nodes that a gradient flows back through
        self.asked: set[int] = set()  # the leaves whose names were looked for
        self.cut: dict[int, Node] = {}
        self.gradients = NamedGradients(self)
        self.cut_at: dict[int, Site | None] = {}  # where what a node stands for is taken out of the graph
        self.functions: list[FunctionCall] = []  # of custom Functions
        self.running: list[FunctionCall] = []  # those whose forward runs
        self.gone_back: list[GoneBack] = []

    def node_of(self, value: Any) -> Node:
        """Return the node that a tensor stands for now."""
        value = unwrapped(value)
        with self.alone():
            node = self.tensors.node_of(value)
            # What is trained gets its name later than it is made; what is data has it, or never will.
            is_trained = value.is_leaf and value.requires_grad
            is_asked = is_trained or (node.function is None and node.id not in self.asked)
            if is_asked and not node.names:
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

    def gradient_at(self, value: Any, time: int) -> Node | None:
        """Return the gradient that stood in a leaf at a time."""
        return self.gradients.at(value, time)

    def is_known(self, value: Any) -> bool:
        """Whether it was seen before."""
        return self.tensors.entry(unwrapped(value)) is not None

    def renamed(self, value: Any, node: Node) -> None:
        """Let it stand for a node that is the same."""
        self.tensors.stands_for(unwrapped(value), node)
        if node.operands[0].id in self.flows:
            self.flows.add(node.id)

    def moved(self, value: Any, old: Node) -> None:
        """Note what a tensor stood for before it was given other elements, by `w.data = ...`."""
        entry = self.tensors.entry(unwrapped(value))
        if entry is not None:
            entry.history.insert(0, (old.id, old))

    def made(self, value: Any, like: Any) -> Any:
        """Return an array of NumPy's as a tensor."""
        return tensor_of(value, like)

    def stand_in(self, module: ModuleType) -> ModuleType:
        """Return what takes the place of a module where an expression is evaluated again: itself."""
        return module

    def named(self, value: Any, name: str) -> None:
        """Let the gradient of a tensor be called after it."""
        self.gradients.named(unwrapped(value), name)

    def read(self, value: Any) -> Any:
        """Return a tensor as an array of NumPy's."""
        return array_of(unwrapped(value))

    def stored(self, owner: Any, key: Any, value: Any) -> None:
        """Do `owner[key] = value`, of which nothing is to be seen where `value` is a view of that part."""
        is_view = isinstance(value, torch.Tensor) and shares_memory(value, owner)
        with self.alone() if is_view else nullcontext():
            owner[key] = value

    def settle(self, own: Mapping[int, int]) -> None:
        """Let no node have a value that a later write changes."""
        arguments = (one for call in self.functions for one in call.arguments)
        self.tensors.settle(Counter(map(id, (*self.gradients.hooked.values(), *arguments))) + Counter(own))

    def leaves(self) -> Iterator[tuple[Any, Node]]:
        """Yield the tensors that nothing computed."""
        return self.tensors.leaves()

    def goes_back(self, loss: torch.Tensor) -> torch.Tensor | None:
        """Note that gradients of a number are asked for; return the gradient of that, 1."""
        if not self.recorder.on or not loss.requires_grad:
            return None
        one = torch.ones_like(loss)
        if self.recorder.on:
            self.gone_back.append(GoneBack(self.node_of(loss), self.node_of(one), [], {}))
        return one

    def steps(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        """Note what an optimizer is to move, and has no gradient while others that it moves have one."""
        if not self.recorder.on or not self.gone_back:
            return
        own = [one for group in optimizer.param_groups for one in group["params"] if one.requires_grad]
        left = [self.node_of(one) for one in own if one.grad is None]
        if len(left) < len(own):
            self.gone_back[-1].without.update(dict.fromkeys(left, self.cut_at))

    def is_differentiated(self, node: Node) -> bool:
        """Whether a gradient will flow back through a node: `x = x + block(x)` is no step of x."""
        return torch.is_grad_enabled() and node.id in self.flows

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

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """See an operation."""
        operation = Operation(func, args, kwargs or {})
        if self.is_busy or not self.recorder.on:
            return operation()
        node = torch._C._current_autograd_node()
        with self.alone():
            here = self.sites.now()
            if node is None or isinstance(node, BackwardCFunction) or is_in_hook(self.recorder.files):
                return self._seen(operation, here)
            with self.gradient_calls.going_back(node, here) as site:
                return self._seen(operation, site)

    def _seen(self, operation: Operation, site: Site | None) -> Any:
        """Let an operation run, and make nodes of what it gives and of what it writes."""
        # torch detaches what it saves of a result, too, and nobody has asked for that.
        asked = CUTTING.get(operation.schema_name)
        if site is not None and asked is not None and asked in site.code:
            self.cut_at.setdefault(self.node_of(operation.arguments[0]).id, site)
        if operation.schema_name in UNTOUCHED:
            return operation()
        if site is not None and torch._C._current_autograd_node() is None:
            self.gradient_calls.runs(site)
        seen = self._operands(site, (operation.arguments, operation.options))
        written = operation.written()
        given = (operation.arguments[place] for place in LOST.get(operation.schema_name, ()))
        lost = [one for one in given if isinstance(one, torch.Tensor)]
        for tensor in (*written, *lost):
            self.tensors.storage(tensor).keep()
        before = [self.tensors.node_of(tensor) for tensor in written]
        result = operation()
        if not self.recorder.on:
            return result
        is_made = self.unseen.running is not None and is_buffer(operation, result)
        for tensor in lost:
            self.tensors.lost(tensor)
        # A result that is a known tensor was not computed: `x.contiguous()`, mostly.
        outs: Sequence[torch.Tensor | None] = written or [
            None if out is None or self.tensors.is_current(out) else out for out in results_of(result)
        ]
        for out, node in zip(outs, self.term_nodes.of(site, operation, seen, outs), strict=True):
            if out is None or node is None:
                continue
            if written:
                self.tensors.written(out, node)
            else:
                self.tensors.stands_for(out, node)
        if is_made:
            self.unseen.made(result)
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
            site = self.cut_at.setdefault(node.id, node.site)
            detached = self.recorder.add(site, DETACH, (node,), NOTHING, node._value)
            self.tensors.storage(tensor).live.append(detached)
            self.cut[node.id] = detached
        return self.cut[node.id]

    def _has_written(self, site: Site | None, tensor: torch.Tensor, old: Node) -> None:
        """Note that a statement changed a tensor in place, if it has a name."""
        names = old.names or old.origin.names
        node = self.tensors.node_of(tensor)
        if site is None or not names or node is old:
            return
        add_effect(self.recorder, site, node, names[0])
        self.recorder.steps.check(site, old, node, names[0])
