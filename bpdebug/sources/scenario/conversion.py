"""Numbers in the dtype of a scenario: converted, and refused where the conversion would lose them."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.sources.declared import FileTensor, Flaw
from bpdebug.sources.problems import RefusalError, described
from bpdebug.sources.scenario.tensors import AnyTensor, GeneratedTensor, RandomTensor

Places = np.ndarray[Any, np.dtype[np.bool_]]
"""For every element whether something is true of it."""

SPREAD = 10
"""A normal number beyond ten standard deviations has never been drawn."""


def overflow(tensor: AnyTensor, dtype: str) -> Flaw | None:
    """Return the first number of a tensor that is finite as written and infinite in `dtype`.

    The numbers of a file are not read for that; `in_dtype` looks at them.
    """
    if isinstance(tensor, FileTensor | GeneratedTensor):
        return None
    largest = float(np.finfo(dtype).max)
    if isinstance(tensor, RandomTensor):
        if tensor.scale <= largest / SPREAD:
            return None
        message = (
            f"too large for {dtype}: found {described(tensor.scale)}, expected at most {largest / SPREAD!r}"
        )
        return Flaw(("scale",), message)
    array = tensor.array()
    with np.errstate(over="ignore"):
        index = _first(_overflowing(array, array.astype(dtype)))
    if index is None:
        return None
    found = tensor.numbers[int(np.ravel_multi_index(index, tensor.shape))]
    return Flaw(index, _too_large(found, dtype))


def in_dtype(array: Array, dtype: str) -> Array:
    """Convert numbers of any dtype, and copy them.

    Parameters
    ----------
    array : array
        Floats or integers, as a file may hold them.
    dtype : str
        The floating dtype that is wanted.

    Raises
    ------
    RefusalError
        If a finite number would become infinite, or an integer another number.
    """
    with np.errstate(over="ignore"):
        converted = array.astype(dtype)
    if array.dtype.kind in "iu":
        index = _first(_inexact(array, dtype))
        if index is not None:
            found, most = described(int(array[index])), f"{2 ** (np.finfo(dtype).nmant + 1):,}"
            message = f"not exact in {dtype}: found {found}, expected whole numbers up to {most}"
            raise RefusalError(message, path=index)
    elif array.dtype.itemsize > np.dtype(dtype).itemsize:
        index = _first(_overflowing(array, converted))
        if index is not None:
            raise RefusalError(_too_large(float(array[index]), dtype), path=index)
    return converted


def floating(array: Array) -> Array:
    """Return numbers of any dtype as floats of their own precision, integers in float64, out of any file."""
    dtype = np.dtype(np.float64) if array.dtype.kind in "iu" else array.dtype.newbyteorder("=")
    return array.astype(dtype, copy=not array.flags.owndata)


def _overflowing(array: Array, converted: Array) -> Places:
    """Return where a number is finite, and infinite after its conversion."""
    return np.isinf(converted) & np.isfinite(array)


def _inexact(array: Array, dtype: str) -> Places:
    """Return where an integer is not a number of `dtype`: without its trailing zeros it has too many bits."""
    limits = np.finfo(dtype)
    size = array.astype(np.uint64)
    size = np.where(array < 0, ~size + np.uint64(1), size)
    lowest_bit = np.maximum(size & (~size + np.uint64(1)), np.uint64(1))
    inexact: Places = (size // lowest_bit >= 2 ** (limits.nmant + 1)) | (size > float(limits.max))
    return inexact


def _first(places: Places) -> tuple[int, ...] | None:
    """Return the index of the first true element; None if there is none."""
    if not places.any():
        return None
    return tuple(int(part) for part in np.unravel_index(int(places.argmax()), places.shape))


def _too_large(found: object, dtype: str) -> str:
    largest = float(np.finfo(dtype).max)
    return f"too large for {dtype}: found {described(found)}, expected at most {largest!r} in size"
