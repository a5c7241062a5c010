"""A whole run of a 784-512-256-10 network on a batch of 128, against the same NumPy lines."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.network.layers import LAYER_KINDS
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import with_backward
from bpdebug.engine.program.trace import run
from tests.benchmarks.measure import Figure, figure, ratio

SIZES, BATCH = (784, 512, 256, 10), 128
ACTIVATIONS = ("relu", "tanh", "sigmoid")


def by_hand(v: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Compute the passes as a NumPy user writes them."""
    z1 = v["w1"] @ v["a0"] + v["b1"]
    a1 = np.maximum(z1, 0)
    z2 = v["w2"] @ a1 + v["b2"]
    a2 = np.tanh(z2)
    z3 = v["w3"] @ a2 + v["b3"]
    a3 = 1 / (1 + np.exp(-z3))
    dz3 = v["da3"] * (a3 * (1 - a3))
    dw3 = dz3 @ a2.T
    db3 = np.sum(dz3, axis=1, keepdims=True)
    da2 = v["w3"].T @ dz3
    dz2 = da2 * (1 - a2**2)
    dw2 = dz2 @ a1.T
    db2 = np.sum(dz2, axis=1, keepdims=True)
    da1 = v["w2"].T @ dz2
    dz1 = da1 * (z1 > 0)
    dw1 = dz1 @ v["a0"].T
    db1 = np.sum(dz1, axis=1, keepdims=True)
    da0 = v["w1"].T @ dz1
    return [z1, a1, z2, a2, z3, a3, dz3, dw3, db3, da2, dz2, dw2, db2, da1, dz1, dw1, db1, da0]


def measure() -> list[Figure]:
    """Compare the two, whose results must be the same."""
    dense, random = LAYER_KINDS["dense"], np.random.default_rng(0)
    values = {"a0": random.normal(size=(SIZES[0], BATCH))}
    layers, forward, parameters = [], [], []
    for number, (inputs, outputs, activation) in enumerate(
        zip(SIZES, SIZES[1:], ACTIVATIONS, strict=False), start=1
    ):
        settings = {"activation": activation}
        values[f"w{number}"] = random.normal(size=(outputs, inputs)) / np.sqrt(inputs)
        values[f"b{number}"] = random.normal(size=(outputs, 1))
        shapes = {role: values[f"{role}{number}"].shape for role in ("w", "b")}
        layers.append(make_layer(number, dense, settings, shapes))
        forward += layers[-1].forward
        parameters += [f"w{number}", f"b{number}"]
    shapes = {name: value.shape for name, value in values.items()}
    program = with_backward(shapes, forward, "a3", layers, parameters, {"a0": 1})
    values["da3"] = random.normal(size=(SIZES[-1], BATCH))
    for value in values.values():
        value.setflags(write=False)  # as those of a scenario are

    ours = [step.value for step in run(program, values).steps]
    for mine, theirs in zip(ours, by_hand(values), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)
    found = ratio(lambda: run(program, values), lambda: by_hand(values), rounds=60)
    return [figure("run of 784-512-256-10, batch 128 / the same NumPy lines", found, goal=1.1)]
