"""Traces as text: a table format -> function. Each takes a scenario and its trace.

The text comes in pieces, because that of a large run is many times larger than the run itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bpdebug.engine.program.trace import Trace
from bpdebug.export.text_trace import text_trace
from bpdebug.sources.case import Case


def json_trace(scenario: Case, trace: Trace) -> Iterator[str]:
    """Write a trace as JSON; its module is imported when it is used, because start-up is then quicker."""
    from bpdebug.export import json_trace as module

    return module.json_trace(scenario, trace)


TRACE_FORMATS: dict[str, Callable[[Case, Trace], Iterator[str]]] = {
    "text": text_trace,
    "json": json_trace,
}
