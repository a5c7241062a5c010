"""Attention, and dense layers at each position, against torch: forward and all gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.oracle.test_layer_kinds import assert_agrees, random  # noqa: E402

functional = torch.nn.functional


def heads_of(x: object, heads: int) -> object:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def attended(q: object, k: object, v: object, heads: int, causal: bool) -> object:
    """Return what torch makes of queries, keys and values of shape (batch, positions, features)."""
    parts = [heads_of(x, heads) for x in (q, k, v)]
    return functional.scaled_dot_product_attention(*parts, is_causal=causal).transpose(1, 2).flatten(2)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("causal", [False, True], ids=["all", "causal"])
@pytest.mark.parametrize("heads", [1, 2, 3])
def test_self_attention(heads: int, causal: bool, seed: int, tmp_path: Path) -> None:
    batch, positions, size = np.random.default_rng(seed).integers(1, 6, 3)
    (a0,) = random(seed, (batch, positions, heads * size))
    layers = f'[[layers]]\nkind = "scaled_dot_product_attention"\nheads = {heads}\n'
    layers += "causal = true\n" if causal else ""
    assert_agrees(
        tmp_path, layers, {"a0": a0}, lambda t: attended(t["a0"], t["a0"], t["a0"], heads, causal), "a1"
    )


PROJECTED = """
[[layers]]
name = "q"
kind = "dense"
activation = "tanh"
inputs = ["input"]
w = <w1>
b = <b1>
[[layers]]
name = "k"
kind = "dense"
inputs = ["input"]
w = <w2>
[[layers]]
name = "v"
kind = "dense"
inputs = ["input"]
w = <w3>
[[layers]]
kind = "scaled_dot_product_attention"
inputs = ["q", "k", "v"]
heads = {heads}
causal = {causal}
"""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("weight_shape", ["out_in", "in_out"])
@pytest.mark.parametrize("causal", [False, True], ids=["all", "causal"])
def test_projections_with_values_of_another_width(
    causal: bool, weight_shape: str, seed: int, tmp_path: Path
) -> None:
    """Dense layers make the queries, keys and values of all positions; weights lie either way round."""
    generator = np.random.default_rng(seed)
    heads = int(generator.integers(1, 4))
    batch, positions, inputs = generator.integers(1, 6, 3)
    width, mixed = heads * generator.integers(1, 4, 2)
    widths = {1: width, 2: width, 3: mixed}
    shapes = {f"w{number}": (outputs, inputs) for number, outputs in widths.items()}
    if weight_shape == "in_out":
        shapes = {name: shape[::-1] for name, shape in shapes.items()}
    shapes = {"a0": (batch, positions, inputs), **shapes, "b1": (width,)}
    given = dict(zip(shapes, random(seed, *shapes.values()), strict=True))

    def forward(t: dict) -> object:
        w = {n: t[f"w{n}"] if weight_shape == "out_in" else t[f"w{n}"].T for n in widths}
        q = torch.tanh(functional.linear(t["a0"], w[1], t["b1"]))
        k, v = functional.linear(t["a0"], w[2]), functional.linear(t["a0"], w[3])
        return attended(q, k, v, heads, causal)

    layers = PROJECTED.format(heads=heads, causal=str(causal).lower())
    assert_agrees(tmp_path, layers, given, forward, "a4", weight_shape=weight_shape)


BLOCK = """
[[layers]]
name = "norm"
kind = "layer_norm"
gamma = <gamma1>
beta = <beta1>
[[layers]]
name = "q"
kind = "dense"
inputs = ["norm"]
w = <w2>
b = <b2>
[[layers]]
name = "k"
kind = "dense"
inputs = ["norm"]
w = <w3>
[[layers]]
name = "v"
kind = "dense"
inputs = ["norm"]
w = <w4>
b = <b4>
[[layers]]
name = "attention"
kind = "scaled_dot_product_attention"
inputs = ["q", "k", "v"]
heads = 3
causal = true
[[layers]]
name = "mix"
kind = "dense"
w = <w6>
b = <b6>
[[layers]]
name = "seen"
kind = "residual"
inputs = ["mix", "input"]
[[layers]]
kind = "layer_norm"
gamma = <gamma8>
beta = <beta8>
[[layers]]
kind = "dense"
activation = "gelu"
w = <w9>
b = <b9>
[[layers]]
name = "thought"
kind = "dense"
w = <w10>
b = <b10>
[[layers]]
kind = "residual"
inputs = ["thought", "seen"]
"""


@pytest.mark.parametrize("seed", range(4))
def test_a_transformer_block(seed: int, tmp_path: Path) -> None:
    width, hidden = 6, 9
    batch, positions = np.random.default_rng(seed).integers(1, 6, 2)
    square = {f"w{number}": (width, width) for number in (2, 3, 4, 6)}
    # The keys have no bias: it adds the same to all scores of a query, and its gradient is 0.
    flat = dict.fromkeys(("gamma1", "beta1", "b2", "b4", "b6", "gamma8", "beta8", "b10"), (width,))
    others = {"w9": (hidden, width), "b9": (hidden,), "w10": (width, hidden)}
    shapes = {"a0": (batch, positions, width), **square, **flat, **others}
    given = dict(zip(shapes, random(seed, *shapes.values()), strict=True))

    def dense(t: dict, x: object, number: int) -> object:
        return functional.linear(x, t[f"w{number}"], t.get(f"b{number}"))

    def forward(t: dict) -> object:
        norm = functional.layer_norm(t["a0"], (width,), t["gamma1"], t["beta1"])
        mixed = attended(*(dense(t, norm, number) for number in (2, 3, 4)), 3, True)
        seen = dense(t, mixed, 6) + t["a0"]
        normed = functional.layer_norm(seen, (width,), t["gamma8"], t["beta8"])
        return dense(t, functional.gelu(dense(t, normed, 9)), 10) + seen

    assert_agrees(tmp_path, BLOCK, given, forward, "a11")


@pytest.mark.parametrize("queries", [1, 3, 5])
@pytest.mark.parametrize("causal", [False, True], ids=["all", "causal"])
def test_queries_of_another_length_than_the_keys(causal: bool, queries: int) -> None:
    """The mask begins at the first key, whichever of the two there are more of."""
    from bpdebug.engine.network.layers import LAYER_KINDS, ROWS
    from bpdebug.engine.network.layers.layer import make_layer
    from bpdebug.engine.program.program import with_backward
    from bpdebug.engine.program.trace import run

    tensors = random(7, (2, queries, 4), (2, 3, 4), (2, 3, 6), (2, queries, 6))
    names = ("q0", "k0", "v0", "da1")
    kind = LAYER_KINDS["scaled_dot_product_attention"]
    layer = make_layer(1, kind, {"heads": 2, "causal": causal}, {}, ROWS, names[:3])
    values = dict(zip(names, tensors, strict=True))
    shapes = {name: values[name].shape for name in names[:3]}
    found = run(with_backward(shapes, layer.forward, "a1", [layer]), values).values
    leaves = [torch.tensor(values[name], requires_grad=True) for name in names[:3]]
    result = attended(*leaves, 2, causal)
    result.backward(torch.tensor(values["da1"]))
    np.testing.assert_allclose(found["a1"], result.detach().numpy(), rtol=1e-9, atol=1e-12)
    for name, leaf in zip(names, leaves, strict=False):
        np.testing.assert_allclose(found[f"d{name}"], leaf.grad.numpy(), rtol=1e-9, atol=1e-12)
