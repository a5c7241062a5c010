"""What reduces, moves elements, takes some of them, or puts them beside each other."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from bpdebug.sources.jax.arrays import array_of
from bpdebug.sources.libraries.terms import (
    Application,
    OperationEntry,
    UnknownFormError,
    language,
    shape_of,
    term,
)
from bpdebug.sources.script.recorder.operations import InPlace, elements, put
from bpdebug.sources.script.recorder.records import Node

REDUCTIONS = (np.sum, np.max, np.min)


def axis_of(axes: Sequence[int]) -> int | tuple[int, ...]:
    """Return what NumPy calls `axis`."""
    found = tuple(int(axis) for axis in axes)
    return found[0] if len(found) == 1 else found


def reduced(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of a reduction."""
    return lambda x, axes, **options: term(function, x, axis=axis_of(axes)) if axes else term(np.copy, x)


def cumsum(x: Any, axis: int, reverse: bool, **options: Any) -> Application:
    """Add up from the first element on, or from the last."""
    if not reverse:
        return term(np.cumsum, x, axis=axis)
    return term(np.flip, term(np.cumsum, term(np.flip, x, axis=axis), axis=axis), axis=axis)


def shaped(x: Any, shape: Sequence[int]) -> Application:
    """Return the same elements in another shape."""
    shape = tuple(int(extent) for extent in shape)
    return term(np.copy, x) if shape == shape_of(x) else term(np.reshape, x, shape)


def reshape(x: Any, new_sizes: Sequence[int], dimensions: Any, **options: Any) -> Application:
    """Return the same elements in another shape."""
    if dimensions is not None:
        raise UnknownFormError("a reshape in another order")
    return shaped(x, new_sizes)


def squeeze(x: Any, dimensions: Sequence[int], **options: Any) -> Application:
    """Leave out axes of one element."""
    return shaped(x, [extent for axis, extent in enumerate(shape_of(x)) if axis not in dimensions])


def expand_dims(x: Any, dimensions: Sequence[int], **options: Any) -> Application:
    """Put in axes of one element."""
    return shaped(x, np.expand_dims(np.empty(shape_of(x)), tuple(dimensions)).shape)


def broadcast(x: Any, shape: Sequence[int], broadcast_dimensions: Sequence[int], **options: Any) -> Any:
    """Repeat elements along the axes that x does not have, or has with one element."""
    own = shape_of(x)
    wide = [1] * len(shape)
    for axis, extent in zip(broadcast_dimensions, own, strict=True):
        wide[axis] = extent
    kept = _kept(x, wide)
    laid = kept or shaped(x, wide)
    if tuple(wide) == tuple(shape):
        return laid
    return language("expand", x if tuple(wide) == own else laid, shape=tuple(map(int, shape)))


def _kept(x: Any, wide: Sequence[int]) -> Application | None:
    """Return a reduction that keeps its axes, where these are all that is put in."""
    if type(x) is not Node or x.names or x.function not in REDUCTIONS or set(x.options) != {"axis"}:
        return None
    assert x.function is not None
    (source,) = x.operands
    axis = x.options["axis"]
    extents = list(shape_of(source))
    for one in axis if isinstance(axis, tuple) else (axis,):
        extents[one] = 1
    return term(x.function, source, axis=axis, keepdims=True) if extents == [*wide] else None


def transpose(x: Any, permutation: Sequence[int], **options: Any) -> Application:
    """Take the axes in another order."""
    order = tuple(int(axis) for axis in permutation)
    return term(np.transpose, x) if order == (1, 0) else language("permute", x, axes=order)


def sliced(
    x: Any, start_indices: Sequence[int], limit_indices: Sequence[int], strides: Any, **options: Any
) -> Application:
    """`x[i:j:k, ...]`."""
    steps = strides or [1] * len(start_indices)
    index = tuple(
        slice(None)
        if (start, end, step) == (0, extent, 1)
        else slice(start, end, None if step == 1 else step)
        for start, end, step, extent in zip(start_indices, limit_indices, steps, shape_of(x), strict=True)
    )
    return term(operator.getitem, x, index)


def _window(x: Any, starts: Sequence[Any], sizes: Sequence[int]) -> tuple[slice, ...]:
    """Return the part of some extents that begins at indices, moved so that it lies within x."""
    found = []
    for start, size, extent in zip(starts, sizes, shape_of(x), strict=True):
        first = int(np.clip(int(np.asarray(start.value if type(start) is Node else start)), 0, extent - size))
        found.append(slice(first, first + size))
    return tuple(found)


def dynamic_slice(x: Any, *starts: Any, slice_sizes: Sequence[int], **options: Any) -> Application:
    """Take a part whose place was computed."""
    return term(operator.getitem, x, _window(x, starts, slice_sizes))


def dynamic_update_slice(x: Any, part: Any, *starts: Any, **options: Any) -> Application:
    """Put in a part whose place was computed."""
    return term(put, x, _window(x, starts, shape_of(part)), part)


def split(x: Any, sizes: Sequence[int], axis: int, **options: Any) -> tuple[Application, ...]:
    """Take parts, one after the other."""
    ends = np.cumsum(sizes)
    before = (slice(None),) * axis
    return tuple(
        term(operator.getitem, x, (*before, slice(int(end - size), int(end))))
        for end, size in zip(ends, sizes, strict=True)
    )


def concatenate(*parts: Any, dimension: int, **options: Any) -> Application:
    """Put one after the other."""
    return term(np.concatenate, list(parts), axis=dimension) if len(parts) > 1 else term(np.copy, parts[0])


def pad(x: Any, value: Any, padding_config: Sequence[tuple[int, int, int]], **options: Any) -> Application:
    """Put zeros around; a negative width cuts off."""
    if type(value) is Node or np.any(value) or any(inner for _, _, inner in padding_config):
        raise UnknownFormError("padding with other values than 0, or within")
    widths = [(low, high) for low, high, _ in padding_config]
    if all(width >= 0 for pair in widths for width in pair):
        return term(np.pad, x, tuple(widths))
    if any(width > 0 for pair in widths for width in pair):
        raise UnknownFormError("padding and cutting off")
    return term(operator.getitem, x, tuple(slice(-low, high or None) for low, high in widths))


def _positions(x: Any) -> Any:
    """Return where the elements of x lie, from 1."""
    shape = shape_of(x)
    return jnp.arange(1, int(np.prod(shape)) + 1, dtype=jnp.int32).reshape(shape)


def _value(operand: Any) -> Any:
    return jnp.asarray(operand.value if type(operand) is Node else operand)


def gather(x: Any, indices: Any, dimension_numbers: Any, slice_sizes: Any, mode: Any, **options: Any) -> Any:
    """Take the elements at indices: it is done to their positions."""
    places = lax.gather(
        _positions(x), _value(indices), dimension_numbers, slice_sizes, mode=mode, fill_value=0
    )
    found = array_of(places)
    if not np.all((found > 0) & (found <= np.prod(shape_of(x)))):
        raise UnknownFormError("indices beyond the array")
    return term(elements, x, found - 1)


def _scattered(
    function: Callable[..., Any], x: Any, indices: Any, updates: Any, options: Mapping[str, Any]
) -> Any:
    return function(x, _value(indices), updates, options["dimension_numbers"], mode=options["mode"])


def scatter_add(x: Any, indices: Any, updates: Any, **options: Any) -> Application:
    """Add to the elements at indices, each time that one is named."""
    shape = shape_of(x)
    positions = _positions(x).astype(jnp.float32)
    if positions.size > 2**24:
        raise UnknownFormError("an array of so many elements")

    def added(values: Any) -> Any:
        return _scattered(lax.scatter_add, jnp.zeros(shape, jnp.float32), indices, values, options)

    (places,) = jax.linear_transpose(added, jnp.zeros(shape_of(updates), jnp.float32))(positions)
    found = array_of(places).astype(int)
    if not found.all():
        raise UnknownFormError("indices beyond the array")
    return term(InPlace(np.add.at), x, np.unravel_index(found - 1, shape), updates)


def scatter(x: Any, indices: Any, updates: Any, **options: Any) -> Application:
    """Put updates at indices: which of them an element gets is asked of their positions."""
    zeros = jnp.zeros(shape_of(x), jnp.int32)
    which = array_of(_scattered(lax.scatter, zeros, indices, _positions(updates), options))
    given = np.flatnonzero(which)
    if not given.size:
        return term(np.copy, x)
    chosen = term(elements, updates, which.reshape(-1)[given] - 1)
    return term(put, x, np.unravel_index(given, shape_of(x)), chosen)


def scatter_mul(x: Any, indices: Any, updates: Any, **options: Any) -> Application:
    """Multiply the elements at indices, each of which is named once."""
    ones = jnp.ones(shape_of(updates), jnp.int32)
    counts = _scattered(lax.scatter_add, jnp.zeros(shape_of(x), jnp.int32), indices, ones, options)
    if np.any(array_of(counts) > 1):
        raise UnknownFormError("elements that are multiplied more than once")
    return term(np.multiply, x, scatter(np.ones(shape_of(x)), indices, updates, **options))


def sort(*operands: Any, dimension: int, num_keys: int, **options: Any) -> tuple[Application, ...]:
    """Sort along an axis, and move the others as the first: it is done to their positions."""
    if num_keys != 1:
        raise UnknownFormError("sorting by several")
    key = operands[0].value if type(operands[0]) is Node else operands[0]
    order = np.argsort(key, axis=dimension, kind="stable")
    places = np.take_along_axis(np.arange(key.size).reshape(key.shape), order, axis=dimension)
    return tuple(term(elements, one, places) for one in operands)


MOVING: Mapping[str, OperationEntry] = {
    "reduce_sum": reduced(np.sum),
    "reduce_max": reduced(np.max),
    "reduce_min": reduced(np.min),
    "reduce_and": reduced(np.all),
    "reduce_or": reduced(np.any),
    "cumsum": cumsum,
    "reshape": reshape,
    "squeeze": squeeze,
    "expand_dims": expand_dims,
    "broadcast_in_dim": broadcast,
    "transpose": transpose,
    "rev": lambda x, dimensions, **options: term(np.flip, x, axis=axis_of(dimensions)),
    "slice": sliced,
    "dynamic_slice": dynamic_slice,
    "dynamic_update_slice": dynamic_update_slice,
    "split": split,
    "concatenate": concatenate,
    "pad": pad,
    "gather": gather,
    "scatter": scatter,
    "scatter-add": scatter_add,
    "scatter-mul": scatter_mul,
    "sort": sort,
}
