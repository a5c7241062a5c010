"""Arithmetic on elements, and products with what is added to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bpdebug.sources.libraries.terms import (
    Application,
    OperationEntry,
    UnknownFormError,
    language,
    term,
    times,
)
from bpdebug.sources.script.recorder.records import Node


def add(x: Any, y: Any, alpha: Any = 1) -> Application:
    """X + α y."""
    return term(np.add, x, times(y, alpha))


def subtract(x: Any, y: Any, alpha: Any = 1) -> Application:
    """X − α y."""
    return term(np.subtract, x, times(y, alpha))


def divide(x: Any, y: Any, rounding_mode: str | None = None) -> Application:
    """X / y."""
    if rounding_mode is not None:
        raise UnknownFormError("a division that rounds")
    return term(np.divide, x, y)


def power(x: Any, y: Any) -> Application:
    """X ** y."""
    if type(y) is not Node and y == 1:
        return term(np.copy, x)
    return term(np.power, x, float(y) if type(y) is int and y < 0 else y)


def clamp(x: Any, low: Any = None, high: Any = None) -> Any:
    """Cut off at bounds."""
    bounds = {"lowest": low, "highest": high}
    if any(type(bound) is Node for bound in bounds.values()):
        raise UnknownFormError("bounds that are tensors")
    return language("clamp", x, **{name: float(one) for name, one in bounds.items() if one is not None})


def lerp(x: Any, y: Any, weight: Any) -> Application:
    """X + weight (y − x)."""
    return term(np.add, x, term(np.multiply, weight, term(np.subtract, y, x)))


def addcmul(x: Any, y: Any, z: Any, value: Any = 1) -> Application:
    """X + value · y z."""
    return term(np.add, x, times(term(np.multiply, y, z), value))


def addcdiv(x: Any, y: Any, z: Any, value: Any = 1) -> Application:
    """X + value · y / z."""
    return term(np.add, x, times(term(np.divide, y, z), value))


def addmm(bias: Any, x: Any, y: Any, beta: Any = 1, alpha: Any = 1) -> Application:
    """β bias + α x @ y."""
    return term(np.add, times(term(np.matmul, x, y), alpha), times(bias, beta))


def logic(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of `&`, `|`, `~`, which are those of logic where they are given truths."""

    def entry(*operands: Any) -> Application:
        if any(type(one) is Node and one.like.dtype.kind != "b" for one in operands):
            raise UnknownFormError("bits of integers")
        return term(function, *operands)

    return entry
