"""Exports: a table format -> function. Each takes a scenario and its trace and yields text in pieces.

In pieces, because the text of a large run is many times larger than the run itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bpdebug.engine.trace import Trace
from bpdebug.export.json_trace import json_trace
from bpdebug.export.text_trace import text_trace
from bpdebug.scenario import Scenario

Exporter = Callable[[Scenario, Trace], Iterator[str]]

TRACE_FORMATS: dict[str, Exporter] = {"text": text_trace, "json": json_trace}

__all__ = ["TRACE_FORMATS", "Exporter"]
