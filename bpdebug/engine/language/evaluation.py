"""Running an expression: it is compiled once to a function of its operands.

`z1 = w1 @ a0 + b1` becomes `lambda v0, v1, v2: v0 @ v1 + v2`, so that a run costs what the same
NumPy lines cost (NumPy may even reuse the product's memory for the sum, as it does for a hand-written
line). The source text is generated from the whitelisted tree alone: positional names, numbers and
functions of the table; no text of a user is ever compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Call, Expression, Name, Number, Statement, names, walk
from bpdebug.engine.language.shapes import options_of, shapes_within

INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "matmul": "@", "power": "**"}
"""Operators are written as such: only then does NumPy reuse the memory of temporaries."""


def evaluate(expression: Expression, values: Mapping[str, Array]) -> Array:
    """Compute an expression from the values of the names that it reads.

    NaN and infinities are results like others: no warning is issued for them.

    Raises
    ------
    KeyError
        If a name has no value.
    """
    function, operands = compiled(expression)
    with np.errstate(all="ignore"):
        return function(*[values[name] for name in operands])


def compiled(expression: Expression) -> tuple[Callable[..., Array], tuple[str, ...]]:
    """Return an expression as a function, and the names of the operands that it takes, in order."""
    operands = names(expression)
    positions = {name: f"v{number}" for number, name in enumerate(operands)}
    return _function(
        _source(expression, positions, operands), len(operands), _functions_of(expression)
    ), operands


def compiled_sequence(
    statements: Sequence[Statement], wanted: Sequence[str]
) -> tuple[Callable[..., tuple[Array, ...]], tuple[str, ...]]:
    """Return statements as one function, and the names of the operands that it takes, in order.

    Small tensors are computed faster than they are looked up: a training of many iterations runs a
    function for each, not a statement at a time.

    Parameters
    ----------
    statements : sequence of Statement
        What is computed, in order.
    wanted : sequence of str
        The operands and results that the function returns.
    """
    written = {statement.name for statement in statements}
    read = [name for statement in statements for name in names(statement.expression)]
    operands = tuple(dict.fromkeys(name for name in (*read, *wanted) if name not in written))
    places = {name: f"v{number}" for number, name in enumerate(dict.fromkeys((*operands, *read, *written)))}
    # NumPy computes powers of its scalars otherwise than those of arrays, to the last bit: all are arrays.
    lines = [
        f"    {places[one.name]} = asarray({_source(one.expression, places, names(one.expression))})"
        for one in statements
    ]
    head = f"def sequence({', '.join(places[name] for name in operands)}):"
    tail = f"    return ({''.join(f'{places[name]}, ' for name in wanted)})"
    namespace = _namespace(*(_functions_of(statement.expression) for statement in statements))
    exec("\n".join((head, *lines, tail)), namespace)  # noqa: S102 (positional names and whitelisted operations)
    return namespace["sequence"], operands


@lru_cache(maxsize=4096)
def _function(source: str, operand_count: int, functions: frozenset[str]) -> Callable[..., Array]:
    parameters = ", ".join(f"v{number}" for number in range(operand_count))
    function: Callable[..., Array] = eval(f"lambda {parameters}: {source}", _namespace(functions))  # noqa: S307
    return function


def _functions_of(expression: Expression) -> frozenset[str]:
    return frozenset(node.function for node in walk(expression) if isinstance(node, Call))


def _namespace(*functions: frozenset[str]) -> dict[str, Any]:
    """Return all that a compiled expression can reach: the functions that it calls, and no others."""
    called = {f"f_{name}": FUNCTIONS[name].numpy for name in frozenset().union(*functions)}
    return {
        "__builtins__": {},
        "inf": np.inf,
        "nan": np.nan,
        "asarray": np.asarray,
        "number": _number,
        **called,
    }


def _number(value: float | Array, operand: float | Array) -> Array:
    """Return a number as the array that every function takes, in the dtype that it has beside an operand."""
    return np.asarray(value, np.result_type(operand, 0.0))


def _source(expression: Expression, positions: Mapping[str, str], operands: tuple[str, ...]) -> str:
    """Return the text of an expression, or of a part of one that reads these operands."""
    if isinstance(expression, Name):
        return positions[expression.id]
    if isinstance(expression, Number):
        return repr(float(expression.value))
    if not names(expression) and not any(shapes_within(expression, {}).values()):
        # A computation on literals alone is done here, in float64: Python's own 9 ** 9 ** 9 never ends.
        return repr(float(_constant(expression)))
    arguments = [_source(argument, positions, operands) for argument in expression.arguments]
    if expression.function in INFIX:
        return f"({arguments[0]} {INFIX[expression.function]} {arguments[1]})"
    # An operator takes a number as it is, for its speed; a function is written for arrays.
    beside = positions[operands[0]] if operands else "0.0"
    taken = [
        argument if names(node) else f"number({argument}, {beside})"
        for argument, node in zip(arguments, expression.arguments, strict=True)
    ]
    options = [f"{name}={value!r}" for name, value in options_of(expression).items()]
    return f"f_{expression.function}({', '.join(taken + options)})"


def _constant(expression: Expression) -> Array:
    if isinstance(expression, Call):
        arguments = [_constant(argument) for argument in expression.arguments]
        with np.errstate(all="ignore"):
            return np.asarray(FUNCTIONS[expression.function].numpy(*arguments, **options_of(expression)))
    assert isinstance(expression, Number)
    return np.asarray(expression.value, dtype=float)
