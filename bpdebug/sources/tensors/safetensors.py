"""Safetensors: the length of a header, the header in JSON, and the numbers of all tensors behind it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from bpdebug.limits import LIMITS, at_most
from bpdebug.sources.problems import RefusalError, shortened
from bpdebug.sources.tensors.stored import BFLOAT16, Member, Numbers, StoredArray, not_numbers, or_refused

MAX_HEADER_BYTES = LIMITS.safetensors_header_bytes
"""The names of tens of thousands of tensors; the parser needs up to thirty times as much memory."""

LENGTH_BYTES = 8
METADATA = "__metadata__"
NO_HEADER = "damaged, or not a .safetensors file: found no header that can be read"
DAMAGED = "damaged: found a tensor that cannot be read"

DTYPES: dict[str, str] = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": BFLOAT16.str,
    **{f"{sign}{8 * size}": f"<{sign.lower()}{size}" for sign in "IU" for size in (1, 2, 4, 8)},
}
"""NumPy's dtypes by the names of the format, of those that are read."""


def members(file: BinaryIO) -> Iterator[Member]:
    """Yield the tensors of a file.

    Raises
    ------
    RefusalError
        If the header cannot be read, or is too large.
    """
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    if length > os.fstat(file.fileno()).st_size - LENGTH_BYTES:
        raise RefusalError(NO_HEADER)
    if length > MAX_HEADER_BYTES:
        found = f"found a header of {length:,} bytes"
        raise RefusalError(f"too large: {found}, expected {at_most('safetensors_header_bytes')}")
    with or_refused(NO_HEADER):
        header = json.loads(file.read(length).decode(), object_pairs_hook=_unique)
        if not isinstance(header, dict):
            raise RefusalError(NO_HEADER)
    for name, entry in header.items():
        if name != METADATA:
            yield name, partial(_stored, entry, LENGTH_BYTES + length)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise RefusalError("damaged: found a name that is twice in the header, expected each once")
    return table


def _stored(entry: Any, start: int, file: BinaryIO) -> StoredArray:
    with or_refused(DAMAGED):
        name, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        if not all(type(number) is int for number in (*shape, begin, end)) or begin < 0:
            raise RefusalError(DAMAGED)
        if name not in DTYPES:
            raise not_numbers(f"the dtype {shortened(name)}")
    numbers = Numbers(shape, np.dtype(DTYPES[name]), bfloat16=name == "BF16")
    numbers.check(min(end, os.fstat(file.fileno()).st_size - start) - begin)
    return StoredArray(shape, partial(numbers.mapped, offset=start + begin))
