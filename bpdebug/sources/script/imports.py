"""Files under the script's folder are instrumented when they are imported; libraries are not."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, MappingProxyType, ModuleType
from typing import Any

from bpdebug.sources.script.instrumentation import instrument
from bpdebug.sources.script.sites import Site

OWN = Path(__file__).resolve().parents[2]
"""The folder of this package: it is never instrumented, wherever the script is."""
LIBRARIES = frozenset({"site-packages", "dist-packages"})


class OwnFiles:
    """A finder for the person's own modules.

    Parameters
    ----------
    folder : path
        Where the script is.
    sites : list of Site
        Takes the sites of every file.
    files : set of str
        Takes the names of the files.
    texts : mapping
        The name of a file -> a text that runs in place of its own.
    """

    def __init__(
        self,
        folder: Path,
        sites: list[Site],
        files: set[str],
        texts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.folder, self.sites, self.files, self.texts = folder.resolve(), sites, files, texts
        self.names: list[str] = []

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

    def is_own(self, file: str | None) -> bool:
        """Whether a file lies under the script's folder, and is no library that is installed there."""
        if not file:
            return False
        path = Path(file).resolve()
        inside = path.is_relative_to(self.folder) and not path.is_relative_to(OWN)
        return inside and not LIBRARIES & set(path.parts) and not path.is_relative_to(sys.prefix)


class _Loader(SourceFileLoader):
    """Loads a module from its source, with hooks; compiled files are neither read nor written."""

    def __init__(self, name: str, path: str, finder: OwnFiles) -> None:
        super().__init__(name, path)
        self._finder = finder

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        self._finder.files.add(path)
        return instrument(self._finder.texts.get(path) or self.get_data(path), path, self._finder.sites)

    def __reduce__(self) -> Any:
        return (SourceFileLoader, (self.name, self.path))
