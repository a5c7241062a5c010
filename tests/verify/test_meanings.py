"""Gradients under the names of parameters, and parameters under the same names: their values tell."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from bpdebug.verify.meanings import meanings_of
from bpdebug.verify.mine_files import read_mine_files

CASE = load_scenario("rows")
VALUES = run(CASE.program, CASE.values).values


def meant(**arrays):
    return meanings_of(
        {name.replace("__", "."): array for name, array in arrays.items()}, CASE.program, CASE.values
    )


@pytest.mark.parametrize("name", ["W1", "w1", "weights1"])
def test_the_values_of_a_parameter_are_the_parameter(name):
    assert meant(**{name: VALUES["w1"].astype(np.float32)}) == {name: "w1"}


@pytest.mark.parametrize("name", ["W1", "w1", "weights1"])
def test_other_values_under_its_name_are_its_gradient(name):
    assert meant(**{name: VALUES["dw1"]}) == {name: "dw1"}


def test_where_the_gradient_is_there_too_they_are_the_parameter_and_wrong():
    assert meant(W1=2 * VALUES["w1"], dW1=VALUES["dw1"]) == {"W1": "w1", "dW1": "dw1"}


def test_another_layout_is_the_gradient_or_the_parameter_too():
    assert meant(W1=VALUES["dw1"].T, b1=VALUES["db1"].reshape(-1, 1)) == {"W1": "dw1", "b1": "db1"}
    assert meant(W1=VALUES["w1"].T) == {"W1": "w1"}
    gradients = {"fc1__weight": VALUES["dw1"].T, "fc2__weight": VALUES["dw2"].T}
    assert meant(**gradients) == {"fc1.weight": "dw1", "fc2.weight": "dw2"}


def test_another_shape_is_no_gradient():
    assert meant(W1=np.zeros((9, 9))) == {"W1": "w1"}


def test_the_names_of_modules_are_those_of_their_gradients():
    gradients = {"fc1__weight": VALUES["dw1"], "fc2__weight": VALUES["dw2"]}
    assert meant(**gradients) == {"fc1.weight": "dw1", "fc2.weight": "dw2"}
    both = {"fc1__weight": VALUES["w1"], "fc2__weight": VALUES["w2"]}
    assert meant(**both) == {"fc1.weight": "w1", "fc2.weight": "w2"}


def test_the_report_says_what_was_understood():
    report = check_scenario(CASE, {"W1": VALUES["dw1"], "b2": 2 * VALUES["db2"]})
    assert report.renamed == {"W1": "dw1", "b2": "db2"}
    verdicts = {tensor.name: tensor.verdict for tensor in report.tensors if tensor.verdict != "not given"}
    assert verdicts == {"dw1": "right", "db2": "wrong"}


def test_files_are_understood_alike(tmp_path):
    path = tmp_path / "grads.npz"
    np.savez(path, W1=VALUES["dw1"], b1=VALUES["b1"])
    found = read_mine_files([path], CASE.program, {}, CASE.values)
    assert found.renamed == {"W1": "dw1"}
    assert {*found.values} == {"dw1", "b1"}
    assert {*read_mine_files([path], CASE.program, {"W1": "w1"}, CASE.values).values} == {"w1", "b1"}
