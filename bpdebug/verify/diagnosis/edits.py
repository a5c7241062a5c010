"""Edits: the small ways in which a formula is written wrongly.

Each kind of mistake is one function: given a node of the right formula, it yields what people write
in its place. A mistake anywhere in a formula is then that function applied at every node. An edit
carries its plausibility as a cost, so that the most likely of several explanations comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bpdebug.engine.expression.derivation import gradient_name
from bpdebug.engine.expression.forms import ELEMENTWISE, Shape, reduced_axes
from bpdebug.engine.expression.functions import FUNCTIONS
from bpdebug.engine.expression.nodes import Call, Expression, Name, Number, Option, names, replace
from bpdebug.engine.expression.parsing import parse
from bpdebug.engine.expression.shapes import options_of, shape_of
from bpdebug.errors import ShapeError

PRIME = "_prime"
"""The derivative of the function `f` is the function `f_prime`."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a formula.

    Attributes
    ----------
    expression : Expression
        The whole formula after the change.
    kind : str
        What kind of change it is; a key of the table of explanations.
    old, new : Expression
        What was replaced by what.
    cost : float
        How implausible it is, from 1.
    """

    expression: Expression
    kind: str
    old: Expression
    new: Expression
    cost: float


@dataclass(frozen=True)
class Scope:
    """What a formula can be made of.

    Attributes
    ----------
    shapes : mapping
        The shape of everything that a formula can name.
    tensors : collection of str
        The tensors that exist where the formula stands.
    near : collection of str
        Those of the same layer and its neighbours: the likely ones.
    activations : mapping
        For each pre-activation `z`, the name of its activation `a`.
    one_example : sequence of mapping
        The tensors cut down to one example of the batch (`a1[:, -1:]`), in each way to do it.
    updated : mapping
        For each tensor that is carried to the next iteration, what takes its place there: too early here.
    counters : collection of str
        The numbers that count updates, and may be off by one.
    """

    shapes: Mapping[str, Shape]
    tensors: Collection[str]
    near: Collection[str]
    activations: Mapping[str, str]
    one_example: Sequence[Mapping[Expression, Expression]] = ()
    updated: Mapping[str, str] = field(default_factory=dict)
    counters: Collection[str] = ()

    def shape(self, expression: Expression) -> Shape | None:
        """Return the shape of an expression; None if its operands do not fit together."""
        try:
            return shape_of(expression, self.shapes)
        except (ShapeError, KeyError):
            return None


Replacement = tuple[Expression, str, float]
"""What to put in place of a node, the kind of change, and its cost."""
Rule = Callable[[Expression, Scope], Iterator[Replacement]]


def single_edits(expression: Expression, scope: Scope) -> Iterator[Edit]:
    """Yield every formula that differs from the right one by a single edit."""
    for node, rebuild in places(expression):
        for rule in RULES:
            for new, kind, cost in rule(node, scope):
                if new != node:
                    yield Edit(rebuild(new), kind, node, new, cost)
    for cut in scope.one_example:
        new = replace(expression, cut)
        if new != expression:
            yield Edit(new, "one example only", expression, new, 1.2)
    for old, name in ((name, Name(name)) for name in names(expression)):
        for new_name, kind, cost in _in_all_places(old, scope):
            new = replace(expression, {name: new_name})
            if sum(node == name for node, _ in places(expression)) > 1 or kind == "miscounted":
                yield Edit(new, kind, name, new_name, cost)


def _in_all_places(name: str, scope: Scope) -> Iterator[Replacement]:
    """Yield what may stand for a tensor wherever a formula reads it; a number may be off by one."""
    shape = scope.shapes.get(name)
    for other in scope.tensors:
        if other != name and scope.shapes[other] == shape:
            yield Name(other), "another tensor", 1.4 if other in scope.near else 2.2
    if name in scope.counters:
        for function in ("add", "subtract"):
            yield Call(function, (Name(name), Number(1))), "miscounted", 1.2


def places(expression: Expression) -> Iterator[tuple[Expression, Callable[[Expression], Expression]]]:
    """Yield every node of a tree, with a function that returns the tree with that node replaced."""
    yield expression, lambda new: new
    if isinstance(expression, Call):
        for position, argument in enumerate(expression.arguments):
            for node, rebuild in places(argument):
                yield node, _rebuilder(expression, position, rebuild)


def _rebuilder(
    call: Call, position: int, rebuild: Callable[[Expression], Expression]
) -> Callable[[Expression], Expression]:
    def put(new: Expression) -> Expression:
        arguments = list(call.arguments)
        arguments[position] = rebuild(new)
        return Call(call.function, tuple(arguments), call.options)

    return put


# The rules


def another_tensor(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """`a1` for `z1`: another tensor with a shape that still lets the formula be computed."""
    if isinstance(node, Name):
        for name in scope.tensors:
            if name != node.id:
                yield Name(name), "another tensor", 1.4 if name in scope.near else 2.2


def wrong_argument_of_derivative(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """`sigmoid_prime(a1)` for `sigmoid_prime(z1)`: the derivative at the output instead of the input."""
    if isinstance(node, Call) and node.function.endswith(PRIME):
        (argument,) = node.arguments
        if isinstance(argument, Name) and argument.id in scope.activations:
            yield (
                Call(node.function, (Name(scope.activations[argument.id]),), node.options),
                "derivative at the output",
                1.0,
            )


def derivative_from_the_output(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """`z1 * (1 - z1)`: the form that takes the output, of this or another activation, at any tensor."""
    if isinstance(node, Call) and node.function.endswith(PRIME):
        (argument,) = node.arguments
        wanted = scope.shape(argument)
        for name in scope.near:
            if scope.shapes[name] == wanted:
                for text in ("{0} * (1 - {0})", "1 - {0} ** 2"):
                    cost = 1.1 if isinstance(argument, Name) and name == argument.id else 1.5
                    yield parse(text.format(name)), "derivative from the output", cost


def another_function(node: Expression, scope: Scope) -> Iterator[Replacement]:
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


def transposed(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """`w2 @ dz2` for `w2.T @ dz2`: a transpose too few or too many."""
    if isinstance(node, Call) and node.function == "transpose":
        yield node.arguments[0], "transpose left out", 1.1
    elif names(node) and (shape := scope.shape(node)) is not None and len(shape) > 1:
        yield Call("transpose", (node,)), "transposed", 1.2


def another_product(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """`*` for `@`, or the operands of `@` in the other order."""
    if isinstance(node, Call) and node.function in ("matmul", "multiply"):
        other = "multiply" if node.function == "matmul" else "matmul"
        yield Call(other, node.arguments), "another product", 1.2
        if node.function == "matmul":
            yield Call("matmul", node.arguments[::-1]), "operands exchanged", 1.4


def another_sum(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """Not summed, summed over another axis or over all, or averaged."""
    if not isinstance(node, Call) or node.function != "sum":
        return
    (argument,) = node.arguments
    shape = scope.shape(argument)
    if shape is None:
        return
    yield argument, "not summed", 1.0
    yield Call("mean", node.arguments, node.options), "averaged", 1.0
    options = options_of(node)
    summed = reduced_axes(shape, options["axis"])
    for axis in (*range(len(shape)), None):
        if reduced_axes(shape, axis) != summed:
            for keepdims in (True, False):
                given: tuple[tuple[str, Option], ...] = (("axis", axis), ("keepdims", keepdims))
                kept = tuple((key, value) for key, value in given if value != FUNCTIONS["sum"].options[key])
                yield Call("sum", node.arguments, kept), "another axis", 1.2
    flipped = not options["keepdims"]
    kept_axis = tuple((key, value) for key, value in node.options if key != "keepdims")
    yield (
        Call("sum", node.arguments, (*kept_axis, *((("keepdims", True),) if flipped else ()))),
        "axis lost",
        1.3,
    )


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


def updated_too_early(node: Expression, scope: Scope) -> Iterator[Replacement]:
    """`w2_new` for `w2`: the update had been done already."""
    if isinstance(node, Name) and node.id in scope.updated:
        yield Name(scope.updated[node.id]), "updated too early", 1.2


RULES: tuple[Rule, ...] = (
    wrong_argument_of_derivative,
    derivative_from_the_output,
    another_tensor,
    another_function,
    left_out,
    twice,
    transposed,
    another_product,
    another_sum,
    opposite_sign,
    another_power,
    under_the_root,
    updated_too_early,
)


def updated_parameter(expression: Expression, scope: Scope) -> Iterator[tuple[Expression, str]]:
    """Yield the formula with a parameter replaced by its gradient: what an early update adds to it."""
    for name in names(expression):
        if gradient_name(name) in scope.shapes and scope.shapes[gradient_name(name)] == scope.shapes[name]:
            for node, rebuild in places(expression):
                if node == Name(name):
                    yield rebuild(Name(gradient_name(name))), name
