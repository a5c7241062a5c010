"""Networks that several tests of the engine run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from bpdebug.engine.network.layers import COLUMNS, LAYER_KINDS, Layout
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import Program, with_backward


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
    layout: Layout = COLUMNS,
) -> Network:
    kind = LAYER_KINDS["dense"]
    generator = np.random.default_rng(seed)

    def normal(pattern: tuple[str | int, ...]) -> np.ndarray:
        return generator.normal(size=[batch if extent == "batch" else extent for extent in pattern])

    inputs = {"a0": normal(layout.examples(sizes[0]))}
    forward, layers = [], []
    for number, activation in enumerate(activations, start=1):
        has_bias = biases is None or biases[number - 1]
        settings = {"activation": activation}
        inputs[f"w{number}"] = normal(layout.weights(sizes[number], sizes[number - 1]))
        if has_bias:
            inputs[f"b{number}"] = normal(layout.shared(sizes[number]))
        own = {role: inputs[f"{role}{number}"].shape for role in ("w", "b") if f"{role}{number}" in inputs}
        layers.append(make_layer(number, kind, settings, own, layout))
        forward += layers[-1].forward
    parameters = tuple(name for name in inputs if name != "a0")
    shapes = {name: value.shape for name, value in inputs.items()}
    last = f"a{len(activations)}"
    program = with_backward(shapes, forward, last, layers, parameters, {"a0": layout.batch_axis})
    inputs[f"d{last}"] = normal(layout.examples(sizes[-1]))
    return Network(program, inputs, parameters)


@pytest.fixture(scope="session")
def dense_network() -> Callable[..., Network]:
    """Build a random dense network: sizes, one activation a layer, biases or not, batch, seed, layout."""
    return _dense_network


@pytest.fixture(scope="session")
def two_layer() -> Network:
    """Three inputs, four relu units, two sigmoid units, a batch of one."""
    return _dense_network((3, 4, 2), ("relu", "sigmoid"), seed=42)
