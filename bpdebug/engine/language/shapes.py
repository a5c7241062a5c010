"""Shapes, before anything runs: each node's shape from those of its operands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions import FUNCTIONS, Function
from bpdebug.engine.language.nodes import Call, Expression, Name, Option
from bpdebug.errors import ShapeError
from bpdebug.limits import at_most

LONGEST = 10**18
"""A longer axis is refused where it arises: one of thousands of digits cannot even be written."""


def options_of(call: Call) -> Mapping[str, Option]:
    """Return all options of a call: those given, and the defaults of the rest."""
    defaults = FUNCTIONS[call.function].options
    return {**defaults, **dict(call.options)} if call.options else defaults


def result_shape(call: Call, operands: tuple[Shape, ...]) -> Shape:
    """Return the shape of the result of a call, from the shapes of its arguments."""
    return _result_shape(FUNCTIONS[call.function], call.options, operands)


@lru_cache(maxsize=4096)  # a program may have thousands of calls that are alike
def _result_shape(
    function: Function, given: tuple[tuple[str, Option], ...], operands: tuple[Shape, ...]
) -> Shape:
    return function.form.shape(operands, {**function.options, **dict(given)})


def shapes_within(expression: Expression, shapes: Mapping[str, Shape]) -> dict[Call, Shape]:
    """Infer the shape of every call in an expression, each once, in the order of evaluation.

    Parameters
    ----------
    expression : Expression
        What would be computed; its operands fit together.
    shapes : mapping
        The shape of each name that it reads.
    """
    found: dict[Call, Shape] = {}

    def infer(node: Expression) -> Shape:
        if isinstance(node, Name):
            return shapes[node.id]
        if not isinstance(node, Call):
            return ()
        if node not in found:
            found[node] = result_shape(node, tuple(map(infer, node.arguments)))
        return found[node]

    infer(expression)
    return found


def shape_of(expression: Expression, shapes: Mapping[str, Shape]) -> Shape:
    """Infer the shape of an expression.

    Parameters
    ----------
    expression : Expression
        What would be computed.
    shapes : mapping
        The shape of each name that it reads.

    Raises
    ------
    ShapeError
        If the operands of some node do not fit together, with their shapes; or if a result is beyond bounds.
    KeyError
        If the expression reads a name without a shape.
    """
    if isinstance(expression, Name):
        return shapes[expression.id]
    if isinstance(expression, Call):
        operands = [shape_of(argument, shapes) for argument in expression.arguments]
        shape = result_shape(expression, tuple(operands))
        if max(shape, default=0) <= LONGEST:
            return shape
        raise ShapeError(f"an axis is too long, expected {at_most('tensor_elements', 'in one tensor')}")
    return ()
