"""The limits of a recording, and what ends a script with it."""

from __future__ import annotations

from typing import NamedTuple

from bpdebug.sources.script.sites import Site

OVER = "recorded until the next iteration began"


class StopRecording(BaseException):
    """The recording is over; it ends the script, and only what catches everything sees it."""


class RecordingLimits(NamedTuple):
    """When a recording ends, beside the end of the iteration or of the script.

    Attributes
    ----------
    stops : bool
        Whether a script ends with its recording; if not, it goes on, and nothing sees what it does.
    until : tuple of (str, int)
        The file and the line at which it ends, when that is reached; the line is 0 for none.
    iteration : int
        Which iteration is recorded, from 1.
    function : str
        Only the first call of this function is recorded; empty for all.
    nodes, size : int
        So many operations, and so many bytes of their values, are kept at most.
    """

    until: tuple[str, int] = ("", 0)
    iteration: int = 1
    function: str = ""
    nodes: int = 1_000_000
    size: int = 2_000_000_000
    stops: bool = True

    def begins_with(self, site: Site) -> bool:
        """Whether a call is of the function that is recorded."""
        return bool(self.function) and f".{site.function}".endswith(f".{self.function}")
