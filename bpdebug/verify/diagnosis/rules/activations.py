"""Activations: the derivative of another one, at another tensor, or the activation for its derivative."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from bpdebug.engine.language.forms import ELEMENTWISE
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Name, Number, replace
from bpdebug.engine.language.parsing import parse
from bpdebug.verify.diagnosis.scope import FormulaScope, Substitution


def is_derivative(node: Expression) -> TypeGuard[Call]:
    """Whether a node is the derivative of an activation; a loss, of an output and a target, has one too."""
    if not isinstance(node, Call) or len(node.arguments) != 1:
        return False
    return bool(FUNCTIONS[node.function].derivative_of)


def wrong_argument_of_derivative(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`sigmoid_prime(a1)` for `sigmoid_prime(z1)`: the derivative at the output instead of the input.

    Or `sigmoid(a1)`: the activation once more, where a function that may give either was not told.
    """
    if is_derivative(node) and (output := scope.activations.get(node.arguments[0], "")) in scope.tensors:
        place = (Name(output),)
        yield Call(node.function, place, node.options), "derivative at the output", 1.0
        activation = FUNCTIONS[node.function].derivative_of
        yield Call(activation, place, node.options), "function for its derivative", 1.3


def derivative_from_the_output(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`z1 * (1 - z1)`: the form that takes the output, of this or another activation, at any tensor.

    Or `1 - a1` for `1 - a1 ** 2`, which is `tanh_prime(z1)`.
    """
    if is_derivative(node):
        (argument,) = node.arguments
        wanted = scope.shape(argument)
        for name in scope.near:
            if scope.shapes[name] == wanted:
                for text in ("{0} * (1 - {0})", "1 - {0} ** 2"):
                    cost = 1.1 if isinstance(argument, Name) and name == argument.id else 1.5
                    yield parse(text.format(name)), "derivative from the output", cost
        if (output := scope.activations.get(argument, "")) in scope.tensors and node.function == "tanh_prime":
            yield Call("subtract", (Number(1), Name(output))), "power left out", 1.2


SLOPES = (
    *("sigmoid_prime({0})", "tanh_prime({0})", "relu_prime({0})", "{0} * (1 - {0})", "1 - {0} ** 2"),
    *(f"softmax({{0}}, axis={axis}) * (1 - softmax({{0}}, axis={axis}))" for axis in (-1, 0)),
)
"""What people write for the slope of an activation."""


def derivative_too_many(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`da2 * (a2 * (1 - a2))` for `da2`: the slope of an activation that is not there, as at an output."""
    wanted, index = scope.shape(node), scope.index
    factors = node.arguments if isinstance(node, Call) and node.function == "multiply" else (node,)
    flowing = {one.id for one in factors if isinstance(one, Name) and index.phase(one.id) == "backward"}
    # What is beside a factor is beside the product.
    if any(scope.shapes[name] == wanted for name in flowing) == isinstance(node, Call):
        return
    for name in scope.near:
        if scope.shapes[name] == wanted and index.phase(name) == "forward":
            for text in SLOPES:
                # A name of a person's own code is none that the language could read.
                slope = replace(parse(text.format("x")), {Name("x"): Name(name)})
                yield Call("multiply", (node, slope)), "derivative too many", 1.6


def another_function(node: Expression, scope: FormulaScope) -> Iterator[Substitution]:
    """`tanh_prime(z1)` for `sigmoid_prime(z1)`, or `sigmoid(z1)` for either."""
    if not isinstance(node, Call) or len(node.arguments) != 1:
        return
    own = FUNCTIONS[node.function]
    if own.form is not ELEMENTWISE:
        return
    with_slope = {function.derivative_of for function in FUNCTIONS.values()} - {""}
    is_slope, family = bool(own.derivative_of), own.derivative_of or own.name
    if family not in with_slope:
        return
    yield node.arguments[0], "function left out", 1.3
    if not is_slope:
        yield Call(own.name, (node,), node.options), "function twice", 1.5
    for name, function in FUNCTIONS.items():
        other = function.derivative_of or name
        if function.form is ELEMENTWISE and function.arity == 1 and other in with_slope:
            same_order, same_family = bool(function.derivative_of) == is_slope, other == family
            kind = "another derivative" if is_slope and same_order else "another function"
            if is_slope and not same_order and same_family:
                kind = "function for its derivative"
            yield Call(name, node.arguments), kind, 1.2 if same_order or same_family else 1.8
