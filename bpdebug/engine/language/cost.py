"""What an expression would cost, known from its shapes before anything runs.

An expression that someone types, or that comes with a file, may be any: `w1.T @ w1 @ w1.T @ ...` fits in
a line and runs for hours. What is too large is refused, so that every answer comes soon.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from bpdebug.engine.language.forms import Shape, element_count
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Name, walk
from bpdebug.engine.language.shapes import options_of, shapes_within
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
    inner = shapes_within(expression, shapes)

    def of(node: Expression) -> Shape:
        return shapes[node.id] if isinstance(node, Name) else inner[node] if isinstance(node, Call) else ()

    elements = products = largest = 0
    for node in walk(expression):  # a part that stands there twice is computed twice
        if isinstance(node, Call):
            cost = FUNCTIONS[node.function].cost(tuple(map(of, node.arguments)), options_of(node))
            count = element_count(inner[node])
            elements += count + cost.elements
            products += cost.time
            largest = max(largest, count)
    return Estimate(elements, products, largest)


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
