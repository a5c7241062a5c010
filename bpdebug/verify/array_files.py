"""Arrays from files: `.npz`, `.npy`, `.safetensors`, `.json`, or a folder of `.npy` files.

They are read as those that a scenario names are, but all at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.program.trace import read_only
from bpdebug.limits import LIMITS
from bpdebug.sources.problems import ProblemReport, RefusalError
from bpdebug.sources.scenario.conversion import floating
from bpdebug.sources.tensors import npy
from bpdebug.sources.tensors.folder import opened
from bpdebug.sources.tensors.formats import format_of
from bpdebug.sources.tensors.stored import StoredArray, or_refused
from bpdebug.sources.wordings import add_finding

MAX_RUN_ELEMENTS = LIMITS.run_elements
FORMATS = (".npz", ".npy", ".json", ".safetensors")

Named = tuple[str, Callable[[], Array]]
"""A name in a file, and what reads its array; it raises `RefusalError` or `ValidationError`."""


def read_arrays(path: Path, report: ProblemReport) -> list[tuple[str, Array | None]]:
    """Read every array of a file or folder.

    Parameters
    ----------
    path : Path
        The file; its suffix says how it is read.
    report : ProblemReport
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
                raise RefusalError(f"too large: {found}, expected at most that (the limit run_elements)")
        if not arrays:
            raise RefusalError("empty: found no array, expected at least one")
    except RefusalError as refusal:
        report.add((), refusal.message, refusal.hint)
    return arrays


def _arrays(path: Path) -> Iterator[Named]:
    if os.path.isdir(path):
        yield from _folder(path)
        return
    if path.suffix.lower() not in FORMATS and not os.path.lexists(path):
        raise RefusalError("no such file")
    look_into = format_of(path.suffix, FORMATS, " or a folder of .npy files", "np.savez writes .npz files")
    with opened(path) as file:
        for name, look in look_into(file):
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


def _read(name: str, read: Callable[[], Array], report: ProblemReport) -> Array | None:
    try:
        return read()
    except RefusalError as refusal:
        report.add((name,), refusal.message, refusal.hint)
    except ValidationError as error:
        for finding in error.errors(include_url=False):
            add_finding(report, (name,), finding, ())
    return None
