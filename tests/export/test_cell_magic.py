"""The magic of notebooks, with something that stands in for IPython's shell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bpdebug

CELL = """\
import numpy as np
rng = np.random.default_rng(0)
x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
w = rng.normal(size=(3, 2))
def forward(x):
    return np.tanh(x @ w)
for step in range(3):
    out = forward(x)
    loss = np.mean((out - y) ** 2)
    d = 2 * (out - y) / out.size * (1 - out)
    w -= 0.1 * x.T @ d
"""


class Shell:
    execution_count = 7

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {"__name__": "__main__"}
        self.magics: dict[tuple[str, str], Callable[[str, str], None]] = {}

    def transform_cell(self, cell: str) -> str:
        return cell.lstrip("\n")

    def register_magic_function(
        self, magic: Callable[[str, str], None], magic_kind: str, magic_name: str
    ) -> None:
        self.magics[magic_kind, magic_name] = magic


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in a folder of its own: what else lies there, were it the tests, would be the person's too."""
    monkeypatch.chdir(tmp_path)
    made = Shell()
    bpdebug.load_ipython_extension(made)
    return made


def test_the_cell_runs_to_its_end_and_its_gradients_are_checked(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.magics["cell", "bpdebug"]("", CELL)
    plain: dict[str, Any] = {}
    exec(CELL, plain)
    assert shell.user_ns["step"] == 2
    assert shell.user_ns["w"].tolist() == plain["w"].tolist()
    printed = capsys.readouterr().out
    # The first line of the cell is that of the magic.
    assert "cell[7]:11: `out` should be squared" in printed
    assert printed.endswith("1 of 1 gradients wrong: w. 1 line to mend.\n")


def test_the_trace_on_demand(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.magics["cell", "bpdebug"]("trace", CELL)
    assert "loss = mean((out - y) ** 2)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "cell", "message"),
    [
        ("steps", CELL, "%%bpdebug: found steps, expected check or trace"),
        ("", "x = (", "cell[7]:1: this code cannot be recorded: its source is not Python"),
        ("", "x = 1", "cell[7]: nothing was computed with tensors"),
    ],
)
def test_what_cannot_be_used_is_said(
    shell: Shell, capsys: pytest.CaptureFixture[str], line: str, cell: str, message: str
) -> None:
    shell.magics["cell", "bpdebug"](line, cell)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(message)


def test_what_the_cell_raises_goes_to_the_notebook(shell: Shell) -> None:
    with pytest.raises(ZeroDivisionError):
        shell.magics["cell", "bpdebug"]("", "a = 1.5 / 0")
