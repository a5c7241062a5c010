"""Scenarios: a TOML file becomes a checked network with numbers; every problem of a file at once."""

from __future__ import annotations

from bpdebug.scenario.loading import Scenario, load_scenario
from bpdebug.scenario.reading import shipped_scenarios
from bpdebug.scenario.summary import Summary, summarise

__all__ = ["Scenario", "Summary", "load_scenario", "shipped_scenarios", "summarise"]
