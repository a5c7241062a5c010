"""Scenarios to look at in tests, and a debugger on one of them, without an app."""

from __future__ import annotations

from pathlib import Path

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.program.trace import run
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario

OWN_SCENARIOS = Path(__file__).parent / "scenarios"


def example(name: str) -> Case:
    """A scenario of these tests, or else a shipped one."""
    own = OWN_SCENARIOS / f"{name}.toml"
    return load_scenario(own if own.exists() else name)


def debugger_of(name: str, position: int = 0) -> Debugger:
    """A debugger of a scenario, at a position, without an app."""
    scenario = example(name)
    debugger = Debugger(run(scenario.program, scenario.values))
    debugger.goto(position)
    return debugger
