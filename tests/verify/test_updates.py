"""Mistakes in updates: each is planted in numbers computed by hand, and must be named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from tests.tiers import few

pytestmark = pytest.mark.usefixtures("unhurried")

Values = dict[str, np.ndarray]
SCENARIO = """
title = "Two layers under Adam"
layout = "columns"
[inputs]
a0 = { random = "normal", shape = [3, 5], seed = 1 }
[[layers]]
kind = "dense"
activation = "tanh"
w = { random = "normal", shape = [4, 3], seed = 2 }
b = { random = "normal", shape = [4, 1], seed = 3 }
[[layers]]
kind = "dense"
activation = "sigmoid"
w = { random = "normal", shape = [2, 4], seed = 4 }
b = { random = "normal", shape = [2, 1], seed = 5 }
[gradient]
da2 = { random = "normal", shape = [2, 5], seed = 6 }
[optimizer]
kind = "adam"
learning_rate = 0.01
weight_decay = 0.1
"""
DECAYED = "dw1_decayed"


def adam(
    v: Values, gradient: np.ndarray, count: int = 1, corrected: bool = True, inside: bool = False
) -> np.ndarray:
    """Return w1 after the first update, as one writes it in NumPy."""
    m, s = 0.1 * gradient, 0.001 * gradient**2
    if corrected:
        m, s = m / (1 - 0.9**count), s / (1 - 0.999**count)
    root = np.sqrt(s + 1e-8) if inside else np.sqrt(s) + 1e-8
    return v["w1"] - 0.01 * m / root


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Case:
    path = tmp_path_factory.mktemp("scenarios") / "adam.toml"
    Path(path).write_text(SCENARIO)
    return load_scenario(path)


@pytest.mark.parametrize(
    ("name", "mistake", "formula"),
    few(
        [
            (
                "w1_new",
                lambda v: adam(v, v[DECAYED], corrected=False),
                "w1 - 0.01 * m_w1_new / (sqrt(v_w1_new) + 1e-08)",
            ),
            (
                "w1_new",
                lambda v: adam(v, v[DECAYED], count=2),
                "w1 - 0.01 * (m_w1_new / (1 - 0.9 ** (t_new + 1)))"
                " / (sqrt(v_w1_new / (1 - 0.999 ** (t_new + 1))) + 1e-08)",
            ),
            (
                "w1_new",
                lambda v: adam(v, v[DECAYED], inside=True),
                "w1 - 0.01 * m_w1_hat / sqrt(v_w1_hat + 1e-08)",
            ),
            (
                "w1_new",
                lambda v: 2 * v["w1"] - adam(v, v[DECAYED]),
                "w1 + 0.01 * m_w1_hat / (sqrt(v_w1_hat) + 1e-08)",
            ),
            ("m_w1_hat", lambda v: v["m_w1_new"] / (1 - 0.9**2), "m_w1_new / (1 - 0.9 ** (t_new + 1))"),
            ("v_w1_new", lambda v: 0.001 * v[DECAYED], "0.999 * v_w1 + (1 - 0.999) * dw1_decayed"),
            ("m_w1_new", lambda v: 0.9 * v[DECAYED], "0.9 * m_w1 + 0.9 * dw1_decayed"),
            (DECAYED, lambda v: v["dw1"] - 0.1 * v["w1"], "dw1 - 0.1 * w1"),
            (DECAYED, lambda v: v["dw1"], "dw1"),
            (DECAYED, lambda v: v["dw1"] + 0.1 * v["w1"] / 5, "dw1 + 0.1 * w1 - 0.08 * w1"),
            ("da1", lambda v: v["w2_new"].T @ v["dz2"], "w2_new.T @ dz2"),
        ],
        4,
    ),
)
def test_a_mistake_is_named(
    scenario: Case, name: str, mistake: Callable[[Values], np.ndarray], formula: str
) -> None:
    values = dict(run(scenario.program, scenario.values).values)
    report = check_scenario(scenario, {name: mistake(values)})
    found = next(tensor for tensor in report.tensors if tensor.name == name)
    assert found.verdict == "wrong"
    assert found.diagnoses[0].formula == formula


def test_the_decay_that_was_left_out_of_both_moments(scenario: Case) -> None:
    values = dict(run(scenario.program, scenario.values).values)
    report = check_scenario(scenario, {"w1_new": adam(values, values["dw1"])})
    found = next(tensor for tensor in report.tensors if tensor.name == "w1_new")
    assert "(1 - 0.9) * dw1)" in found.diagnoses[0].formula
    assert "dw1_decayed" not in found.diagnoses[0].formula


def test_the_right_update_is_right(scenario: Case) -> None:
    values = dict(run(scenario.program, scenario.values).values)
    assert check_scenario(scenario, {"w1_new": adam(values, values[DECAYED])}).passed
