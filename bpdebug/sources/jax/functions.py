"""The calls of functions with a `custom_vjp`: what went in and out, forwards and backwards, as nodes.

JAX looks `fwd` and `bwd` up where such a function is called. So `custom_vjp.__call__` is exchanged while this
watches, and each call gets functions of its own that look at what goes through.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import tree_util
from jax.custom_derivatives import CustomVJPPrimal, SymbolicZero

from bpdebug.sources.jax import internals
from bpdebug.sources.jax.watcher import PrimitiveWatcher
from bpdebug.sources.script.recorder.function_calls import FunctionCall
from bpdebug.sources.script.recorder.records import Node
from bpdebug.sources.script.recorder.tensors import is_other

LIBRARY = "jax"


@contextmanager
def functions_seen(watcher: PrimitiveWatcher) -> Iterator[None]:
    """Let a watcher see the calls of all functions with a `custom_vjp` that are not JAX's own."""
    kind: Any = jax.custom_vjp
    own = kind.__call__

    @functools.wraps(own)
    def call(function: Any, *arguments: Any, **options: Any) -> Any:
        if is_of_jax(function) or not function.fwd or not function.bwd or not watcher.recorder.on:
            return own(function, *arguments, **options)
        seen = object.__new__(type(function))
        vars(seen).update(vars(function))
        one = WatchedCall(watcher, function)
        seen.fwd, seen.bwd = one.forward(function.fwd), one.backward(function.bwd)
        return own(seen, *arguments, **options)

    kind.__call__ = call
    try:
        yield
    finally:
        kind.__call__ = own


def is_of_jax(function: Any) -> bool:
    """Whether a function with a `custom_vjp` is one of JAX's own."""
    return str(function.fun.__module__).partition(".")[0] == "jax"


class Given(NamedTuple):
    """The arguments of a call.

    Attributes
    ----------
    every : tuple
        All of them.
    places : tuple of int
        Which of them a gradient can be asked for.
    tree : tree
        How the leaves of these lie.
    names : tuple of str
        What the leaves are called: `params['W1']`.
    leaves : tuple
        They.
    """

    every: tuple[Any, ...]
    places: tuple[int, ...]
    tree: Any
    names: tuple[str, ...]
    leaves: tuple[Any, ...]

    @classmethod
    def of(cls, function: Any, arguments: Sequence[Any]) -> Given:
        """Take the arguments of a function apart."""
        every = tuple(tree_util.tree_map(_plain, arguments, is_leaf=_is_primal))
        places = tuple(place for place in range(len(every)) if place not in function.nondiff_argnums)
        pairs, tree = tree_util.tree_flatten_with_path(tuple(every[place] for place in places))
        titles = names_of(function.fun, len(every))
        names = tuple(f"{titles[places[path[0].idx]]}{tree_util.keystr(path[1:])}" for path, _ in pairs)
        return cls(every, places, tree, names, tuple(leaf for _, leaf in pairs))

    def again(self, function: Callable[..., Any], *leaves: Any) -> list[Any]:
        """Call a function with other leaves, and return those of its result."""
        arguments = list(self.every)
        for place, value in zip(self.places, tree_util.tree_unflatten(self.tree, leaves), strict=True):
            arguments[place] = value
        return list(tree_util.tree_leaves(function(*arguments)))


class WatchedCall:
    """One call of a function: recorded when JAX runs its `fwd`, completed when it runs its `bwd`."""

    def __init__(self, watcher: PrimitiveWatcher, function: Any) -> None:
        self.watcher, self.function = watcher, function
        self.given: Given | None = None
        self.call: FunctionCall | None = None

    def forward(self, own: Callable[..., Any]) -> Callable[..., Any]:
        """Return a `fwd` that looks at what goes in and out."""

        @functools.wraps(own)
        def forward(*arguments: Any) -> Any:
            given = Given.of(self.function, arguments)
            inputs = tuple(map(self._node, given.leaves))
            out, kept = own(*arguments)
            if self.watcher.recorder.on and any(one is not None for one in inputs):
                file = getattr(getattr(self.function.bwd, "__code__", None), "co_filename", "")
                wanted = tuple(one is not None and one.like.dtype.kind == "f" for one in inputs)
                outputs = tuple(map(self._node, tree_util.tree_leaves(out)))
                again = functools.partial(given.again, self.function.fun)
                leaves = tuple(map(internals.unwrapped, given.leaves))
                self.given = given
                self.call = FunctionCall(
                    LIBRARY, self.function, file, given.names, leaves, inputs, wanted, outputs, again=again
                )
                self.watcher.functions.append(self.call)
            elif self.watcher.recorder.on:
                self.watcher.unseen.add(self.function.__name__)
            return out, kept

        return forward

    def backward(self, own: Callable[..., Any]) -> Callable[..., Any]:
        """Return a `bwd` that looks at what goes in and out."""

        @functools.wraps(own)
        def backward(*arguments: Any) -> Any:
            incoming = tuple(map(self._node, tree_util.tree_leaves(arguments[-1])))
            with self.watcher.own_code():
                found = own(*arguments)
            call, given = self.call, self.given
            if call is None or given is None or call.incoming or not self.watcher.recorder.on:
                return found
            call.incoming = incoming
            leaves, call.refused = _fitted(given, found)
            call.gradients = tuple(map(self._node, leaves))
            is_taken = not call.refused and all(map(_fits, leaves, given.leaves))
            return found if is_taken else (None,) * len(given.places)  # so that JAX goes on

        return backward

    def _node(self, value: Any) -> Node | None:
        """Return the node of a value; None for what is no array, or stands for a shape only."""
        if not self.watcher.recorder.on or value is None or isinstance(value, SymbolicZero):
            return None
        if isinstance(value, float | np.ndarray | np.generic) and np.asarray(value).dtype.kind in "fiub":
            return self.watcher.recorder.objects.node_of(np.asarray(value))
        return self.watcher.node_of(value) if is_other(value) else None


def names_of(function: Callable[..., Any], count: int) -> list[str]:
    """Return what a function calls its arguments."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    named = [one.name for one in parameters if one.kind in kinds][:count]
    return named + [f"input{number}" for number in range(len(named) + 1, count + 1)]


def _is_primal(value: Any) -> bool:
    return isinstance(value, CustomVJPPrimal)


def _plain(value: Any) -> Any:
    """Return what stands in the record that `symbolic_zeros=True` makes of an argument."""
    return value.value if _is_primal(value) else value


def _fitted(given: Given, found: Any) -> tuple[list[Any], str]:
    """Return the gradients of the leaves, and what JAX refuses of them."""
    parts = tree_util.tree_unflatten(given.tree, given.leaves)
    count = len(given.leaves)
    if not isinstance(found, tuple | list) or len(found) != len(parts):
        values = f"{len(found)} values" if isinstance(found, tuple | list) else f"a {type(found).__name__}"
        return [None] * count, f"returns {values} for {len(parts)} arguments"
    leaves: list[Any] = []
    refused = ""
    titles = iter(given.names)
    for part, gradient in zip(parts, found, strict=True):
        own, tree = tree_util.tree_flatten(part)
        names = [next(titles) for _ in own]
        got, structure = tree_util.tree_flatten(gradient, is_leaf=lambda one: one is None)
        if gradient is None:
            got = [None] * len(own)
        elif structure != tree:
            refused = refused or f"returns another structure for {names[0] if names else 'an argument'}"
            got = [None] * len(own)
        leaves += got
    return leaves, refused


def _fits(gradient: Any, leaf: Any) -> bool:
    """Whether JAX takes a gradient of a leaf."""
    return gradient is None or np.shape(gradient) == np.shape(leaf)
