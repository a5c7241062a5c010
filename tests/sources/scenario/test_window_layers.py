"""A file with layers in which windows slide: what it becomes, and that its gradients are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.program.trace import run
from bpdebug.errors import ScenarioError
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.gradient_check import check_gradients
from bpdebug.verify.suggestion import suggested_scenario

NETWORK = """
title = "Windows"
layout = "rows"
[inputs]
a0 = [[[[1.0, 2.0, 3.0, 0.0], [4.0, 5.0, 6.0, 1.0], [7.0, 8.0, 9.0, 2.0], [0.0, 1.0, 2.0, 3.0]]]]
[[layers]]
kind = "conv2d"
activation = "leaky_relu"
stride = 2
padding = 1
w = [[[[1.0, 0.0], [0.0, -1.0]]], [[[0.0, 2.0], [0.5, 0.0]]]]
b = [[[0.5]], [[-1.0]]]
[[layers]]
kind = "max_pool2d"
stride = 1
[[layers]]
kind = "upsample"
[[layers]]
kind = "avg_pool2d"
[[layers]]
kind = "flatten"
[[layers]]
kind = "dense"
w = [[1.0, -1.0, 2.0, 0.5, 0.25, 1.5, -2.0, 1.0]]
[gradient]
da6 = [[1.0]]
"""


def test_layers_with_windows(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_text(NETWORK)
    scenario = load_scenario(path)
    texts = [statement_text(statement) for statement in scenario.program.statements]
    assert texts == [
        "z1 = conv2d(a0, w1, stride=2, padding=1) + b1",
        "a1 = leaky_relu(z1)",
        "a2 = max_pool2d(a1, stride=1)",
        "a3 = upsample(a2)",
        "a4 = avg_pool2d(a3)",
        "a5 = flatten(a4)",
        "z6 = a5 @ w6.T",
        "a6 = identity(z6)",
        "dz6 = da6",
        "dw6 = dz6.T @ a5",
        "da5 = dz6 @ w6",
        "da4 = reshape_like(da5, a4)",
        "da3 = avg_pool2d_gradient(da4, a3)",
        "da2 = upsample_gradient(da3)",
        "da1 = max_pool2d_gradient(da2, a1, stride=1)",
        "dz1 = da1 * leaky_relu_prime(z1)",
        "dw1 = conv2d_weight_gradient(a0, dz1, w1, stride=2, padding=1)",
        "db1 = reshape_like(sum(dz1, axis=(0, 2, 3)), b1)",
        "da0 = conv2d_input_gradient(dz1, w1, a0, stride=2, padding=1)",
    ]
    assert scenario.program.batched["a5"] == 0
    values = run(scenario.program, scenario.values).values
    first = np.array([[-1, -3, 0], [-7, -4, 1], [0, 1, 3]]) + 0.5
    np.testing.assert_array_equal(values["z1"][0, 0], first)
    np.testing.assert_array_equal(values["db1"].ravel(), values["dz1"].sum(axis=(0, 2, 3)))
    assert {report.verdict for report in check_gradients(scenario.program, scenario.values)} == {"right"}


def test_numbers_of_channels_in_a_list(tmp_path: Path) -> None:
    path = tmp_path / "lists.toml"
    path.write_text(LISTS)
    scenario = load_scenario(path)
    texts = [statement_text(statement) for statement in scenario.program.statements]
    assert "z1 = conv2d(a0, w1) + reshape(b1, shape=(-1, 1, 1))" in texts
    assert "db1 = sum(dz1, axis=(0, 2, 3))" in texts
    assert "a2 = reshape(gamma2, shape=(-1, 1, 1)) * xhat2" in texts
    assert "dgamma2 = sum(da2 * xhat2, axis=(0, 2, 3))" in texts
    assert {report.verdict for report in check_gradients(scenario.program, scenario.values)} == {"right"}


LISTS = """
title = "Lists"
layout = "rows"
inputs.a0 = { random = "normal", shape = [2, 3, 4, 3], seed = 1 }
gradient.da2 = { random = "normal", shape = [2, 2, 3, 2], seed = 3 }
[[layers]]
kind = "conv2d"
w = { random = "normal", shape = [2, 3, 2, 2], seed = 2 }
b = [0.5, -1.0]
[[layers]]
kind = "batch_norm"
gamma = [1.5, 0.5]
"""
NORMALISED = """
[[layers]]
kind = "batch_norm"
gamma = [[[1.0]], [[-0.5]]]
beta = [[[0.0]], [[0.1]]]
"""


@pytest.mark.parametrize("inserted", ["", NORMALISED], ids=["windows", "normalised"])
def test_a_suggestion_has_filters_that_fit(tmp_path: Path, inserted: str) -> None:
    path = tmp_path / "windows.toml"
    pool = '[[layers]]\nkind = "max_pool2d"'
    number = 7 if inserted else 6
    path.write_text(NETWORK.replace(pool, inserted + pool).replace("da6", f"da{number}"))
    path.write_text(suggested_scenario(load_scenario(path).program, "Windows"))
    suggestion = load_scenario(path)
    assert suggestion.program.batch == 5
    assert {report.verdict for report in check_gradients(suggestion.program, suggestion.values)} <= {
        "right",
        "kink",
    }


def test_an_axis_of_thousands_of_digits_is_refused_where_it_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "grown.toml"
    head = 'title = "t"\nlayout = "rows"\ninputs.a0 = { random = "normal", shape = [1, 1, 2, 2], seed = 1 }\n'
    path.write_text(head + '[[layers]]\nkind = "upsample"\nscale = 65536\n' * 1000)
    with pytest.raises(
        ScenarioError, match=r"layers\[3\]: does not fit: .* an axis is too long, .* tensor_elements"
    ):
        load_scenario(path)
