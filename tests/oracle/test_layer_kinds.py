"""Layer kinds against torch: forward and all gradients, on random shapes and options."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.network.layers import LAYER_KINDS
from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario

torch = pytest.importorskip("torch")
functional = torch.nn.functional
RTOL = 1e-9
HEAD = 'title = "Random"\nlayout = "rows"\n'


def assert_agrees(
    tmp_path: Path,
    layers: str,
    given: dict[str, np.ndarray],
    forward: Callable,
    output: str,
    weight_shape: str = "out_in",
) -> None:
    """Run the layers, and `forward` in torch, on the same numbers; `<w1>` stands for a tensor."""
    text = layers
    for name, value in given.items():
        text = text.replace(f"<{name}>", json.dumps(value.tolist()))
    leaves = {
        name: torch.tensor(value, requires_grad=value.dtype.kind == "f") for name, value in given.items()
    }
    result = forward(leaves)
    incoming = np.random.default_rng(99).normal(size=tuple(result.shape))
    result.backward(torch.tensor(incoming))
    path = tmp_path / "random.toml"
    a0 = json.dumps(given["a0"].tolist())
    path.write_text(
        f'{HEAD}weight_shape = "{weight_shape}"\n'
        f"[inputs]\na0 = {a0}\n{text}[gradient]\nd{output} = {json.dumps(incoming.tolist())}\n"
    )
    scenario = load_scenario(path)
    values = run(scenario.program, scenario.values).values
    wanted = {output: result.detach().numpy()}
    wanted |= {f"d{name}": leaf.grad.numpy() for name, leaf in leaves.items() if leaf.grad is not None}
    assert set(wanted) - {output} == {f"d{name}" for name in given if f"d{name}" in values}
    for name, right in wanted.items():
        scale = max(float(np.abs(right).max()), 1e-6)
        np.testing.assert_allclose(values[name], right, rtol=0, atol=RTOL * scale, err_msg=name)


def random(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape) for shape in shapes]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("form", ["stages", "fused"])
@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_batch_norm(form: str, eps: float, seed: int, tmp_path: Path) -> None:
    batch, features = np.random.default_rng(seed).integers(2, 8, 2)
    a0, gamma, beta = random(seed, (batch, features), (features,), (features,))
    layers = (
        f'[[layers]]\nkind = "batch_norm"\nform = "{form}"\neps = {eps}\ngamma = <gamma1>\nbeta = <beta1>\n'
    )

    def forward(t: dict) -> object:
        return functional.batch_norm(t["a0"], None, None, t["gamma1"], t["beta1"], True, 0.1, eps)

    assert_agrees(tmp_path, layers, {"a0": a0, "gamma1": gamma, "beta1": beta}, forward, "a1")


@pytest.mark.parametrize("shape", [(4, 3), (1, 6), (3, 4, 5)])
@pytest.mark.parametrize("form", ["stages", "fused"])
def test_layer_norm(form: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    a0, gamma, beta = random(1, shape, shape[-1:], shape[-1:])
    layers = (
        f'[[layers]]\nkind = "layer_norm"\nform = "{form}"\neps = 1e-5\ngamma = <gamma1>\nbeta = <beta1>\n'
    )

    def forward(t: dict) -> object:
        return functional.layer_norm(t["a0"], shape[-1:], t["gamma1"], t["beta1"], 1e-5)

    assert_agrees(tmp_path, layers, {"a0": a0, "gamma1": gamma, "beta1": beta}, forward, "a1")


@pytest.mark.parametrize("shape", [(4, 3), (3, 4, 5)])
@pytest.mark.parametrize("form", ["stages", "fused"])
def test_rms_norm(form: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    a0, gamma = random(2, shape, shape[-1:])
    layers = f'[[layers]]\nkind = "rms_norm"\nform = "{form}"\neps = 1e-3\ngamma = <gamma1>\n'

    def forward(t: dict) -> object:
        return functional.rms_norm(t["a0"], shape[-1:], t["gamma1"], 1e-3)

    assert_agrees(tmp_path, layers, {"a0": a0, "gamma1": gamma}, forward, "a1")


@pytest.mark.parametrize("shape", [(7,), (3, 6)])
def test_embedding(shape: tuple[int, ...], tmp_path: Path) -> None:
    numbers = np.random.default_rng(3).integers(0, 4, shape)
    (w,) = random(3, (6, 5))
    layers = '[[layers]]\nkind = "embedding"\nw = <w1>\n'
    assert_agrees(
        tmp_path,
        layers,
        {"a0": numbers, "w1": w},
        lambda t: functional.embedding(t["a0"], t["w1"]),
        "a1",
    )


def test_a_graph_of_sums_products_and_concatenations(tmp_path: Path) -> None:
    """A dense layer used twice, a gate, and a skip connection, at each position of a sentence."""
    a0, w1, b1, w5 = random(4, (2, 3, 4), (4, 4), (4,), (6, 8))
    layers = """
[[layers]]
name = "first"
kind = "dense"
activation = "tanh"
w = <w1>
b = <b1>
[[layers]]
name = "again"
kind = "dense"
activation = "sigmoid"
share = "first"
[[layers]]
name = "gate"
kind = "multiply"
inputs = ["first", "again", "input"]
[[layers]]
name = "both"
kind = "concat"
inputs = ["gate", "first"]
[[layers]]
kind = "dense"
w = <w5>
"""

    def forward(t: dict) -> object:
        first = torch.tanh(functional.linear(t["a0"], t["w1"], t["b1"]))
        again = torch.sigmoid(functional.linear(first, t["w1"], t["b1"]))
        both = torch.cat((first * again * t["a0"], first), dim=-1)
        return functional.linear(both, t["w5"])

    assert_agrees(tmp_path, layers, {"a0": a0, "w1": w1, "b1": b1, "w5": w5}, forward, "a5")


@pytest.mark.parametrize("keep", [0.3, 0.8, 1.0])
def test_dropout_between_layers(keep: float, tmp_path: Path) -> None:
    a0, w1, w3 = random(5, (6, 4), (5, 4), (3, 5))
    (mask,) = LAYER_KINDS["dropout"].generated
    kept = torch.tensor(mask.values({"keep": keep, "seed": 7}, (6, 5)))
    layers = f"""
[[layers]]
kind = "dense"
activation = "tanh"
w = <w1>
[[layers]]
kind = "dropout"
keep = {keep}
seed = 7
[[layers]]
kind = "dense"
w = <w3>
"""

    def forward(t: dict) -> object:
        hidden = torch.tanh(functional.linear(t["a0"], t["w1"])) * kept / keep
        return functional.linear(hidden, t["w3"])

    assert keep == 1 or 0 < kept.mean() < 1
    assert_agrees(tmp_path, layers, {"a0": a0, "w1": w1, "w3": w3}, forward, "a3")
