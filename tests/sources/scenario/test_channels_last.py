"""Images with their channels last: the same network as with the channels first, and the same gradients."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.errors import ScenarioError
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check, check_scenario
from bpdebug.verify.mine_files import read_mine_files

RANDOM = np.random.default_rng(12)
A0, W1 = RANDOM.normal(size=(2, 5, 4, 3)), RANDOM.normal(size=(2, 3, 3, 4))
B1, W3 = RANDOM.normal(size=(1, 1, 1, 4)), RANDOM.normal(size=(2, 4 * 2 * 4))
DA3 = RANDOM.normal(size=(2, 2))
"""Images of 5 × 4 with three channels, filters of 2 × 3 for four, and a dense layer behind a flatten."""


def text(axes: str, a0: np.ndarray, w1: np.ndarray, b1: np.ndarray, w3: np.ndarray, more: str = "") -> str:
    return f"""
layout = "rows"
[inputs]
a0 = {json.dumps(a0.tolist())}
axes = "{axes}"
[[layers]]
kind = "conv2d"
activation = "tanh"
w = {json.dumps(w1.tolist())}
b = {json.dumps(b1.tolist())}
[[layers]]
kind = "flatten"
[[layers]]
kind = "dense"
w = {json.dumps(w3.tolist())}
[gradient]
da3 = {json.dumps(DA3.tolist())}
{more}"""


def loaded(folder: Path, content: str) -> Case:
    path = folder / "images.toml"
    path.write_text(content)
    return load_scenario(path)


@pytest.fixture
def last(tmp_path: Path) -> Case:
    return loaded(tmp_path, text("nhwc", A0, W1, B1, W3))


@pytest.fixture
def first(tmp_path: Path) -> Case:
    """The same with the channels first; a row of an image then begins with all of its first channel."""
    in_rows = W3.reshape(2, 4, 2, 4).transpose(0, 3, 1, 2).reshape(2, -1)
    a0, w1 = A0.transpose(0, 3, 1, 2), W1.transpose(3, 2, 0, 1)
    return loaded(tmp_path, text("nchw", a0, w1, B1.ravel(), in_rows))


def by_hand() -> dict[str, np.ndarray]:
    """The backward pass in loops, with the channels last."""
    z = np.zeros((2, 4, 2, 4))
    for i, j in np.ndindex(4, 2):
        z[:, i, j] = np.tensordot(A0[:, i : i + 2, j : j + 3], W1, 3) + B1.ravel()
    dz = (DA3 @ W3).reshape(z.shape) * (1 - np.tanh(z) ** 2)
    dw = np.zeros_like(W1)
    for i, j in np.ndindex(4, 2):
        dw += np.tensordot(A0[:, i : i + 2, j : j + 3], dz[:, i, j], ([0], [0]))
    db = dz.sum(axis=(0, 1, 2), keepdims=True)
    return {"dW1": dw, "db1": db, "dZ1": dz, "dW3": DA3.T @ np.tanh(z).reshape(2, -1)}


def test_the_results_are_those_of_the_channels_first(first: Case, last: Case) -> None:
    values, others = (run(case.program, case.values).values for case in (first, last))
    for name in ("a1", "a3", "dw1", "db1", "da0"):
        np.testing.assert_allclose(others[name], values[name], rtol=1e-12, err_msg=name)
    assert last.program.shapes["w1"] == (4, 3, 2, 3)


def test_gradients_with_the_channels_last_are_right(last: Case, tmp_path: Path) -> None:
    mine = by_hand()
    report = check_scenario(last, mine)
    assert {one.name for one in report.tensors if one.verdict == "right"} == {"dw1", "db1", "dz1", "dw3"}
    np.savez(tmp_path / "mine.npz", W1=mine["dW1"], dZ1=mine["dZ1"])
    found = read_mine_files([tmp_path / "mine.npz"], last.program, {}, last.values, last.images)
    assert found.values.keys() == {"dw1", "dz1"}
    assert check(last.program, last.values, found.values).passed


def test_a_wrong_one_is_diagnosed(last: Case) -> None:
    mine = by_hand()
    (wrong,) = (one for one in check_scenario(last, {"dW1": 2 * mine["dW1"]}).tensors if one.diagnoses)
    assert (wrong.name, wrong.diagnoses[0].formula[:4]) == ("dw1", "2 * ")


def test_mine_may_be_laid_out_otherwise_than_the_inputs(tmp_path: Path) -> None:
    mine = by_hand()["dZ1"].transpose(0, 3, 1, 2)
    more = f'[mine]\naxes = "nchw"\ndz1 = {json.dumps(mine.tolist())}\n'
    case = loaded(tmp_path, text("nhwc", A0, W1, B1, W3, more))
    assert check_scenario(case).passed
    assert case.images == "nchw"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('axes = "nhwc"', 'axes = "hwc"'), "inputs.axes: unknown axes"),
        (("[mine]", '[mine]\naxes = "nhcw"'), "mine.axes: unknown axes"),
        ((json.dumps(A0.tolist()), "[[1.0, 2.0]]"), "inputs.axes: no images"),
    ],
)
def test_what_cannot_be_turned_is_refused(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    with pytest.raises(ScenarioError, match=problem):
        loaded(tmp_path, text("nhwc", A0, W1, B1, W3, "[mine]\n").replace(*change))
