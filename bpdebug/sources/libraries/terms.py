"""How a table writes what an operation of a library computes: in functions of NumPy's and of the language.

An entry takes the arguments of an operation, tensors as nodes, and returns a term; each becomes a node.
"""

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


Add = Callable[..., Node]
"""Makes a node: (site, function, operands, options, value) -> Node."""


def node_of_term(add: Add, site: Any, one: Any, value: Any) -> Node:
    """Make the node of a term, and one for each term within."""
    if type(one) is not Application:
        one = term(np.copy, one)
    operands = tuple(_inner(add, site, operand) for operand in one.operands)
    return add(site, one.function, operands, one.options, value)


def _inner(add: Add, site: Any, operand: Any) -> Any:
    if type(operand) is Application:
        operands = tuple(_inner(add, site, part) for part in operand.operands)
        filled = [_value(part) for part in operands]
        with np.errstate(all="ignore"):
            value = operand.function(*filled, **operand.options)
        return add(site, operand.function, operands, operand.options, np.asarray(value))
    if type(operand) in (list, tuple):
        return type(operand)(_inner(add, site, part) for part in operand)
    if isinstance(operand, np.ndarray) and operand.dtype.kind == "f":
        return add(site, None, (), {}, operand)
    return operand


def _value(part: Any) -> Any:
    if type(part) is Node:
        return part.value
    if type(part) in (list, tuple):
        return type(part)(map(_value, part))
    return part
