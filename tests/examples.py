"""Scenarios to look at in tests, and a debugger on one of them, without an app."""

from __future__ import annotations

from pathlib import Path

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.program.history import History
from bpdebug.engine.program.trace import run
from bpdebug.sources.capture.loading import load_capture
from bpdebug.sources.capture.writing import save
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.sources.script import record_script
from bpdebug.sources.script.case import case_of
from tests.two_layers import TWO_LAYERS

OWN_SCENARIOS = Path(__file__).parent / "scenarios"


def example(name: str) -> Case:
    """A scenario of these tests, or else a shipped one."""
    own = OWN_SCENARIOS / f"{name}.toml"
    return load_scenario(own if own.exists() else name)


def opened(name: str, folder: Path) -> Case:
    """A shipped scenario, a person's script, or the same from a capture."""
    if name not in ("script", "capture"):
        return example(name)
    (folder / "own.py").write_text(TWO_LAYERS, encoding="utf-8")
    case = case_of(record_script(folder / "own.py"))
    if name == "script":
        return case
    save(case, folder / "own.bpd")
    return load_capture(folder / "own.bpd")


def debugger_of(name: str, position: int = 0) -> Debugger:
    """A debugger of a scenario, at a position, without an app."""
    scenario = example(name)
    debugger = Debugger(run(scenario.program, scenario.values))
    debugger.goto(position)
    return debugger


def fresh_at(case: Case, debugger: Debugger) -> Debugger:
    """A debugger that went straight to where another one is, with the same values replaced."""
    fresh = Debugger(History(case.program, case.values, case.iterations))
    for iteration, replaced in sorted(debugger.history.replaced.items()):
        fresh.goto(0, iteration)
        for name, value in replaced.items():
            fresh.replace(name, value)
    fresh.goto(debugger.position, debugger.iteration)
    for _ in range(debugger.moment.node):
        fresh.into()
    return fresh
