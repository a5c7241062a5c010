"""Traces as text: a table format -> function. Each takes a scenario and its trace.

The text comes in pieces, because that of a large run is many times larger than the run itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bpdebug.engine.program.trace import Trace
from bpdebug.export import json_trace
from bpdebug.export.text_trace import text_trace
from bpdebug.sources.case import Case

TRACE_FORMATS: dict[str, Callable[[Case, Trace], Iterator[str]]] = {
    "text": text_trace,
    "json": lambda case, trace: json_trace.json_trace(case, trace),
}
