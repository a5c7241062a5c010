from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

import numpy as np


@dataclass
class Parameter:
    value: np.ndarray
    grad: Optional[np.ndarray] = None

    def descend(self, rate: float) -> None:
        self.value = self.value - rate * self.grad


@dataclass
class Dense:
    weight: Parameter
    bias: Parameter
    x: Optional[np.ndarray] = field(default=None, repr=False)
    out: Optional[np.ndarray] = field(default=None, repr=False)

    @classmethod
    def random(cls, rng: np.random.Generator, n_in: int, n_out: int) -> Dense:
        return cls(Parameter(rng.normal(size=(n_in, n_out)) / n_in ** 0.5), Parameter(rng.normal(size=n_out) * 0.1))

    @property
    def slope(self) -> np.ndarray:
        return self.out * (1 - self.out)

    @property
    def parameters(self) -> list[Parameter]:
        return [self.weight, self.bias]

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        self.out = 1 / (1 + np.exp(-(x @ self.weight.value + self.bias.value)))
        return self.out

    def backward(self, upstream: np.ndarray) -> np.ndarray:
        delta = upstream * self.slope
        self.weight.grad = self.x.T @ delta
        self.bias.grad = delta.sum(axis=0)
        return delta @ self.weight.value.T


@dataclass
class Model:
    layers: list[Dense]

    @property
    def parameters(self) -> list[Parameter]:
        return [p for layer in self.layers for p in layer.parameters]

    def step(self, x: np.ndarray, y: np.ndarray, rate: float) -> float:
        out = x
        for layer in self.layers:
            out = layer.forward(out)
        loss = np.mean((out - y) ** 2)
        grad = 2 * (out - y) / y.size
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        for p in self.parameters:
            p.descend(rate)
        return loss


if __name__ == "__main__":
    rng = np.random.default_rng(10)
    model = Model([Dense.random(rng, 3, 5), Dense.random(rng, 5, 4), Dense.random(rng, 4, 2)])
    x = rng.normal(size=(7, 3))
    y = np.stack([x.max(axis=1), x.min(axis=1)], axis=1)
    for epoch in range(3):
        loss = model.step(x, y, rate=2.0)
        print(f"{epoch}\t{loss:.5f}")
