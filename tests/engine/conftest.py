"""Networks that several tests of the engine run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from bpdebug.engine.layers import LAYER_KINDS
from bpdebug.engine.program import Program, make_layer, with_backward


@dataclass(frozen=True)
class Network:
    """A program of dense layers, with values for its inputs and the names of its parameters."""

    program: Program
    inputs: Mapping[str, np.ndarray]
    parameters: tuple[str, ...]


def _dense_network(
    sizes: Sequence[int],
    activations: Sequence[str],
    biases: Sequence[bool] | None = None,
    batch: int = 1,
    seed: int = 0,
) -> Network:
    kind = LAYER_KINDS["dense"]
    generator = np.random.default_rng(seed)
    inputs = {"a0": generator.normal(size=(sizes[0], batch))}
    forward, layers = [], []
    for number, activation in enumerate(activations, start=1):
        has_bias = biases is None or biases[number - 1]
        settings, own = {"activation": activation}, ["w", "b"] if has_bias else ["w"]
        inputs[f"w{number}"] = generator.normal(size=(sizes[number], sizes[number - 1]))
        if has_bias:
            inputs[f"b{number}"] = generator.normal(size=(sizes[number], 1))
        forward += kind.forward(number, settings, own)
        layers.append(make_layer(number, kind, settings, own))
    parameters = tuple(name for name in inputs if name != "a0")
    shapes = {name: value.shape for name, value in inputs.items()}
    last = f"a{len(activations)}"
    program = with_backward(shapes, forward, last, layers, parameters, {"a0": 1})
    inputs[f"d{last}"] = generator.normal(size=(sizes[-1], batch))
    return Network(program, inputs, parameters)


@pytest.fixture(scope="session")
def dense_network() -> Callable[..., Network]:
    """Build a random dense network: sizes, one activation a layer, which layers have a bias, batch, seed."""
    return _dense_network


@pytest.fixture(scope="session")
def two_layer() -> Network:
    """Three inputs, four relu units, two sigmoid units, a batch of one."""
    return _dense_network((3, 4, 2), ("relu", "sigmoid"), seed=42)
