"""What an expression would cost, known from its shapes before anything runs.

An expression that someone types, or that comes with a file, may be any: `w1.T @ w1 @ w1.T @ ...` fits in
a line and runs for hours. What is too large is refused, so that every answer comes soon.
"""

from __future__ import annotations

from collections.abc import Mapping

from bpdebug.engine.language.forms import Cost, Shape, element_count
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, walk
from bpdebug.engine.language.shapes import options_of, shape_of
from bpdebug.errors import BpdebugError

MAX_NUMBERS = 2**27
"""The most numbers that all results within one expression may have together: 1 GiB of float64."""
MAX_PRODUCTS = 2**34
"""The most multiplications within one expression: some seconds on a slow machine."""


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
    shape_of(expression, shapes)
    # A part that stands there twice is computed twice.
    costs = [_cost(node, shapes) for node in walk(expression) if isinstance(node, Call)]
    numbers = sum(cost.numbers for cost in costs)
    if numbers > MAX_NUMBERS:
        raise BpdebugError(
            f"too large: it would compute {numbers:,} numbers, at most {MAX_NUMBERS:,} are allowed"
        )
    products = sum(cost.products for cost in costs)
    if products > MAX_PRODUCTS:
        raise BpdebugError(
            f"too long: it would take {products:,} products, at most {MAX_PRODUCTS:,} are allowed"
        )


def _cost(call: Call, shapes: Mapping[str, Shape]) -> Cost:
    """Return what a call computes: its result, and what its form says that it takes on the way."""
    size = element_count(shape_of(call, shapes))
    form = FUNCTIONS[call.function].form
    if form.cost is None:
        return Cost(size, size)
    arguments = tuple(shape_of(argument, shapes) for argument in call.arguments)
    numbers, products = form.cost(arguments, options_of(call))
    return Cost(size + numbers, products)
