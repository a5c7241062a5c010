"""Scenarios: a TOML file becomes a checked network with numbers; every problem of a file at once.

Its names are imported when they are first used (PEP 562): to read a file's title takes no pydantic.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bpdebug.sources.scenario.loading import load_scenario
    from bpdebug.sources.scenario.reading import shipped_scenarios, title_of
    from bpdebug.sources.scenario.summary import Summary, summarise

_HOMES = {
    "load_scenario": "loading",
    "shipped_scenarios": "reading",
    "title_of": "reading",
    "Summary": "summary",
    "summarise": "summary",
}

__all__ = ["Summary", "load_scenario", "shipped_scenarios", "summarise", "title_of"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bpdebug.sources.scenario' has no attribute {name!r}")
    return getattr(importlib.import_module(f"bpdebug.sources.scenario.{_HOMES[name]}"), name)
