"""What every format has in common: arrays that are declared before they are read, and refusals."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from bpdebug.engine.language.forms import Shape, element_count, written
from bpdebug.engine.language.functions.entry import Array
from bpdebug.limits import at_most
from bpdebug.sources.declared import MAX_AXES, too_many_elements
from bpdebug.sources.problems import RefusalError

BFLOAT16 = np.dtype("<u2")
"""How the upper halves of float32 numbers are read."""

NOT_NUMBERS = {
    "b": "booleans",
    "c": "complex numbers",
    "S": "text",
    "U": "text",
    "V": "records",
    "M": "dates",
    "m": "durations",
}
"""What is refused, by NumPy's kind of dtype; pickled objects have a message of their own."""


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array that a file declares.

    Attributes
    ----------
    shape : tuple of int
        Its shape, which a tensor may have.
    read : callable
        Returns the numbers, from the file opened once more, in the dtype of the file. Where the format
        allows it they are still in the file, mapped into memory: they are to be copied before someone
        writes to the file, and an array that owns its data need not be.
    """

    shape: Shape
    read: Callable[[BinaryIO], Array]


Member = tuple[str, Callable[[BinaryIO], StoredArray]]
"""A name in a file, and what looks at its array there; where a file is one array, the name is empty."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How numbers lie in a file, one after the other.

    Attributes
    ----------
    shape : tuple of int
        The shape of their array.
    dtype : dtype
        Of each.
    columns_first : bool
        Whether the first axis is the one that runs quickest.
    bfloat16 : bool
        Whether they are the upper halves of float32 numbers.
    """

    shape: Shape
    dtype: np.dtype[Any]
    columns_first: bool = False
    bfloat16: bool = False

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return element_count(self.shape) * self.dtype.itemsize

    def check(self, found: int) -> None:
        """Refuse what is no tensor of numbers, or is cut off: `found` bytes are there.

        Raises
        ------
        RefusalError
            With what was found, and what is expected.
        """
        check_dtype(self.dtype)
        check_shape(self.shape)
        if found < self.size:
            raise RefusalError(f"truncated: found {max(found, 0):,} bytes of numbers, expected {self.size:,}")

    def array(self, buffer: Any, offset: int = 0) -> Array:
        """Return the array that lies in a buffer; bfloat16 is widened to float32, which is exact."""
        numbers: Array = np.ndarray(
            self.shape, self.dtype, buffer, offset, order="F" if self.columns_first else "C"
        )
        if not self.bfloat16:
            return numbers
        wide = numbers.astype(np.uint32)
        wide <<= 16
        return wide.view(np.float32)

    def mapped(self, file: BinaryIO, offset: int) -> Array:
        """Return the array that begins there in a file, which is mapped into memory and not read."""
        return self.array(mapping(file), offset)


def mapping(file: BinaryIO) -> mmap.mmap:
    """Map a file into memory; it stays mapped for as long as an array lies in it."""
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


@contextmanager
def or_refused(message: str) -> Iterator[None]:
    """Turn whatever a library raises on a damaged file into one refusal.

    Libraries do not say which exceptions these are: a header that is not quite Python raises any of a dozen.

    Parameters
    ----------
    message : str
        What the refusal says.

    Raises
    ------
    RefusalError
        If anything at all was raised.
    """
    try:
        yield
    except RefusalError:
        raise
    except Exception:
        raise RefusalError(message) from None


def check_dtype(dtype: np.dtype[Any]) -> None:
    """Refuse what is neither floats nor integers.

    Raises
    ------
    RefusalError
        If it is neither.
    """
    if dtype.hasobject:
        raise RefusalError(
            "pickled objects are never loaded (allow_pickle=False): found the dtype object,"
            " expected floats or integers",
            "a list of arrays is saved as one array for each layer, a dictionary as np.savez(file, **grads)",
        )
    if dtype.kind in NOT_NUMBERS:
        raise not_numbers(NOT_NUMBERS[dtype.kind])


def not_numbers(found: str) -> RefusalError:
    """Return the refusal of a dtype."""
    return RefusalError(f"not real numbers: found {found}, expected floats or integers")


def check_shape(shape: Shape) -> None:
    """Refuse a declared shape that no tensor of a scenario could have.

    Raises
    ------
    RefusalError
        If it has too many axes or elements, or an extent that is negative or 0.
    """
    if len(shape) > MAX_AXES:
        raise RefusalError(f"too many dimensions: found {len(shape)}, expected {at_most('tensor_axes')}")
    if any(type(extent) is not int for extent in shape):
        raise RefusalError(f"damaged: found the shape {written(shape)}, expected whole numbers")
    if any(extent < 0 for extent in shape):
        raise RefusalError("damaged: found a negative extent in the shape")
    excess = too_many_elements(tuple(extent or 1 for extent in shape))
    if excess:
        raise RefusalError(excess)
    if 0 in shape:
        raise RefusalError(f"empty: found shape {written(shape)}, expected at least one element")
