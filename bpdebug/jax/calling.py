"""A function is called once and gone back through, while everything is recorded."""

from __future__ import annotations

import gc
import inspect
import linecache
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import FunctionType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import tree_util

from bpdebug.errors import Problem, ScriptError
from bpdebug.sources.jax.functions import is_of_jax, names_of
from bpdebug.sources.jax.watcher import PrimitiveWatcher
from bpdebug.sources.script.recording import Recording
from bpdebug.sources.script.watched import Recorded, watched


class Leaves(NamedTuple):
    """The leaves of the arguments of a function.

    Attributes
    ----------
    names : tuple of str
        What each is called: `params['W1']`.
    values : tuple
        They; arrays as arrays of JAX's of their own, so that one that is given twice is two inputs.
    tree : tree
        How they lie.
    """

    names: tuple[str, ...]
    values: tuple[Any, ...]
    tree: Any

    @classmethod
    def of(cls, function: Callable[..., Any], arguments: Sequence[Any]) -> Leaves:
        """Take arguments apart."""
        pairs, tree = tree_util.tree_flatten_with_path(tuple(arguments))
        titles = names_of(function, len(arguments))
        names = tuple(f"{titles[path[0].idx]}{tree_util.keystr(path[1:])}" for path, _ in pairs)
        return cls(names, tuple(_own(leaf) for _, leaf in pairs), tree)

    @property
    def floats(self) -> list[int]:
        """The places of those that a gradient is asked for of: the arrays of floats."""
        return [place for place, value in enumerate(self.values) if is_float(value)]

    def with_floats(self, floats: Sequence[Any]) -> Any:
        """Return the arguments with other values of these."""
        values = list(self.values)
        for place, value in zip(self.floats, floats, strict=True):
            values[place] = value
        return tree_util.tree_unflatten(self.tree, values)


def is_float(value: Any) -> bool:
    """Whether a value is an array of floats."""
    return isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jnp.floating)


def _own(leaf: Any) -> Any:
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return leaf
    is_array = isinstance(leaf, jax.Array | float) or hasattr(leaf, "__array__")
    return jnp.array(leaf, copy=True) if is_array else leaf


class BothPasses(NamedTuple):
    """A run of a function, forwards and backwards.

    Attributes
    ----------
    recording : Recording
        What was recorded.
    error : Exception or None
        What JAX raised in the backward pass.
    unseen : frozenset of str
        The functions with a `custom_vjp` that were called where JAX only traces: their values were not seen.
    """

    recording: Recording
    error: Exception | None
    unseen: frozenset[str]


def gone_back(
    function: Callable[..., Any],
    leaves: Leaves,
    incoming: Callable[[Sequence[Any]], Sequence[Any]],
    file: str,
    line: int,
    variables: dict[str, Any],
) -> BothPasses:
    """Call a function, and go back through it.

    Parameters
    ----------
    function : callable
        What is called.
    leaves : Leaves
        Its arguments.
    incoming : callable
        Gives a gradient for each array of floats that comes out.
    file, line, variables
        Whose code is recorded; see `sources.script.live.watched`.
    """
    recorded = Recorded()
    error: Exception | None = None

    def outputs(floats: Sequence[Any]) -> list[Any]:
        found = tree_util.tree_leaves(function(*leaves.with_floats(floats)))
        return [one for one in found if is_float(one)]

    with watched(file, line, variables, recorded, [*_every_own(function)], "jax") as recorder:
        watcher = recorder.other if recorder is not None else None
        if recorder is None or not isinstance(watcher, PrimitiveWatcher):
            raise ScriptError(
                Problem("bpdebug.jax", "", "something else is being recorded", "call it by itself")
            )
        for name, value in zip(leaves.names, leaves.values, strict=True):
            if isinstance(value, jax.Array):
                recorder.name(watcher.node_of(value), name)
        floats = [leaves.values[place] for place in leaves.floats]
        out, pull = jax.vjp(outputs, floats)
        with watcher.alone():
            given = incoming(out)
        try:
            with watcher.backward_pass():
                (gradients,) = pull(given)
            for place, gradient in zip(leaves.floats, gradients, strict=True):
                recorder.name(watcher.node_of(gradient), f"{leaves.names[place]}.grad")
        except Exception as raised:
            error = raised
    return BothPasses(recorded.recording, error, frozenset(watcher.unseen))


def plain(function: Any) -> Any:
    """Return the person's own function behind what `jit`, `custom_vjp` or `partial` make of it."""
    function = inspect.unwrap(function)
    return plain(function.func) if isinstance(function, partial) else function


def first_own(function: Any) -> FunctionType | None:
    """Return the first of the person's functions that may run and whose source can be read."""
    return next(_every_own(function), None)


def _every_own(function: Any) -> Iterator[FunctionType]:
    found = plain(function)
    of_class = vars(type(found)).get("__call__")
    rules = (
        plain(part)
        for one in gc.get_objects()
        if isinstance(one, jax.custom_vjp) and not is_of_jax(one)
        for part in (one.fun, one.fwd, one.bwd)
    )
    for one in (found, of_class, *rules):
        if isinstance(one, FunctionType) and linecache.getlines(one.__code__.co_filename, one.__globals__):
            yield one
