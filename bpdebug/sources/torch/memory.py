"""Where the elements of a tensor lie in memory, and which of them are also those of another.

A place is `(storage, offset, shape, strides, dtype)`: two tensors have elements in common where their places
are of one storage and reach the same positions in it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch

from bpdebug.sources.torch.sparse import dense_part, place_of_indices

Key = tuple[int, int, tuple[int, ...], tuple[int, ...], Any]
"""The place of a tensor's elements: storage, offset, shape, strides, dtype."""


def key_of(tensor: torch.Tensor) -> Key:
    """Return the place of a tensor's elements in memory; a sparse one is told by where its indices lie."""
    dense = dense_part(tensor)
    is_dense = dense is tensor
    return (
        dense.untyped_storage()._cdata,
        int(dense.storage_offset()),
        tuple(tensor.shape),
        tensor.stride() if is_dense else place_of_indices(tensor),
        tensor.dtype if is_dense else (tensor.dtype, tensor.layout),
    )


def positions(key: Key) -> Any:
    """Return where in its storage the elements of a tensor lie, in the order of C."""
    return _positions(*key[1:4])


@lru_cache(maxsize=512)
def _positions(offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    found: Any = np.full((), offset)
    for axis, (extent, stride) in enumerate(zip(shape, strides, strict=True)):
        steps = np.arange(extent) * stride
        found = found[..., None] + steps.reshape((1,) * axis + (-1,))
    return found.reshape(-1)


def common(mine: Key, theirs: Key) -> tuple[Any, Any] | None:
    """Return which elements of two tensors of one storage are the same, in mine and in theirs; None if none.

    They are in the order in which they lie in mine.
    """
    if isinstance(mine[4], tuple):  # of sparse ones
        return None
    own, other = positions(mine), positions(theirs)
    if not own.size or not other.size or own.max() < other.min() or other.max() < own.min():
        return None
    order = np.argsort(other, kind="stable")
    place = np.minimum(np.searchsorted(other[order], own), other.size - 1)
    same = np.flatnonzero(other[order][place] == own)
    return (same, order[place[same]]) if same.size else None


def shares_memory(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors are of one storage."""
    parts = dense_part(one), dense_part(other)
    return bool(parts[0].untyped_storage()._cdata == parts[1].untyped_storage()._cdata)
