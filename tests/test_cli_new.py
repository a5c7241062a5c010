"""A scenario written for the weights in a file can be loaded, and has their layers and layout."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from bpdebug import cli
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario

Arrays = dict[str, np.ndarray]
RANDOM = np.random.default_rng(4)
ROWS: Arrays = {
    "W2": RANDOM.normal(size=(4, 2)),
    "W1": RANDOM.normal(size=(3, 4)),
    "b1": RANDOM.normal(size=(1, 4)),
    "b2": RANDOM.normal(size=2),
    "learning_rate": np.array(0.1),
}
COLUMNS: Arrays = {
    "X": RANDOM.normal(size=(3, 7)),
    "theta1": RANDOM.normal(size=(4, 3)),
    "bias1": RANDOM.normal(size=(4, 1)),
    "theta2": RANDOM.normal(size=(2, 4)),
}
MODULES: Arrays = {
    "net.0.weight": RANDOM.normal(size=(4, 3)),
    "net.0.bias": RANDOM.normal(size=4),
    "net.2.weight": RANDOM.normal(size=(1, 4)),
}


@pytest.fixture
def bpdebug(monkeypatch, capsys):
    """Run a command line in this process: (exit status, stdout, stderr)."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bpdebug", *words])
        return cli.run_command_line(), *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("arrays", "layout", "first", "batch"),
    [(ROWS, "rows", "W1", 5), (COLUMNS, "columns", "theta1", 7), (MODULES, "rows", "net.0.weight", 5)],
)
def test_it_has_the_layers_and_the_layout(
    bpdebug, tmp_path: Path, arrays: Arrays, layout: str, first: str, batch: int
) -> None:
    (tmp_path / "saved").mkdir()
    np.savez(tmp_path / "saved" / "weights.npz", **arrays)
    path = tmp_path / "net.toml"
    assert bpdebug("new", str(path), "--from", str(tmp_path / "saved" / "weights.npz")) == (0, "", "")
    case = load_scenario(path)
    assert (case.layout, case.title, case.program.batch) == (layout, "weights", batch)
    np.testing.assert_array_equal(case.values["w1"], arrays[first])
    assert [block.title for block in case.program.blocks] == ["dense relu", "dense identity"]
    assert check_scenario(case).passed
    assert ("# not used: learning_rate ()\n" in path.read_text()) == ("learning_rate" in arrays)
    assert bpdebug("new", str(path), "--from", str(tmp_path / "saved" / "weights.npz"))[0] == 2  # it is there


@pytest.mark.parametrize(
    ("name", "arrays", "problem"),
    [
        ("w.npz", {"scores": np.ones(3)}, "found no weights among scores"),
        ("w.npz", {"W1": np.ones((3, 4)), "W2": np.ones((5, 2))}, "do not follow each other in any layout"),
        ("w.csv", {}, "expected .npz or .safetensors"),
        ("none.npz", {}, "no such file"),
    ],
)
def test_what_it_cannot_be_made_of(bpdebug, tmp_path: Path, name: str, arrays: Arrays, problem: str) -> None:
    if arrays:
        np.savez(tmp_path / name, **arrays)
    status, out, err = bpdebug("new", "--from", str(tmp_path / name))
    assert (status, out) == (2, "")
    assert problem in err
