"""`bpdebug --plain`: steps as text, commands line by line; no screen, and no terminal needed."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bpdebug import cli
from tests.tiers import deep

Plain = Callable[[str, str], list[str]]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Plain:
    """What is printed for words after `bpdebug` and lines that are typed."""

    def run(words: str, typed: str) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["bpdebug", *words.split()])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        assert cli.run_command_line() == 0
        printed, problems = capsys.readouterr()
        assert problems == ""
        return printed.splitlines()

    return run


def test_an_empty_line_does_the_last_command_again(plain: Plain) -> None:
    printed = "\n".join(plain("two_layer --plain", "\n\ns\n\nq\n"))
    steps = ["z1 = w1 @ a0 + b1", "a1 = relu(z1)", "z2 = w2 @ a1 + b2"]
    places = [printed.index(step) for step in steps]
    assert places == sorted(places)
    assert "2.209" in printed  # the node of z2 that the second `s` has computed, or z2 itself


def test_a_command_is_answered_as_everywhere(plain: Plain) -> None:
    printed = plain("two_layer --plain", "goto dw2\nexplain dw2[1,2]\nnonsense\nprint z2[0,0]\n")
    assert "dw2[1,2] = dz2[1,0]·a1[2,0] = 0.0281679 · 1.5195 = 0.042801" in printed
    assert any("there is no command 'nonsense'" in line for line in printed)
    assert any("2.20903" in line for line in printed)


def test_without_a_scenario_it_asks_for_one(plain: Plain) -> None:
    printed = plain("--plain", "two_layer\nq\n")
    assert printed[0] == "scenarios:"
    assert any(line.startswith("two_layer: Two dense layers") for line in printed)


def test_nothing_steers_a_terminal(plain: Plain) -> None:
    printed = plain("two_layer --plain", "print \x1b[2J\nq\n")
    assert all(line.isprintable() for line in printed)


@pytest.mark.parametrize("hides", [False, True])
def test_what_colour_says_is_said_by_text(plain: Plain, hides: bool) -> None:
    printed = plain("find_the_bug --plain" + " --hide-verdicts" * hides, "goto dz1\nq\n")
    said = [line for line in printed if line.startswith(("✗ yours is", "  dz1[0,0]  mine"))]
    assert len(said) == 2 * (not hides)
    assert (
        "dz1[0,0] = da1[0,0]·tanh′(z1[0,0]) = 0.05006 · tanh′(1.8) = 0.05006 · 0.1036 = 0.005184" in printed
    )


FORGETS_THE_SQUARE = """\
import numpy as np
x = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
y = np.array([[0.9, 0.0, -0.8]])
w = np.array([[0.3, -0.4]])
for _ in range(2):
    out = np.tanh(w @ x)
    loss = np.sum((out - y) ** 2) / 2
    dw = ((out - y) * (1 - out)) @ x.T
    w = w - 0.05 * dw
"""


@pytest.mark.parametrize("hides", [deep(False), True])
def test_what_is_wrong_in_ones_own_code_is_said_at_the_start_and_at_its_line(
    plain: Plain, tmp_path: Path, hides: bool
) -> None:
    path = tmp_path / "unit.py"
    path.write_text(FORGETS_THE_SQUARE)
    printed = plain(f"{path} --plain" + " --hide-verdicts" * hides, "goto dw\nq\n")
    said = [
        line
        for line in printed
        if line.startswith(("✗ 1 of 1 gradients wrong", "  line 8: ", "  dw[0,0]: yours"))
    ]
    assert len(said) == 3 * (not hides)
    assert not any("goes there" in line for line in printed)  # there are no such keys
