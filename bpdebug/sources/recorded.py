"""A person's script as a case: it is run, recorded, and read into statements."""

from __future__ import annotations

import os
from collections.abc import Sequence

from bpdebug.sources.case import Case
from bpdebug.sources.script import RecordingOptions, record_script
from bpdebug.sources.script.case import case_of


def recorded_case(
    source: str | os.PathLike[str],
    arguments: Sequence[str],
    until: int,
    iteration: int,
    function: str,
    seconds: float,
) -> Case:
    """Run a script and return what was recorded of it; see `bpdebug.sources.opening.open_case`."""
    return case_of(record_script(source, arguments, RecordingOptions(until, iteration, function, seconds)))
