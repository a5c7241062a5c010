"""Which inner results the backward pass will need, before it is derived: so it is derived once.

Statements of one form, in tensors of the same shapes, need the same of their nodes: `h1 = tanh(h0 @ w1) + h0`
and `h2 = tanh(h1 @ w2) + h1` both need the inner `tanh(...)`. So what flows back is worked out once for each
form, and the rest is a look into a table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from bpdebug.engine.language.derivation.pieces import Nodes, pieces, reached
from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import Call, Expression, Name, Statement, names, replace
from bpdebug.errors import DerivationError

CallForm = tuple[Expression, tuple[Shape, ...], tuple[bool, ...]]
"""An expression in numbered names, the shape of each, and whether its gradient is asked for."""


class Read(NamedTuple):
    """What flows back through an expression.

    Attributes
    ----------
    parts : tuple of Expression
        The largest parts of it in which there is no gradient.
    reached : frozenset of str
        The names that it flows to.
    """

    parts: tuple[Expression, ...]
    reached: frozenset[str]


def needed_backwards(
    forward: Sequence[Statement], shapes: Mapping[str, Shape], seed: str, needed: Collection[str]
) -> Iterator[Expression]:
    """Yield what the backward pass computes from the tensors of the forward pass alone.

    Parameters
    ----------
    forward : sequence of Statement
        The forward pass.
    shapes : mapping
        The shape of each tensor.
    seed : str
        The tensor whose gradient comes in.
    needed : collection of str
        The tensors whose gradients are asked for.
    """
    known: dict[CallForm, Read] = {}
    reached = {seed}
    for statement in reversed(forward):
        if statement.name not in reached:
            continue
        own = names(statement.expression)
        numbered: dict[Expression, Expression] = {
            Name(name): Name(f"v{number}") for number, name in enumerate(own)
        }
        form = (
            replace(statement.expression, numbered),
            tuple(shapes[name] for name in own),
            tuple(name in needed for name in own),
        )
        if form not in known:
            known[form] = _Reading(*form).read
        meanings = {number: name for name, number in numbered.items()}
        for expression in known[form].parts:
            yield replace(expression, meanings)
        reached.update(name for number, name in enumerate(own) if f"v{number}" in known[form].reached)


class _Reading:
    """What flows back through the expression of a form."""

    def __init__(self, expression: Expression, shapes: Sequence[Shape], asked: Sequence[bool]) -> None:
        self.shapes = {f"v{number}": shape for number, shape in enumerate(shapes)}
        needed = {name for name, is_asked in zip(self.shapes, asked, strict=True) if is_asked}
        self.nodes = Nodes(self.shapes, {}, needed)
        self.gradients: set[str] = set()
        self.inner: list[Expression] = []
        self.leaves: list[tuple[str, Expression]] = []
        with suppress(DerivationError):  # the derivation says so, and where
            self.pull_back(expression, self.new_gradient(expression))

    @property
    def read(self) -> Read:
        gradients = [*self.inner, *(gradient for _, gradient in self.leaves)]
        parts = (part for gradient in gradients for part in self.without_gradient(gradient))
        return Read(tuple(dict.fromkeys(parts)), frozenset(name for name, _ in self.leaves))

    def new_gradient(self, node: Expression) -> Name:
        name = f"g{len(self.gradients)}"
        self.gradients.add(name)
        self.shapes[name] = self.nodes.shape(node)
        return Name(name)

    def pull_back(self, node: Expression, gradient: Expression) -> None:
        if isinstance(node, Name) and self.nodes.needs_gradient(node):
            self.leaves.append((node.id, gradient))
        if not isinstance(node, Call):
            return
        wanted = reached(node, self.nodes)
        if sum(rule.uses for _, rule in wanted) > 1 and not isinstance(gradient, Name):
            self.inner.append(gradient)
            gradient = self.new_gradient(node)
        for argument, piece in pieces(node, gradient, wanted, self.nodes):
            self.pull_back(argument, piece)

    def without_gradient(self, node: Expression) -> Iterator[Expression]:
        """Yield the largest parts of a gradient that read no gradient."""
        if isinstance(node, Call):
            if self.gradients.isdisjoint(names(node)):
                yield node
            else:
                for argument in node.arguments:
                    yield from self.without_gradient(argument)
