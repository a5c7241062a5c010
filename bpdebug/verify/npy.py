"""One array in NumPy's own format: what it declares is checked before any of it is read.

`np.load` would ask for the memory first and look at the data afterwards; so the header is parsed by NumPy,
and the numbers, once they are known to be numbers and to fit, are read here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO, Any

import numpy as np

from bpdebug.engine.expression.forms import Shape, element_count, written
from bpdebug.engine.expression.functions.entry import Array
from bpdebug.scenario.tensors import MAX_AXES, too_many_elements

MAX_HEADER_BYTES = 2**16
"""What is read of a file to find its header; those that NumPy writes are about a hundred bytes long."""

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

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
"""By version; the third exists for the names in records, which are refused anyway."""


class RefusalError(Exception):
    """Why a file, or one array in it, is not read."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@contextmanager
def or_refused(message: str) -> Iterator[None]:
    """Turn whatever a library raises on a damaged file into one refusal.

    Libraries do not say which exceptions these are: a header that is not quite Python raises any of a dozen.
    """
    try:
        yield
    except RefusalError:
        raise
    except Exception:
        raise RefusalError(message) from None


def read_npy(stream: IO[bytes], size: int) -> Array:
    """Read an array.

    Parameters
    ----------
    stream : binary file
        Positioned at the start.
    size : int
        How many bytes there are in it, as far as is known without reading it.

    Raises
    ------
    RefusalError
        If it is no array of real numbers, is too large, or is damaged.
    """
    start = stream.read(MAX_HEADER_BYTES)
    header = BytesIO(start)
    with or_refused("damaged, or not in the .npy format"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shape, columns_first, dtype = _HEADERS[np.lib.format.read_magic(header)](header)
    check_dtype(dtype)
    check_shape(shape)
    expected = element_count(shape) * dtype.itemsize
    found = size - header.tell()
    if found >= expected:
        content = start[header.tell() :][:expected]
        content += stream.read(expected - len(content))
        found = len(content)
    if found < expected:
        raise RefusalError(f"truncated: found {found:,} bytes of numbers, expected {expected:,}")
    return np.ndarray(shape, dtype, content, order="F" if columns_first else "C")


def check_dtype(dtype: np.dtype[Any]) -> None:
    """Refuse what is neither floats nor integers."""
    if dtype.hasobject:
        raise RefusalError(
            "pickled objects are never loaded (allow_pickle=False): found the dtype object,"
            " expected floats or integers",
            "a list of arrays is saved as one array for each layer, dw1, dw2",
        )
    if dtype.kind in NOT_NUMBERS:
        raise not_numbers(NOT_NUMBERS[dtype.kind])


def not_numbers(found: str) -> RefusalError:
    """Return the refusal of a dtype."""
    return RefusalError(f"not real numbers: found {found}, expected floats or integers")


def check_shape(shape: Shape) -> None:
    """Refuse a declared shape that no tensor of a scenario could have."""
    if len(shape) > MAX_AXES:
        raise RefusalError(f"too many dimensions: found {len(shape)}, expected at most {MAX_AXES}")
    if any(extent < 0 for extent in shape):
        raise RefusalError("damaged: found a negative extent in the shape")
    excess = too_many_elements(tuple(extent or 1 for extent in shape))
    if excess:
        raise RefusalError(excess)
    if 0 in shape:
        raise RefusalError(f"empty: found shape {written(shape)}, expected at least one element")
