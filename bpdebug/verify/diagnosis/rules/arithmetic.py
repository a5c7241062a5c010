"""Arithmetic: factors and terms left out or applied twice, signs, powers, roots."""

from __future__ import annotations

from collections.abc import Iterator

from bpdebug.engine.expression.nodes import Call, Expression, Number
from bpdebug.verify.diagnosis.rules.activations import PRIME
from bpdebug.verify.diagnosis.scope import Replacement, Scope


def left_out(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """`da1` for `da1 * sigmoid_prime(z1)`: a factor or a term is missing."""
    if isinstance(node, Call) and node.function in ("multiply", "matmul", "divide", "add", "subtract"):
        x, y = node.arguments
        is_term = node.function in ("add", "subtract")
        derivative = isinstance(y, Call) and y.function.endswith(PRIME)
        yield (
            x,
            "term left out" if is_term else "derivative left out" if derivative else "factor left out",
            1.0,
        )
        if node.function != "divide":
            yield y, "term left out" if is_term else "factor left out", 1.3


def twice(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """`da1 * sigmoid_prime(z1) * sigmoid_prime(z1)`: a factor is applied twice."""
    if isinstance(node, Call) and node.function == "multiply":
        for factor in node.arguments:
            derivative = isinstance(factor, Call) and factor.function.endswith(PRIME)
            kind = "derivative twice" if derivative else "factor twice"
            yield Call("multiply", (node, factor)), kind, 1.1 if derivative else 1.6


def opposite_sign(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """Yield `a - b` for `a + b`, and the reverse."""
    if isinstance(node, Call) and node.function in ("add", "subtract"):
        other = "subtract" if node.function == "add" else "add"
        yield Call(other, node.arguments), "opposite sign", 1.1


def another_power(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """`x` for `x ** 2`: a square is missing."""
    if isinstance(node, Call) and node.function == "power" and isinstance(node.arguments[1], Number):
        yield node.arguments[0], "power left out", 1.2


def under_the_root(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """`sqrt(x + 1e-08)` for `sqrt(x) + 1e-08`."""
    match node:
        case Call("add", (Call("sqrt", (inner,)), Number() as number)):
            yield Call("sqrt", (Call("add", (inner, number)),)), "under the root", 1.1
