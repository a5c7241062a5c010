"""What a command does not use it does not import: a test in a process of its own.

A module of `LATE` that waits stands in `sys.modules`, too; what counts is whether it has run.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import bpdebug
from bpdebug.engine.language.functions import OTHER_FAMILIES

PACKAGE = Path(bpdebug.__file__).parent
RUN = "[name for name, module in sys.modules.items() if type(module).__name__ != 'LateModule']"
"""The modules that have run, in the words of a process of its own."""


HEADLESS = (
    "bpdebug.engine.program.trace",
    "bpdebug.sources.scenario",
    "bpdebug.export",
    "bpdebug.commands.table",
    "bpdebug.commands.completion",
)


def printed(code: str) -> list[str]:
    """The words that some code prints, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


@cache
def imported_by(*modules: str) -> frozenset[str]:
    """The packages that running modules brings in; a module runs when it is asked for any name."""
    asked = f"[hasattr(sys.modules[name], 'something') for name in {modules!r}]"
    found = printed(f"import sys, {', '.join(modules)}; {asked}; print(*{RUN})")
    return frozenset(name.partition(".")[0] for name in found)


@cache
def run_by(scenario: str) -> frozenset[str]:
    """The modules that run when a scenario does."""
    return frozenset(
        printed(
            "import sys; from bpdebug.engine.program.trace import run;"
            "from bpdebug.sources.scenario import load_scenario;"
            f"one = load_scenario({scenario!r}); run(one.program, one.values); print(*{RUN})"
        )
    )


@pytest.mark.parametrize("modules", [("bpdebug.engine.debug.debugger",), HEADLESS])
def test_only_the_app_imports_a_terminal_library(modules: tuple[str, ...]) -> None:
    assert imported_by(*modules).isdisjoint({"textual", "rich", "typer", "click"})


def test_the_engine_needs_numpy_alone() -> None:
    assert "pydantic" not in imported_by("bpdebug.engine.debug.debugger")


def test_the_package_itself_imports_nothing() -> None:
    assert imported_by("bpdebug") & {"numpy", "pydantic", "textual", "rich", "typer"} == set()


def test_the_process_begins_before_anything_large_is_imported() -> None:
    # The collector must be off by then: it would look through all that is imported, again and again.
    assert imported_by("bpdebug.__main__").isdisjoint({"typer", "numpy", "pydantic"})


def test_only_a_scenario_that_names_a_file_brings_in_the_readers() -> None:
    assert not any(name.startswith("bpdebug.sources.tensors.") for name in run_by("two_layer"))


def test_the_command_line_waits_with_the_app_and_with_every_command() -> None:
    # A module of a command that does not wait brings NumPy and the engine before the first frame.
    assert imported_by("bpdebug.cli").isdisjoint({"textual", "numpy"})


@pytest.mark.deep
def test_the_app_is_where_textual_is_used() -> None:
    # Else the tests above could not fail.
    assert "textual" in imported_by("bpdebug.tui.app")


def test_the_first_frame_needs_textual_alone() -> None:
    assert imported_by("bpdebug.tui.app").isdisjoint({"numpy", "pydantic", "typer"})


@pytest.mark.deep
def test_plotting_waits_for_a_chart() -> None:
    assert "textual_plot" not in imported_by("bpdebug.tui.screens.tensor_viewer")
    assert "textual_plot" in imported_by("bpdebug.tui.screens.chart")


def test_only_a_scenario_with_a_loss_or_a_program_brings_in_what_they_need() -> None:
    unused = {
        "bpdebug.engine.network.losses",
        "bpdebug.sources.scenario.loss",
        "bpdebug.sources.scenario.own_program",
    }
    assert unused.isdisjoint(run_by("two_layer"))


@pytest.mark.deep
@pytest.mark.parametrize(
    ("scenario", "imported"),
    [("two_layer", set()), ("transformer_block", {"shaping", "attention", "normalisation"})],
)
def test_a_scenario_brings_in_the_functions_that_it_uses(scenario: str, imported: set[str]) -> None:
    families = {family.__name__ for family in OTHER_FAMILIES}
    assert {name.rpartition(".")[2] for name in families & run_by(scenario)} == imported


def test_what_is_late_is_there_and_waits() -> None:
    code = (
        "import sys; from importlib import import_module; from bpdebug.late import LATE;"
        f"[import_module(name) for name in LATE]; print(*LATE.intersection({RUN}))"
    )
    assert printed(code) == []


def test_what_waits_runs_once_however_many_ask() -> None:
    # Without the lock, the second thread would find a module whose names are not there yet.
    code = (
        "import sys; from threading import Thread; from bpdebug.verify import check; found = []\n"
        "ask = lambda: found.append(check.check)\n"
        "threads = [Thread(target=ask) for _ in range(8)]\n"
        "[one.start() for one in threads]; [one.join() for one in threads]; print(len(found), len({*found}))"
    )
    assert printed(code) == ["8", "1"]


def test_imports_stand_at_the_top() -> None:
    # What is late is late in one place, `bpdebug/late.py`; a circle cannot hide in a function either.
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not re.search(r"^[ \t]+(from \S+ )?import |import_module|TYPE_CHECKING", text, re.MULTILINE):
            continue  # to read all as Python takes seconds
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names}
                by_name = "import_module" in names and path.name != "late.py"
                if node not in tree.body or by_name or "TYPE_CHECKING" in names:
                    found.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert found == []
