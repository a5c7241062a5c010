"""What moves elements, takes some of them, or puts them beside each other."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from bpdebug.sources.libraries.terms import Application, UnknownFormError, language, shape_of, term
from bpdebug.sources.script.recorder.operations import InPlace, put
from bpdebug.sources.script.recorder.records import Node


def transposed(x: Any, *dims: int) -> Application:
    """Exchange two axes."""
    rank = len(shape_of(x))
    if rank <= 2:
        moved = rank == 2 and len({dim % rank for dim in dims or (0, 1)}) == 2
        return term(np.transpose, x) if moved else term(np.copy, x)
    first, second = (dim % rank for dim in dims)
    return language("swap_axes", x, first=first, second=second)


def permuted(x: Any, dims: Sequence[int]) -> Application:
    """Take the axes in another order."""
    order = tuple(dim % len(dims) for dim in dims)
    return term(np.transpose, x) if order == (1, 0) else language("permute", x, axes=order)


def at_axis(x: Any, dim: int, index: Any) -> Application:
    """Take a part along one axis."""
    return term(operator.getitem, x, (*(slice(None),) * (dim % len(shape_of(x))), index))


def sliced(x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Application:
    """`x[start:end:step]` along one axis."""
    extent = shape_of(x)[dim]
    start, end, _ = slice(start, end).indices(extent)
    return at_axis(x, dim, slice(start, end, None if step == 1 else step))


def unbound(x: Any, dim: int = 0) -> tuple[Application, ...]:
    """Take each part along one axis."""
    return tuple(at_axis(x, dim, place) for place in range(shape_of(x)[dim]))


def split(x: Any, sizes: Any, dim: int = 0) -> tuple[Application, ...]:
    """Take parts of some lengths, one after the other."""
    extent = shape_of(x)[dim]
    lengths = sizes
    if isinstance(sizes, int):
        lengths = [min(sizes, extent - start) for start in range(0, extent, sizes)]
    ends = [sum(lengths[: number + 1]) for number in range(len(lengths))]
    return tuple(at_axis(x, dim, slice(end - length, end)) for end, length in zip(ends, lengths, strict=True))


def indexed(x: Any, indices: Sequence[Any]) -> Application:
    """`x[i, j]`, with tensors as indices."""
    return term(operator.getitem, x, tuple(slice(None) if one is None else one for one in indices))


def index_put(x: Any, indices: Sequence[Any], value: Any, accumulate: bool = False) -> Application:
    """`x[i, j] = v`, or `+= v` for each time that a place is named."""
    places = tuple(slice(None) if one is None else one for one in indices)
    return term(InPlace(np.add.at) if accumulate else put, x, places, value)


def gathered(x: Any, dim: int, index: Any, sparse_grad: bool = False) -> Application:
    """Take along one axis what an index names; of the other axes no more than the index has."""
    own, wanted, axis = list(shape_of(x)), list(shape_of(index)), dim % len(shape_of(x))
    own[axis] = wanted[axis]
    if own == wanted:
        return term(np.take_along_axis, x, index, axis=dim)
    return indexed(x, _along(dim, index, None)[0])


def scattered(x: Any, dim: int, index: Any, value: Any) -> Application:
    """Write values along one axis, each to the place that its index names: labels as rows of 0 and 1."""
    return index_put(x, *_along(dim, index, value))


def scatter_added(x: Any, dim: int, index: Any, value: Any) -> Application:
    """Add values along one axis, each at the place that its index names."""
    return index_put(x, *_along(dim, index, value), accumulate=True)


def index_added(x: Any, dim: int, index: Any, value: Any, alpha: Any = 1) -> Application:
    """Add rows, or what lies along another axis, each at the place that an index names."""
    places = [None] * (dim % len(shape_of(x))) + [index]
    return index_put(x, places, term(np.multiply, value, alpha) if alpha != 1 else value, accumulate=True)


def _along(dim: int, index: Any, value: Any) -> tuple[list[Any], Any]:
    """Return the positions of all axes, and of the values those that have an index."""
    shape = shape_of(index)
    places: list[Any] = list(np.indices(shape, sparse=True))
    places[dim % len(shape)] = index
    is_larger = type(value) is Node and value.shape not in ((), shape)
    return places, term(operator.getitem, value, tuple(map(slice, shape))) if is_larger else value


def joined(tensors: Sequence[Any], dim: int = 0) -> Application:
    """One tensor after the other."""
    parts = [one for one in tensors if shape_of(one) != (0,)]
    return term(np.concatenate, parts, axis=dim) if len(parts) > 1 else term(np.copy, parts[0])


def padded(x: Any, widths: Sequence[int], value: Any = 0) -> Application:
    """Zeros around; the last axis comes first."""
    if value or any(width < 0 for width in widths):
        raise UnknownFormError("padding with other values than 0")
    pairs = [tuple(widths[at : at + 2]) for at in range(0, len(widths), 2)][::-1]
    return term(np.pad, x, ((0, 0),) * (len(shape_of(x)) - len(pairs)) + tuple(pairs))


def expanded(x: Any, shape: Sequence[int], implicit: bool = False) -> Application:
    """Repeat what has the extent 1."""
    own = shape_of(x)
    new = (1,) * (len(shape) - len(own)) + own
    full = tuple(extent if extent != -1 else was for extent, was in zip(shape, new, strict=True))
    return language("expand", x if new == own else term(np.reshape, x, new), shape=full)


def embedded(weight: Any, indices: Any, *options: Any) -> Application:
    """Look rows up."""
    return term(operator.getitem, weight, indices)


def masked_fill(x: Any, mask: Any, value: Any) -> Application:
    """Write a value where a mask is true."""
    if type(value) is Node:
        return term(np.where, mask, value, x)
    return language("masked", x, mask, value=float(value))
