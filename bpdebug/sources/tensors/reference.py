"""A tensor that a scenario names by its file: `{ file = "weights.safetensors", key = "layers.0.weight" }`.

The file is looked at while the scenario is checked, closed, and opened again when its numbers are wanted:
if it is not the same file any more, it is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, BinaryIO

from bpdebug.engine.language.functions.entry import Array
from bpdebug.sources.declared import FileTensor, Flaw, tensor_error
from bpdebug.sources.files import ScenarioFolder
from bpdebug.sources.problems import RefusalError, did_you_mean, listed, shortened
from bpdebug.sources.tensors.folder import find, opened_in
from bpdebug.sources.tensors.formats import format_of
from bpdebug.sources.tensors.stored import StoredArray, or_refused
from bpdebug.sources.wordings import WORDINGS

FORMATS = (".safetensors", ".npz", ".npy", ".csv")
"""What a scenario may name: a file that need not be held as a whole."""

REMEMBERED = 8
"""Of how many files it is known what is in them, so that not every tensor reads the list again."""

MAX_NAME = 80
"""How much of a name is repeated, in characters; those of models with many parts are long."""

CHANGED = "has changed since it was looked at"
Version = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class FileReference:
    """The keys of such a tensor."""

    file: str
    key: str | None = None


KEYS = tuple(field.name for field in fields(FileReference))


def read_reference(value: Mapping[str, Any], folder: ScenarioFolder | None) -> FileTensor:
    """Check a reference, and look at the array that it names.

    Parameters
    ----------
    value : mapping
        What the scenario says.
    folder : ScenarioFolder, optional
        Where the file may be. Without it no file is looked at, and only the words are checked.

    Raises
    ------
    ValidationError, RefusalError
        If the words are wrong; if there is no such tensor.
    """
    flaws = [
        Flaw((key,), *WORDINGS[kind](key, found, {}, KEYS))
        for key, found in value.items()
        if (kind := _finding(key, found))
    ]
    if flaws:
        raise tensor_error(flaws)
    reference = FileReference(**value)
    if folder is None:
        return FileTensor((), _not_looked_at)
    where = _shown(reference.file)
    try:
        path = find(folder, reference.file)
        with opened_in(folder, path) as file:
            version = _version(file)
            members = _members(folder, path, version, Path(reference.file).suffix)
            key = _chosen(reference, members)
            where += f": {_shown(key)}" * bool(key)
            stored = members[key](file)
    except RefusalError as refusal:
        raise RefusalError(f"{where}: {refusal.message}", refusal.hint) from None
    return FileTensor(stored.shape, partial(_read, folder, path, version, stored, where))


def _finding(key: str, found: object) -> str:
    """Return the type of what is wrong with one of the keys; empty if nothing is."""
    if key not in KEYS:
        return "extra_forbidden"
    if not isinstance(found, str):
        return "string_type"
    return "" if found else "string_too_short"


def _not_looked_at() -> Array:
    raise RefusalError("not read: no folder was given for the files of the scenario")


def _version(file: BinaryIO) -> Version:
    """Return what changes when a file is written to or another takes its place."""
    state = os.fstat(file.fileno())
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


@lru_cache(maxsize=REMEMBERED)
def _members(
    folder: ScenarioFolder, path: Path, version: Version, suffix: str
) -> Mapping[str, Callable[[BinaryIO], StoredArray]]:
    look_into = format_of(suffix, FORMATS)
    with opened_in(folder, path) as file:
        return dict(look_into(file))


def _chosen(reference: FileReference, members: Mapping[str, Any]) -> str:
    """Return the name of the array that is meant."""
    key = reference.key
    if key is None and len(members) == 1:
        return next(iter(members))
    if key is not None and key in members:
        return key
    if not members:
        raise RefusalError("empty: found no array, expected at least one")
    known = [_shown(name) for name in members]
    if key is None:
        message = f"no key: found {len(members):,} arrays, expected the key of one of {listed(known)}"
        raise RefusalError(message, "{ file = ..., key = ... } names one")
    if "" in members:
        message = f"no such key: found {_shown(key)}, expected none: the file is one array"
        raise RefusalError(message, "leave key out")
    message = f"no such key: found {_shown(key)}, expected {'one of ' * (len(known) > 1)}{listed(known)}"
    raise RefusalError(message, did_you_mean(_shown(key), known))


def _shown(name: str) -> str:
    """Write a name of a file or in it as a message repeats it: long enough to be copied."""
    return shortened(name, MAX_NAME)


def _read(folder: ScenarioFolder, path: Path, version: Version, stored: StoredArray, where: str) -> Array:
    try:
        with opened_in(folder, path) as file:
            if _version(file) != version:
                raise RefusalError(CHANGED, "load the scenario again")
            with or_refused(CHANGED):
                return stored.read(file)
    except RefusalError as refusal:
        raise RefusalError(f"{where}: {refusal.message}", refusal.hint) from None
