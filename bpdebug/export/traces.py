"""Traces as text: a table format -> function. Each takes a scenario and its trace.

The text comes in pieces, because that of a large run is many times larger than the run itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from bpdebug.engine.program.trace import Trace, run
from bpdebug.export import json_trace
from bpdebug.export.text_trace import text_trace
from bpdebug.sources.case import Case
from bpdebug.sources.opening import open_case

TRACE_FORMATS: dict[str, Callable[[Case, Trace], Iterator[str]]] = {
    "text": text_trace,
    "json": lambda case, trace: json_trace.json_trace(case, trace),
}


def trace(source: Case | str | os.PathLike[str], format: str = "text") -> str:
    """Run a source, and return every step as text.

    Parameters
    ----------
    source : Case, or the path or the name of one
        A case; a scenario; a script or a notebook, which runs.
    format : str
        `text` or `json`.
    """
    case = source if isinstance(source, Case) else open_case(source)
    return "".join(TRACE_FORMATS[format](case, run(case.program, case.values)))
