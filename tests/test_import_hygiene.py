"""What a command does not use it does not import: a test in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest


def imported_by(module: str) -> set[str]:
    """The packages that importing a module brings in."""
    code = f"import {module}, sys; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "bpdebug",
        "bpdebug.engine.debug.debugger",
        "bpdebug.engine.program.trace",
        "bpdebug.sources.scenario",
        "bpdebug.export",
        "bpdebug.commands.table",
        "bpdebug.commands.completion",
    ],
)
def test_only_the_app_imports_a_terminal_library(module: str) -> None:
    assert imported_by(module).isdisjoint({"textual", "rich", "typer", "click"})


def test_the_engine_needs_numpy_alone() -> None:
    assert "pydantic" not in imported_by("bpdebug.engine.debug.debugger")


def test_the_package_itself_imports_nothing() -> None:
    assert imported_by("bpdebug").isdisjoint({"numpy", "pydantic"})


def test_the_process_begins_before_anything_large_is_imported() -> None:
    # The collector must be off by then: it would look through all that is imported, again and again.
    assert imported_by("bpdebug.__main__").isdisjoint({"typer", "numpy", "pydantic"})


def test_only_a_scenario_that_names_a_file_brings_in_the_readers() -> None:
    code = (
        "import sys; from bpdebug.sources.scenario import load_scenario; load_scenario('two_layer');"
        " print(*(name for name in sys.modules if name.startswith('bpdebug.sources.tensors')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_command_line_waits_with_the_app() -> None:
    assert "textual" not in imported_by("bpdebug.cli")


def test_the_app_is_where_textual_is_used() -> None:
    # Else the tests above could not fail.
    assert "textual" in imported_by("bpdebug.tui.app")


def test_the_first_frame_needs_textual_alone() -> None:
    assert imported_by("bpdebug.tui.app").isdisjoint({"numpy", "pydantic", "typer"})


def test_plotting_waits_for_a_chart() -> None:
    assert "textual_plot" not in imported_by("bpdebug.tui.screens.tensor_viewer")
    assert "textual_plot" in imported_by("bpdebug.tui.screens.chart")


def test_only_a_scenario_with_a_loss_or_a_program_brings_in_what_they_need() -> None:
    code = (
        "import sys; from bpdebug.sources.scenario import load_scenario; load_scenario('two_layer');"
        "print(*(name for name in sys.modules if name.startswith('bpdebug.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    unused = {
        "bpdebug.engine.network.losses",
        "bpdebug.sources.scenario.loss",
        "bpdebug.sources.scenario.own_program",
    }
    assert unused.isdisjoint(done.stdout.split())


@pytest.mark.parametrize(
    ("scenario", "imported"),
    [("two_layer", set()), ("transformer_block", {"shaping", "attention", "normalisation"})],
)
def test_a_scenario_brings_in_the_functions_that_it_uses(scenario: str, imported: set[str]) -> None:
    code = (
        "import sys; from bpdebug.sources.scenario import load_scenario;"
        " from bpdebug.engine.program.trace import run;"
        f"from bpdebug.engine.language.functions import OTHER_FAMILIES; one = load_scenario({scenario!r});"
        "run(one.program, one.values); home = 'bpdebug.engine.language.functions.';"
        "print(*(family for family in OTHER_FAMILIES if home + family in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == imported
