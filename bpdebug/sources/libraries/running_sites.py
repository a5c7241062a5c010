"""Where in the person's code an operation is carried out: the innermost frame of theirs says so, to the byte.

The parts of one line are told apart by the columns of the instruction that runs. Where no hook stands at just
this place, the smallest hooked place around it is meant.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from types import CodeType, FrameType

from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.sites import Site, SourceRange


class RunningSites:
    """Finds the site that is carried out, among those that a recorder knows."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._sites: dict[SourceRange, Site | None] = {}
        self._statements: dict[str, list[Site]] = {}
        self._known_sites = 0

    def now(self) -> Site | None:
        """Return the place in the person's code that is carried out."""
        frame = frame_of(self.recorder.files)
        return None if frame is None else self.at(frame.f_code, frame.f_lasti, frame.f_lineno)

    def at(self, code: CodeType, instruction: int, beside: int) -> Site | None:
        """Return the place of an instruction, by its place in bytes; `beside` is the line of one without."""
        line, end_line, column, end_column = _positions_in(code)[instruction // 2]
        place = SourceRange(code.co_filename, line or beside, end_line or 0, column or 0, end_column or 0)
        if len(self.recorder.sites) != self._known_sites:
            self._index_sites()
        if place not in self._sites:
            self._sites[place] = self._around(place)
        return self._sites[place]

    def _index_sites(self) -> None:
        """Take in the sites that have come since."""
        for site in self.recorder.sites[self._known_sites :]:
            if site.kind != "literal":
                self._sites[site.place] = site
                self._statements.setdefault(site.place.file, []).append(site)
        self._known_sites = len(self.recorder.sites)

    def _around(self, place: SourceRange) -> Site | None:
        """Return the smallest place around one that has no hook."""
        begin = _begin(place)
        found = [
            site
            for site in self._statements.get(place.file, ())
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
