"""Scenarios: a TOML file becomes a checked network with values; every problem of a file at once.

Its names are imported when they are first used: to read a file's title takes no pydantic.
"""

from __future__ import annotations

from bpdebug.late import names_of

_HOMES = {
    "load_scenario": "bpdebug.sources.scenario.loading",
    "shipped_scenarios": "bpdebug.sources.scenario.reading",
    "title_of": "bpdebug.sources.scenario.reading",
    "Summary": "bpdebug.sources.scenario.summary",
    "summarise": "bpdebug.sources.scenario.summary",
}

__getattr__ = names_of(__name__, _HOMES)
