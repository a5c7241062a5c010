"""How an entry writes what an operation computes: terms, in functions of NumPy's and of the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.recorder.operations import InLanguage
from bpdebug.sources.script.recorder.records import Node


class Application(NamedTuple):
    """`function(*operands, **options)`, where an operand may be a term itself."""

    function: Callable[..., Any]
    operands: tuple[Any, ...]
    options: Mapping[str, Any]


OperationEntry = Callable[..., Any]


class UnknownFormError(Exception):
    """An operation is known, but not with these arguments."""


def term(function: Callable[..., Any], *operands: Any, **options: Any) -> Application:
    """Write a term."""
    return Application(function, operands, options)


def language(name: str, *operands: Any, **options: Any) -> Application:
    """Write a function of the tensor language."""
    return Application(InLanguage(name, tuple(options.items())), operands, {})


def of(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of an operation that takes what a function of NumPy's takes."""
    return lambda *operands: term(function, *operands)


def named(name: str) -> OperationEntry:
    """Return the entry of an operation that is a function of the language."""
    return lambda *operands: language(name, *operands)


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of an operand."""
    return value.shape if type(value) is Node else np.shape(value)


def times(x: Any, factor: Any) -> Any:
    """Multiply by a number, unless it is 1."""
    return x if type(factor) is not Node and factor == 1 else term(np.multiply, x, factor)


def plus(x: Any, y: Any) -> Any:
    """Add, unless there is nothing to add."""
    return x if y is None else term(np.add, x, y)
