"""What a library computes, forwards and backwards, as a case: to open, to check, to save."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bpdebug.sources.capture.writing import save
from bpdebug.sources.libraries.first_bad import BadValue, first_bad
from bpdebug.sources.script.case import RecordedCase, case_of
from bpdebug.sources.script.recording import Recording
from bpdebug.tui import opening
from bpdebug.verify.repair.check import check_recording
from bpdebug.verify.repair.report import ScriptReport


@dataclass(frozen=True, kw_only=True)
class CapturedCase(RecordedCase):
    """A case that was captured from a library that derives gradients."""

    def open(self) -> None:
        """Open the debugger on it, and return when it is closed."""
        opening.open_source(self)

    def check(self, **options: Any) -> ScriptReport:
        """Check the library's gradients against the derived ones; see `verify.repair.check`."""
        return check_recording(self.recording, **options)

    def save(self, path: str | Path) -> None:
        """Write it to `path`, which ends in `.bpd`, and its tensors beside it; see `sources.capture`."""
        save(self, path)

    def first_bad(self) -> BadValue | None:
        """Return the first value with a NaN or an infinity, where it was computed and from what."""
        return first_bad(self.recording)


def captured(recording: Recording) -> CapturedCase:
    """Return the case of a recording.

    Raises
    ------
    ScriptError
        If nothing was computed in it.
    """
    case = case_of(recording)
    return CapturedCase(**{field.name: getattr(case, field.name) for field in fields(case)})
