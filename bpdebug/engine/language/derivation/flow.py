"""What flows back through a statement, worked out once for all statements of its form.

Statements of one form, in tensors of the same shapes, differ in their names alone: `h1 = tanh(h0 @ w1) + h0`
and `h2 = tanh(h1 @ w2) + h1`. What flows back is written in numbered names, and each statement puts in its
own: a network of ten thousand layers has a few forms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from bpdebug.engine.language.derivation.pieces import Nodes, pieces, reached
from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import Call, Expression, Name, names, with_arguments, with_names
from bpdebug.errors import DerivationError

INCOMING = "g"
"""What the gradient of a statement's result is called in what flows back through it."""


class GradientPiece(NamedTuple):
    """What flows back to a name, or to a part whose gradient is needed more than once.

    Attributes
    ----------
    to : str
        The name; for a part, what its gradient is called in the pieces that follow.
    gradient : Expression
        What flows back, in numbered names.
    shape : tuple of int
        The shape of both.
    """

    to: str
    gradient: Expression
    shape: Shape


class Flow:
    """What flows back through an expression.

    Parameters
    ----------
    expression : Expression
        What is computed.
    shapes : mapping
        The shapes of the names that it reads.
    needed : collection of str
        The names whose gradients are asked for.

    Attributes
    ----------
    parts : dict
        What the gradients read of the forward pass, the largest parts -> what these are called in them.
    pieces : list of GradientPiece
        What flows back, in the order in which it is computed.
    """

    def __init__(self, expression: Expression, shapes: Mapping[str, Shape], needed: Collection[str]) -> None:
        self.shapes = {**shapes}
        self.nodes = Nodes(self.shapes, needed)
        self.gradients: set[str] = set()
        self.parts: dict[Call, str] = {}
        self.pieces: list[GradientPiece] = []
        self.pull_back(expression, self.new_gradient(expression))
        self.pieces = [piece._replace(gradient=self.apart(piece.gradient)) for piece in self.pieces]

    def new_gradient(self, node: Expression) -> Name:
        """Return a name for the gradient of a node's result."""
        name = f"{INCOMING}{len(self.gradients) or ''}"
        self.gradients.add(name)
        self.shapes[name] = self.nodes.shape(node)
        return Name(name)

    def pull_back(self, node: Expression, gradient: Expression) -> None:
        """Send the gradient of a node's result down to the names below it."""
        if isinstance(node, Name) and self.nodes.needs_gradient(node):
            self.pieces.append(GradientPiece(node.id, gradient, self.shapes[node.id]))
        if not isinstance(node, Call):
            return
        wanted = reached(node, self.nodes)
        if sum(rule.uses for _, rule in wanted) > 1 and not isinstance(gradient, Name):
            name = self.new_gradient(node)
            self.pieces.append(GradientPiece(name.id, gradient, self.shapes[name.id]))
            gradient = name
        for argument, piece in pieces(node, gradient, wanted, self.nodes):
            self.pull_back(argument, piece)

    def apart(self, gradient: Expression) -> Expression:
        """Return a gradient with names for the largest parts in which there is none."""
        if not isinstance(gradient, Call):
            return gradient
        if self.gradients.isdisjoint(names(gradient)):
            return Name(self.parts.setdefault(gradient, f"part{len(self.parts)}"))
        return with_arguments(gradient, [self.apart(argument) for argument in gradient.arguments])


class Flows:
    """What flows back through the statements of a program: each form is worked out when it is first met.

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
        self.known: dict[Any, Flow] = {}

    def through(self, expression: Expression) -> tuple[Flow, dict[str, Name]]:
        """Return what flows back through an expression, and what its numbered names stand for.

        Raises
        ------
        DerivationError
            If a function on the way has no derivative.
        """
        numbers: dict[str, int] = {}
        form = _form(expression, numbers)
        key = form, tuple((self.shapes[name], name in self.needed) for name in numbers)
        flow = self.known.get(key)
        if flow is None:
            numbered = with_names(expression, {name: Name(f"v{number}") for name, number in numbers.items()})
            shapes = {f"v{number}": self.shapes[name] for name, number in numbers.items()}
            needed = {f"v{number}" for name, number in numbers.items() if name in self.needed}
            try:
                flow = self.known[key] = Flow(numbered, shapes, needed)
            except DerivationError:
                # So does this, and says so in the names there are.
                Flow(expression, self.shapes, self.needed)
                raise
        return flow, {f"v{number}": Name(name) for name, number in numbers.items()}


def _form(node: Expression, numbers: dict[str, int]) -> Any:
    """Return an expression with a number for each name, told apart as it would be written: 2 is not 2.0."""
    if isinstance(node, Call):
        options = repr(node.options) if node.options else ""
        return node.function, options, *[_form(argument, numbers) for argument in node.arguments]
    return numbers.setdefault(node.id, len(numbers)) if isinstance(node, Name) else repr(node.value)
