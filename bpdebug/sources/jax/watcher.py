"""The trace that gets every primitive of JAX's, forwards and backwards, and makes nodes of it.

Where a primitive stands in the person's code is told by the innermost frame of theirs, with columns; in the
backward pass JAX says which place of the forward it goes back through.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bpdebug.sources.jax import internals
from bpdebug.sources.jax.arrays import Arrays, array_of
from bpdebug.sources.jax.by_jax import ByJax
from bpdebug.sources.jax.operations.elementwise import ELEMENTWISE
from bpdebug.sources.jax.operations.layers import LAYERS
from bpdebug.sources.jax.operations.moving import MOVING
from bpdebug.sources.jax.stand_ins import NUMPY, StandInArray
from bpdebug.sources.libraries.running_sites import RunningSites
from bpdebug.sources.libraries.terms import UnknownFormError, node_of_term
from bpdebug.sources.script.recorder.function_calls import FunctionCall, GoneBack
from bpdebug.sources.script.recorder.recorder import NOTHING, Recorder
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.sites import GRADIENT, Site, Target

TABLE = {**ELEMENTWISE, **MOVING, **LAYERS}


class PrimitiveWatcher(internals.Trace):  # type: ignore[misc]
    """Sees what JAX computes while a recorder records.

    Attributes
    ----------
    arrays : Arrays
        What arrays stand for.
    goes_back : bool
        Whether what runs is JAX's backward pass.
    """

    module = "jax.numpy"
    sum_options = ("axis", "keepdims")

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder
        self.sites = RunningSites(recorder)
        self.is_busy = False
        self.goes_back = False
        self.forget()

    # ---- what the recorder asks

    def forget(self) -> None:
        """Begin anew."""
        self.arrays = Arrays(self.recorder.add)
        self.numbers: dict[int, Any] = {}  # the identity of an array -> the number in the code that it is
        self.narrow: dict[int, Any] = {}  # the number of a node -> what NumPy repeats to the same
        self.drawn: set[int] = set()  # the nodes that keys are, or that were made of keys alone
        self.constant: set[int] = set()  # those that were made of nothing
        self.backward: dict[Site, Site] = {}  # a place -> the same, as that of what goes back through it
        self.traced: set[int] = set()  # the nodes that a tracer stood for
        self.held: list[Any] = []  # the arrays whose identity is known
        self.functions: list[FunctionCall] = []
        self.gone_back: list[GoneBack] = []
        self.unseen: set[str] = set()  # the functions that were called where JAX only traces

    def node_of(self, value: Any) -> Node:
        """Return the node that an array stands for."""
        array = internals.unwrapped(value)
        with self.alone():
            node = self.arrays.node_of(array)
        if array is not value:
            self.traced.add(node.id)
        return node

    def node_at(self, value: Any, time: int) -> Node | None:
        """Return the node that it stood for at a time."""
        return self.arrays.node_at(internals.unwrapped(value), time)

    def gradient_at(self, value: Any, time: int) -> Node | None:
        """Return None: no gradient stands in an array."""

    def is_known(self, value: Any) -> bool:
        """Whether it was seen before."""
        return self.arrays.get(internals.unwrapped(value)) is not None

    def renamed(self, value: Any, node: Node) -> None:
        """Let it stand for a node that is the same."""
        self.arrays.stands_for(internals.unwrapped(value), node)

    def moved(self, value: Any, old: Node) -> None:
        """Note nothing: an array keeps its elements."""

    def made(self, value: Any, like: Any) -> Any:
        """Return what an array is where an expression is evaluated again: one of NumPy's, which is faster."""
        like = internals.unwrapped(like)
        if jnp.issubdtype(like.dtype, jax.dtypes.prng_key):
            return like
        return np.asarray(value).view(StandInArray)

    def stand_in(self, module: ModuleType) -> ModuleType:
        """Return NumPy in the place of `jax.numpy`."""
        return NUMPY if module is jnp else module

    def named(self, value: Any, name: str) -> None:
        """Do nothing: an array holds no gradient."""

    def read(self, value: Any) -> Any:
        """Return an array of JAX's as one of NumPy's."""
        return array_of(internals.unwrapped(value))

    def stored(self, owner: Any, key: Any, value: Any) -> None:
        """Do `owner[key] = value`."""
        owner[key] = value

    def settle(self, own: Mapping[int, int]) -> None:
        """Do nothing: no value changes."""

    def leaves(self) -> Iterator[tuple[Any, Node]]:
        """Yield the arrays that nothing computed."""
        return self.arrays.leaves()

    def is_differentiated(self, node: Node) -> bool:
        """Whether JAX will go back through a node: the person's code had a tracer in its place."""
        return node.id in self.traced

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Compute something that is not to be seen."""
        before, self.is_busy = self.is_busy, True
        try:
            with internals.current(internals.evaluate):
                yield
        finally:
            self.is_busy = before

    @contextmanager
    def own_code(self) -> Iterator[None]:
        """Run code of the person's within JAX's backward pass."""
        before, self.goes_back = self.goes_back, False
        try:
            with internals.anew():
                yield
        finally:
            self.goes_back = before

    @contextmanager
    def backward_pass(self) -> Iterator[None]:
        """Let what runs be JAX's backward pass."""
        self.goes_back = True
        try:
            yield
        finally:
            self.goes_back = False

    # ---- what JAX asks

    def process_primitive(self, primitive: Any, arguments: Sequence[Any], options: Mapping[str, Any]) -> Any:
        """See a primitive."""
        inner = options.get(internals.INNER.get(primitive.name, ""))
        if inner is not None:
            closed = inner if hasattr(inner, "consts") else None
            with internals.current(self):
                return internals.eval_jaxpr(
                    closed.jaxpr if closed else inner, closed.consts if closed else (), *arguments
                )
        is_seen = self.recorder.on and not self.is_busy
        with self.alone():
            result = internals.evaluate.process_primitive(primitive, arguments, options)
            if is_seen:
                self._seen(primitive, arguments, options, result)
        return result

    def process_custom_jvp_call(
        self, primitive: Any, function: Any, jvp: Any, arguments: Any, /, **options: Any
    ) -> Any:
        """Call what has a rule of its own for tangents: here only its value is wanted."""
        with internals.current(self):
            return function.call_wrapped(*arguments)

    def process_custom_vjp_call(
        self, primitive: Any, function: Any, forward: Any, backward: Any, arguments: Any, /, **options: Any
    ) -> Any:
        """Call what has a rule of its own for cotangents: here only its value is wanted."""
        with internals.current(self):
            return function.call_wrapped(*arguments)

    def stage_value(self, value: Any) -> Any:
        """Make an array of a number in the code."""
        staged = internals.evaluate.stage_value(value)
        if staged is not value and np.ndim(value) == 0:
            self._is_number(staged, value)
        return staged

    # ---- nodes

    def _is_number(self, array: Any, value: Any) -> None:
        self.held.append(array)
        self.numbers[id(array)] = np.asarray(value).item()

    def _seen(
        self, primitive: Any, arguments: Sequence[Any], options: Mapping[str, Any], result: Any
    ) -> None:
        outs = [*result] if primitive.multiple_results else [result]
        name = primitive.name
        operands = [self._operand(one) for one in arguments]
        nodes = [one for one in operands if type(one) is Node]
        if not nodes and name == "convert_element_type":
            self._is_number(outs[0], outs[0])
            return
        if name == "convert_element_type" and outs[0].dtype == arguments[0].dtype:
            self.arrays.stands_for(outs[0], nodes[0])  # only how it would be promoted is another
            return
        site = self._site()
        values = [array_of(one) for one in outs]
        numbers = {one.id for one in nodes}
        is_drawn = name.startswith(internals.DRAWN) or (
            numbers & self.drawn and numbers <= self.drawn | self.constant
        )
        if is_drawn or name in internals.MADE or not nodes:
            found = [self.recorder.add(site, None, (), NOTHING, value) for value in values]
            (self.drawn if is_drawn else self.constant).update(one.id for one in found)
            if name == "broadcast_in_dim" and not nodes:
                self.narrow[found[0].id] = operands[0]
        else:
            found = self._computed(site, primitive, operands, options, values, arguments)
        for out, node in zip(outs, found, strict=True):
            self.arrays.stands_for(out, node)

    def _computed(
        self,
        site: Site | None,
        primitive: Any,
        operands: list[Any],
        options: Mapping[str, Any],
        values: Sequence[Any],
        arguments: Sequence[Any],
    ) -> list[Node]:
        name = primitive.name
        given = self._narrowed(operands, np.shape(values[0])) if name in ELEMENTWISE else operands
        try:
            terms = TABLE[name](*given, **options)
        except (UnknownFormError, KeyError, TypeError, ValueError, IndexError):
            likes = tuple(getattr(one, "dtype", None) for one in arguments)
            return [
                self.recorder.add(
                    site, ByJax(primitive, options, likes, place), tuple(operands), NOTHING, value
                )
                for place, value in enumerate(values)
            ]
        each = terms if type(terms) is tuple else (terms,)
        found = [
            node_of_term(self.recorder.add, site, one, value) for one, value in zip(each, values, strict=True)
        ]
        if name == "broadcast_in_dim" and type(operands[0]) is Node:
            dims = tuple(options["broadcast_dimensions"])
            rank = np.ndim(values[0])
            if dims == tuple(range(rank - len(dims), rank)):  # as NumPy would repeat it
                self.narrow[found[0].id] = self.narrow.get(operands[0].id, operands[0])
        return found

    def _operand(self, value: Any) -> Any:
        """Return an argument as a node; a number in the code as itself."""
        if id(value) in self.numbers:
            return self.numbers[id(value)]
        if isinstance(value, jax.Array):
            return self.arrays.node_of(value)
        array = np.asarray(value)
        return array.item() if array.ndim == 0 else array

    def _narrowed(self, operands: Sequence[Any], shape: tuple[int, ...]) -> Sequence[Any]:
        """Return operands as they were before they were repeated, if NumPy repeats them to the same."""
        found = [self.narrow.get(one.id, one) if type(one) is Node else one for one in operands]
        extents = [one.shape if type(one) is Node else np.shape(one) for one in found]
        has_node = any(type(one) is Node for one in found)
        return found if has_node and np.broadcast_shapes(*extents) == shape else operands

    def _site(self) -> Site | None:
        """Return the place in the person's code that is carried out, or gone back through."""
        for code, instruction in internals.instructions():
            if code.co_filename in self.recorder.files:
                site = self.sites.at(code, instruction, code.co_firstlineno)
                return self._as_gradient(site) if self.goes_back and site is not None else site
        return None

    def _as_gradient(self, site: Site) -> Site:
        if site not in self.backward:
            target = Target(site.code)
            self.backward[site] = dataclasses.replace(site, role=GRADIENT, targets=(target,))
        return self.backward[site]
