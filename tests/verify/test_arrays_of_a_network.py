"""A network given as arrays, in whatever layout a person has them, and the gradients of a pass by hand."""

from __future__ import annotations

import numpy as np
import pytest

import bpdebug
from bpdebug.errors import BpdebugError, ScenarioError

M, SIZES = 6, (3, 4, 2)
Values = dict[str, np.ndarray]


def arrays(layout: str, weight_shape: str, bias: str) -> tuple[np.ndarray, list, np.ndarray, Values]:
    """Return x, the layers, the target and the right gradients; worked out in rows, then laid out."""
    random = np.random.default_rng(5)
    x, y = random.normal(size=(M, SIZES[0])), random.uniform(size=(M, SIZES[2]))
    w = [random.normal(size=(SIZES[i], SIZES[i + 1])) for i in range(2)]
    b = [random.normal(size=SIZES[i + 1]) for i in range(2)]
    z1 = x @ w[0] + b[0]
    a1 = np.maximum(z1, 0)
    a2 = 1 / (1 + np.exp(-(a1 @ w[1] + b[1])))
    dz2 = 2 * (a2 - y) / y.size * a2 * (1 - a2)
    dz1 = dz2 @ w[1].T * (z1 > 0)
    biases = {"list": lambda v: v, "row": lambda v: v[None], "column": lambda v: v[:, None]}
    turned = (lambda v: v.T) if layout == "columns" else (lambda v: v)
    weights = (lambda v: v.T) if weight_shape == "out_in" else (lambda v: v)
    layers = [(name, weights(w[i]), biases[bias](b[i])) for i, name in enumerate(("relu", "sigmoid"))]
    mine = {"dW1": weights(x.T @ dz1), "dW2": weights(a1.T @ dz2), "dZ2": turned(dz2)}
    mine |= {"db1": biases[bias](dz1.sum(0)), "db2": biases[bias](dz2.sum(0))}
    return turned(x), layers, turned(y), mine


CASES = [
    (layout, weight_shape, bias)
    for layout, biases in (("rows", ("list", "row")), ("columns", ("column", "list")))
    for weight_shape in ("out_in", "in_out")
    for bias in biases
]


@pytest.mark.parametrize(("layout", "weight_shape", "bias"), CASES)
def test_the_layout_is_told_from_the_shapes(layout: str, weight_shape: str, bias: str) -> None:
    x, layers, y, mine = arrays(layout, weight_shape, bias)
    report = bpdebug.check_network(x, layers, loss="mse", target=y, mine=mine)
    assert {tensor.name for tensor in report.tensors if tensor.verdict == "right"} == {
        "dw1",
        "dw2",
        "dz2",
        "db1",
        "db2",
    }
    wrong = bpdebug.check_network(x, layers, loss="mse", target=y, mine=mine | {"db2": 3 * mine["db2"]})
    assert [tensor.name for tensor in wrong.tensors if tensor.verdict == "wrong"] == ["db2"]


def test_a_bias_tells_columns_from_rows_where_all_sizes_are_equal() -> None:
    square, column = np.diag([1.0, 2.0, 3.0]) + 0.1, np.zeros((3, 1))
    x = np.arange(9.0).reshape(3, 3)
    mine = {"db1": np.ones((3, 1))}
    report = bpdebug.check_network(x, [("identity", square, column)], "mse", x, mine)
    assert report.tensors[-2].max_relative_error is not None  # compared, in one shape
    with pytest.raises(BpdebugError, match="do not follow each other in any layout"):
        bpdebug.check_network(x, [("identity", np.ones((2, 2)))], "mse", x)


def test_without_gradients_the_derived_ones_are_checked_and_classes_may_be_indices() -> None:
    x, layers, *_ = arrays("rows", "in_out", "list")
    layers[1] = ("identity", *layers[1][1:])
    report = bpdebug.check_network(x, layers, "cross_entropy", [0, 1, 1, 0, 1, 0])
    assert report.passed
    with pytest.raises(
        ScenarioError, match=r"layers\[0\]\.activation: unknown activation.*did you mean relu"
    ):
        bpdebug.check_network(x, [("Relu", *layers[0][1:])], "mse", x)


def test_one_output_may_have_its_targets_in_a_list() -> None:
    random = np.random.default_rng(0)
    x, w, y = random.normal(size=(5, 3)), random.normal(size=(3, 1)), random.normal(size=5)
    dw = x.T @ (x @ w - y[:, None])
    report = bpdebug.check_network(x, [("identity", w)], "squared_error", y, {"dw1": dw})
    assert report.passed


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"layers": [("relu",)]}, r"layers\[0\]: not a layer"),
        ({"layers": [(np.tanh, np.ones((3, 2)))]}, r"layers\[0\]: not a layer"),
        ({"layers": ("tanh", np.ones((3, 2)))}, r"layers\[0\]: not a layer"),
        ({"x": [[1.0, 2.0], [3.0]]}, "x: not an array"),
        ({"x": [["one", "two", "three"]]}, "x: not real numbers"),
        ({"mine": {"dw1": None}}, r"mine\['dw1'\]: not real numbers"),
    ],
)
def test_what_is_no_array_and_no_layer_is_refused(change: dict, problem: str) -> None:
    given = {
        "x": np.ones((4, 3)),
        "layers": [("tanh", np.ones((3, 2)))],
        "loss": "mse",
        "target": np.ones((4, 2)),
    }
    with pytest.raises(BpdebugError, match=problem):
        bpdebug.check_network(**given | change)
