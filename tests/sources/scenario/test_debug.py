"""The `[debug]` of a file: what a session starts with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.sources.scenario.debug import MAX_ENTRIES

NETWORK = """
title = "A network"
layout = "columns"
inputs.a0 = [[0.5], [0.25]]
gradient.da1 = [[1.0]]
[[layers]]
kind = "dense"
w = [[1.0, 2.0]]
"""


def load(tmp_path: Path, debug: str) -> Case:
    path = tmp_path / "s.toml"
    path.write_text(NETWORK + debug, encoding="utf-8")
    return load_scenario(path)


def test_breakpoints_and_watches(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        '[debug]\nbreakpoints = ["dw1 if norm(dw1) > 1", "layer 1", "not_finite"]\nwatches = ["norm(dw1)"]\n',
    )
    assert found.breakpoints == ("dw1 if norm(dw1) > 1", "layer 1", "not_finite")
    assert found.watches == ("norm(dw1)",)


@pytest.mark.parametrize("debug", ["", "[debug]\n", "[debug]\nbreakpoints = []\nwatches = []\n"])
def test_none(tmp_path: Path, debug: str) -> None:
    found = load(tmp_path, debug)
    assert (found.breakpoints, found.watches) == ((), ())


def test_as_many_as_are_allowed(tmp_path: Path) -> None:
    found = load(tmp_path, "[debug]\nwatches = [" + '"w1", ' * MAX_ENTRIES + "]\n")
    assert len(found.watches) == MAX_ENTRIES


@pytest.mark.deep
def test_a_file_without_it_does_not_load_what_reads_it() -> None:
    code = (
        "import sys; from bpdebug.sources.scenario import load_scenario; load_scenario('two_layer');"
        "print([name for name, module in sys.modules.items() if type(module).__name__ != 'LateModule'"
        " and name.endswith(('scenario.debug', 'debug.breakpoints'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
