"""Tensors kept the other way round: noted where what follows from them is right, and else wrong."""

from __future__ import annotations

import pytest

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
