"""The person's own files are instrumented when they are imported; libraries are not.

Own is what lies under the script's folder, and under a folder of `sys.path` that the script itself has put
there or that it lies in: a project that is installed as it stands, with its scripts beside its package.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

Compiled = Callable[[str | bytes, str], CodeType]
OWN = Path(__file__).resolve().parents[2]
"""The folder of this package: it is never instrumented, wherever the script is."""
LIBRARIES = frozenset({"site-packages", "dist-packages"})
NOT_OWN = OWN, Path(sys.prefix), Path(os.__file__).resolve().parent
"""This package, what is installed, and Python's own modules."""


class OwnFiles:
    """A finder for the person's own modules.

    Parameters
    ----------
    folder : path
        Where the script is.
    compiled : callable
        Compiles a text with hooks: (text, file) -> code.
    files : set of str
        Takes the names of the files.
    """

    def __init__(self, folder: Path, compiled: Compiled, files: set[str]) -> None:
        self.folder, self.compiled, self.files = folder.resolve(), compiled, files
        self.names: list[str] = []
        self._began_with = frozenset(sys.path)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module; None for what is not the person's."""
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or not self.is_own(spec.origin):
            return None
        self.names.append(name)
        spec.loader = _Loader(spec.loader.name, spec.loader.path, self)
        return spec

    def is_own(self, file: str | None, folders: Sequence[Path] = ()) -> bool:
        """Whether a file is one of the person's; of many files, by folders that are worked out once."""
        return (
            bool(file)
            and not is_library(file)
            and any(is_below(one, file) for one in folders or self.folders())
        )

    def folders(self) -> list[Path]:
        """Return the folders of the person's own modules, as the script has them by now."""
        folders = [(Path(entry).resolve(), entry not in self._began_with) for entry in sys.path]
        own = (folder for folder, is_new in folders if is_new or self.folder.is_relative_to(folder))
        return [self.folder, *own]


@cache
def is_below(folder: Path, file: str) -> bool:
    """Whether a file lies under a folder, and is no library that is installed there."""
    return not is_library(file) and Path(file).resolve().is_relative_to(folder)


@cache
def is_library(file: str) -> bool:
    """Whether a file is of Python, of what is installed, or of this package, wherever the script is.

    Before each run this is asked of every module that there is, a thousand of them.
    """
    path = Path(file).resolve()
    return bool(LIBRARIES & {*path.parts}) or any(map(path.is_relative_to, NOT_OWN))


class _Loader(SourceFileLoader):
    """Loads a module from its source, with hooks; compiled files are neither read nor written."""

    def __init__(self, name: str, path: str, finder: OwnFiles) -> None:
        super().__init__(name, path)
        self._finder = finder

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        self._finder.files.add(path)
        return self._finder.compiled(self.get_data(path), path)

    def __reduce__(self) -> Any:
        return (SourceFileLoader, (self.name, self.path))
