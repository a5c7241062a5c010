"""The few rewrites that make a derived formula the one a textbook shows."""

from __future__ import annotations

from collections.abc import Callable

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import Call, Expression, Number, rewrite


def simplify(expression: Expression) -> Expression:
    """Fold `x.T.T`, `(x @ y).T`, `--x`, and arithmetic with literals such as `x ** (2 - 1)`."""
    return rewrite(expression, simplified)


def simplified(node: Expression) -> Expression:
    """Return a node whose arguments are simplified as `simplify` writes it."""
    if not isinstance(node, Call):
        return node
    first = node.arguments[0]
    if node.function == "transpose" and isinstance(first, Call):
        if first.function == "transpose":
            return first.arguments[0]
        if first.function == "matmul":
            x, y = (simplified(Call("transpose", (operand,))) for operand in first.arguments)
            return Call("matmul", (y, x))
    if node.function == "negative" and isinstance(first, Call) and first.function == "negative":
        return first.arguments[0]
    if node.function == "subtract":
        x, y = node.arguments
        if isinstance(x, Number) and isinstance(y, Number):
            return Number(x.value - y.value)
    if node.function == "power" and node.arguments[1] == Number(1):
        return first
    return node


def laid_at_once(expression: Expression, shape: Callable[[Expression], Shape]) -> Expression:
    """Lay elements in their last shape at once, and not at all where they have it already.

    Parameters
    ----------
    expression : Expression
        A gradient; one that is laid in the shape of its tensor is rewritten.
    shape : callable
        Gives the shape of an expression.
    """
    if not isinstance(expression, Call) or expression.function != "reshape_like":
        return expression
    elements, like = expression.arguments
    if isinstance(elements, Call) and elements.function == "reshape_like":
        elements = elements.arguments[0]
    same = shape(elements) == shape(like)
    return elements if same else Call("reshape_like", (elements, like))
