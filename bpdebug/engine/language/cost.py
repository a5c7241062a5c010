"""What an expression would cost, known from its shapes before anything runs.

An expression that someone types, or that comes with a file, may be any: `w1.T @ w1 @ w1.T @ ...` fits in
a line and runs for hours. What is too large is refused, so that every answer comes soon.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from bpdebug.engine.language.forms import Shape, element_count
from bpdebug.engine.language.functions import FUNCTIONS, Function
from bpdebug.engine.language.nodes import Call, Expression, Name, Option
from bpdebug.errors import BpdebugError
from bpdebug.limits import LIMITS

MAX_NUMBERS, MAX_PRODUCTS = LIMITS.expression_elements, LIMITS.expression_products


class Estimate(NamedTuple):
    """What an expression takes.

    Attributes
    ----------
    elements : int
        Those of all results within it, and what is held on the way to them.
    products : int
        The multiplications of matrix products, and as many as take as long as all else.
    largest : int
        The elements of the largest result within it.
    """

    elements: int
    products: int
    largest: int


def cost_of(expression: Expression, shapes: Mapping[str, Shape]) -> Estimate:
    """Return what an expression takes.

    Parameters
    ----------
    expression : Expression
        What would be computed.
    shapes : mapping
        The shape of each name that it reads.

    Raises
    ------
    ShapeError
        If the operands of some node do not fit together.
    """
    elements = products = largest = 0

    def shape(node: Expression) -> Shape:
        """Return the shape of a node; a part that stands there twice is computed twice."""
        nonlocal elements, products, largest
        if not isinstance(node, Call):
            return shapes[node.id] if isinstance(node, Name) else ()
        own, cost = _of_call(FUNCTIONS[node.function], node.options, tuple(map(shape, node.arguments)))
        elements += cost.elements
        products += cost.products
        largest = max(largest, cost.largest)
        return own

    shape(expression)
    return Estimate(elements, products, largest)


@lru_cache(maxsize=4096)  # a program may have thousands of calls that are alike
def _of_call(
    function: Function, given: tuple[tuple[str, Option], ...], operands: tuple[Shape, ...]
) -> tuple[Shape, Estimate]:
    options = {**function.options, **dict(given)}
    shape, cost = function.form.shape(operands, options), function.cost(operands, options)
    count = element_count(shape)
    return shape, Estimate(count + cost.elements, cost.time, count)


def check_cost(expression: Expression, shapes: Mapping[str, Shape]) -> None:
    """Refuse an expression that would need too much memory or time.

    Parameters
    ----------
    expression : Expression
        What would be computed; its shapes fit.
    shapes : mapping
        The shape of each name that it reads.

    Raises
    ------
    BpdebugError
        With what it would compute, and the limit.
    ShapeError
        If the operands of some node do not fit together.
    """
    elements, products, _ = cost_of(expression, shapes)
    if elements > MAX_NUMBERS:
        raise BpdebugError(
            f"too large: it would compute {elements:,} elements;"
            f" by the limit expression_elements, at most {MAX_NUMBERS:,} are allowed"
        )
    if products > MAX_PRODUCTS:
        raise BpdebugError(
            f"too long: it would take {products:,} products;"
            f" by the limit expression_products, at most {MAX_PRODUCTS:,} are allowed"
        )
