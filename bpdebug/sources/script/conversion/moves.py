"""The table goes on: what only moves elements, takes a part of them, or puts a part in their place."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Expression, Index, Option
from bpdebug.sources.script.conversion.rules import Rule, matmul, options_of
from bpdebug.sources.script.conversion.translator import OpaqueError, Translator, number, shape_of, value_of
from bpdebug.sources.script.recorder.operations import (
    Attribute,
    InLanguage,
    InPlace,
    Item,
    Method,
    elements,
    put,
    put_elements,
    shaped,
)
from bpdebug.sources.script.recorder.records import Node

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
PADDINGS = ("constant", "edge", "reflect", "symmetric", "wrap")
SPLITS: tuple[Any, ...] = (np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit)
JOINS: tuple[Any, ...] = (np.concatenate, np.hstack, np.vstack, np.stack, np.column_stack, np.dstack)


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
    raise OpaqueError(name)


def part(translator: Translator, node: Node) -> Expression:
    """`x[i]`."""
    source, index = node.operands
    index = value_of(index)
    parts = index if type(index) is tuple else (index,)
    plain = _plain_index(parts)
    if plain is not None and 0 not in node.shape:
        return translator.call("subscript", source, index=plain)
    if all(piece is None or piece is Ellipsis or piece == slice(None) for piece in map(_as_piece, parts)):
        return translator.reshaped(source, node.shape)
    return translator.moved(source, lambda positions: positions[index])


def _as_piece(piece: Any) -> Any:
    return piece if isinstance(piece, slice) or piece is None or piece is Ellipsis else 0


def _plain_index(parts: tuple[Any, ...]) -> Index | None:
    """Return a subscript of numbers and slices without a step; None for any other."""
    found: list[Any] = []
    for piece in parts:
        if isinstance(piece, int | np.integer) and not isinstance(piece, bool):
            found.append(int(piece))
        elif isinstance(piece, slice) and piece.step in (None, 1):
            bounds = (piece.start, piece.stop)
            if not all(bound is None or isinstance(bound, int | np.integer) for bound in bounds):
                return None
            found.append(tuple(None if bound is None else int(bound) for bound in bounds))
        else:
            return None
    return tuple(found)


def seen_through(translator: Translator, node: Node) -> Expression:
    """Write what a view shows of its array."""
    source, positions = node.operands
    return translator.call("gather", source, translator.constant(np.asarray(positions)))


def replaced(translator: Translator, node: Node) -> Expression:
    """`x` with a part replaced: `x[i] = v`."""
    source, index, value = node.operands
    shape, given = shape_of(source), shape_of(value)
    if node.function is put_elements:
        positions = np.asarray(index)
    elif (
        type(index) is Node and index.like.dtype.kind == "b" and index.shape == shape and given in ((), shape)
    ):
        return translator.call("where", index, value, source)
    else:
        positions = np.asarray(np.arange(int(np.prod(shape))).reshape(shape)[value_of(index)])
    return translator.call(
        "replaced", source, _fitted(translator, value, positions), translator.constant(positions)
    )


def _fitted(translator: Translator, value: Any, positions: Any) -> Any:
    """Return a value for the positions: it may be repeated, but have no more axes than they have."""
    if len(shape_of(value)) <= positions.ndim:
        return value
    return translator.reshaped(value, positions.shape)


def added_at(translator: Translator, node: Node) -> Expression:
    """`np.add.at(x, i, v)`: every use of a place counts."""
    source, index, value = node.operands
    shape = shape_of(source)
    positions = np.asarray(np.arange(int(np.prod(shape))).reshape(shape)[value_of(index)])
    value = _fitted(translator, value, positions)
    scattered = translator.call("scatter_sum", value, translator.constant(positions), source)
    added = node.function == InPlace(np.add.at)
    return translator.call("add" if added else "subtract", source, scattered)


def filled(translator: Translator, node: Node) -> Expression:
    """`np.copyto(x, v)`."""
    source, value = node.operands[:2]
    if node.options or len(node.operands) > 2:
        raise OpaqueError("copyto with options")
    if shape_of(value) == shape_of(source):
        return translator.expression(value)
    return translator.call("add", value, translator.constant(np.zeros(shape_of(source))))


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


def tensordot(translator: Translator, node: Node) -> Expression:
    """Make it a product of matrices: the axes that are summed go last in one and first in the other."""
    x, y = node.operands[:2]
    axes = value_of(options_of(node, "y", "axes").get("axes", 2))
    left, right = shape_of(x), shape_of(y)
    if isinstance(axes, int):
        first, second = list(range(len(left) - axes, len(left))), list(range(axes))
    else:
        first, second = ([axis] if isinstance(axis, int) else list(axis) for axis in axes)
    first, second = [axis % len(left) for axis in first], [axis % len(right) for axis in second]
    own = [axis for axis in range(len(left)) if axis not in first]
    others = [axis for axis in range(len(right)) if axis not in second]
    summed = int(np.prod([left[axis] for axis in first]))
    rows = translator.moved(x, lambda positions: positions.transpose(own + first).reshape(-1, summed))
    columns = translator.moved(y, lambda positions: positions.transpose(second + others).reshape(summed, -1))
    return translator.reshaped(translator.call("matmul", rows, columns), node.shape)


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


def cumsum(translator: Translator, node: Node) -> Expression:
    """Write sums from the first element on."""
    axis = value_of(options_of(node, "axis").get("axis"))
    if axis is None and len(shape_of(node.operands[0])) != 1:
        raise OpaqueError("cumsum of all axes")
    options: dict[str, Option] = {"axis": 0 if axis is None else int(axis)}
    return translator.call("cumsum", node.operands[0], **options)


def moving_rules() -> dict[Any, Rule]:
    """Return the rules of this module by callable."""
    rules: dict[Any, Rule] = {
        **dict.fromkeys(RESHAPES, reshape),
        **dict.fromkeys(MOVES, move),
        **dict.fromkeys((*JOINS, np.append), join),
        np.transpose: transpose,
        Method("transpose"): transpose,
        operator.getitem: part,
        elements: seen_through,
        put: replaced,
        put_elements: replaced,
        InPlace(np.add.at): added_at,
        InPlace(np.subtract.at): added_at,
        InPlace(np.copyto): filled,
        np.pad: padded,
        np.diag: diagonal,
        np.tril: triangle,
        np.triu: triangle,
        np.tensordot: tensordot,
        np.trace: trace,
        np.cumsum: cumsum,
        Method("cumsum"): cumsum,
    }
    return rules


def rule_of(rules: dict[Any, Rule], node: Node) -> Rule:
    """Return the rule of a node.

    Raises
    ------
    OpaqueError
        If there is none.
    """
    for one in (node, *node.parents()):
        kind = type(one.like)
        if issubclass(kind, np.ndarray) and kind not in (np.ndarray, np.memmap):
            raise OpaqueError(f"{kind.__name__}: its operators are its own")
        if isinstance(one.like, np.ndarray | np.generic) and one.like.dtype.kind == "c":
            raise OpaqueError("complex numbers")
    function = node.function
    if isinstance(function, Attribute):
        return attribute
    if isinstance(function, InLanguage):
        return in_language
    if isinstance(function, Item):
        return item
    try:
        return rules[function]
    except (KeyError, TypeError):
        raise OpaqueError(getattr(function, "__name__", type(function).__name__)) from None


__all__ = ["matmul", "moving_rules", "number", "rule_of"]
