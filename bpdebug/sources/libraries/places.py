"""Where in the person's code something is computed that no hook sees: the place of the nearest hook."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from types import CodeType, FrameType

from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.sites import Site, SourceRange

Key = tuple[str, int, int, int, int]
"""A file, the first and last line, the first and last column."""


class Places:
    """Finds the site of what the person's code is carrying out.

    Parameters
    ----------
    recorder : Recorder
        Knows the files that have hooks, and their sites.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._sites: dict[Key, Site | None] = {}
        self._statements: dict[str, list[Site]] = {}
        self._known = 0

    def at(self, code: CodeType, instruction: int, line: int) -> Site | None:
        """Return the site of an instruction, by its place in bytes; `line` is for one without columns."""
        first, last, column, end_column = _positions_in(code)[instruction // 2]
        key = (code.co_filename, first or line, last or 0, column or 0, end_column or 0)
        if len(self.recorder.sites) != self._known:
            self._index()
        if key not in self._sites:
            self._sites[key] = self._around(key)
        return self._sites[key]

    def _index(self) -> None:
        """Take in the sites that have come since."""
        for site in self.recorder.sites[self._known :]:
            if site.kind != "literal":
                self._sites[tuple(site.place)] = site  # type: ignore[index]
                self._statements.setdefault(site.place.file, []).append(site)
        self._known = len(self.recorder.sites)

    def _around(self, key: Key) -> Site | None:
        """Return the smallest place around one that has no hook."""
        begin = (key[1], key[3])
        found = [
            site
            for site in self._statements.get(key[0], ())
            if _begin(site.place) <= begin and begin <= (site.place.end_line, site.place.end_column)
        ]
        return max(found, key=lambda site: _begin(site.place), default=None)


def _begin(place: SourceRange) -> tuple[int, int]:
    return place.line, place.column


@functools.lru_cache(maxsize=4096)
def _positions_in(code: CodeType) -> Sequence[tuple[int | None, int | None, int | None, int | None]]:
    return list(code.co_positions())


def frame_of(files: set[str]) -> FrameType | None:
    """Return the innermost frame that runs a line of some files."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename not in files:
        frame = frame.f_back
    return frame
