"""Networks with losses against torch: all gradients, to a relative error of 1e-9 in float64."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario
from tests.oracle.networks import LOSSES, Network, laid_out, networks, numbers, write
from tests.tiers import examples

RTOL = 1e-9
TORCHS_SMALLEST = 1e-12
"""What torch divides by at the least in the slope of a binary cross-entropy."""


def torch_forward(network: Network, leaves: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the loss, and all tensors by name, of a network whose numbers are torch's."""
    import torch
    from torch.nn import functional

    activations = {
        "identity": lambda z: z,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": lambda z: functional.leaky_relu(z, 0.01),
        "elu": functional.elu,
        "softplus": functional.softplus,
        "silu": functional.silu,
        "selu": functional.selu,
        "mish": functional.mish,
        "hardtanh": functional.hardtanh,
        "relu6": functional.relu6,
        "softsign": functional.softsign,
        "gelu": functional.gelu,
        "gelu_tanh": lambda z: functional.gelu(z, approximate="tanh"),
        "softmax": lambda z: torch.softmax(z, dim=1),
        "log_softmax": lambda z: torch.log_softmax(z, dim=1),
    }
    target, tensors = leaves["target"], {name: leaf for name, leaf in leaves.items() if name != "target"}
    a = tensors["a0"]
    for layer, activation in enumerate(network["activations"], start=1):
        z = functional.linear(a, tensors[f"w{layer}"], tensors.get(f"b{layer}"))
        a = activations[activation](z)
        for name, value in ((f"z{layer}", z), (f"a{layer}", a)):
            if value.requires_grad:
                value.retain_grad()
            tensors[name] = value
    # A mean over the examples of a sum over the outputs is the sum of all, divided by their number.
    reduction = "sum" if network["reduction"] == "batchmean" else network["reduction"]
    losses = {
        "squared_error": lambda: functional.mse_loss(a, target, reduction=reduction) / 2,
        "mse": lambda: functional.mse_loss(a, target, reduction=reduction),
        "huber": lambda: functional.huber_loss(a, target, reduction=reduction, delta=network["delta"]),
        "bce": lambda: functional.binary_cross_entropy(a, target, reduction=reduction),
        "bce_with_logits": lambda: functional.binary_cross_entropy_with_logits(
            a, target, reduction=reduction
        ),
        "cross_entropy": lambda: functional.cross_entropy(a, target, reduction=reduction),
    }
    loss = losses[network["loss"]]() / (len(a) if network["reduction"] == "batchmean" else 1)
    for name, leaf in leaves.items():
        if name[0] == "w" or (name[0] == "b" and network["bias"]):
            loss = loss + 0.5 * network["l2"] * (leaf**2).sum()
    return loss, tensors


def torch_gradients(network: Network) -> dict[str, np.ndarray]:
    """Return the loss, and the gradients of all inputs and results, in torch's layout."""
    import torch

    leaves = {name: torch.tensor(value) for name, value in numbers(network).items()}
    for name, leaf in leaves.items():
        leaf.requires_grad_(name != "target")
    loss, tensors = torch_forward(network, leaves)
    loss.backward()
    found = {f"d{name}": tensor.grad.numpy() for name, tensor in tensors.items()}
    return {"loss": loss.detach().numpy(), **found}


def assert_agrees(network: Network, tmp_path: object) -> None:
    scenario = load_scenario(write(network, tmp_path / "random.toml"))
    values = run(scenario.program, scenario.values).values
    wanted = torch_gradients(network)
    # Where the mean is taken at the parameters, what flows is that of the sum.
    times = dict.fromkeys(scenario.program.summed, network["batch"])
    assert {name for name in wanted if name != "loss"} <= scenario.program.gradients
    largest = max(float(np.abs(value).max()) for value in wanted.values())
    rtol = RTOL + lost_digits(network, values)
    for name, value in wanted.items():
        right = laid_out(name, value, network) * times.get(name, 1)
        found = values[name]
        assert found.shape == right.shape, name
        # A gradient that cancels to nearly nothing has lost its digits in both: 1e-6 of the largest counts.
        scale = max(float(np.abs(right).max()), 1e-6 * largest)
        np.testing.assert_allclose(found, right, rtol=0, atol=rtol * scale, err_msg=name)


def lost_digits(network: Network, values: Mapping[str, np.ndarray]) -> float:
    """What rounding comes to where a binary cross-entropy divides by a·(1 − a), and a is next to 0 or 1."""
    if network["loss"] != "bce":
        return 0.0
    a = values[f"a{len(network['activations'])}"]
    return 4 * float(np.finfo(float).eps / max(np.minimum(a, 1 - a).min(), TORCHS_SMALLEST))


@examples(2)
@given(network=networks())
def test_all_gradients_of_random_networks(network: Network, tmp_path: object) -> None:
    assert_agrees(network, tmp_path)


@pytest.mark.parametrize("reduction", ["mean", "sum", "batchmean"])
@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_in_each_layout(loss: str, layout: str, reduction: str, tmp_path: object) -> None:
    network = {
        "sizes": [4, 6, 3],
        "activations": ["tanh", "sigmoid" if loss == "bce" else "identity"],
        "biases": [True, True],
        "batch": 5,
        "layout": layout,
        "weight_shape": "out_in",
        "seed": 7,
        "loss": loss,
        "reduction": reduction,
        "batch_mean": "at_loss",
        "delta": 0.7,
        "form": "fused",
        "indices": True,
        "l2": 0.03,
        "bias": False,
    }
    assert_agrees(network, tmp_path)


def test_a_wrong_rule_would_be_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """The oracle is one: a penalty that counts twice as much does not pass."""

    from bpdebug.engine.language.derivation.rules import derivative_rules
    from bpdebug.engine.language.functions import FUNCTIONS

    wrong = FUNCTIONS["half_square"]._replace(derivatives=("2 * g * x",))
    monkeypatch.setitem(FUNCTIONS, "half_square", wrong)
    derivative_rules.cache_clear()
    try:
        with pytest.raises(AssertionError, match="dw"):
            test_each_loss_in_each_layout("mse", "rows", "mean", tmp_path)
    finally:
        derivative_rules.cache_clear()
