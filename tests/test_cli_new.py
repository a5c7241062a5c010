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


def test_a_right_pass_with_biases_in_rows_is_right(bpdebug, tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    x, w1, b1, w2 = (random.normal(size=shape) for shape in ((6, 3), (3, 4), (1, 4), (4, 2)))
    np.savez(tmp_path / "saved.npz", X=x, W1=w1, b1=b1, W2=w2)
    path = tmp_path / "net.toml"
    assert bpdebug("new", str(path), "--from", str(tmp_path / "saved.npz"))[0] == 0
    case = load_scenario(path)
    da2, z1 = case.values["da2"], x @ w1 + b1
    dz1 = da2 @ w2.T * (z1 > 0)
    mine = {"dW2": np.maximum(z1, 0).T @ da2, "dW1": x.T @ dz1, "db1": dz1.sum(axis=0, keepdims=True)}
    np.savez(tmp_path / "grads.npz", **mine)
    assert bpdebug("check", str(path), "--mine", str(tmp_path / "grads.npz"))[0] == 0
    np.savez(tmp_path / "grads.npz", **mine | {"db1": dz1.mean(axis=0, keepdims=True)})
    status, out, _ = bpdebug("check", str(path), "--mine", str(tmp_path / "grads.npz"))
    assert (status, "yours is   mean(dz1, axis=0, keepdims=True)" in out) == (1, True)


@pytest.mark.parametrize(
    "stems", [("fc_in.", "out."), ("encoder/", "decoder/"), ("hidden_", "output_"), ("in", "out")]
)
def test_weights_without_a_number_are_taken_in_their_order(
    bpdebug, tmp_path: Path, stems: tuple[str, str]
) -> None:
    first, last = stems
    arrays = {f"{first}_weight": np.ones((3, 5)), f"{first}_bias": np.ones(5)}
    np.savez(tmp_path / "w.npz", **arrays, **{f"{last}_weight": np.ones((5, 2))}, word_emb_w=np.ones((9, 4)))
    path = tmp_path / "net.toml"
    assert bpdebug("new", str(path), "--from", str(tmp_path / "w.npz"))[0] == 0
    assert {name: load_scenario(path).program.shapes[name] for name in ("w1", "b1", "w2")} == {
        "w1": (3, 5),
        "b1": (5,),
        "w2": (5, 2),
    }
    text = path.read_text()
    assert "# not used: word_emb_w (9, 4)" in text
    assert "# a guess: the shapes fit others, too" in text


def test_weights_of_pytorch_have_a_row_for_each_output(bpdebug, tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", **{f"{n}.weight": RANDOM.normal(size=(4, 4)) for n in (0, 2)})
    status, out, _ = bpdebug("new", "--from", str(tmp_path / "w.npz"))
    assert (status, 'weight_shape = "out_in"\n' in out) == (0, True)


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
