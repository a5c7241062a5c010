"""Arrays from files: `.npz`, `.npy`, `.safetensors`, `.json`, or a folder of `.npy` files.

Formats that a scenario may name too are read where scenarios are; `.json`, which has to be held as a whole,
is for the user's own files. The table at the end lists all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.program.trace import read_only
from bpdebug.sources.declared import MAX_AXES
from bpdebug.sources.problems import RefusalError, Report, described, printable
from bpdebug.sources.scenario.conversion import floating
from bpdebug.sources.scenario.limits import MAX_RUN_ELEMENTS
from bpdebug.sources.scenario.reading import read_float
from bpdebug.sources.scenario.tensors import read_numbers
from bpdebug.sources.tensors import npy, npz, safetensors
from bpdebug.sources.tensors.folder import opened
from bpdebug.sources.tensors.stored import Member, StoredArray, or_refused
from bpdebug.sources.wordings import add_finding

MAX_JSON_BYTES = 64 * 2**20
"""Millions of numbers; reading them takes several times as much memory."""

Named = tuple[str, Callable[[], Array]]
"""A name in a file, and what reads its array; it raises `RefusalError` or `ValidationError`."""


def read_arrays(path: Path, report: Report) -> list[tuple[str, Array | None]]:
    """Read every array of a file or folder.

    Parameters
    ----------
    path : Path
        The file; its suffix says how it is read.
    report : Report
        Takes what is wrong, with the name in the file as the key.

    Returns
    -------
    list of (str, array or None)
        Every name with its array, read-only, in the file's floating dtype; integers become float64. None
        stands for an array that was reported.
    """
    arrays: list[tuple[str, Array | None]] = []
    total = 0
    try:
        for name, read in _arrays(path):
            array = _read(name, read, report)
            arrays.append((name, array))
            total += array.size if array is not None else 0
            if total > MAX_RUN_ELEMENTS:
                found = f"found more than {MAX_RUN_ELEMENTS:,} elements in all"
                raise RefusalError(f"too large: {found}, expected at most that")
        if not arrays:
            raise RefusalError("empty: found no array, expected at least one")
    except RefusalError as refusal:
        report.add((), refusal.message, refusal.hint)
    return arrays


def _arrays(path: Path) -> Iterator[Named]:
    if os.path.isdir(path):
        yield from _folder(path)
        return
    suffix = path.suffix.lower()
    if suffix not in FORMATS and not os.path.lexists(path):
        raise RefusalError("no such file")
    if suffix not in FORMATS:
        found = printable(suffix) or "no suffix"
        expected = f"{', '.join(FORMATS)} or a folder of .npy files"
        raise RefusalError(
            f"unknown format: found {found}, expected {expected}", "np.savez writes .npz files"
        )
    with opened(path) as file:
        for name, look in FORMATS[suffix](file):
            yield name or path.stem, partial(_numbers, look, file)


def _folder(path: Path) -> Iterator[Named]:
    with or_refused("found a folder that cannot be read"):
        files = sorted(file for file in path.iterdir() if file.suffix.lower() == ".npy")
    if not files:
        raise RefusalError("found a folder without .npy files, expected one file for each tensor")
    for file in files:
        yield file.stem, partial(_numbers_of_npy, file)


def _numbers_of_npy(path: Path) -> Array:
    with opened(path) as file:
        ((_, look),) = npy.members(file)
        return _numbers(look, file)


def _numbers(look: Callable[[BinaryIO], StoredArray], file: BinaryIO) -> Array:
    return read_only(floating(look(file).read(file)))


def _read(name: str, read: Callable[[], Array], report: Report) -> Array | None:
    try:
        return read()
    except RefusalError as refusal:
        report.add((name,), refusal.message, refusal.hint)
    except ValidationError as error:
        for finding in error.errors(include_url=False):
            add_finding(report, (name,), finding, ())
    return None


# JSON


class _Object(dict[str, Any]):
    """A JSON object that keeps a key that is there twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def _json(file: BinaryIO) -> Iterator[Member]:
    content = file.read(MAX_JSON_BYTES + 1)
    if len(content) > MAX_JSON_BYTES:
        found = f"found more than {MAX_JSON_BYTES:,} bytes"
        raise RefusalError(f"too large: {found}, expected at most that", "np.savez writes smaller files")
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
        yield name, partial(_nested_list, value)


def _nested_list(value: object, file: BinaryIO) -> StoredArray:
    tensor = read_numbers(_with_constants(value))
    return StoredArray(tensor.shape, lambda file: tensor.array())


def _with_constants(value: object, axes: int = MAX_AXES) -> object:
    """Read the names of what JSON has no numbers for, as strict writers put them in quotes."""
    if isinstance(value, list) and axes:
        return [_with_constants(entry, axes - 1) for entry in value]
    return CONSTANTS.get(value, value) if isinstance(value, str) else value


CONSTANTS = {
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}

FORMATS: dict[str, Callable[[BinaryIO], Iterator[Member]]] = {
    ".npz": npz.members,
    ".npy": npy.members,
    ".json": _json,
    ".safetensors": safetensors.members,
}
"""What looks into a file, by its suffix."""
