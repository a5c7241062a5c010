"""Writes a tensor to a `.npy` file of its own, which never replaces another file."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bpdebug.errors import BpdebugError
from bpdebug.sources.files import written_whole

SUFFIX = ".npy"


def default_file(name: str) -> str:
    """Return the file name that is proposed for a tensor: `dw2.npy`; `w1_a0.npy` for `w1 @ a0`."""
    return (re.sub(r"\W+", "_", name).strip("_") or "tensor") + SUFFIX


def new_file(text: str) -> Path:
    """Return the path that a file name stands for, from the current folder on.

    Raises
    ------
    BpdebugError
        If no file can be made there, or one exists.
    """
    text = text.strip()
    if not text or "\0" in text:
        raise BpdebugError(f"found {text!r}, expected the name of a file")
    try:
        path = Path(text).expanduser()
        if path.is_dir() or not path.name:
            raise BpdebugError(f"{text}: found a folder, expected the name of a file")
        if path.suffix != SUFFIX:
            path = path.with_name(path.name + SUFFIX)
        if path.exists() or path.is_symlink():
            raise BpdebugError(f"{path}: found a file of this name, which is not replaced; choose another")
        if not path.parent.is_dir():
            raise BpdebugError(f"{path}: found no folder {path.parent}, expected one that exists")
    except (OSError, RuntimeError) as error:
        raise BpdebugError(f"{text[:60]}: cannot be used: {error}") from None
    return path.absolute()


def write_npy(path: Path, value: np.ndarray) -> None:
    """Write an array to a new file.

    Raises
    ------
    BpdebugError
        If the file exists, or cannot be written; none is left half written.
    """
    try:
        with written_whole(path) as file:
            np.save(file, value, allow_pickle=False)
    except FileExistsError:
        raise BpdebugError(f"{path}: found a file of this name, which is not replaced") from None
    except OSError as error:
        raise BpdebugError(f"{path}: cannot be written: {error.strerror or error}") from None
