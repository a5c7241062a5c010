"""Files that end: what a scenario may name is opened only if it is one, and only inside a folder.

And files that are whole: whenever the process is killed, or the disk is full, what was there stays.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple


class NotRegularError(OSError):
    """The path is neither a file nor a folder."""


DESCRIPTORS = "/proc/self/fd"
"""Where Linux has the open files by their numbers, those without a name too."""
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


@contextmanager
def written_whole(path: str | os.PathLike[str], is_new: bool = True) -> Iterator[BinaryIO]:
    """Write a file that comes into its place when all of it is on the disk.

    Parameters
    ----------
    path : str or path
        The file; a link stays one.
    is_new : bool
        Whether there must be none yet. Else the old one's permissions are kept.

    Raises
    ------
    FileExistsError, OSError, ValueError
        If there is one already, or it cannot be written; then nothing has changed.
    """
    place = Path(os.path.realpath(path))
    if is_new and os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path))
    beside = place.with_name(f".{place.name[:100]}.{os.getpid()}")
    with suppress(OSError):
        beside.unlink()  # of a process with the same number, which was killed
    try:
        with _begun(beside) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not beside.exists():
                os.link(f"{DESCRIPTORS}/{file.fileno()}", beside, src_dir_fd=file.fileno())
        if place.exists():
            beside.chmod(stat.S_IMODE(place.stat().st_mode))
        beside.replace(place)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _begun(beside: Path) -> BinaryIO:
    """Open a file for writing that has no name yet, and is gone if the process is killed; else one beside."""
    if os.path.exists(DESCRIPTORS):
        with suppress(OSError):
            return open(os.open(beside.parent, os.O_TMPFILE | os.O_WRONLY, 0o666), "wb")
    return beside.open("xb")
