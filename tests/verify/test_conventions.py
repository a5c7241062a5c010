"""One factor for all gradients is a convention, said once; what else differs is judged by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bpdebug
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from bpdebug.verify.report import Report
from tests.tiers import few

pytestmark = pytest.mark.usefixtures("little_tried")
Values = dict[str, np.ndarray]
BATCH, OUTPUTS = 7, 3


def tanh_then_sigmoid(folder: Path, ending: str) -> Case:
    random = np.random.default_rng(21)
    shapes = {"a0": (BATCH, 5), "w1": (4, 5), "b1": (4,), "w2": (OUTPUTS, 4), "b2": (OUTPUTS,)}
    given = {name: random.normal(size=shape).tolist() for name, shape in shapes.items()}
    numbers = random.uniform(size=(BATCH, OUTPUTS)).tolist()
    text = f"""
title = "two layers"
layout = "rows"
[inputs]
a0 = {given["a0"]}
[[layers]]
kind = "dense"
activation = "tanh"
w = {given["w1"]}
b = {given["b1"]}
[[layers]]
kind = "dense"
activation = "sigmoid"
w = {given["w2"]}
b = {given["b2"]}
{ending.format(numbers=numbers)}
"""
    path = folder / "two_layers.toml"
    path.write_text(text)
    return load_scenario(path)


LOSS = '[loss]\nkind = "mse"\ntarget = {numbers}'
GRADIENT = "[gradient]\nda2 = {numbers}"


def backward(case: Case, of_output: float, of_parameters: float = 1.0, slip: float = 1.0) -> Values:
    """The backward pass by hand: `of_output` times a2 − y comes in, the parameters take their own factor."""
    v = case.values
    a1 = np.tanh(v["a0"] @ v["w1"].T + v["b1"])
    a2 = 1 / (1 + np.exp(-(a1 @ v["w2"].T + v["b2"])))
    dz2 = of_output * (a2 - v["y"] if "y" in v else v["da2"]) * a2 * (1 - a2)
    dz1 = dz2 @ v["w2"] * (1 - slip * a1**2)
    flowing = {"dz2": dz2, "dz1": dz1}
    trained = {"dw2": dz2.T @ a1, "db2": dz2.sum(0), "dw1": dz1.T @ v["a0"], "db1": dz1.sum(0)}
    return flowing | {name: of_parameters * value for name, value in trained.items()}


def verdicts(report: Report) -> dict[str, str]:
    return {tensor.name: tensor.verdict for tensor in report.tensors if tensor.verdict != "not given"}


def notes(report: Report) -> list[str]:
    return [tensor.note for tensor in report.tensors if tensor.note]


MEAN = 2 / (BATCH * OUTPUTS)
FACTORS = [
    (1.0, "n/2 times"),
    (-1.0, "-n/2 times"),
    (0.5, "5.25 times"),
    (1 / BATCH, "n/(2m) times"),
    (2 / BATCH, "n/m times"),
    (0.03 * MEAN, "0.03 times"),
    (-0.03 * MEAN, "-0.03 times"),
]


@pytest.mark.parametrize(("factor", "said"), few(FACTORS))
@pytest.mark.parametrize("given", ["dz2 dz1 dw2 db2 dw1 db1", "dw2 db2 dw1 db1", "dz2 dz1"])
def test_a_factor_of_all_gradients_is_said_once(tmp_path: Path, factor: float, said: str, given: str) -> None:
    case = tanh_then_sigmoid(tmp_path, LOSS)
    values = backward(case, factor)
    report = check_scenario(case, {name: values[name] for name in given.split()})
    assert report.passed
    assert set(verdicts(report).values()) == {"convention"}
    (note,) = notes(report)
    assert note.startswith(said)
    assert " the reference, as all gradients are" in note


@pytest.mark.parametrize(
    ("of_output", "of_parameters"), few([(1, 1), (-1, 1), (2, 1 / BATCH), (MEAN * BATCH, 1 / BATCH)], 2)
)
def test_one_mistake_by_another_convention_is_the_only_one(
    tmp_path: Path, of_output: float, of_parameters: float
) -> None:
    case = tanh_then_sigmoid(tmp_path, LOSS)
    report = check_scenario(case, backward(case, of_output, of_parameters, slip=0.5))
    found = verdicts(report)
    assert [name for name, verdict in found.items() if verdict == "wrong"] == ["dz1"]
    assert {found["dw1"], found["db1"]} == {"innocent"}
    assert {found["dz2"], found["dw2"], found["db2"]} <= {"right", "convention"}


def test_a_mistake_by_another_convention_is_diagnosed(tmp_path: Path) -> None:
    case = tanh_then_sigmoid(tmp_path, LOSS)
    values = backward(case, -1.0)
    values["dw1"] = 2 * values["dw1"]
    (dw1,) = (tensor for tensor in check_scenario(case, values).tensors if tensor.verdict == "wrong")
    assert (dw1.name, dw1.diagnoses[0].formula) == ("dw1", "2 * (dz1.T @ a0)")


def test_a_learning_rate_in_the_parameters_alone_is_a_convention(tmp_path: Path) -> None:
    case = tanh_then_sigmoid(tmp_path, LOSS)
    report = check_scenario(case, backward(case, MEAN, 0.3))
    assert report.passed
    assert "learning rate" in notes(report)[0]


@pytest.mark.parametrize(("of_output", "rate"), [(-1.0, 0.03), (1.0, -0.1)])
def test_a_learning_rate_beside_a_loss_of_another_scale_is_a_convention(
    tmp_path: Path, of_output: float, rate: float
) -> None:
    case = tanh_then_sigmoid(tmp_path, LOSS)
    report = check_scenario(case, backward(case, of_output, rate))
    assert report.passed
    assert notes(report)[0].endswith(
        "a loss of another scale, and the learning rate is in the parameters' gradients"
    )
    found = verdicts(check_scenario(case, backward(case, of_output, rate, slip=0.5)))
    assert [name for name, verdict in found.items() if verdict == "wrong"] == ["dz1"]


@pytest.mark.parametrize("of_output", few([1, -1, 0.5, 2 / BATCH], 2))
@pytest.mark.parametrize("given", few(["dz2 dz1 dw2 db2 dw1 db1", "dw2 db2 dw1 db1"]))
def test_a_mistake_in_the_tensor_nearest_to_the_loss_is_no_convention(
    tmp_path: Path, of_output: float, given: str
) -> None:
    case = tanh_then_sigmoid(tmp_path, LOSS)
    values = backward(case, of_output)
    values["dw2"] = -values["dw2"]
    report = check_scenario(case, {name: values[name] for name in given.split()})
    (wrong,) = (tensor for tensor in report.tensors if tensor.verdict == "wrong")
    assert wrong.name == "dw2"
    assert wrong.worst is not None
    assert wrong.worst.mine == pytest.approx(values["dw2"][wrong.worst.index])  # the person's own number


def test_what_makes_up_for_a_mistake_is_a_mistake(tmp_path: Path) -> None:
    """By y - a alone all but the last is right; by a - y two of them would be wrong in opposite ways."""
    case = tanh_then_sigmoid(tmp_path, LOSS)
    values = backward(case, -MEAN)
    found = verdicts(check_scenario(case, values | {"dw1": -values["dw1"]}))
    assert [name for name, verdict in found.items() if verdict == "wrong"] == ["dw1"]


def test_the_mean_taken_twice_is_a_mistake(tmp_path: Path) -> None:
    """What flows has its 1/m already."""
    case = tanh_then_sigmoid(tmp_path, LOSS)
    found = verdicts(check_scenario(case, backward(case, MEAN, 1 / BATCH)))
    assert [name for name, verdict in found.items() if verdict == "wrong"] == ["dw2", "db2", "dw1", "db1"]


def test_a_factor_of_a_given_gradient_is_a_mistake(tmp_path: Path) -> None:
    """What comes in is known: whoever has twice as much has computed it wrongly."""
    case = tanh_then_sigmoid(tmp_path, GRADIENT)
    found = verdicts(check_scenario(case, backward(case, 2.0)))
    assert found.pop("dz2") == "wrong"
    assert set(found.values()) == {"innocent"}


def test_a_factor_of_one_tensor_is_a_mistake(tmp_path: Path) -> None:
    case = tanh_then_sigmoid(tmp_path, LOSS)
    assert not check_scenario(case, {"dw1": 2 * backward(case, MEAN)["dw1"]}).passed


def linear_regression() -> tuple[np.ndarray, np.ndarray, np.ndarray, Values]:
    """Inputs, target, weights, and the gradients of half the mean square, as courses derive them."""
    random = np.random.default_rng(8)
    x, y, w = random.normal(size=(BATCH, OUTPUTS)), random.normal(size=(BATCH, 1)), random.normal(size=(3, 1))
    error = x @ w - y
    return x, y, w, {"dW": x.T @ error / BATCH, "db": error.sum(0, keepdims=True) / BATCH}


@pytest.mark.parametrize("factor", [1.0, -1.0, BATCH])
def test_half_the_mean_square_of_a_linear_regression_is_a_convention(factor: float) -> None:
    x, y, w, mine = linear_regression()
    mine = {name: factor * value for name, value in mine.items()}
    report = bpdebug.check_network(x, [("identity", w, np.zeros((1, 1)))], loss="mse", target=y, mine=mine)
    assert verdicts(report) == {"dw1": "convention", "db1": "convention"}
    half = {1.0: "0.5 times", -1.0: "-0.5 times", BATCH: "m/2 times"}[factor]
    assert notes(report)[0].startswith(f"{half} the reference")


@pytest.mark.parametrize("factor", [BATCH, -1])
def test_one_mistake_beside_half_the_mean_square_is_the_only_one(factor: float) -> None:
    """Of two tensors one follows the convention, and the other with one mistake more."""
    x, y, w, mine = linear_regression()
    mine["db"] = factor * mine["db"]
    report = bpdebug.check_network(x, [("identity", w, np.zeros((1, 1)))], loss="mse", target=y, mine=mine)
    assert verdicts(report) == {"dw1": "convention", "db1": "wrong"}


def test_a_bias_of_one_output_bears_the_convention_out_that_its_weights_miss() -> None:
    x, y, w, _ = linear_regression()
    v = np.random.default_rng(4).normal(size=(OUTPUTS, OUTPUTS))
    h = np.tanh(x @ v)
    error = h @ w - y
    dz1 = error @ w.T * (1 - h**2)
    mine = {"dW2": h.T @ error, "db2": error.sum(0, keepdims=True), "dW1": x.T @ dz1, "db1": dz1.sum(0)}
    layers = [("tanh", v, np.zeros(OUTPUTS)), ("identity", w, np.zeros((1, 1)))]
    report = bpdebug.check_network(x, layers, "mse", y, mine | {"dW2": -mine["dW2"]})
    found = verdicts(report)
    assert [name for name, verdict in found.items() if verdict == "wrong"] == ["dw2"]


def test_a_gradient_without_the_factor_of_all_others_is_told_so(tmp_path: Path) -> None:
    case = tanh_then_sigmoid(tmp_path, LOSS)
    right = backward(case, MEAN)
    mine = {name: value if name == "db1" else 0.03 * value for name, value in right.items() if name[1] != "z"}
    report = check_scenario(case, mine)
    (wrong,) = (tensor for tensor in report.tensors if tensor.verdict == "wrong")
    assert (wrong.name, wrong.note) == ("db1", "it has not the factor that the others have")


@pytest.mark.parametrize("factor", [BATCH / 2, -0.01])
def test_a_factor_of_the_only_gradient_is_one_of_all(factor: float) -> None:
    x, y, w, _ = linear_regression()
    mine = {"dW1": factor * x.T @ (x @ w - y)}
    assert verdicts(bpdebug.check_network(x, [("identity", w)], "mse", y, mine)) == {"dw1": "convention"}


def test_of_one_edit_and_two_that_look_the_same_the_one_is_told() -> None:
    """Of a batch of six a third of what lost its 2 looks like a mean."""
    x, y, w, _ = linear_regression()
    x, y = x[:6], y[:6]
    flowing = 2 / y.size * (x @ w - y)
    mine = {"dW1": x.T @ flowing / 6, "db1": flowing.sum(0), "dX": flowing @ w.T}
    report = bpdebug.check_network(x, [("identity", w, np.zeros(1))], "mse", y, mine)
    (wrong,) = (tensor for tensor in report.tensors if tensor.verdict == "wrong")
    assert [diagnosis.formula for diagnosis in wrong.diagnoses] == ["a0.T @ dz1 / m"]
