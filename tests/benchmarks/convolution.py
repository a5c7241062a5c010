"""A small network of convolutions, forwards and backwards, beside torch on the CPU with 2 threads."""

from __future__ import annotations

import importlib.util

import numpy as np

from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.program.program import with_backward
from bpdebug.engine.program.trace import run
from tests.benchmarks.measure import Figure, figure, ratio

THREADS = 2
SHAPES = {
    "x": (8, 3, 32, 32),
    "w1": (16, 3, 3, 3),
    "b1": (16, 1, 1),
    "w2": (32, 16, 3, 3),
    "b2": (32, 1, 1),
    "w3": (10, 32 * 16 * 16),
    "b3": (10,),
}
FORWARD = {
    "z1": "conv2d(x, w1, padding=1) + b1",
    "a1": "relu(z1)",
    "z2": "conv2d(a1, w2, padding=1) + b2",
    "a2": "relu(z2)",
    "p2": "max_pool2d(a2)",
    "f2": "flatten(p2)",
    "z3": "f2 @ w3.T + b3",
}
CONVOLUTIONS = ("z1", "a1", "z2")
WANTED = ("w1", "b1", "w2", "b2", "w3", "b3")


def measure() -> list[Figure]:
    """Compare the two, whose results must be the same; without torch there is nothing to compare with."""
    if importlib.util.find_spec("torch") is None:
        return [Figure("small convolutional network / torch", "torch is not installed", "≤ 3")]
    return [
        _figure("two 3×3 convolutions, 8×3×32×32, forwards and backwards / torch", CONVOLUTIONS, "z2"),
        _figure("the same with relu, pool and a dense layer / torch", tuple(FORWARD), "z3"),
    ]


def _figure(what: str, statements: tuple[str, ...], seed: str) -> Figure:
    import torch
    from torch.nn import functional

    torch.set_num_threads(THREADS)
    forward = [Statement(name, parse(FORWARD[name])) for name in statements]
    read = {word for name in statements for word in WANTED if word in FORWARD[name]}
    parameters = [name for name in WANTED if name in read]
    shapes = {name: SHAPES[name] for name in ("x", *parameters)}
    program = with_backward(
        shapes, forward, seed, parameters=parameters, batch_axes={"x": 0}, wanted=parameters
    )
    random = np.random.default_rng(0)
    values = {name: random.normal(size=shape) / 8 for name, shape in program.inputs.items()}
    for value in values.values():
        value.setflags(write=False)  # as those of a scenario are
    leaves = {name: torch.tensor(value, requires_grad=name in parameters) for name, value in values.items()}

    def theirs() -> list[object]:
        a1 = functional.relu(functional.conv2d(leaves["x"], leaves["w1"], leaves["b1"].ravel(), padding=1))
        result = functional.conv2d(a1, leaves["w2"], leaves["b2"].ravel(), padding=1)
        if seed == "z3":
            pooled = functional.max_pool2d(functional.relu(result), 2)
            result = functional.linear(torch.flatten(pooled, 1), leaves["w3"], leaves["b3"])
        wanted = [leaves[name] for name in parameters]
        return list(torch.autograd.grad(result, wanted, leaves[f"d{seed}"]))

    found = run(program, values).values
    for name, wanted in zip(parameters, theirs(), strict=True):
        np.testing.assert_allclose(found[f"d{name}"], np.asarray(wanted), rtol=1e-9, atol=1e-9)
    return figure(what, ratio(lambda: run(program, values), theirs, rounds=40), goal=3)
