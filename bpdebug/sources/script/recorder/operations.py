"""What a node computes: functions that give their result and change nothing.

An operator is the function of Python's `operator` module, a function of a library is itself. The rest is
here: methods and attributes by name, and what writes in place, made functional.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Option


def of_matrices(operation: Callable[..., Any], left: Any, right: Any) -> Callable[..., Any]:
    """Return what an operator carries out where one operand is an `np.matrix`: `*` is its matrix product."""
    if operation is operator.mul and isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        return operator.matmul
    return np.linalg.matrix_power if operation is operator.pow else operation


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the first operand: `Method("sum")(x, axis=0)` is `x.sum(axis=0)`."""

    name: str

    def __call__(self, owner: Any, *arguments: Any, **options: Any) -> Any:
        """Call the method of this name that the first operand has."""
        return getattr(owner, self.name)(*arguments, **options)


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute that is an array: `x.T`."""

    name: str

    def __call__(self, owner: Any) -> Any:
        """Return the attribute of an array."""
        return getattr(owner, self.name)


@dataclass(frozen=True, slots=True)
class InPlace:
    """What a function that changes its first operand would make of it."""

    function: Callable[..., Any]

    def __call__(self, target: Any, *arguments: Any, **options: Any) -> Any:
        """Call it with a copy, and return that."""
        new = np.array(target, copy=True)
        self.function(new, *arguments, **options)
        return new


@dataclass(frozen=True, slots=True)
class WrittenTo:
    """What a function leaves in the array that it writes its result to; that is the first operand."""

    function: Callable[..., Any]

    def __call__(self, target: Any, *arguments: Any, **options: Any) -> Any:
        """Call it with a copy, and return that."""
        new = np.array(target, copy=True)
        self.function(*arguments, out=new, **options)
        return new


@dataclass(frozen=True, slots=True)
class InLanguage:
    """A function of the tensor language: `InLanguage("softmax", (("axis", -1),))`."""

    name: str
    options: tuple[tuple[str, Option], ...] = ()

    def __call__(self, *operands: Any) -> Any:
        """Compute it."""
        return FUNCTIONS[self.name].numpy(*map(np.asarray, operands), **dict(self.options))


DETACH = InLanguage("detach")
"""What no gradient flows back through; `w.data` is that of w, where gradients flow."""


@dataclass(frozen=True, slots=True)
class Item:
    """One of several results: `q, r = qr(x)`."""

    place: int

    def __call__(self, results: Any) -> Any:
        """Return the one at this place."""
        return results[self.place]


def put(x: Any, index: Any, part: Any) -> Any:
    """Return `x` after `x[index] = part`."""
    new = np.array(x, copy=True)
    new[index] = part
    return new


def elements(x: Any, positions: Any) -> Any:
    """Return the elements at positions in the order of C: what a view shows of its array."""
    return np.asarray(x).reshape(-1)[positions]


def put_elements(x: Any, positions: Any, part: Any) -> Any:
    """Return `x` after something was written through a view of it."""
    new = np.array(x, copy=True, order="C")
    new.reshape(-1)[positions] = part
    return new


def shaped(x: Any, shape: tuple[int, ...]) -> Any:
    """Return `x` after `x.shape = shape`."""
    return np.reshape(x, shape)


def is_in(function: Any, table: Container[Any]) -> bool:
    """Whether a function is in a table; one that cannot be hashed is in none."""
    try:
        return function in table
    except TypeError:
        return False


def own_index(key: Any) -> Any:
    """Return an index that nobody else can change."""
    if isinstance(key, np.ndarray):
        return key.copy()
    if isinstance(key, tuple):
        return tuple(own_index(part) for part in key)
    return list(key) if isinstance(key, list) else key
