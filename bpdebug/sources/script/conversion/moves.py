"""Moves: how operations are written that give the same elements, in another shape, order or number."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Expression
from bpdebug.sources.script.conversion.translator import (
    ConversionRule,
    OpaqueError,
    Translator,
    like_of,
    options_of,
    shape_of,
    value_of,
)
from bpdebug.sources.script.recorder.operations import InLanguage, Method, shaped
from bpdebug.sources.script.recorder.records import Node, same

RESHAPES: tuple[Any, ...] = (
    np.reshape,
    np.ravel,
    np.squeeze,
    np.expand_dims,
    np.atleast_1d,
    np.atleast_2d,
    np.atleast_3d,
    Method("reshape"),
    Method("ravel"),
    Method("flatten"),
    Method("squeeze"),
    shaped,
)
"""The same elements in the same order."""
MOVES: tuple[Any, ...] = (
    np.transpose,
    np.moveaxis,
    np.swapaxes,
    np.rollaxis,
    np.flip,
    np.fliplr,
    np.flipud,
    np.rot90,
    np.roll,
    np.repeat,
    np.tile,
    np.broadcast_to,
    np.diagonal,
    np.take,
    np.take_along_axis,
    np.delete,
    np.compress,
    np.resize,
    np.tril,
    np.triu,
    np.lib.stride_tricks.as_strided,
    np.lib.stride_tricks.sliding_window_view,
    Method("transpose"),
    Method("swapaxes"),
    Method("repeat"),
    Method("take"),
    Method("diagonal"),
)
"""The same elements at other places, some of them more than once, some not at all."""
CONVERSIONS: tuple[Any, ...] = (
    np.copy,
    np.asarray,
    np.array,
    np.ascontiguousarray,
    np.asanyarray,
    np.asfortranarray,
    np.matrix,
    np.asmatrix,
    np.float64,
    np.float32,
    float,
    operator.pos,
    np.positive,
    Method("copy"),
    Method("astype"),
    Method("item"),
    Method("view"),
    Method("__copy__"),
    Method("__deepcopy__"),
    Method("tolist"),
)
"""What gives the same elements again."""
PADDINGS = ("constant", "edge", "reflect", "symmetric", "wrap")
SPLITS: tuple[Any, ...] = (np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit)
JOINS: tuple[Any, ...] = (np.concatenate, np.hstack, np.vstack, np.stack, np.column_stack, np.dstack)

OF_SHAPES: frozenset[Any] = frozenset(
    {*RESHAPES, *CONVERSIONS, *JOINS, np.append, np.transpose, Method("transpose")}
)
"""What gives the elements that it is given, in the shape that the result has."""


def copied(translator: Translator, node: Node) -> Expression:
    """Another name of the same."""
    return translator.expression(node.operands[0])


def converted(translator: Translator, node: Node) -> Expression:
    """Write the same elements, in the shape that they have now."""
    source = node.operands[0]
    if node.function == Method("item") and len(node.operands) > 1:
        place = value_of(node.operands[1:])
        return translator.moved(source, lambda positions: positions.item(*place))
    if type(source) in (list, tuple):
        return translator.reshaped(translator.joined(source), node.shape)
    if np.asarray(node.like).dtype.kind in "iu" and np.asarray(like_of(source)).dtype.kind == "f":
        raise OpaqueError("rounding to integers")
    if shape_of(source) == node.shape:
        return translator.expression(source)
    if int(np.prod(shape_of(source))) == int(np.prod(node.shape)):
        return translator.reshaped(source, node.shape)
    raise OpaqueError("another number of elements")


def reshape(translator: Translator, node: Node) -> Expression:
    """Another shape."""
    order = [value for value in (*node.operands[1:], *node.options.values()) if isinstance(value, str)]
    if order and order != ["C"]:
        return move(translator, node)
    return translator.reshaped(node.operands[0], node.shape)


def move(translator: Translator, node: Node) -> Expression:
    """Elements at other places: the operation is done to their positions."""
    source, *rest = node.operands
    if type(source) is not Node or node.function is None:
        raise OpaqueError("a move of a list")
    function, arguments = node.function, [value_of(argument) for argument in rest]
    options = {name: value_of(value) for name, value in node.options.items()}
    return translator.moved(source, lambda positions: function(positions, *arguments, **options))


def transpose(translator: Translator, node: Node) -> Expression:
    """`x.T` and `np.transpose(x)`."""
    source = node.operands[0]
    plain = len(node.operands) == 1 and not node.options
    if plain and len(shape_of(source)) == 2:
        return translator.call("transpose", source)
    if plain and len(shape_of(source)) < 2:
        return translator.expression(source)
    return move(translator, node)


def in_language(translator: Translator, node: Node) -> Expression:
    """Write a function of the language as it is."""
    function = node.function
    assert isinstance(function, InLanguage)
    return translator.call(function.name, *node.operands, **dict(function.options))


def attribute(translator: Translator, node: Node) -> Expression:
    """`x.T`, `x.mT`, `x.real`."""
    name = getattr(node.function, "name", "")
    if name == "T":
        return transpose(translator, node)
    if name == "mT":
        return translator.call("transpose", node.operands[0])
    if name == "real":
        return translator.expression(node.operands[0])
    if name in ("A", "A1"):  # the array that an `np.matrix` holds
        return translator.reshaped(node.operands[0], node.shape)
    raise OpaqueError(name)


def join(translator: Translator, node: Node) -> Expression:
    """Several operands one after the other."""
    if node.function is np.append:
        parts: list[Any] = list(node.operands[:2])
        axis = value_of(options_of(node, "values", "axis").get("axis"))
    else:
        held = node.operands[0]
        parts = list(held) if type(held) in (list, tuple) else []
        axis = value_of(options_of(node, "axis").get("axis", 0))
    if not parts:
        raise OpaqueError("a join of one array")
    shapes = [shape_of(piece) for piece in parts]
    if node.function is np.concatenate and len(parts) == 2 and axis is not None and shapes[0]:
        return translator.call("concatenate", *parts, axis=int(axis))
    ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
    positions = [
        np.arange(end - start).reshape(shape) + start
        for start, end, shape in zip(ends, ends[1:], shapes, strict=False)
    ]
    options = {name: value_of(value) for name, value in node.options.items() if name == "axis"}
    if node.function is np.append:
        places: Any = np.append(*positions, axis=axis)
    else:
        assert node.function is not None
        places = node.function(positions, *map(value_of, node.operands[1:]), **options)
    row = translator.joined(parts)
    if np.array_equal(places.ravel(), np.arange(places.size)):
        return translator.reshaped(row, node.shape)
    return translator.call("gather", row, translator.constant(places))


def padded(translator: Translator, node: Node) -> Expression:
    """Zeros around, or what else a padding repeats."""
    given = options_of(node, "pad_width", "mode")
    if value_of(given.get("mode", "constant")) not in PADDINGS:
        raise OpaqueError("padding with computed values")
    values = (value_of(value) for name, value in given.items() if name.endswith("values"))
    if any(np.any(value) for value in values):
        raise OpaqueError("padding with other values than 0")
    return move(translator, node)


def item(translator: Translator, node: Node) -> Expression:
    """One of several results, where all that was done is a split."""
    (whole,) = node.operands
    place = getattr(node.function, "place", 0)
    if whole.function not in SPLITS or type(whole.operands[0]) is not Node:
        raise OpaqueError(getattr(whole.function, "__name__", "several results"))
    source, *rest = whole.operands
    arguments = [value_of(argument) for argument in rest]
    options = {name: value_of(value) for name, value in whole.options.items()}
    return translator.moved(source, lambda positions: whole.function(positions, *arguments, **options)[place])


def diagonal(translator: Translator, node: Node) -> Expression:
    """`np.diag`: of a matrix its diagonal, of a vector the matrix with it."""
    source, *rest = node.operands
    if len(shape_of(source)) == 2:
        return move(translator, node)
    if rest or node.options:
        raise OpaqueError("diag of another diagonal")
    extent = shape_of(source)[0]
    zeros = translator.constant(np.zeros(node.shape))
    return translator.call("replaced", zeros, source, translator.constant(np.arange(extent) * (extent + 1)))


def triangle(translator: Translator, node: Node) -> Expression:
    """`np.tril` and `np.triu`: the rest is 0."""
    assert node.function is not None
    source, *rest = node.operands
    mask = node.function(np.ones(shape_of(source)), *map(value_of, rest), **node.options)
    return translator.call("multiply", source, translator.constant(mask))


def trace(translator: Translator, node: Node) -> Expression:
    """Write the sum of the diagonal."""
    if len(node.operands) > 1 or node.options or len(shape_of(node.operands[0])) != 2:
        raise OpaqueError("trace of other diagonals")
    return translator.call("sum", translator.moved(node.operands[0], np.diag))


def moving_rules() -> dict[Any, ConversionRule]:
    """Return the rules of this module by callable."""
    return {
        same: copied,
        **dict.fromkeys(CONVERSIONS, converted),
        **dict.fromkeys(RESHAPES, reshape),
        **dict.fromkeys(MOVES, move),
        **dict.fromkeys((*JOINS, np.append), join),
        np.transpose: transpose,
        Method("transpose"): transpose,
        np.pad: padded,
        np.diag: diagonal,
        np.tril: triangle,
        np.triu: triangle,
        np.trace: trace,
    }
