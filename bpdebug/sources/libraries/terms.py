"""How a table writes what an operation of a library computes: in functions of NumPy's and of the language.

An entry takes the arguments of an operation, tensors as nodes, and returns a term; each becomes a node. What
comes out of the whole is the library's own value. That of a term within is computed when somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.sources.script.recorder.operations import InLanguage
from bpdebug.sources.script.recorder.records import Later, Node


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
        value = _later(operand._replace(operands=operands))
        return add(site, operand.function, operands, operand.options, value)
    if type(operand) in (list, tuple):
        return type(operand)(_inner(add, site, part) for part in operand)
    if isinstance(operand, np.ndarray) and operand.dtype.kind == "f":
        return add(site, None, (), {}, operand)
    return operand


def _later(one: Application) -> Any:
    """Return the value of a term within another: where its shape can be told, once it is asked for."""

    def compute() -> Any:
        with np.errstate(all="ignore"):
            return np.asarray(one.function(*map(_value, one.operands), **one.options))

    like = _like(one)
    return compute() if like is None else Later(compute, like)


SHAPED: Mapping[Any, str] = {np.matmul: "matmul", np.sum: "sum", np.mean: "mean"}
"""Functions of NumPy's whose results have the shape of those of the language."""


def _like(one: Application) -> Any:
    """Return something of the shape and dtype of a term; None where only its value says them."""
    given = [part.like if type(part) is Node else part for part in one.operands]
    function = one.function
    name = function.name if isinstance(function, InLanguage) else SHAPED.get(function, "")
    if not all(isinstance(part, np.ndarray | int | float) for part in given):
        return None
    shapes = tuple(np.shape(part) for part in given)
    if name:
        options = dict(function.options) if isinstance(function, InLanguage) else one.options
        dtypes = [part.dtype for part in given if isinstance(part, np.ndarray)]
        if not dtypes or any(dtype.kind != "f" for dtype in dtypes):
            return None
        return np.broadcast_to(
            np.zeros((), np.result_type(*dtypes)), FUNCTIONS[name].form.shape(shapes, options)
        )
    if isinstance(function, np.ufunc) and function.signature is None and not one.options:
        kinds = [part.dtype if isinstance(part, np.ndarray) else type(part) for part in given]
        dtype = function.resolve_dtypes((*kinds, None))[-1]
        return np.broadcast_to(np.zeros((), dtype), np.broadcast_shapes(*shapes))
    return None


def _value(part: Any) -> Any:
    if type(part) is Node:
        return part.value
    if type(part) in (list, tuple):
        return type(part)(map(_value, part))
    return part
