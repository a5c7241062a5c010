"""Tensors in JSON: an object of names, each with a nested list of numbers. It has to be held as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.limits import LIMITS
from bpdebug.sources.declared import MAX_AXES
from bpdebug.sources.floats import read_float
from bpdebug.sources.literal import read_numbers
from bpdebug.sources.problems import RefusalError, described
from bpdebug.sources.tensors.stored import Member, StoredArray

MAX_JSON_BYTES = LIMITS.json_bytes
"""Millions of elements; reading them takes several times as much memory."""


class _Object(dict[str, Any]):
    """A JSON object that keeps a key that is there twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def members(file: BinaryIO) -> Iterator[Member]:
    """Look into a file: its tensors are read by then, and are made into arrays one by one."""
    content = file.read(MAX_JSON_BYTES + 1)
    if len(content) > MAX_JSON_BYTES:
        found = f"found more than {MAX_JSON_BYTES:,} bytes"
        message = f"too large: {found}, expected at most that (the limit json_bytes)"
        raise RefusalError(message, "np.savez writes smaller files")
    try:
        table = json.loads(content.decode("utf-8-sig"), parse_float=read_float, object_pairs_hook=_Object)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise RefusalError(f"not JSON: {error.msg[:1].lower()}{error.msg[1:]} ({place})") from None
    except UnicodeDecodeError as error:
        raise RefusalError(
            f"not UTF-8: found the byte 0x{content[error.start]:02x}", "save it as UTF-8"
        ) from None
    except RecursionError:
        raise RefusalError(
            "nested too deeply: found more brackets than can be read, expected a level for each axis"
        ) from None
    except ValueError:
        raise RefusalError("not JSON: found an integer of thousands of digits, expected at most 19") from None
    if not isinstance(table, _Object):
        expected = "names, each with a nested list of numbers"
        raise RefusalError(f"not an object: found {described(table)}, expected {expected}")
    for name, value in table.pairs:
        for inner, tensor in _tensors(name, value):
            yield inner, partial(_nested_list, tensor)


def _tensors(name: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield the tensors under a name: those of a dictionary, or of a list of matrices of several shapes."""
    if isinstance(value, _Object):
        for inner, part in value.pairs:
            yield from _tensors(f"{name}.{inner}", part)
    elif isinstance(value, list) and _is_of_matrices(value):
        yield from ((f"{name}[{place}]", part) for place, part in enumerate(value) if part is not None)
    else:
        yield name, value


def _is_of_matrices(value: list[Any]) -> bool:
    """Whether a list holds a matrix for each layer, or nothing for it, and is no tensor of three axes."""
    matrices = [part for part in value if part is not None]
    are_matrices = all(isinstance(part, list) and part and isinstance(part[0], list) for part in matrices)
    if not matrices or not are_matrices:
        return False
    return len(matrices) < len(value) or len({(len(part), len(part[0])) for part in matrices}) > 1


def _nested_list(value: object, file: BinaryIO) -> StoredArray:
    tensor = read_numbers(_with_constants(value))
    return StoredArray(tensor.shape, lambda file: _in_their_precision(tensor.array()))


def _in_their_precision(array: Array) -> Array:
    """Return numbers in the precision that they were computed in, which JSON has no word for.

    Where all of them are numbers of 32 bits, they were; few that were computed in 64 bits are. Those that 16
    bits hold, such as 0.5, tell nothing.
    """
    with np.errstate(over="ignore"):
        single, half = array.astype(np.float32), array.astype(np.float16)
    is_single = np.array_equal(array, single, equal_nan=True)
    return single if is_single and not np.array_equal(array, half, equal_nan=True) else array


def _with_constants(value: object, axes: int = MAX_AXES) -> object:
    """Read the names of what JSON has no numbers for, as strict writers put them in quotes."""
    if isinstance(value, list) and axes:
        return [_with_constants(entry, axes - 1) for entry in value]
    return CONSTANTS.get(value, value) if isinstance(value, str) else value


CONSTANTS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
