"""Arrays from files: `.npz`, `.npy`, `.safetensors`, `.json`, or a folder of `.npy` files.

A file may come from a stranger. Nothing in it is unpickled, no name in it leads to another file, and
memory is only asked for after the declared shape, dtype and size have been looked at. Each format is a
function from a path to its members, a name with what reads its array; the table at the end lists them.
"""

from __future__ import annotations

import importlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
from pydantic import ValidationError

from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.trace import read_only
from bpdebug.scenario.limits import MAX_RUN_ELEMENTS
from bpdebug.scenario.problems import Report, described, printable
from bpdebug.scenario.reading import NotRegularError, open_regular, read_float
from bpdebug.scenario.tensors import MAX_AXES, read_numbers
from bpdebug.verify.npy import RefusalError, check_shape, not_numbers, or_refused, read_npy

MAX_JSON_BYTES = 64 * 2**20
"""Millions of numbers; reading them takes several times as much memory."""

Member = tuple[str, Callable[[], Array]]
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
        for name, read in _members(path):
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


def _members(path: Path) -> Iterator[Member]:
    if os.path.isdir(path):
        return _folder(path)
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix](path)
    if not os.path.lexists(path):
        raise RefusalError("no such file")
    found = printable(suffix) or "no suffix"
    expected = f"{', '.join(FORMATS)} or a folder of .npy files"
    raise RefusalError(f"unknown format: found {found}, expected {expected}", "np.savez writes .npz files")


def _read(name: str, read: Callable[[], Array], report: Report) -> Array | None:
    try:
        array = read()
    except RefusalError as refusal:
        report.add((name,), refusal.message, refusal.hint)
        return None
    except ValidationError as error:
        for finding in error.errors(include_url=False):
            report.add_finding((name,), finding, ())
        return None
    dtype = np.dtype(np.float64) if array.dtype.kind in "iu" else array.dtype.newbyteorder("=")
    return read_only(array.astype(dtype, copy=False))


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        file = open_regular(path)
    except FileNotFoundError:
        raise RefusalError("no such file") from None
    except IsADirectoryError:
        raise RefusalError("found a folder, expected a file") from None
    except NotRegularError:
        raise RefusalError("found a pipe or a device, expected a file") from None
    except (OSError, ValueError) as error:
        raise RefusalError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    with file:
        yield file


# NumPy's formats


def _npz(path: Path) -> Iterator[Member]:
    with _opened(path) as file:
        with or_refused("damaged, or not an .npz file: found no archive, expected what np.savez writes"):
            archive = zipfile.ZipFile(file)
        with archive:
            for member in archive.infolist():
                yield member.filename.removesuffix(".npy"), partial(_array_in_archive, archive, member)


def _array_in_archive(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    if not member.filename.endswith(".npy"):
        raise RefusalError("not an array: found another kind of file in the archive, expected .npy files")
    with or_refused("damaged: found an array that cannot be read"), archive.open(member) as stream:
        return read_npy(stream, member.file_size)


def _npy(path: Path) -> Iterator[Member]:
    yield path.stem, partial(_array_in_file, path)


def _folder(path: Path) -> Iterator[Member]:
    with or_refused("found a folder that cannot be read"):
        files = sorted(file for file in path.iterdir() if file.suffix.lower() == ".npy")
    if not files:
        raise RefusalError("found a folder without .npy files, expected one file for each tensor")
    for file in files:
        yield file.stem, partial(_array_in_file, file)


def _array_in_file(path: Path) -> Array:
    with or_refused("damaged: found a file that cannot be read"), _opened(path) as file:
        return read_npy(file, os.fstat(file.fileno()).st_size)


# Safetensors


def _safetensors(path: Path) -> Iterator[Member]:
    try:
        package = importlib.import_module("safetensors")
    except ImportError:
        missing = "needs the package safetensors, which is not installed"
        raise RefusalError(missing, "pip install 'bpdebug[safetensors]'") from None
    with _opened(path):
        pass  # the package opens it again, with less to say about what is wrong
    with or_refused("damaged, or not a .safetensors file: found no header that can be read"):
        file = package.safe_open(path, framework="numpy")
    with file:
        for name in file.keys():  # noqa: SIM118  it is no mapping
            yield name, partial(_safetensor, file, name)


def _safetensor(file: Any, name: str) -> Array:
    with or_refused("damaged: found a tensor that cannot be read"):
        declared = file.get_slice(name)
        if not declared.get_dtype().startswith(("F16", "F32", "F64", "I", "U")):
            raise not_numbers(f"the dtype {declared.get_dtype()}")
        check_shape(tuple(declared.get_shape()))
        return np.asarray(file.get_tensor(name))


# JSON


class _Object(dict[str, Any]):
    """A JSON object that keeps a key that is there twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def _json(path: Path) -> Iterator[Member]:
    with _opened(path) as file:
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
            "nested too deeply: found more brackets than can be read, expected two levels"
        ) from None
    except ValueError:
        raise RefusalError("not JSON: found an integer of thousands of digits, expected at most 19") from None
    if not isinstance(table, _Object):
        expected = "names, each with a nested list of numbers"
        raise RefusalError(f"not an object: found {described(table)}, expected {expected}")
    for name, value in table.pairs:
        yield name, partial(_nested_list, value)


def _nested_list(value: object) -> Array:
    return read_numbers(_with_constants(value)).array()


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

FORMATS: dict[str, Callable[[Path], Iterator[Member]]] = {
    ".npz": _npz,
    ".npy": _npy,
    ".json": _json,
    ".safetensors": _safetensors,
}
"""What reads a file, by its suffix."""
