"""A transformer block, forwards and backwards, beside torch on the CPU with 2 threads."""

from __future__ import annotations

import importlib.util

import numpy as np

from bpdebug.engine.network.layers import LAYER_KINDS, ROWS
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.engine.program.trace import run
from tests.benchmarks.measure import Figure, figure, ratio

THREADS = 2
BATCH, TOKENS, WIDTH, HEADS, HIDDEN = 8, 64, 128, 4, 512
LAYERS = (
    ("layer_norm", {"form": "fused"}, [0]),
    ("dense", {}, [1]),
    ("dense", {}, [1]),
    ("dense", {}, [1]),
    ("scaled_dot_product_attention", {"heads": HEADS, "causal": True}, [2, 3, 4]),
    ("dense", {}, [5]),
    ("residual", {}, [6, 0]),
    ("layer_norm", {"form": "fused"}, [7]),
    ("dense", {"activation": "gelu"}, [8]),
    ("dense", {}, [9]),
    ("residual", {}, [10, 7]),
)
"""The kind of each layer, what it chooses, and the numbers of the layers that it reads; 0 is the input."""
PARAMETERS = {
    **{f"gamma{number}": (WIDTH,) for number in (1, 8)},
    **{f"beta{number}": (WIDTH,) for number in (1, 8)},
    **{f"w{number}": (WIDTH, WIDTH) for number in (2, 3, 4, 6)},
    **{f"b{number}": (WIDTH,) for number in (2, 3, 4, 6, 10)},
    "w9": (HIDDEN, WIDTH),
    "b9": (HIDDEN,),
    "w10": (WIDTH, HIDDEN),
}


def measure() -> list[Figure]:
    """Compare the two, whose results must be the same; without torch there is nothing to compare with."""
    what = f"transformer block, {BATCH}×{TOKENS}×{WIDTH}, {HEADS} heads, forward and backward"
    if importlib.util.find_spec("torch") is None:
        return [Figure(f"{what} / torch", "torch is not installed", "≤ 2")]
    import torch
    from torch.nn import functional

    torch.set_num_threads(THREADS)
    program = block()
    random = np.random.default_rng(0)
    values = {
        name: (random.normal(size=shape) / 8).astype(np.float32) for name, shape in program.inputs.items()
    }
    for value in values.values():
        value.setflags(write=False)  # as those of a scenario are
    leaves = {name: torch.tensor(value, requires_grad=name != "da11") for name, value in values.items()}

    def dense(x: torch.Tensor, number: int) -> torch.Tensor:
        return functional.linear(x, leaves[f"w{number}"], leaves[f"b{number}"])

    def normalised(x: torch.Tensor, number: int) -> torch.Tensor:
        return functional.layer_norm(x, (WIDTH,), leaves[f"gamma{number}"], leaves[f"beta{number}"])

    def heads(x: torch.Tensor) -> torch.Tensor:
        return x.view(BATCH, TOKENS, HEADS, -1).transpose(1, 2)

    def theirs() -> dict[str, torch.Tensor]:
        a1 = normalised(leaves["a0"], 1)
        queries, keys, mixed_values = (heads(dense(a1, number)) for number in (2, 3, 4))
        mixed = functional.scaled_dot_product_attention(queries, keys, mixed_values, is_causal=True)
        a7 = dense(mixed.transpose(1, 2).flatten(2), 6) + leaves["a0"]
        hidden = functional.gelu(dense(normalised(a7, 8), 9))
        wanted = {name: leaf for name, leaf in leaves.items() if name != "da11"}
        found = torch.autograd.grad(dense(hidden, 10) + a7, list(wanted.values()), leaves["da11"])
        return dict(zip(wanted, found, strict=True))

    found = run(program, values).values
    for name, wanted in theirs().items():
        np.testing.assert_allclose(found[f"d{name}"], wanted.numpy(), rtol=1e-3, atol=1e-4, err_msg=name)
    return [figure(f"{what} / torch", ratio(lambda: run(program, values), theirs, rounds=40), goal=2)]


def block() -> Program:
    """Return the block as a network of layers, with the gradients of all its parameters and its input."""
    layers = []
    for number, (kind, settings, sources) in enumerate(LAYERS, start=1):
        chosen = {setting.name: setting.default for setting in LAYER_KINDS[kind].settings} | settings
        own = {role: PARAMETERS[name] for role, name in _names(kind, number).items() if name in PARAMETERS}
        incoming = [f"a{source}" for source in sources]
        layers.append(make_layer(number, LAYER_KINDS[kind], chosen, own, ROWS, incoming))
    forward = [statement for layer in layers for statement in layer.forward]
    shapes = {"a0": (BATCH, TOKENS, WIDTH), **PARAMETERS}
    return with_backward(shapes, forward, f"a{len(LAYERS)}", layers, PARAMETERS, {"a0": 0})


def _names(kind: str, number: int) -> dict[str, str]:
    return {parameter.name: f"{parameter.name}{number}" for parameter in LAYER_KINDS[kind].parameters}
