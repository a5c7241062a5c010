"""Files that end: what a scenario may name is opened only if it is one, and only inside a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple


class NotRegularError(OSError):
    """The path is neither a file nor a folder."""


Opener = Callable[[str, int], int]
"""Opens a path with flags, as `os.open` does."""


class ScenarioFolder(NamedTuple):
    """The folder of a scenario, with every link followed, and whether the files it names may be elsewhere."""

    path: Path
    allow_outside: bool


def open_regular(path: Path, opener: Opener | None = None) -> BinaryIO:
    """Open a file for reading, if it is one that ends.

    Parameters
    ----------
    path : Path
        The file.
    opener : callable, optional
        Opens it in a way of its own.

    Raises
    ------
    IsADirectoryError, NotRegularError, OSError, ValueError
        If it is not, or cannot be opened.
    """

    def without_waiting(name: str, flags: int) -> int:
        # For what comes into its place after it was looked at: a pipe would let one wait.
        return (opener or os.open)(name, flags | getattr(os, "O_NONBLOCK", 0))

    _check_regular(os.stat(path).st_mode)
    with ExitStack() as on_failure:
        file = on_failure.enter_context(open(path, "rb", opener=without_waiting))
        _check_regular(os.fstat(file.fileno()).st_mode)
        on_failure.pop_all()
    return file


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    if not stat.S_ISREG(mode):
        raise NotRegularError
