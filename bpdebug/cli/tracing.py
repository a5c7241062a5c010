"""`bpdebug trace`: every step of a run, as text."""

from __future__ import annotations

from bpdebug.cli.loading import load
from bpdebug.cli.output import RIGHT, fail, write
from bpdebug.cli.request import Request
from bpdebug.engine.program.trace import run
from bpdebug.export.traces import TRACE_FORMATS


def print_trace(request: Request, form: str) -> int:
    """Run what is named, print every step, and return the exit status."""
    case = load(request)
    write(TRACE_FORMATS[form](case, run(case.program, case.values)))
    if case.script is not None and case.script.failed:
        return fail(case.script.failed.rstrip())
    return RIGHT
