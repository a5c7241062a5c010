"""Parts: how a part of a tensor is taken, replaced, or added to."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Expression, Subscript
from bpdebug.sources.script.conversion.translator import (
    ConversionRule,
    OpaqueError,
    Translator,
    shape_of,
    value_of,
)
from bpdebug.sources.script.recorder.operations import InPlace, elements, put, put_elements
from bpdebug.sources.script.recorder.records import Node


def part(translator: Translator, node: Node) -> Expression:
    """`x[i]`."""
    source, index = node.operands
    index = value_of(index)
    if type(node.like) is np.matrix:  # a row of it has two axes
        return translator.moved(source, lambda positions: np.asmatrix(positions)[index])
    parts = index if type(index) is tuple else (index,)
    plain = _plain_index(parts)
    if plain is not None and 0 not in node.shape:
        return translator.call("subscript", source, index=plain)
    if all(piece is None or piece is Ellipsis or piece == slice(None) for piece in map(_as_piece, parts)):
        return translator.reshaped(source, node.shape)
    return translator.moved(source, lambda positions: positions[index])


def _as_piece(piece: Any) -> Any:
    return piece if isinstance(piece, slice) or piece is None or piece is Ellipsis else 0


def _plain_index(parts: tuple[Any, ...]) -> Subscript | None:
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


def part_rules() -> dict[Any, ConversionRule]:
    """Return the rules of this module by callable."""
    return {
        operator.getitem: part,
        elements: seen_through,
        put: replaced,
        put_elements: replaced,
        InPlace(np.add.at): added_at,
        InPlace(np.subtract.at): added_at,
        InPlace(np.copyto): filled,
    }
