"""Real mistakes, planted in backward passes written by hand: nothing here uses bpdebug's derivation.

A network of dense layers is run forwards and backwards in plain NumPy, as a person writes it; one
tensor is computed wrongly, and everything after it follows from the wrong value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bpdebug.engine.network.layers import LAYER_KINDS
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import Program, with_backward

Values = dict[str, np.ndarray]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


ACTIVATIONS: dict[str, tuple[Callable, Callable]] = {
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(x.dtype)),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.01 * x), lambda x: np.where(x > 0, 1.0, 0.01)),
    "softplus": (lambda x: np.log1p(np.exp(x)), sigmoid),
    "silu": (lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x)))),
    "identity": (lambda x: x, np.ones_like),
}


@dataclass(frozen=True)
class Network:
    """A network, its numbers, and the program that bpdebug makes of it."""

    activations: tuple[str, ...]
    values: Values
    program: Program

    @property
    def depth(self) -> int:
        return len(self.activations)


def network(sizes: tuple[int, ...], activations: tuple[str, ...], batch: int, seed: int) -> Network:
    """Make a network with numbers of both signs."""
    dense, random = LAYER_KINDS["dense"], np.random.default_rng(seed)
    inputs: Values = {"a0": random.normal(size=(sizes[0], batch))}
    layers, forward, parameters = [], [], []
    for number, activation in enumerate(activations, start=1):
        inputs[f"w{number}"] = random.normal(size=(sizes[number], sizes[number - 1]))
        inputs[f"b{number}"] = random.normal(size=(sizes[number], 1))
        settings = {"activation": activation}
        own = {role: inputs[f"{role}{number}"].shape for role in ("w", "b")}
        layers.append(make_layer(number, dense, settings, own))
        forward += layers[-1].forward
        parameters += [f"w{number}", f"b{number}"]
    shapes = {name: value.shape for name, value in inputs.items()}
    program = with_backward(shapes, forward, f"a{len(activations)}", layers, parameters, {"a0": 1})
    inputs[f"da{len(activations)}"] = random.normal(size=(sizes[-1], batch))
    return Network(activations, inputs, program)


def passes(
    net: Network, wrong: dict[str, Callable[[Values, np.ndarray], np.ndarray]] | None = None
) -> Values:
    """Run both passes by hand; `wrong` replaces the values of some tensors as they are computed."""
    v, wrong = dict(net.values), wrong or {}

    def put(name: str, value: np.ndarray) -> None:
        v[name] = wrong[name](v, value) if name in wrong else value

    for n, activation in enumerate(net.activations, start=1):
        put(f"z{n}", v[f"w{n}"] @ v[f"a{n - 1}"] + v[f"b{n}"])
        put(f"a{n}", ACTIVATIONS[activation][0](v[f"z{n}"]))
    for n in range(net.depth, 0, -1):
        put(f"dz{n}", v[f"da{n}"] * ACTIVATIONS[net.activations[n - 1]][1](v[f"z{n}"]))
        put(f"dw{n}", v[f"dz{n}"] @ v[f"a{n - 1}"].T)
        put(f"db{n}", v[f"dz{n}"].sum(axis=1, keepdims=True))
        put(f"da{n - 1}", v[f"w{n}"].T @ v[f"dz{n}"])
    return v


def gradients(net: Network, values: Values) -> Values:
    """Return what a user hands in: the gradients that their code computed."""
    return {name: values[name] for name in net.program.gradients if name in net.program.positions}


@dataclass(frozen=True)
class Mistake:
    """One mistake in one tensor of one network, and the formula that it amounts to."""

    name: str
    tensor: str
    wrong: Callable[[Values, np.ndarray], np.ndarray]
    formulas: tuple[str, ...]


def mistakes(net: Network, layer: int) -> Iterator[Mistake]:
    """Yield every mistake of the catalogue that a dense layer can have, where it can be told from others."""
    n, m = layer, net.values["a0"].shape[1]
    prime = ACTIVATIONS[net.activations[n - 1]][1]
    family = net.activations[n - 1]
    dz, dw, db, d_prev = (
        f"da{n} * {family}_prime(z{n})" if family not in ("identity", "softplus") else "",
        f"dz{n} @ a{n - 1}.T",
        f"sum(dz{n}, axis=1, keepdims=True)",
        f"w{n}.T @ dz{n}",
    )
    right = {f"dz{n}": dz, f"dw{n}": dw, f"db{n}": db, f"da{n - 1}": d_prev}
    for tensor, formula in right.items():
        if not formula:
            continue
        bracketed = f"({formula})" if " @ " in formula or " * " in formula else formula
        scales = (
            ("times m", m, (f"m * {bracketed}",)),
            ("divided by m", 1 / m, (f"{formula} / m",)),
            ("doubled", 2, (f"2 * {bracketed}",)),
            ("halved", 0.5, (f"{formula} / 2",)),
            ("sign", -1, (f"-{bracketed}",)),
        )
        for name, factor, formulas in scales:
            if tensor.startswith("db") and name == "divided by m":
                formulas = (*formulas, f"mean(dz{n}, axis=1, keepdims=True)")
            yield Mistake(name, tensor, lambda v, r, factor=factor: factor * r, formulas)
    yield Mistake("4 / m", f"db{n}", lambda v, r: 4 * r, (f"4 * {db}",))
    yield Mistake("not summed", f"db{n}", lambda v, r: v[f"dz{n}"], (f"dz{n}",))
    yield Mistake(
        "last example",
        f"db{n}",
        lambda v, r: v[f"dz{n}"][:, -1:],
        (f"sum(dz{n}[:, -1:], axis=1, keepdims=True)",),
    )
    yield Mistake("transposed", f"dw{n}", lambda v, r: r.T, (f"({dw}).T", f"a{n - 1} @ dz{n}.T"))
    if n > 1 and net.activations[n - 2] != "identity":
        yield Mistake(
            "z for a", f"dw{n}", lambda v, r: v[f"dz{n}"] @ v[f"z{n - 1}"].T, (f"dz{n} @ z{n - 1}.T",)
        )
    yield Mistake("penalty", f"dw{n}", lambda v, r: r + 0.1 * v[f"w{n}"], (f"{dw} + 0.1 * w{n}",))
    yield Mistake(
        "updated weights",
        f"da{n - 1}",
        lambda v, r: (v[f"w{n}"] - 0.05 * v[f"dw{n}"]).T @ v[f"dz{n}"],
        (f"{d_prev} - 0.05 * (dw{n}.T @ dz{n})",),
    )
    if family != "identity":
        yield Mistake(
            "da for dz", f"da{n - 1}", lambda v, r: v[f"w{n}"].T @ v[f"da{n}"], (f"w{n}.T @ da{n}",)
        )
    if not dz:
        return
    yield Mistake("derivative forgotten", f"dz{n}", lambda v, r: v[f"da{n}"], (f"da{n}",))
    if family in ("sigmoid", "tanh", "silu"):
        yield Mistake(
            "derivative at a",
            f"dz{n}",
            lambda v, r: v[f"da{n}"] * prime(v[f"a{n}"]),
            (f"da{n} * {family}_prime(a{n})",),
        )
        yield Mistake(
            "derivative twice",
            f"dz{n}",
            lambda v, r: r * prime(v[f"z{n}"]),
            (f"{dz} * {family}_prime(z{n})",),
        )
    for other in ("sigmoid", "tanh", "relu"):
        if other != family:
            yield Mistake(
                f"derivative of {other}",
                f"dz{n}",
                lambda v, r, other=other: v[f"da{n}"] * ACTIVATIONS[other][1](v[f"z{n}"]),
                (f"da{n} * {other}_prime(z{n})",),
            )
    if family == "sigmoid":
        yield Mistake(
            "z * (1 - z)",
            f"dz{n}",
            lambda v, r: v[f"da{n}"] * v[f"z{n}"] * (1 - v[f"z{n}"]),
            (f"da{n} * (z{n} * (1 - z{n}))",),
        )
