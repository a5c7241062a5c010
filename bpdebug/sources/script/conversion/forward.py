"""The forward part of a recording as statements: all that lies between the parameters and the loss.

Only what depends on a parameter is computed; data, targets, masks and whatever else was made without them
are inputs. Equal computations are one (`Graph`), and each tensor has the name under which the person's
outermost function knows it.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.nodes import Expression, Name, Statement, names
from bpdebug.sources.script.conversion.names import Names, is_named, text_of
from bpdebug.sources.script.conversion.rules import conversion_rules, rule_of
from bpdebug.sources.script.conversion.translator import OpaqueError, Translator, number
from bpdebug.sources.script.numbering import Graph
from bpdebug.sources.script.recorder.operations import Method
from bpdebug.sources.script.recorder.records import Node

DEEPEST = 60
"""An expression of a person's is not nested deeper; what the recorder adds up may be."""
AFFINE: frozenset[Any] = frozenset({operator.add, operator.matmul, np.add, np.matmul, np.dot, Method("dot")})
"""What an activation is applied to is made by one of these."""
ACTIVATED: frozenset[Any] = frozenset(
    {np.tanh, np.maximum, np.exp, operator.neg, np.negative, np.sin, np.cos}
)
"""With one of these, activations begin: the sigmoid of `z` with `-z`."""
OnTop = Callable[[Callable[[Any], Expression], Callable[[str], str]], list[Statement]]


class Forward(NamedTuple):
    """Statements, and what they are statements of.

    Attributes
    ----------
    graph : Graph
        The operations: a name is that of a representative.
    statements : tuple of Statement
        In the order of execution.
    inputs : mapping
        Name -> the node whose value is given, or an array that nothing computed, such as positions.
    nodes : mapping
        Name -> the node that a statement computes.
    names : mapping
        The number of a node -> its name, for inputs and results.
    unnamed : frozenset of str
        The names that only say in which line something stands.
    versions : mapping
        Name of a version -> what is written for it, for those that are called differently.
    opaque : tuple of (Node, str)
        What depends on parameters and cannot be written, with what it is: it is an input, and no gradient
        flows back through it.
    """

    graph: Graph
    statements: tuple[Statement, ...]
    inputs: Mapping[str, Any]
    nodes: Mapping[str, Node]
    names: Mapping[int, str]
    unnamed: frozenset[str]
    versions: Mapping[str, str]
    opaque: tuple[tuple[Node, str], ...]


class ForwardWriter:
    """Writes the part of a graph that depends on parameters.

    Parameters
    ----------
    graph : Graph
        The operations.
    parameters : sequence of Node
        The old values of the parameters.
    titles : mapping
        The number of a node -> what it is called, where that is known better than from its own names.
    stop : collection of int
        The nodes that are given, whatever they were computed from.
    """

    def __init__(
        self, graph: Graph, parameters: Sequence[Node], titles: Mapping[int, str], stop: Collection[int] = ()
    ) -> None:
        self.graph, self.titles, self.stop = graph, titles, stop
        self.parameters = {graph.of(node).id for node in parameters}
        self.depends = graph.reached(parameters, stop)
        self.rules = conversion_rules()
        self.aliases = _outermost_names(graph)

    def write(self, roots: Sequence[Node], on_top: OnTop | None = None) -> Forward:
        """Write all that some nodes depend on.

        Parameters
        ----------
        roots : sequence of Node
            What is wanted.
        on_top : callable, optional
            (write an operand, give a new name) -> statements that come after those of the script: a loss that
            it does not compute.
        """
        return _Writing(self, [self.graph.of(root) for root in roots]).forward(on_top)

    def text(self, node: Node) -> str:
        """Return what a node is called, without a version."""
        return self.titles.get(node.id) or self.aliases.get(node.id) or text_of(node)

    def is_named(self, node: Node) -> bool:
        """Whether a node is called after more than its line."""
        return node.id in self.titles or node.id in self.aliases or is_named(node)


class _Writing:
    """One forward part while it is written; it is the scope of its expressions."""

    def __init__(self, writer: ForwardWriter, roots: Sequence[Node]) -> None:
        self.own, self.graph = writer, writer.graph
        behind = self.graph.ancestors(roots, stop={*writer.parameters, *writer.stop})
        self.slice = sorted(one for one in behind if writer.depends[one] and one not in writer.parameters)
        inside = set(self.slice)
        uses = Counter(
            parent.id for one in self.slice for parent in self.graph.parents(self.graph.nodes[one])
        )
        self.named = {
            one
            for one in inside
            if uses[one] != 1 or one in writer.aliases or self.graph.nodes[one].instance is not None
        } | {root.id for root in roots}
        self.named |= set(self._before_activations())
        self.names: dict[int, str] = {}
        self.unnamed: set[str] = set()
        self.inputs: dict[str, Any] = {}
        self.nodes: dict[str, Node] = {}
        self.constants: dict[tuple[Any, ...], str] = {}
        self.opaque: list[tuple[Node, str]] = []
        self.depth = 0
        self.title = Names()
        self.translator = Translator(self.operand, self.constant)

    def _before_activations(self) -> Iterator[int]:
        """Yield the products and sums that a function goes over: `w @ x + b` in `tanh(w @ x + b)`.

        Nobody has named them, and still people write their gradients: `dz = da * (1 - a ** 2)`.
        """
        for one in self.slice:
            for parent in self.graph.parents(self.graph.nodes[one]):
                is_input = parent.function in AFFINE and self.graph.nodes[one].function in ACTIVATED
                if is_input and self.own.depends[parent.id] and np.size(parent.like) > 1:
                    yield parent.id

    def forward(self, on_top: OnTop | None) -> Forward:
        statements = []
        for one in self.slice:
            if one in self.named:
                node = self.graph.nodes[one]
                try:
                    expression = self.written(node)
                except OpaqueError as error:
                    self.unknown(node, str(error))
                    continue
                name = self.call(node)
                self.nodes[name] = node
                statements.append(Statement(name, expression))
        if on_top is not None:
            statements += on_top(self.translator.expression, self.title.new)
        read = {name for statement in statements for name in names(statement.expression)}
        inputs = {name: value for name, value in self.inputs.items() if name in read}
        return Forward(
            self.graph,
            tuple(statements),
            inputs,
            self.nodes,
            self.names,
            frozenset(self.unnamed),
            self.title.versions,
            tuple(self.opaque),
        )

    def call(self, node: Node) -> str:
        """Give a node its name."""
        name = self.names[node.id] = self.title.new(self.own.text(node))
        if not self.own.is_named(node):
            self.unnamed.add(name)
        return name

    def written(self, node: Node) -> Expression:
        """Write what a node computes."""
        self.depth += 1
        try:
            if self.depth > DEEPEST:
                raise OpaqueError("an expression that nests too deep")
            return rule_of(self.own.rules, node)(self.translator, node)
        finally:
            self.depth -= 1

    def operand(self, node: Node) -> Expression:
        """Write an operand: by its name, as a literal, or what it computes."""
        node = self.graph.of(node)
        name = self.names.get(node.id)
        if name is not None:
            return Name(name)
        if node.id in self.own.parameters or node.id in self.own.stop or node.id in self.named:
            return self.given(node)
        if node.function is None and not node.names and isinstance(node.value, float):
            return number(node.value)
        depends = bool(self.own.depends[node.id])
        if node.function is None or (
            not depends and (node.id in self.own.aliases or node.instance is not None)
        ):
            return self.given(node)
        known = dict(self.inputs), dict(self.constants)
        try:
            return self.written(node)
        except OpaqueError as error:
            self.inputs, self.constants = known
            return self.unknown(node, str(error))

    def unknown(self, node: Node, reason: str) -> Name:
        """Take what cannot be written as it was recorded."""
        if self.own.depends[node.id] and np.asarray(node.like).dtype.kind == "f":  # integers have no slope
            self.opaque.append((node, reason))
        return self.given(node)

    def given(self, node: Node) -> Name:
        """Make a node an input."""
        name = self.call(node)
        self.inputs[name] = node
        return Name(name)

    def constant(self, value: Any) -> Name:
        """Make an array an input that nothing computed."""
        array = np.asarray(value)
        key = (array.shape, array.dtype.str, array.tobytes())
        if key not in self.constants:
            self.constants[key] = name = self.title.new("index" if array.dtype.kind in "iub" else "constant")
            self.inputs[name] = array
        return Name(self.constants[key])


def _outermost_names(graph: Graph) -> dict[int, str]:
    """Return for each representative the first name that it has in the outermost function that names it."""
    found: dict[int, tuple[int, int, str]] = {}
    for node in graph.nodes:
        if node.names:
            key = graph.of(node).id
            best = (node.frame.depth, node.id, node.names[0])
            if key not in found or best < found[key]:
                found[key] = best
    return {key: name for key, (_, _, name) in found.items()}
