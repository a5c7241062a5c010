"""Random networks as scenario files, and the same networks in torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.network.losses import LOSS_KINDS

LOSSES = ("mse", "squared_error", "huber", "bce", "bce_with_logits", "cross_entropy")
Network = dict[str, Any]


@st.composite
def networks(draw: st.DrawFn, losses: tuple[str, ...] = LOSSES) -> Network:
    """Draw the sizes and options of a network; its numbers follow from a seed."""
    depth = draw(st.integers(1, 4))
    loss = draw(st.sampled_from(losses))
    activations = draw(st.lists(st.sampled_from(sorted(ACTIVATIONS)), min_size=depth, max_size=depth))
    if loss == "bce":
        activations[-1] = draw(st.sampled_from(("sigmoid", "softmax")))
    elif activations[-1] == LOSS_KINDS[loss].applies:
        activations[-1] = "identity"
    reduction = draw(st.sampled_from(("mean", "sum", "batchmean")))
    return {
        "sizes": draw(st.lists(st.integers(1, 6), min_size=depth + 1, max_size=depth + 1)),
        "activations": activations,
        "biases": draw(st.lists(st.booleans(), min_size=depth, max_size=depth)),
        "batch": draw(st.integers(1, 7)),
        "layout": draw(st.sampled_from(("columns", "rows"))),
        "weight_shape": draw(st.sampled_from(("out_in", "in_out"))),
        "seed": draw(st.integers(0, 10_000)),
        "loss": loss,
        "reduction": reduction,
        "batch_mean": draw(st.sampled_from(("at_loss", "at_parameters")))
        if reduction != "sum"
        else "at_loss",
        "delta": draw(st.sampled_from((0.3, 1.0, 2.5))),
        "form": draw(st.sampled_from(("fused", "softmax_nll"))),
        "indices": draw(st.booleans()),
        "l2": draw(st.sampled_from((0.0, 0.01, 0.5))),
        "bias": draw(st.booleans()),
    }


def numbers(network: Network) -> dict[str, np.ndarray]:
    """Return the numbers of a network in torch's layout: rows, and weights (out, in)."""
    random = np.random.default_rng(network["seed"])
    sizes, batch = network["sizes"], network["batch"]
    found = {"a0": random.normal(size=(batch, sizes[0]))}
    for layer, has_bias in enumerate(network["biases"], start=1):
        found[f"w{layer}"] = random.normal(size=(sizes[layer], sizes[layer - 1]))
        if has_bias:
            found[f"b{layer}"] = random.normal(size=sizes[layer])
    shape = (batch, sizes[-1])
    if network["loss"] == "cross_entropy" and network["indices"]:
        found["target"] = random.integers(sizes[-1], size=batch)
    elif network["loss"] == "cross_entropy":
        shares = random.uniform(size=shape)
        found["target"] = shares / shares.sum(axis=1, keepdims=True)
    elif network["loss"].startswith("bce"):
        found["target"] = random.uniform(size=shape)
    else:
        found["target"] = random.normal(size=shape)
    return found


def laid_out(name: str, value: np.ndarray, network: Network) -> np.ndarray:
    """Return a tensor of torch's layout in that of the network."""
    if name.lstrip("d").startswith("w"):
        return value if network["weight_shape"] == "out_in" else value.T
    if network["layout"] == "rows":
        return value
    if name.lstrip("d").startswith("b"):
        return value.reshape(-1, 1)
    return value.T if value.ndim == 2 else value


def write(network: Network, path: Path) -> Path:
    """Write a network as a scenario."""
    given = {name: laid_out(name, value, network) for name, value in numbers(network).items()}

    def tensor(name: str) -> str:
        return json.dumps(given[name].tolist())

    lines = [
        'title = "Random"',
        f'layout = "{network["layout"]}"',
        f'weight_shape = "{network["weight_shape"]}"',
        f"[inputs]\na0 = {tensor('a0')}",
    ]
    for layer, activation in enumerate(network["activations"], start=1):
        lines += [
            "[[layers]]",
            'kind = "dense"',
            f'activation = "{activation}"',
            f"w = {tensor(f'w{layer}')}",
        ]
        lines += [f"b = {tensor(f'b{layer}')}"] if f"b{layer}" in given else []
    lines += ["[loss]", f'kind = "{network["loss"]}"', f"target = {tensor('target')}"]
    lines += [f'reduction = "{network["reduction"]}"', f'batch_mean = "{network["batch_mean"]}"']
    lines += [f"delta = {network['delta']}"] if network["loss"] == "huber" else []
    lines += [f'form = "{network["form"]}"'] if network["loss"] == "cross_entropy" else []
    if network["l2"]:
        bias = str(network["bias"]).lower()
        lines.append(f"regularisation = {{ l2 = {network['l2']}, bias = {bias} }}")
    path.write_text("\n".join(lines))
    return path
