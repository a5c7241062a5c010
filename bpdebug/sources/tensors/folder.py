"""Which files a scenario may read: those in its folder, wherever a path or a link may point."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from bpdebug.sources.files import NotRegularError, Opener, ScenarioFolder, open_regular
from bpdebug.sources.problems import RefusalError

ALLOW_OUTSIDE = "--allow-outside lets it be read"


@contextmanager
def opened(path: Path, opener: Opener | None = None) -> Iterator[BinaryIO]:
    """Open a file that ends.

    Raises
    ------
    RefusalError
        If it cannot be opened, or is a folder, a pipe or a device.
    """
    try:
        file = open_regular(path, opener)
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


def find(folder: ScenarioFolder, name: str) -> Path:
    """Return the file that a scenario names, with every link followed.

    Raises
    ------
    RefusalError
        If it is outside the folder, and may not be.
    """
    try:
        path = Path(os.path.realpath(folder.path / name))
    except (OSError, ValueError) as error:
        raise RefusalError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if folder.allow_outside:
        return path
    written = PureWindowsPath(name)  # knows the roots of other systems too
    if written.drive or written.root:
        expected = "expected a path that begins in the scenario's folder"
        raise RefusalError(f"not in the scenario's folder: found an absolute path, {expected}", ALLOW_OUTSIDE)
    if not path.is_relative_to(folder.path):
        found = "a path that leads out of it" if ".." in written.parts else "a link that leads out of it"
        raise RefusalError(
            f"not in the scenario's folder: found {found}, expected a file in it", ALLOW_OUTSIDE
        )
    return path


def opened_in(folder: ScenarioFolder, path: Path) -> AbstractContextManager[BinaryIO]:
    """Open a file that `find` returned; a link that has come into the way since then is not followed."""
    if folder.allow_outside or os.open not in os.supports_dir_fd:
        return opened(path)
    return opened(path, partial(_open_beneath, folder.path))


def _open_beneath(folder: Path, path: str, flags: int) -> int:
    """Open a file by going down from a folder, one folder after the other."""
    *folders, name = Path(path).relative_to(folder).parts or (".",)
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folders:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=here)
    finally:
        os.close(here)
