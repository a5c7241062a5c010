"""Tensors kept the other way round: noted where what follows from them is right, and else wrong."""

from __future__ import annotations

import numpy as np
import pytest

import bpdebug
from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from bpdebug.verify.report import Report

CASE = load_scenario("rows")
RIGHT = run(CASE.program, CASE.values).values


def verdicts(report: Report) -> dict[str, str]:
    return {tensor.name: tensor.verdict for tensor in report.tensors if tensor.verdict != "not given"}


def given(*names: str, **mine) -> Report:
    return check_scenario(CASE, {name: RIGHT[name] for name in names} | mine)


@pytest.mark.parametrize("turned", [("dz2",), ("dz2", "dz1"), ("dz1", "z1", "a1")])
def test_what_is_kept_transposed_is_noted(turned: tuple[str, ...]) -> None:
    report = given("dw1", "db1", "dw2", "db2", **{name: RIGHT[name].T for name in turned})
    assert report.passed
    notes = {tensor.name: tensor.note for tensor in report.tensors if tensor.note}
    assert notes.keys() == {*turned}
    assert all(note.startswith("kept transposed: ") for note in notes.values())


def test_a_transposed_tensor_that_nothing_follows_from_is_wrong() -> None:
    assert verdicts(given("dw2", dz1=RIGHT["dz1"].T)) == {"dz1": "wrong", "dw2": "right"}


def test_a_transposed_tensor_that_wrong_ones_follow_from_is_wrong() -> None:
    report = given(dz1=RIGHT["dz1"].T, dw1=2 * RIGHT["dw1"])
    assert verdicts(report) == {"dz1": "wrong", "dw1": "wrong"}


def test_weights_that_are_all_kept_transposed_are_noted() -> None:
    report = given("db1", dw1=RIGHT["dw1"].T, dw2=RIGHT["dw2"].T)
    assert report.passed
    assert [tensor.name for tensor in report.tensors if "kept transposed" in tensor.note] == ["dw2", "dw1"]


def test_one_transposed_gradient_of_weights_among_others_is_wrong() -> None:
    assert verdicts(given("dw2", dw1=RIGHT["dw1"].T)) == {"dw2": "right", "dw1": "wrong"}


def test_a_mistake_beside_a_layout_is_diagnosed_in_the_layout_of_the_program() -> None:
    report = given("dw2", "db2", dz2=RIGHT["dz2"].T, dz1=2 * RIGHT["dz1"].T)
    (wrong,) = (tensor for tensor in report.tensors if tensor.verdict == "wrong")
    assert wrong.name == "dz1"
    assert wrong.diagnoses[0].formula.startswith("2 * (")


def test_what_is_given_may_be_kept_transposed_too() -> None:
    report = given("dw2", da2=RIGHT["da2"].T, dz2=RIGHT["dz2"].T, a0=RIGHT["a0"].T, dw1=RIGHT["dw1"])
    assert report.passed
    assert {tensor.name for tensor in report.tensors if tensor.note} == {"da2", "dz2", "a0"}


def test_what_follows_from_a_wrong_tensor_shows_that_it_is_kept_transposed() -> None:
    values, wrong = CASE.values, -RIGHT["dz2"]
    followed = {"dw2": wrong.T @ RIGHT["a1"], "db2": wrong.sum(0)}
    report = check_scenario(CASE, {"dz2": wrong.T, **followed})
    assert values["w2"].shape != wrong.shape
    assert verdicts(report) == {"dz2": "wrong", "dw2": "innocent", "db2": "innocent"}
    (dz2,) = (tensor for tensor in report.tensors if tensor.name == "dz2")
    assert dz2.diagnoses[0].formula.startswith("-(")


def test_a_wrong_square_delta_is_turned_with_the_others() -> None:
    """Of four examples and four units no shape tells that the deltas are kept the other way round."""
    random = np.random.default_rng(3)
    x, y, w1, w2 = (random.normal(size=shape) for shape in ((4, 3), (4, 2), (3, 4), (4, 2)))
    z1 = x @ w1
    dz2 = np.tanh(z1) @ w2 - y
    dz1 = dz2 @ w2.T * np.tanh(z1)
    mine = {"dz2": dz2.T, "dz1": dz1.T, "dw2": np.tanh(z1).T @ dz2, "dw1": x.T @ dz1}
    report = bpdebug.check_network(x, [("tanh", w1), ("identity", w2)], "squared_error", y, mine)
    assert verdicts(report) == {"dz2": "right", "dw2": "right", "dz1": "wrong", "dw1": "innocent"}


def test_a_square_result_of_a_wrong_forward_pass_is_not_turned() -> None:
    """Whatever way round its gradients are read, one fault explains all of this."""
    random = np.random.default_rng(7)
    x, y, w1, w2 = (random.normal(size=shape) for shape in ((3, 2), (3, 1), (2, 3), (3, 1)))
    z1 = 2 * (x @ w1)
    a1 = np.tanh(z1)
    dz2 = a1 @ w2 - y
    mine = {"z1": z1, "a1": a1, "dw2": a1.T @ dz2, "dw1": x.T @ (dz2 @ w2.T * (1 - a1**2))}
    report = bpdebug.check_network(x, [("tanh", w1), ("identity", w2)], "squared_error", y, mine)
    assert verdicts(report) == {"z1": "wrong", "a1": "innocent", "dw2": "innocent", "dw1": "innocent"}


@pytest.mark.deep
def test_biases_are_columns_where_all_else_is_the_other_way_round() -> None:
    names = ("dw1", "db1", "dw2", "db2")
    turned = {name: RIGHT[name].T if name[1] == "w" else RIGHT[name].reshape(-1, 1) for name in names}
    report = given(**turned)
    assert report.passed
    assert {tensor.name for tensor in report.tensors if "kept transposed" in tensor.note} == {*names}
    assert not given("dw1", "dw2", "db2", db1=turned["db1"]).passed
