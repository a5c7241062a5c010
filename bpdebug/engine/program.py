"""A program: the statements of a forward and a backward pass, checked before anything runs.

Each name is assigned once, each statement reads only what is there by then, and every shape is
known. A program holds no values; running it on some gives a `Trace`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from bpdebug.engine.expression.derivation import derive, gradient_name
from bpdebug.engine.expression.forms import Shape
from bpdebug.engine.expression.functions import FUNCTIONS
from bpdebug.engine.expression.nodes import Call, Statement, names
from bpdebug.engine.expression.printing import chain_rule, math_name, math_text, statement_text
from bpdebug.engine.expression.shapes import shape_of
from bpdebug.engine.layers import LayerKind
from bpdebug.errors import ProgramError, ShapeError


@dataclass(frozen=True)
class Layer:
    """One layer of a network, as the program lists it.

    Attributes
    ----------
    number : int
        Its place, from 1.
    title : str
        What the listing calls it: `dense relu`.
    kind : LayerKind
        What it is.
    settings : mapping
        Its choices, such as the activation.
    tensors : mapping
        Role -> name, in the order in which they are shown: `{"a_prev": "a0", "w": "w1", ...}`.
    """

    number: int
    title: str
    kind: LayerKind
    settings: Mapping[str, str]
    tensors: Mapping[str, str]

    def role_of_gradient(self, name: str) -> str:
        """Return what the gradient of a tensor is to this layer: `d_prev`, `dw`; empty if nothing."""
        role = next((role for role, tensor in self.tensors.items() if tensor == name), "")
        return "d_prev" if role == "a_prev" else f"d{role}" if role else ""


def make_layer(number: int, kind: LayerKind, settings: Mapping[str, str], parameters: Sequence[str]) -> Layer:
    """Name the tensors of layer `number`: those of its parameters that it has, and its results."""
    absent = {parameter.name for parameter in kind.parameters} - set(parameters)
    tensors = {role: f"{role}{number}" for role in kind.panels if role not in absent}
    if "a_prev" in tensors:
        tensors["a_prev"] = f"a{number - 1}"
    return Layer(number, kind.title(settings), kind, settings, tensors)


@dataclass(frozen=True)
class Program:
    """Statements, the shapes of all that they read and write, and the layers they belong to.

    Attributes
    ----------
    inputs : mapping
        The shape of each tensor that is given: parameters, data, and the incoming gradient.
    statements : tuple of Statement
        The forward pass, then the backward pass.
    layers : tuple of Layer
        The layers in order; empty for statements without layers.
    seed : str
        The tensor whose gradient comes in; empty if the program only runs forwards.
    shapes : mapping
        The shape of every tensor, inputs and results.

    Raises
    ------
    ProgramError
        If a name is assigned twice, or is read before it exists.
    ShapeError
        If the operands of a statement do not fit together; the message names the statement.
    """

    inputs: Mapping[str, Shape]
    statements: tuple[Statement, ...]
    layers: tuple[Layer, ...] = ()
    seed: str = ""
    shapes: Mapping[str, Shape] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shapes", infer_shapes(self.inputs, self.statements))

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """For each result, the number of its statement, from 1."""
        return {statement.name: number for number, statement in enumerate(self.statements, start=1)}

    @cached_property
    def gradients(self) -> frozenset[str]:
        """The names of all gradients of the loss: those derived, and the one that comes in."""
        derived = {statement.name for statement in self.statements if statement.phase == "backward"}
        return frozenset(derived | ({gradient_name(self.seed)} if self.seed else set()))

    def layer_of(self, statement: Statement) -> Layer | None:
        """Return the layer that a statement belongs to, if there are layers."""
        return self.layers[statement.layer - 1] if 0 < statement.layer <= len(self.layers) else None

    def rule_of(self, statement: Statement) -> str:
        """Write the rule behind a statement: the chain rule of a gradient, else its mathematics."""
        if statement.phase == "backward":
            return chain_rule(statement, self.gradients)
        return f"{math_name(statement.name)} = {math_text(statement.expression)}"

    def explanation_of(self, statement: Statement) -> str:
        """Say in one sentence why a statement is computed the way it is."""
        layer = self.layer_of(statement)
        if layer is not None and statement.role in layer.kind.explanations:
            return layer.kind.explanations[statement.role]
        if isinstance(statement.expression, Call):
            return FUNCTIONS[statement.expression.function].explanation
        return "Handed on unchanged."


def infer_shapes(inputs: Mapping[str, Shape], statements: Iterable[Statement]) -> dict[str, Shape]:
    """Return the shapes of the inputs and of every result, checking names and operands on the way.

    Raises
    ------
    ProgramError, ShapeError
        As `Program`.
    """
    shapes = dict(inputs)
    for statement in statements:
        text = statement_text(statement)
        if statement.name in shapes:
            raise ProgramError(f"in `{text}`: {statement.name} is assigned twice")
        unknown = [name for name in names(statement.expression) if name not in shapes]
        if unknown:
            raise ProgramError(f"in `{text}`: {unknown[0]} does not exist here")
        try:
            shapes[statement.name] = shape_of(statement.expression, shapes)
        except ShapeError as error:
            raise ShapeError(f"in `{text}`: {error}") from None
    return shapes


def with_backward(
    inputs: Mapping[str, Shape],
    forward: Sequence[Statement],
    seed: str,
    layers: Sequence[Layer] = (),
    parameters: Iterable[str] = (),
    batch_axes: Mapping[str, int] | None = None,
) -> Program:
    """Make a program of a forward pass and the backward pass derived from it.

    Parameters
    ----------
    inputs : mapping
        The shapes of the given tensors, without the incoming gradient.
    forward : sequence of Statement
        The forward pass.
    seed : str
        The tensor whose gradient comes in.
    layers : sequence of Layer
        The layers that the statements belong to.
    parameters : iterable of str
        The inputs that training changes.
    batch_axes : mapping, optional
        For inputs with a batch, its axis. Formulas are derived for any batch: `db` is a sum over the
        batch even where this scenario's batch is a single example.

    Raises
    ------
    ProgramError, ShapeError, DerivationError
        If the statements do not fit together, or a function has no derivative.
    """
    if seed not in {statement.name for statement in forward}:
        raise ProgramError(f"no gradient can come in at {seed}: no statement of the forward pass writes it")
    general = {
        name: tuple(max(n, 2) if axis == (batch_axes or {}).get(name) else n for axis, n in enumerate(shape))
        for name, shape in inputs.items()
    }
    forward, backward = derive(forward, infer_shapes(general, forward), seed, frozenset(parameters))
    by_number = {layer.number: layer for layer in layers}
    backward = tuple(
        replace(statement, role=by_number[statement.layer].role_of_gradient(statement.of) or statement.role)
        if statement.layer in by_number
        else statement
        for statement in backward
    )
    incoming = {gradient_name(seed): infer_shapes(inputs, forward)[seed]}
    return Program({**inputs, **incoming}, (*forward, *backward), tuple(layers), seed)
