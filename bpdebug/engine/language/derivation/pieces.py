"""What flows back to the arguments of one call, and what is known of the nodes that take part in it.

The nodes of a statement stand in each other, and so do the pieces that flow back to them. Each is asked for
its shape, its simplified form and its need of a gradient many times, and answers once: the tables here make
the derivation of a statement linear in its length.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from bpdebug.engine.language.derivation.broadcasting import sum_to_shape_of
from bpdebug.engine.language.derivation.rules import DerivativeRule, derivative_rules, with_options
from bpdebug.engine.language.derivation.simplification import laid_at_once, simplified
from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Name, places, with_arguments
from bpdebug.engine.language.shapes import result_shape


class Nodes:
    """What is known of the nodes of one statement, and of the pieces that flow back through it.

    Parameters
    ----------
    shapes : mapping
        The shape of every tensor.
    needed : collection of str
        The tensors whose gradients are asked for.
    """

    def __init__(self, shapes: Mapping[str, Shape], needed: Collection[str]) -> None:
        self.shapes = shapes
        self.needed = needed
        self._shapes: dict[Expression, Shape] = {}
        self._simple: dict[Expression, Expression] = {}
        self._needs: dict[Expression, bool] = {}

    def shape(self, node: Expression) -> Shape:
        """Return the shape of a node."""
        if not isinstance(node, Call):
            return self.shapes[node.id] if isinstance(node, Name) else ()
        shape = self._shapes.get(node)
        if shape is None:
            shape = self._shapes[node] = result_shape(node, tuple(map(self.shape, node.arguments)))
        return shape

    def simple(self, node: Expression) -> Expression:
        """Return a node as `simplify` writes it."""
        if not isinstance(node, Call):
            return node
        simple = self._simple.get(node)
        if simple is None:
            simple = simplified(with_arguments(node, [self.simple(argument) for argument in node.arguments]))
            self._simple[node] = simple
        return simple

    def needs_gradient(self, node: Expression) -> bool:
        """Whether a gradient that is asked for flows back through a node."""
        if not isinstance(node, Call):
            return isinstance(node, Name) and node.id in self.needed
        needs = self._needs.get(node)
        if needs is None:
            count = len(node.arguments)
            rules = FUNCTIONS[node.function].rules(count) or ("unknown",) * count
            needs = self._needs[node] = any(
                rule is not None and self.needs_gradient(argument)
                for rule, argument in zip(rules, node.arguments, strict=False)
            )
        return needs

    def settle(self, gradient: Expression) -> None:
        """Note that a gradient is simplified: it need not be walked again inside another."""
        if isinstance(gradient, Call):
            self._simple[gradient] = gradient


class Contribution(NamedTuple):
    """What flows back to an argument of a call."""

    argument: Expression
    gradient: Expression


def reached(call: Call, nodes: Nodes) -> list[tuple[Expression, DerivativeRule]]:
    """Return the arguments of a call that need a gradient, each with the rule that gives it.

    Raises
    ------
    DerivationError
        If there is such an argument, and the function has no derivative.
    """
    if not any(map(nodes.needs_gradient, call.arguments)):
        return []
    rules = derivative_rules(call.function, len(call.arguments))
    return [
        (argument, with_options(rule, call.function, call.options))
        for rule, argument in zip(rules, call.arguments, strict=True)
        if rule is not None and nodes.needs_gradient(argument)
    ]


def pieces(
    call: Call, gradient: Expression, wanted: Iterable[tuple[Expression, DerivativeRule]], nodes: Nodes
) -> Iterator[Contribution]:
    """Yield what flows back to some arguments of a call, from the gradient of its result.

    Parameters
    ----------
    call : Call
        A node of the forward pass.
    gradient : Expression
        What flows back to it; it is as these pieces are.
    wanted : iterable of pair
        The arguments, and their rules.
    nodes : Nodes
        What is known of the nodes of the statement.

    Raises
    ------
    DerivationError
        If a rule does not give a gradient in the shape of its argument.
    """
    nodes.settle(gradient)
    meanings: dict[Expression, Expression] = {Name("g"): gradient, Name("out"): nodes.simple(call)}
    for place, argument in zip(places(len(call.arguments)), call.arguments, strict=True):
        meanings[Name(place)] = nodes.simple(argument)
    for argument, rule in wanted:
        piece = laid_at_once(_written(rule.expression, meanings), nodes.shape)
        yield Contribution(argument, sum_to_shape_of(piece, argument, nodes.shape))


def _written(rule: Expression, meanings: Mapping[Expression, Expression]) -> Expression:
    """Write a rule with what its names mean, and simplify what is new in it."""
    if isinstance(rule, Call):
        return simplified(with_arguments(rule, [_written(argument, meanings) for argument in rule.arguments]))
    return meanings.get(rule, rule)
