"""A fault in the forward pass: gradients that are right for the person's own values are not blamed for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario

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


@pytest.mark.parametrize("activation", HIDDEN)
def test_what_follows_from_a_wrong_activation_is_innocent(tmp_path: Path, activation: str) -> None:
    case = two_layers(tmp_path, activation)
    values = without_its_bias(case, activation)
    mine = {name: values[name] for name in ("a1", "dw2", "dz1", "dw1", "db1")}
    verdicts = {
        one.name: one.verdict for one in check_scenario(case, mine).tensors if one.verdict != "not given"
    }
    assert verdicts.pop("a1") == "wrong"
    assert set(verdicts.values()) == {"innocent"}


def test_with_the_sum_the_statement_is_named(tmp_path: Path) -> None:
    case = two_layers(tmp_path, "tanh")
    (wrong,) = (
        one for one in check_scenario(case, without_its_bias(case, "tanh")).tensors if one.verdict == "wrong"
    )
    assert (wrong.name, wrong.diagnoses[0].formula) == ("z1", "a0 @ w1.T")


def test_gradients_alone_that_nothing_explains_ask_for_the_forward_pass(tmp_path: Path) -> None:
    case = two_layers(tmp_path, "softplus")
    values = without_its_bias(case, "softplus")
    report = check_scenario(case, {name: values[name] for name in ("dw2", "dw1")})
    first, *rest = [tensor for tensor in report.tensors if tensor.verdict == "wrong"]
    assert first.name == "dw2"
    assert "the forward pass may differ: with a1 of yours it can be told" in first.note
    assert not any("forward pass" in tensor.note for tensor in rest)


def test_a_wrong_derivative_beside_a_wrong_activation_is_still_named(tmp_path: Path) -> None:
    case = two_layers(tmp_path, "tanh")
    values = without_its_bias(case, "tanh")
    dz1 = case.values["da2"] @ case.values["w2"] * (1 - values["a1"])
    report = check_scenario(case, {"a1": values["a1"], "dz1": dz1})
    assert {one.name for one in report.tensors if one.verdict == "wrong"} == {"a1", "dz1"}
