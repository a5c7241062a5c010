"""Gradients that are 0 by nature: whatever rounding leaves of them is right, and a mistake is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bpdebug.sources.case import Case
from bpdebug.sources.problems import ProblemReport
from bpdebug.sources.scenario import load_scenario
from bpdebug.sources.scenario.loading import case_of
from bpdebug.verify.check import check_scenario
from tests.tiers import few

pytestmark = pytest.mark.usefixtures("little_tried")
Values = dict[str, np.ndarray]
EPS = 1e-5


def bias_before_a_norm(folder: Path, kind: str, batch: int, seed: int) -> tuple[Case, Values]:
    """A dense layer with a bias, a normalisation and its scale; with the numbers that it is given."""
    random = np.random.default_rng(seed)
    shapes = {"a0": (batch, 3), "w": (4, 3), "b": (4,), "gamma": (4,), "beta": (4,), "da2": (batch, 4)}
    values = {name: random.normal(size=shape) for name, shape in shapes.items()}
    text = f"""
title = "a bias before a norm"
layout = "rows"
[inputs]
a0 = {values["a0"].tolist()}
[[layers]]
kind = "dense"
w = {values["w"].tolist()}
b = {values["b"].tolist()}
[[layers]]
kind = "{kind}"
gamma = {values["gamma"].tolist()}
beta = {values["beta"].tolist()}
[gradient]
da2 = {values["da2"].tolist()}
"""
    path = folder / "norm.toml"
    path.write_text(text)
    return load_scenario(path), values


def by_hand(values: Values, axis: int) -> Values:
    """The backward pass as a person writes it down from a paper, step by step."""
    v = values
    z = v["a0"] @ v["w"].T + v["b"]
    n = z.shape[axis]
    mean = z.sum(axis, keepdims=True) / n
    variance = ((z - mean) ** 2).sum(axis, keepdims=True) / n
    scale = (variance + np.asarray(EPS, z.dtype)) ** -0.5
    g = v["da2"] * v["gamma"]
    to_variance = (g * (z - mean) * -0.5 * scale**3).sum(axis, keepdims=True)
    to_mean = (-g * scale).sum(axis, keepdims=True) + to_variance * (-2 * (z - mean)).sum(
        axis, keepdims=True
    ) / n
    dz = g * scale + to_variance * 2 * (z - mean) / n + to_mean / n
    return {
        "dgamma2": (v["da2"] * (z - mean) * scale).sum(0),
        "dbeta2": v["da2"].sum(0),
        "dw1": dz.T @ v["a0"],
        "db1": dz.sum(0),
        "da0": dz @ v["w"],
    }


@pytest.mark.parametrize("dtype", few([np.float64, np.float32]))
@pytest.mark.parametrize(("kind", "axis"), few([("batch_norm", 0), ("layer_norm", 1)]))
def test_what_rounding_leaves_of_a_zero_is_right(
    tmp_path: Path, kind: str, axis: int, dtype: type[np.floating]
) -> None:
    """With a batch of two nearly all that flows back through a batch norm cancels."""
    for seed in range(40):
        case, values = bias_before_a_norm(tmp_path, kind, 2 + seed % 6, seed)
        mine = by_hand({name: value.astype(dtype) for name, value in values.items()}, axis)
        assert {value.dtype for value in mine.values()} == {np.dtype(dtype)}
        report = check_scenario(case, mine)
        assert report.passed, (seed, [tensor for tensor in report.tensors if tensor.verdict != "right"])


@pytest.mark.parametrize("dtype", few([np.float64, np.float32]))
def test_a_gradient_that_should_be_0_and_is_not_is_wrong(tmp_path: Path, dtype: type[np.floating]) -> None:
    """The bias gets what comes in, as if no mean were taken off."""
    case, values = bias_before_a_norm(tmp_path, "batch_norm", 5, 0)
    mine = by_hand({name: value.astype(dtype) for name, value in values.items()}, 0)
    mine["db1"] = mine["db1"] + dtype(1e-4) * np.abs(values["da2"]).sum().astype(dtype)
    report = check_scenario(case, mine)
    assert [tensor.name for tensor in report.tensors if tensor.verdict == "wrong"] == ["db1"]


def test_a_factor_of_what_is_small_by_itself_is_wrong(tmp_path: Path) -> None:
    """A saturated output minus its target is small, but its terms were subtracted exactly."""
    path = tmp_path / "saturated.toml"
    path.write_text(
        """
title = "nearly right already"
layout = "rows"
[inputs]
a0 = [[1.0, -2.0], [0.5, 1.5], [2.0, 1.0]]
[[layers]]
kind = "dense"
activation = "sigmoid"
w = [[9.0, -9.0]]
[loss]
kind = "bce"
target = [[1.0], [0.0], [1.0]]
"""
    )
    case = load_scenario(path)
    z = case.values["a0"] @ case.values["w1"].T
    slope = 1 / (1 + np.exp(np.abs(z))) * np.where(z > 0, -1, 1) / 3
    assert check_scenario(case, {"dz1": slope}).passed
    assert not check_scenario(case, {"dz1": 2 * slope}).passed


def in_single_precision(saturation: float) -> tuple[Case, Values]:
    """A relu and a sigmoid by hand in 32 bits; the mask of the relu has 64, and so has what it multiplies."""
    random = np.random.default_rng(5)
    x, w1, w2 = (random.normal(size=size).astype(np.float32) for size in ((8, 4), (4, 6), (6, 3)))
    w2, target = w2 * np.float32(saturation), (random.normal(size=(8, 3)) > 0).astype(np.float32)
    z1 = x @ w1
    a1 = np.maximum(z1, 0)
    a2 = 1 / (1 + np.exp(-a1 @ w2))
    da2 = a2 - target
    dz2 = da2 * a2 * (1 - a2)
    dz1 = dz2 @ w2.T * np.where(z1 > 0, 1.0, 0.0)
    network = {"layout": "rows", "weight_shape": "in_out", "inputs": {"a0": x.tolist()}}
    layers = [
        {"kind": "dense", "activation": kind, "w": w.tolist()} for kind, w in (("relu", w1), ("sigmoid", w2))
    ]
    loss = {"kind": "squared_error", "target": target.tolist(), "reduction": "sum"}
    case = case_of(network | {"layers": layers, "loss": loss}, ProblemReport("a net"), "a net")
    mine = {"da2": da2, "dz2": dz2, "dw2": a1.T @ dz2, "dz1": dz1, "dw1": x.T.astype(float) @ dz1}
    return case, mine


@pytest.mark.parametrize("saturation", [1.0, 3.0])
def test_a_gradient_of_64_bits_beside_one_of_32_went_through_as_few(saturation: float) -> None:
    case, mine = in_single_precision(saturation)
    assert {mine["dz1"].dtype, mine["dz2"].dtype} == {np.dtype(float), np.dtype(np.float32)}
    report = check_scenario(case, mine)
    assert report.passed, [tensor for tensor in report.tensors if tensor.verdict == "wrong"]
    assert not check_scenario(case, mine | {"dw1": mine["dw1"] * 1.01}).passed


@pytest.mark.parametrize(
    ("function", "slope"),
    [("sigmoid", lambda a: a * (1 - a)), ("tanh", lambda a: 1 - a**2)],
)
def test_a_slope_from_an_output_near_1_keeps_the_rounding_of_that_1(function: str, slope: Callable) -> None:
    z = np.random.default_rng(2).uniform(7, 8, size=(5, 3)) * (2 if function == "sigmoid" else 1)
    layers = [{"kind": "dense", "activation": function, "w": np.eye(3).tolist()}]
    network = {"layout": "rows", "inputs": {"a0": z.tolist()}, "layers": layers}
    da1 = np.random.default_rng(3).normal(size=z.shape)
    case = case_of(network | {"gradient": {"da1": da1.tolist()}}, ProblemReport("a net"), "a net")
    z = z.astype(np.float32)
    a = 1 / (1 + np.exp(-z)) if function == "sigmoid" else np.tanh(z)
    assert check_scenario(case, {"dz1": da1.astype(np.float32) * slope(a)}).passed
    assert not check_scenario(case, {"dz1": da1.astype(np.float32)}).passed
