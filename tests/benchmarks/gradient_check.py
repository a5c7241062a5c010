"""Our gradient check, against PyTorch's in its slow mode, which checks element by element too.

The network is 64-32-10 with a batch of 8: 2,922 parameters and inputs. Ours checks the gradients of
`z1`, `a1` and `z2` besides.
"""

from __future__ import annotations

import importlib.util

import numpy as np

from bpdebug.engine.network.layers import LAYER_KINDS
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import with_backward
from bpdebug.verify.gradient_check import check_gradients
from tests.benchmarks.measure import Figure, figure, ratio

SIZES, BATCH = (64, 32, 10), 8
ACTIVATIONS = ("tanh", "sigmoid")
TENSORS = ("a0", "w1", "b1", "w2", "b2")


def measure() -> list[Figure]:
    """Compare the two; both must find all gradients right."""
    if importlib.util.find_spec("torch") is None:
        return [Figure("gradient check: torch is not installed, see the extra `bench`", "", "")]
    import torch

    dense, random = LAYER_KINDS["dense"], np.random.default_rng(0)
    values = {"a0": random.normal(size=(SIZES[0], BATCH))}
    layers, forward = [], []
    for number, activation in enumerate(ACTIVATIONS, start=1):
        inputs, outputs = SIZES[number - 1], SIZES[number]
        settings = {"activation": activation}
        values[f"w{number}"] = random.normal(size=(outputs, inputs)) / np.sqrt(inputs)
        values[f"b{number}"] = random.normal(size=(outputs, 1))
        shapes = {role: values[f"{role}{number}"].shape for role in ("w", "b")}
        layers.append(make_layer(number, dense, settings, shapes))
        forward += layers[-1].forward
    shapes = {name: value.shape for name, value in values.items()}
    program = with_backward(shapes, forward, "a2", layers, set(values) - {"a0"}, {"a0": 1})
    values["da2"] = random.normal(size=(SIZES[-1], BATCH))
    incoming = torch.tensor(values["da2"])
    tensors = [torch.tensor(values[name], requires_grad=True) for name in TENSORS]

    def loss(a0, w1, b1, w2, b2):
        return (incoming * torch.sigmoid(w2 @ torch.tanh(w1 @ a0 + b1) + b2)).sum()

    def ours() -> None:
        assert all(report.verdict == "right" for report in check_gradients(program, values))

    def theirs() -> None:
        assert torch.autograd.gradcheck(loss, tensors, fast_mode=False)

    return [
        figure(
            "gradient check of 64-32-10, batch 8 / torch.autograd.gradcheck, slow mode",
            ratio(ours, theirs, rounds=9),
            goal=0.1,
        )
    ]
