"""Mistakes that many reports have and no edit of a formula shows: zeros, one number for all units."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import bpdebug
from bpdebug.engine.program.trace import run
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from bpdebug.verify.report import Report, TensorReport
from tests.tiers import few


def wrong(report: Report) -> list[TensorReport]:
    return [tensor for tensor in report.tensors if tensor.verdict == "wrong"]


def two_layers(folder: Path, layout: str, batch: int = 5, units: int = 4) -> Case:
    """A tanh layer of three units over some numbers, and a linear one of two, with weights (out, in)."""
    random = np.random.default_rng(11)
    size = (batch, units) if layout == "rows" else (units, batch)
    bias: tuple[int, ...] = (1,) if layout == "columns" else ()
    shapes = {"a0": size, "w1": (3, units), "b1": (3, *bias), "w2": (2, 3), "b2": (2, *bias)}
    shapes["da2"] = (batch, 2) if layout == "rows" else (2, batch)
    given = {name: random.normal(size=shape).tolist() for name, shape in shapes.items()}
    text = f"""
title = "two layers"
layout = "{layout}"
[inputs]
a0 = {given["a0"]}
[[layers]]
kind = "dense"
activation = "tanh"
w = {given["w1"]}
b = {given["b1"]}
[[layers]]
kind = "dense"
w = {given["w2"]}
b = {given["b2"]}
[gradient]
da2 = {given["da2"]}
"""
    path = folder / "two_layers.toml"
    path.write_text(text)
    return load_scenario(path)


@pytest.mark.parametrize("layout", ["columns", "rows"])
def test_one_number_for_every_unit_is_named(tmp_path: Path, layout: str) -> None:
    """`b -= rate * np.sum(dz)` broadcasts the total to all units without a word."""
    case = two_layers(tmp_path, layout)
    values = run(case.program, case.values).values
    db1 = values["db1"]
    total, each = np.full_like(db1, values["dz1"].sum()), np.full_like(db1, values["dz1"].mean())
    sums = "sum(dz1, axis=0)" if layout == "rows" else "sum(dz1, axis=1, keepdims=True)"
    for mine, formula in ((total, "sum(dz1)"), (each, "mean(dz1)")):
        (found,) = wrong(check_scenario(case, {"dz1": values["dz1"], "db1": mine}))
        assert found.diagnoses[0].formula == f"broadcast_like({formula}, {sums})"
        assert "One number for all" in found.diagnoses[0].explanation


@pytest.mark.parametrize("name", ["dw1", "db2", "dz1"])
def test_zeros_alone_are_named(tmp_path: Path, name: str) -> None:
    case = two_layers(tmp_path, "rows")
    zeros = np.zeros(case.program.shapes[name])
    (found,) = wrong(check_scenario(case, {name: zeros}))
    (diagnosis,) = found.diagnoses
    assert diagnosis.formula.startswith("0 * (") or diagnosis.formula == "0 * sum(dz2, axis=0)"
    assert "never filled" in diagnosis.explanation


def test_an_inner_product_for_an_outer_one_is_named(tmp_path: Path) -> None:
    """`np.dot(delta, a)` of two vectors of one length is a number; an update broadcasts it to all weights."""
    case = two_layers(tmp_path, "rows", batch=1, units=3)
    values = run(case.program, case.values).values
    number = np.dot(values["dz1"][0], values["a0"][0])
    for mine in (np.asarray(number), np.full((3, 3), number)):
        (found,) = wrong(check_scenario(case, {"dz1": values["dz1"], "dw1": mine}))
        assert "sum(dz1 * a0)" in found.diagnoses[0].formula
        assert "outer product" in found.diagnoses[0].explanation


@pytest.mark.deep
def test_what_is_right_except_where_it_is_0_is_named(tmp_path: Path) -> None:
    case = two_layers(tmp_path, "rows")
    values = run(case.program, case.values).values
    switched = values["dz1"] * (values["da1"] > 0)
    (found,) = wrong(check_scenario(case, {"da1": values["da1"], "dz1": switched}))
    assert found.diagnoses[0].formula == "da1 * tanh_prime(z1) * relu_prime(da1)"
    assert "Right except where it is 0" in found.diagnoses[0].explanation
    holes = np.where(np.arange(15).reshape(5, 3) % 4, values["dz1"], 0)
    (found,) = wrong(check_scenario(case, {"da1": values["da1"], "dz1": holes}))
    assert "right except where it is 0: 4 of 15 elements" in found.note


@pytest.mark.parametrize("loss", few(["mse", "bce_with_logits", "cross_entropy"]))
@pytest.mark.parametrize(
    ("slope", "formula"),
    [
        (lambda z: 1 / (1 + np.exp(-z)) * (1 - 1 / (1 + np.exp(-z))), "da1 * sigmoid_prime(a1)"),
        (lambda z: 1 - z**2, "da1 * (1 - a1 ** 2)"),
    ],
)
def test_a_slope_at_an_output_that_has_no_activation(loss: str, slope: Callable, formula: str) -> None:
    random = np.random.default_rng(3)
    x, w, b = random.normal(size=(5, 3)), random.normal(size=(3, 2)), random.normal(size=2)
    target = np.eye(2)[[0, 1, 1, 0, 1]]
    z = x @ w + b
    odds = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    output = {"mse": (z - target) / 5, "bce_with_logits": (1 / (1 + np.exp(-z)) - target) / 10}
    dz = output.get(loss, (odds - target) / 5) * slope(z)
    report = bpdebug.check_network(x, [("identity", w, b)], loss, target, {"dW1": x.T @ dz, "db1": dz.sum(0)})
    (found,) = wrong(report)
    written = found.diagnoses[0].formula.replace("z1", "a1")  # they are the same
    assert (found.name, written, found.shows_in) == ("dz1", formula, ("dw1", "db1"))
