"""The names of the axes of every tensor of a program: batch, channel, height, width.

Layer kinds write shapes with named extents for what comes in and for parameters. From there on it is a
reading of the expression tree: a form says which axis of an operand an axis of the result is. Some
functions name all axes by themselves. A gradient has the axes of its tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, cast

from bpdebug.engine.expression import forms
from bpdebug.engine.expression.derivation import gradient_name
from bpdebug.engine.expression.forms import Form, Options, Shape, numbers_of, reduced_axes, whole
from bpdebug.engine.expression.functions import FUNCTIONS
from bpdebug.engine.expression.nodes import Call, Expression, Index, Name, Number
from bpdebug.engine.expression.shapes import options_of
from bpdebug.engine.layers.kind import LayerKind, is_input_role
from bpdebug.engine.layers.layer import Layer
from bpdebug.engine.layers.layout import BATCH, ONES, REST, Pattern

if TYPE_CHECKING:
    from bpdebug.engine.program import Program

Axes = tuple[str, ...]
"""A name for each axis, in the singular; empty where none is known."""

TIME = "time"
"""What lies between the examples and their features, where that is a single axis: positions in a sequence."""
PLACES = {1: ("length",), 2: ("height", "width")}
"""What follows the channels, by how many axes there are: the places of a line, of a picture."""
PICTURE = "batch channel height width"
NAMED: Mapping[str, tuple[str, ...]] = {
    "conv1d": ("batch channel length", "output channel length", "batch channel length"),
    "conv2d": (PICTURE, "output channel height width", PICTURE),
    "conv_transpose2d": (PICTURE, "channel output height width", PICTURE),
    "max_pool2d": (PICTURE, PICTURE),
    "avg_pool2d": (PICTURE, PICTURE),
    "upsample": (PICTURE, PICTURE),
}
SIGNATURES: Mapping[str, tuple[Axes, ...]] = {
    function: tuple(tuple(axes.split()) for axes in signature) for function, signature in NAMED.items()
}
"""The axes of the arguments and, last, of the result, for functions that know what theirs are."""


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
    for name, axes in _promised(program.layers, program.shapes):
        promised[name] = _filled(promised.get(name, found.get(name, axes)), axes)
    found |= {name: axes for name, axes in promised.items() if name in program.inputs}
    for statement in program.statements:
        shape = program.shapes[statement.name]
        gradient_of = statement.of if statement.phase == "backward" else ""
        if gradient_of in found and program.shapes[gradient_of] == shape:
            found[statement.name] = found[gradient_of]
            continue
        axes = axes_of(statement.expression, found, program.shapes)
        found[statement.name] = axes = _filled(axes, promised.get(statement.name, axes))
        for name, own in _learnt(statement.expression, axes, shape, program.shapes):
            if name in program.inputs and name not in promised:
                found[name] = _filled(found[name], own)
    if program.seed:
        found[gradient_name(program.seed)] = found[program.seed]
    return found


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
    shape = form.shape(operand_shapes, options)
    if expression.function in SIGNATURES:
        return SIGNATURES[expression.function][-1], shape
    rule = RULES.get(form) or partial(_traced, form)
    return rule(operands, operand_shapes, options), shape


def _filled(axes: Axes, others: Axes) -> Axes:
    """Return the names, and for an axis without one that from elsewhere."""
    return tuple(own or other for own, other in zip(axes, others, strict=True))


# What layers say of what they are given


def _promised(layers: Iterable[Layer], shapes: Mapping[str, Shape]) -> Iterable[tuple[str, Axes]]:
    """Yield the tensors whose axes a layer kind names."""
    for layer in layers:
        if not isinstance(layer.kind, LayerKind):
            continue
        own = {one.name: one.shape for one in layer.kind.parameters}
        own |= {one.name: one.shape for one in layer.kind.generated}
        for role, name in layer.given.items():
            pattern = layer.kind.input if is_input_role(role) else own[role]
            axes = _axes_of_pattern(pattern(layer.layout), len(shapes[name]))
            if len(axes) == len(shapes[name]):
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
    elementwise = FUNCTIONS[expression.function].form is forms.ELEMENTWISE
    signature = SIGNATURES.get(expression.function, ())
    for argument, own in zip_longest(expression.arguments, signature[:-1], fillvalue=()):
        if isinstance(argument, Name):
            # What goes element by element beside a tensor of the same shape has the same axes.
            own = own or (axes if elementwise and shapes[argument.id] == shape else ())
            if len(own) == len(shapes[argument.id]):
                yield argument.id, own
        elif isinstance(argument, Call) and elementwise:
            yield from _learnt(argument, axes, shape, shapes)


# What the forms say


def _broadcast(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    """Return the names of the operand that is not stretched, else those of another."""
    axes: list[str] = []
    lines = (reversed([*zip(own, shape, strict=True)]) for own, shape in zip(operands, shapes, strict=True))
    for names in zip_longest(*lines, fillvalue=("", 1)):
        by_extent = sorted(names, key=lambda pair: pair[1] == 1)
        axes.append(next((name for name, _ in by_extent if name), ""))
    return tuple(reversed(axes))


def _matmul(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    x, y = operands
    lead = _broadcast([x[:-2], y[:-2]], (shapes[0][:-2], shapes[1][:-2]), options)
    return (*lead, x[-2], y[-1])


def _transpose(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    (x,) = operands
    return x if len(x) < 2 else (*x[:-2], x[-1], x[-2])


def _reduction(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    axes = () if options.get("keepdims") else reduced_axes(shapes[0], options.get("axis"))
    return tuple(name for place, name in enumerate(operands[0]) if place not in axes)


def _like(place: int) -> Callable[[Sequence[Axes], tuple[Shape, ...], Options], Axes]:
    """Return the rule of a form whose result has the axes of one of its arguments."""
    return lambda operands, shapes, options: operands[place]


def _subscript(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    index = cast("Index", options["index"])
    kept = (name for name, part in zip(operands[0], index, strict=False) if isinstance(part, tuple))
    return (*kept, *operands[0][len(index) :])


def _taken(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    table, numbers = operands
    return (*numbers, *table[1:])


def _sequence(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    batch, *features = operands[0]
    return (batch, TIME, *features)


def _concatenated(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    return _filled(*operands)


def _flatten(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    start = cast("int", options["start"])
    kept, laid = operands[0][:start], operands[0][start:]
    return (*kept, laid[0] if len(laid) == 1 else "")


def _split_heads(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    (*lead, positions, width) = operands[0]
    return (*lead, "head", positions, width)


def _merged_heads(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    (*lead, _, positions, width) = operands[0]
    return (*lead, positions, width)


def _traced(form: Form, operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    """Ask any form: an axis is that of an operand of which less is read for a single place along it."""
    result = whole(form.shape(shapes, options))
    everything = form.reads(result, shapes, options)

    def name_of(place: int) -> str:
        one = form.reads((*result[:place], slice(0, 1), *result[place + 1 :]), shapes, options)
        narrowed = (
            name
            for names, before, after in zip(operands, everything, one, strict=True)
            if all(map(numbers_of, after))
            for name, all_of_it, part in zip(names, before, after, strict=True)
            if len(numbers_of(part)) < len(numbers_of(all_of_it))
        )
        return next(filter(None, narrowed), "")

    return tuple(map(name_of, range(len(result))))


RULES: Mapping[Form, Callable[[Sequence[Axes], tuple[Shape, ...], Options], Axes]] = {
    forms.ELEMENTWISE: _broadcast,
    forms.MATMUL: _matmul,
    forms.TRANSPOSE: _transpose,
    forms.REDUCTION: _reduction,
    forms.PAIRED: _like(0),
    forms.ALONG_AXIS: _like(0),
    forms.EXPANSION: _like(1),
    forms.ONE_HOT: _like(1),
    forms.SUBSCRIPT: _subscript,
    forms.PLACED: _like(1),
    forms.CONCATENATED: _concatenated,
    forms.PART: _like(1),
    forms.TAKEN: _taken,
    forms.ROW_SUMS: _like(2),
    forms.FLATTEN: _flatten,
    forms.RESHAPE_LIKE: _like(1),
    forms.SPLIT_HEADS: _split_heads,
    forms.MERGED_HEADS: _merged_heads,
    forms.TRIANGLE: _like(0),
    forms.SEQUENCE: _sequence,
}
"""For each form that says it better than `_traced`: (axes of the arguments, shapes, options) -> axes."""
