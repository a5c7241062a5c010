"""Activations: the derivative of another one, at another tensor, or the activation for its derivative."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from bpdebug.engine.language.forms import ELEMENTWISE
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Name
from bpdebug.engine.language.parsing import parse
from bpdebug.verify.diagnosis.scope import FormulaScope, Substitution

PRIME = "_prime"
"""The derivative of the function `f` is the function `f_prime`."""


def is_derivative(node: Expression) -> TypeGuard[Call]:
    """Whether a node is the derivative of an activation; a loss, of an output and a target, has one too."""
    return isinstance(node, Call) and node.function.endswith(PRIME) and len(node.arguments) == 1


def wrong_argument_of_derivative(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`sigmoid_prime(a1)` for `sigmoid_prime(z1)`: the derivative at the output instead of the input."""
    if is_derivative(node):
        (argument,) = node.arguments
        # An activation itself has no output to read yet.
        if isinstance(argument, Name) and scope.activations.get(argument.id) in scope.tensors:
            yield (
                Call(node.function, (Name(scope.activations[argument.id]),), node.options),
                "derivative at the output",
                1.0,
            )


def derivative_from_the_output(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`z1 * (1 - z1)`: the form that takes the output, of this or another activation, at any tensor."""
    if is_derivative(node):
        (argument,) = node.arguments
        wanted = scope.shape(argument)
        for name in scope.near:
            if scope.shapes[name] == wanted:
                for text in ("{0} * (1 - {0})", "1 - {0} ** 2"):
                    cost = 1.1 if isinstance(argument, Name) and name == argument.id else 1.5
                    yield parse(text.format(name)), "derivative from the output", cost


def another_function(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`tanh_prime(z1)` for `sigmoid_prime(z1)`, or `sigmoid(z1)` for either."""
    if (
        not isinstance(node, Call)
        or FUNCTIONS[node.function].form is not ELEMENTWISE
        or len(node.arguments) != 1
    ):
        return
    is_prime = node.function.endswith(PRIME)
    if not is_prime and f"{node.function}{PRIME}" not in FUNCTIONS:
        return
    for name, function in FUNCTIONS.items():
        family = name.removesuffix(PRIME)
        if function.form is ELEMENTWISE and function.arity == 1 and (f"{family}{PRIME}" in FUNCTIONS):
            same_order = name.endswith(PRIME) == is_prime
            same_family = family == node.function.removesuffix(PRIME)
            kind = "another derivative" if is_prime and same_order else "another function"
            if is_prime and not same_order and same_family:
                kind = "function for its derivative"
            yield Call(name, node.arguments), kind, 1.2 if same_order or same_family else 1.8
