"""`bpdebug trace`: every step of a run, as text."""

from __future__ import annotations

from bpdebug.cli.loading import load
from bpdebug.cli.output import write
from bpdebug.cli.source import Source
from bpdebug.engine.program.trace import run
from bpdebug.export.traces import TRACE_FORMATS


def print_trace(source: Source, form: str) -> None:
    """Run what is named, and print every step."""
    case = load(source)
    write(TRACE_FORMATS[form](case, run(case.program, case.values)))
