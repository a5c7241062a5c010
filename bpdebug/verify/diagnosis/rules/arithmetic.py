"""Arithmetic: factors and terms left out or applied twice, signs, powers, roots."""

from __future__ import annotations

from collections.abc import Iterator

from bpdebug.engine.language.nodes import Call, Expression, Number
from bpdebug.verify.diagnosis.rules.activations import is_derivative
from bpdebug.verify.diagnosis.scope import FormulaScope, Substitution

TERMS = ("add", "subtract")


def left_out(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`da1` for `da1 * sigmoid_prime(z1)`: a factor or a term is missing."""
    if isinstance(node, Call) and node.function in ("multiply", "matmul", "divide", *TERMS):
        x, y = node.arguments
        is_term = node.function in TERMS
        kind = "term left out" if is_term else "factor left out"
        if is_derivative(y) and not is_term:
            kind = "derivative left out"
        yield x, "constant left out" if is_term and isinstance(y, Number) else kind, 1.0
        if node.function != "divide":
            yield y, "term left out" if is_term else "factor left out", 1.3


def all_but_one_left_out(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`dx` for `dx - mean(dx) - ...`: of three terms or more only one is there."""
    terms = _terms(node)
    if len(terms) > 2:
        for place, term in enumerate(terms):
            yield term, "terms left out", 1.0 if place == 0 else 1.4


def _terms(node: Expression) -> list[Expression]:
    if isinstance(node, Call) and node.function in TERMS:
        return [term for argument in node.arguments for term in _terms(argument)]
    return [node]


def twice(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`da1 * sigmoid_prime(z1) * sigmoid_prime(z1)`: a factor or a term is there twice."""
    if not isinstance(node, Call):
        return
    if node.function == "multiply":
        for factor in node.arguments:
            kind = "derivative twice" if is_derivative(factor) else "factor twice"
            yield Call("multiply", (node, factor)), kind, 1.1 if is_derivative(factor) else 1.6
    if node.function == "divide":
        yield Call("divide", (node, node.arguments[1])), "factor twice", 1.3
    if node.function == "add":
        for term in node.arguments:
            yield Call("add", (node, term)), "term twice", 1.2


def inverted(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`da1 * 0.8` for `da1 / 0.8`, and `da1 / tanh_prime(z1)` for `da1 * tanh_prime(z1)`."""
    if isinstance(node, Call) and node.function == "divide":
        yield Call("multiply", node.arguments), "inverted", 1.2
    if isinstance(node, Call) and node.function == "multiply" and is_derivative(node.arguments[1]):
        yield Call("divide", node.arguments), "divided", 1.3


def opposite_sign(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """Yield `a - b` for `a + b`, and the reverse."""
    if isinstance(node, Call) and node.function in TERMS:
        other = "subtract" if node.function == "add" else "add"
        yield Call(other, node.arguments), "opposite sign", 1.1


def another_power(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`x` for `x ** 2` or for `sqrt(x)`: a square or a root is missing."""
    match node:
        case Call("power", (inner, Number())):
            yield inner, "power left out", 1.2
        case Call("sqrt", (inner,)):
            yield inner, "root left out", 1.2


def beside_the_root(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`sqrt(x + 1e-08)` for `sqrt(x) + 1e-08`, and the reverse."""
    match node:
        case Call("add", (Call("sqrt", (inner,)), Number() as number)):
            yield Call("sqrt", (Call("add", (inner, number)),)), "under the root", 1.1
        case Call("sqrt", (Call("add", (inner, Number() as number)),)):
            yield Call("add", (Call("sqrt", (inner,)), number)), "beside the root", 1.1
