"""The names of the axes of every tensor of a program: batch, channel, height, width.

Layer kinds write shapes with named extents for what comes in and for parameters. From there on it is a
reading of the expression tree: a form says which axis of an operand an axis of the result is. Some
functions name all axes by themselves. A gradient has the axes of its tensor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from weakref import WeakKeyDictionary

from bpdebug.engine.language import forms
from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.forms.form import TIME, Axes, filled
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Call, Expression, Name, Number
from bpdebug.engine.language.shapes import options_of
from bpdebug.engine.network.layers.layer import Layer
from bpdebug.engine.network.layers.layout import BATCH, ONES, REST, Pattern
from bpdebug.engine.program.program import Program

PLACES = {1: ("length",), 2: ("height", "width")}
"""What follows the channels, by how many axes there are: the places of a line, of an image."""


_INFERRED: WeakKeyDictionary[Program, Mapping[str, Axes]] = WeakKeyDictionary()
"""Few ask for axes, and who does asks at every step: they are inferred once for each program."""


def axes_in(program: Program) -> Mapping[str, Axes]:
    """Return the names of the axes of every input and every result; inferred when first asked for."""
    if program not in _INFERRED:
        _INFERRED[program] = infer_axes(program)
    return _INFERRED[program]


def infer_axes(program: Program) -> dict[str, Axes]:
    """Return the names of the axes of every input and every result.

    Parameters
    ----------
    program : Program
        What runs.
    """
    found: dict[str, Axes] = {name: ("",) * len(shape) for name, shape in program.inputs.items()}
    for name, axis in program.batch_axes.items():
        found[name] = tuple(BATCH if place == axis else "" for place in range(len(found[name])))
    promised: dict[str, Axes] = {}
    for name, axes in _promised(program):
        promised[name] = filled(promised.get(name, found.get(name, axes)), axes)
    found |= {name: axes for name, axes in promised.items() if name in program.inputs}
    for statement in program.statements:
        shape = program.shapes[statement.name]
        tensor = statement.of if statement.phase == "backward" else ""
        if tensor in found and program.shapes[tensor] == shape:
            found[statement.name] = found[tensor]
            continue
        axes = axes_of(statement.expression, found, program.shapes)
        found[statement.name] = axes = filled(axes, promised.get(statement.name, axes))
        for name, own in _learnt(statement.expression, axes, shape, program.shapes):
            if name in program.inputs and name not in promised:
                found[name] = filled(found[name], own)
    return found | {gradient: found[tensor] for gradient, tensor in program.incoming.items()}


def axes_of(expression: Expression, known: Mapping[str, Axes], shapes: Mapping[str, Shape]) -> Axes:
    """Return the names of the axes of an expression's result.

    Parameters
    ----------
    expression : Expression
        What is computed.
    known : mapping
        The axes of the tensors that it reads.
    shapes : mapping
        The shapes of these tensors.
    """
    return _read(expression, known, shapes)[0]


def _read(
    expression: Expression, known: Mapping[str, Axes], shapes: Mapping[str, Shape]
) -> tuple[Axes, Shape]:
    if isinstance(expression, Number):
        return (), ()
    if isinstance(expression, Name):
        shape = shapes[expression.id]
        return known.get(expression.id, ("",) * len(shape)), shape
    operands, operand_shapes = zip(
        *(_read(argument, known, shapes) for argument in expression.arguments), strict=True
    )
    options, form = options_of(expression), FUNCTIONS[expression.function].form
    return form.axes_of(operands, operand_shapes, options), form.shape(operand_shapes, options)


def _promised(program: Program) -> Iterable[tuple[str, Axes]]:
    """Yield the tensors whose axes a layer kind names."""
    for layer in program.blocks:
        if not isinstance(layer, Layer):
            continue
        own = {one.name: one.shape for one in layer.kind.parameters}
        own |= {one.name: one.shape for one in layer.kind.generated}
        per_channel = {one.name for one in layer.kind.parameters if one.per_channel}
        for role, name in layer.given.items():
            pattern = (layer.kind.input if role in layer.incoming else own[role])(layer.layout)
            count = len(program.shapes[name])
            axes = _axes_of_pattern(pattern[:1] if role in per_channel and count == 1 else pattern, count)
            if len(axes) == count:
                yield name, axes


def _axes_of_pattern(pattern: Pattern, count: int) -> Axes:
    """Return the axes of a tensor of so many from a shape with named extents."""
    rest = count - len(pattern) + 1
    unnamed = ("",) * rest
    if pattern[-1] == REST and len(pattern) > 2:
        unnamed = PLACES.get(rest, unnamed)
    elif rest == 1 and len(pattern) > 1:
        unnamed = (TIME,)
    axes: list[str] = []
    for extent in pattern:
        if extent in (REST, ONES):
            axes += unnamed if extent == REST else ("",) * rest
        else:
            axes.append(singular(extent) if isinstance(extent, str) else "")
    return tuple(axes)


def singular(extent: str) -> str:
    """Return what one of an extent is called: of `channels of a group` a `channel`."""
    word = extent.split(" of ")[0].removeprefix("filter ")
    for ending, one in (("ies", "y"), ("sses", "ss"), ("ss", "ss"), ("s", "")):
        if word.endswith(ending):
            word = word.removesuffix(ending) + one
            break
    return TIME if word == "position" else word


def _learnt(
    expression: Expression, axes: Axes, shape: Shape, shapes: Mapping[str, Shape]
) -> Iterable[tuple[str, Axes]]:
    """Yield what a statement says of the axes of the tensors that it reads."""
    if not isinstance(expression, Call):
        return
    form = FUNCTIONS[expression.function].form
    elementwise = form is forms.ELEMENTWISE
    for argument, own in zip_longest(expression.arguments, form.signature[:-1], fillvalue=()):
        if isinstance(argument, Name):
            # What goes element by element beside a tensor of the same shape has the same axes.
            own = own or (axes if elementwise and shapes[argument.id] == shape else ())
            if len(own) == len(shapes[argument.id]):
                yield argument.id, own
        elif isinstance(argument, Call) and elementwise:
            yield from _learnt(argument, axes, shape, shapes)
