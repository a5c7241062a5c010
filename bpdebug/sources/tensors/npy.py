"""NumPy's `.npy`: one array behind a header.

`np.load` would ask for the memory first and look at the data afterwards; so the header is parsed by NumPy,
and the numbers are looked for once they are known to be numbers and to fit.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import BinaryIO, Protocol

import numpy as np

from bpdebug.limits import LIMITS
from bpdebug.sources.tensors.stored import BFLOAT16, Member, Numbers, StoredArray, or_refused

MAX_HEADER_BYTES = LIMITS.npy_header_bytes
"""What is read of a file to find its header; those that NumPy writes are about a hundred bytes long."""

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
"""By version; the third exists for the names in records, which are refused anyway."""


class Readable(Protocol):
    """What a header can be read from: a file, or what is unpacked from one."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many of the next bytes."""
        ...


def members(file: BinaryIO) -> Iterator[Member]:
    """Yield the one array of a file, without a name."""
    yield "", _stored


def _stored(file: BinaryIO) -> StoredArray:
    numbers, offset = read_header(file, os.fstat(file.fileno()).st_size)
    return StoredArray(numbers.shape, partial(numbers.mapped, offset=offset))


def read_header(stream: Readable, size: int) -> tuple[Numbers, int]:
    """Read and check what stands before the numbers.

    Parameters
    ----------
    stream : readable
        Positioned at the start.
    size : int
        How many bytes there are in it, as far as is known without reading it.

    Returns
    -------
    (Numbers, int)
        The numbers, and how many bytes stand before them.

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
    numbers = Numbers(shape, dtype, columns_first)
    # The dtype bfloat16 of the package ml_dtypes is saved as this; NumPy's own bytes are "|V2".
    if dtype == np.dtype("V2") and b"'<V2'" in start[: header.tell()]:
        numbers = replace(numbers, dtype=BFLOAT16, bfloat16=True)
    numbers.check(size - header.tell())
    return numbers, header.tell()
