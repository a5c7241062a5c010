"""A fault in the forward pass: gradients that are right for the person's own values are not blamed for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from bpdebug.verify.upstream import upstream_values
from tests.tiers import few

pytestmark = pytest.mark.usefixtures("little_tried")
HIDDEN = {
    "tanh": (np.tanh, lambda z, a: 1 - a**2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    "softplus": (lambda z: np.log1p(np.exp(z)), lambda z, a: 1 / (1 + np.exp(-z))),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: z > 0),
    "leaky_relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda z, a: np.where(z > 0, 1, 0.01)),
    "elu": (lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))), lambda z, a: np.where(z > 0, 1, a + 1)),
}


def two_layers(folder: Path, activation: str) -> Case:
    path = folder / "net.toml"
    path.write_text(
        f"""
title = "two layers"
layout = "rows"
[inputs]
a0 = {{ random = "normal", shape = [6, 4], seed = 1 }}
[[layers]]
kind = "dense"
activation = "{activation}"
w = {{ random = "normal", shape = [3, 4], seed = 2 }}
b = {{ random = "normal", shape = [3], seed = 3 }}
[[layers]]
kind = "dense"
w = {{ random = "normal", shape = [2, 3], seed = 4 }}
[gradient]
da2 = {{ random = "normal", shape = [6, 2], seed = 5 }}
"""
    )
    return load_scenario(path)


def without_its_bias(case: Case, activation: str) -> dict[str, np.ndarray]:
    """Both passes by hand, of which the first forgets a bias."""
    v, (function, slope) = case.values, HIDDEN[activation]
    z1 = v["a0"] @ v["w1"].T
    a1 = function(z1)
    dz1 = v["da2"] @ v["w2"] * slope(z1, a1)
    found = {"z1": z1, "a1": a1, "z2": a1 @ v["w2"].T, "dw2": v["da2"].T @ a1}
    return found | {"dz1": dz1, "dw1": dz1.T @ v["a0"], "db1": dz1.sum(0)}


@pytest.mark.parametrize("activation", few(HIDDEN, 2))
def test_what_follows_from_a_wrong_activation_is_innocent(tmp_path: Path, activation: str) -> None:
    case = two_layers(tmp_path, activation)
    values = without_its_bias(case, activation)
    mine = {name: values[name] for name in ("a1", "dw2", "dz1", "dw1", "db1")}
    verdicts = {
        one.name: one.verdict for one in check_scenario(case, mine).tensors if one.verdict != "not given"
    }
    assert verdicts.pop("z1") == "wrong"
    assert set(verdicts.values()) == {"innocent"}


def test_with_the_sum_the_statement_is_named(tmp_path: Path) -> None:
    case = two_layers(tmp_path, "tanh")
    (wrong,) = (
        one for one in check_scenario(case, without_its_bias(case, "tanh")).tensors if one.verdict == "wrong"
    )
    assert (wrong.name, wrong.diagnoses[0].formula) == ("z1", "a0 @ w1.T")


def test_gradients_alone_that_nothing_explains_ask_for_the_forward_pass(tmp_path: Path) -> None:
    case = two_layers(tmp_path, "softplus")
    values = case.values | {"b1": np.arange(3.0)}
    z1 = values["a0"] @ values["w1"].T + np.sin(values["b1"])
    dz1 = values["da2"] @ values["w2"] / (1 + np.exp(-z1))
    mine = {"dw2": values["da2"].T @ np.log1p(np.exp(z1)), "dw1": dz1.T @ values["a0"]}
    report = check_scenario(case, mine)
    first, *rest = [tensor for tensor in report.tensors if tensor.verdict == "wrong"]
    assert first.name == "dw2"
    assert "the forward pass may differ: with a1 of yours it can be told" in first.note
    assert not any("forward pass" in tensor.note for tensor in rest)


def test_a_wrong_derivative_beside_a_wrong_activation_is_still_named(tmp_path: Path) -> None:
    case = two_layers(tmp_path, "tanh")
    values = without_its_bias(case, "tanh")
    dz1 = case.values["da2"] @ case.values["w2"] * (1 - values["a1"])
    report = check_scenario(case, {"a1": values["a1"], "dz1": dz1})
    assert {one.name for one in report.tensors if one.verdict == "wrong"} == {"z1", "dz1"}


@pytest.mark.parametrize("given", few([[], ["a1"], ["z2"]]))
@pytest.mark.parametrize(
    ("name", "fault", "formula"),
    few(
        [
            ("z1", lambda v: v["a0"] @ v["w1"].T, "a0 @ w1.T"),
            ("z1", lambda v: 2 * v["z1"], "2 * (a0 @ w1.T + b1)"),
            ("a1", lambda v: v["z1"], "z1"),
            ("a1", lambda v: np.tanh(v["a1"]), "tanh(tanh(z1))"),
            ("a1", lambda v: np.maximum(v["z1"], 0), "relu(z1)"),
        ],
        5,
    ),
)
def test_a_forward_fault_is_told_from_what_follows_from_it(
    tmp_path: Path, name: str, fault: Callable, formula: str, given: list[str]
) -> None:
    """The backward pass is right for the values that it was given, none of which need be handed in."""
    case = two_layers(tmp_path, "tanh")
    right = run(case.program, case.values).values
    values = upstream_values(case.program, right, {name: fault(right)})
    report = check_scenario(case, {one: values[one] for one in ("dw2", "dw1", "db1", *given)})
    (wrong,) = (one for one in report.tensors if one.verdict == "wrong")
    if (name, formula, given) == ("a1", "z1", []):
        name, formula = "dw2", "dz2.T @ z1"  # nothing else is wrong by it
    assert (wrong.name, wrong.diagnoses[0].formula) == (name, formula)


def test_a_forward_fault_that_would_make_right_gradients_wrong_is_none(tmp_path: Path) -> None:
    case = two_layers(tmp_path, "tanh")
    right = run(case.program, case.values).values
    values = upstream_values(case.program, right, {"z1": 2 * right["z1"]})
    report = check_scenario(case, {"dw2": right["dw2"], "dw1": values["dw1"], "db1": values["db1"]})
    assert "z1" not in {one.name for one in report.tensors if one.verdict == "wrong"}
