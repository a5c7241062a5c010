"""Running a program: the same bits as hand-written NumPy, and nothing can be changed afterwards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bpdebug.engine.program.trace import run


def hand_written(v: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Two dense layers, relu and sigmoid, as a NumPy user writes them."""
    z1 = v["w1"] @ v["a0"] + v["b1"]
    a1 = np.maximum(z1, 0)
    z2 = v["w2"] @ a1 + v["b2"]
    tail = np.exp(-np.abs(z2))
    a2 = np.where(z2 < 0, tail, 1) / (1 + tail)
    dz2 = v["da2"] * (tail / (1 + tail) ** 2)
    dw2 = dz2 @ a1.T
    db2 = np.sum(dz2, axis=1, keepdims=True)
    da1 = v["w2"].T @ dz2
    dz1 = da1 * (z1 > 0)
    dw1 = dz1 @ v["a0"].T
    db1 = np.sum(dz1, axis=1, keepdims=True)
    da0 = v["w1"].T @ dz1
    return {
        "z1": z1, "a1": a1, "z2": z2, "a2": a2, "dz2": dz2, "dw2": dw2, "db2": db2, "da1": da1,
        "dz1": dz1, "dw1": dw1, "db1": db1, "da0": da0,
    }  # fmt: skip


@pytest.mark.parametrize("batch", [1, 6])
def test_bit_identical_to_numpy(dense_network: Callable, batch: int) -> None:
    network = dense_network((3, 4, 2), ("relu", "sigmoid"), batch=batch)
    trace = run(network.program, network.inputs)
    wanted = hand_written(network.inputs)
    assert [step.statement.name for step in trace.steps] == list(wanted)
    assert [step.number for step in trace.steps] == list(range(1, 13))
    for step in trace.steps:
        assert step.value.tobytes() == wanted[step.statement.name].tobytes()
        assert step.value is trace.values[step.statement.name]


def test_nothing_can_be_written(two_layer) -> None:
    trace = run(two_layer.program, two_layer.inputs)
    assert set(trace.values) == set(two_layer.program.shapes)
    for value in trace.values.values():
        for view in (value, value.T, value[...]):
            with pytest.raises(ValueError, match="read-only"):
                view[...] = 0
    with pytest.raises(AttributeError):
        trace.steps[0].value = np.zeros(1)


def test_the_caller_keeps_writeable_inputs(two_layer) -> None:
    run(two_layer.program, two_layer.inputs)
    assert all(value.flags.writeable for value in two_layer.inputs.values())


def test_what_the_caller_changes_afterwards_changes_no_history(two_layer) -> None:
    inputs = {name: value.copy() for name, value in two_layer.inputs.items()}
    trace = run(two_layer.program, inputs)
    for name, value in inputs.items():
        value += 1
        np.testing.assert_array_equal(trace.values[name], two_layer.inputs[name])


def test_shapes_are_those_of_the_program(two_layer) -> None:
    trace = run(two_layer.program, two_layer.inputs)
    assert {name: value.shape for name, value in trace.values.items()} == two_layer.program.shapes


@pytest.mark.parametrize(
    "activation", ["identity", "sigmoid", "tanh", "relu", "elu", "softplus", "silu", "softmax"]
)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e308])
def test_not_a_number_and_overflow_run_without_a_warning(
    dense_network: Callable, activation: str, bad: float
) -> None:
    network = dense_network((3, 4, 2), (activation, activation), batch=2)
    a0 = network.inputs["a0"].copy()
    a0[:, 0] = bad
    values = run(network.program, {**network.inputs, "a0": a0}).values
    assert np.isfinite(values["a2"][:, 1]).all()
    if np.isnan(bad):
        assert np.isnan(values["z1"][:, 0]).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept(dense_network: Callable, dtype: type) -> None:
    for activation in ("relu", "leaky_relu", "elu", "sigmoid", "tanh", "softplus", "silu", "softmax"):
        network = dense_network((3, 4, 2), (activation, "sigmoid"), batch=2)
        inputs = {name: value.astype(dtype) for name, value in network.inputs.items()}
        assert {value.dtype for value in run(network.program, inputs).values.values()} == {np.dtype(dtype)}


def test_missing_input(two_layer) -> None:
    with pytest.raises(KeyError, match="w1"):
        run(two_layer.program, {name: value for name, value in two_layer.inputs.items() if name != "w1"})
