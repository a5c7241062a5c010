"""NumPy in the place of `jax.numpy`, where an expression of the person's is evaluated again.

It computes the same, and compiles nothing for that: JAX compiles each operation for each shape.
"""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np

CHANGES: dict[str, np.ufunc] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "mul": np.multiply,
    "divide": np.divide,
    "power": np.power,
    "min": np.minimum,
    "max": np.maximum,
}
"""What `x.at[i]` has -> the function that it does with the elements there."""


class StandInArray(np.ndarray):
    """An array of NumPy's that has the one thing that only those of JAX's have: `x.at[i].set(v)`."""

    @property
    def at(self) -> Any:
        """Return what gives a part that can be changed in a copy."""
        return _At(self)


class _At:
    def __init__(self, array: Any) -> None:
        self.array = array

    def __getitem__(self, index: Any) -> _Part:
        return _Part(self.array, index)


class _Part:
    """A part of an array: each method returns the array with that part changed."""

    def __init__(self, array: Any, index: Any) -> None:
        self.array, self.index = array, index

    def __getattr__(self, name: str) -> Any:
        return partial(self._changed, name)

    def _changed(self, name: str, value: Any, **options: Any) -> Any:
        new = self.array.copy()
        if name == "set":
            new[self.index] = value
        else:
            CHANGES[name].at(new, self.index, value)
        return new


class _NumPy(ModuleType):
    """NumPy under the name of `jax.numpy`, of which it takes what it has not itself."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name, None) or getattr(jnp, name)


NUMPY = _NumPy("jax.numpy")
