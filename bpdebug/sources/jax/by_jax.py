"""Primitives that no table knows: JAX computes them again, from other values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from bpdebug.sources.jax.arrays import array_of


@dataclasses.dataclass(frozen=True, eq=False)
class ByJax:
    """A primitive that the table does not know: JAX computes it again.

    Attributes
    ----------
    primitive : Primitive
        JAX's.
    options : mapping
        Its parameters.
    likes : tuple of dtype
        The dtypes of its arguments.
    place : int
        Which of its results is meant.
    """

    primitive: Any
    options: Mapping[str, Any]
    likes: tuple[Any, ...]
    place: int

    @property
    def __name__(self) -> str:
        """What it is called in a message."""
        return str(self.primitive.name)

    def __call__(self, *values: Any) -> Any:
        """Compute it."""
        given = [jnp.asarray(value, like) for value, like in zip(values, self.likes, strict=True)]
        found = self.primitive.bind(*given, **self.options)
        return array_of(found[self.place] if self.primitive.multiple_results else found)
