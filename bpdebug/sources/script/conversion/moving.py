"""What only moves elements: other shapes, parts, rows by number, tensors put together, writes into a part.

Whatever is no plain slice is taken by *positions*: the function itself, applied to the numbers 0, 1, 2, ...
of the elements, says from where each element of the result comes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Expression, Index, Name
from bpdebug.sources.script.conversion.writer import (
    Opaque,
    Rule,
    Writer,
    call,
    like,
    shape,
    size,
    value_of,
    whole_number,
)
from bpdebug.sources.script.recorder.operations import (
    Attribute,
    InPlace,
    Item,
    Method,
    elements,
    put,
    put_elements,
    shaped,
)
from bpdebug.sources.script.recorder.records import Node, same


def reshaped(expression: Expression, new: tuple[int, ...]) -> Expression:
    """Give an expression a shape; the sum of one element is a scalar."""
    return call("reshape", expression, shape=new) if new else call("sum", expression)


def permuted(expression: Expression, axes: Sequence[int]) -> Expression:
    """Put axes into another order."""
    axes = tuple(axes)
    if axes == tuple(range(len(axes))):
        return expression
    if axes == (1, 0):
        return call("transpose", expression)
    return call("permute", expression, axes=axes)


def _reshape(writer: Writer, node: Node, x: Any, *_: Any, order: Any = "C", **__: Any) -> Expression:
    if order != "C":
        raise Opaque("reshape in another order")
    return _again(writer, node, x)


def _again(writer: Writer, node: Node, x: Any, *_: Any, **__: Any) -> Expression:
    """Write the same elements in the shape that they have now."""
    if type(x) is not Node:
        return stacked(writer, node, x)
    return (
        call("identity", writer.operand(x))
        if shape(x) == node.shape
        else reshaped(writer.operand(x), node.shape)
    )


def _transpose(writer: Writer, node: Node, x: Any, *axes: Any, **options: Any) -> Expression:
    order = axes[0] if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes or options.get("axes")
    if order is None or order == () or order == (None,):
        order = tuple(reversed(range(len(shape(x)))))
    if len(shape(x)) < 2:
        return call("identity", writer.operand(x))
    return permuted(writer.operand(x), [whole_number(one) % len(shape(x)) for one in order])


def _exchanged(writer: Writer, node: Node, x: Any, first: Any, second: Any) -> Expression:
    order = list(range(len(shape(x))))
    first, second = whole_number(first), whole_number(second)
    order[first], order[second] = order[second], order[first]
    return permuted(writer.operand(x), order)


def _moved_axis(writer: Writer, node: Node, x: Any, source: Any, target: Any) -> Expression:
    axes = _axes_after(
        lambda example: np.moveaxis(example, value_of(source), value_of(target)), len(shape(x))
    )
    return permuted(writer.operand(x), axes)


def _axes_after(do: Callable[[Any], Any], count: int) -> tuple[int, ...]:
    """Return where each axis comes from: by giving each another extent."""
    return tuple(extent - 1 for extent in do(np.empty(tuple(range(1, count + 1)))).shape)


def _subscript(writer: Writer, node: Node, x: Any, index: Any) -> Expression:
    plain = plain_index(index)
    if plain is not None and 0 not in node.shape:
        return call("subscript", writer.operand(x), index=plain)
    parts = index if isinstance(index, tuple) else (index,)
    if all(
        type(part) is not Node and (part is None or part is Ellipsis or part == slice(None)) for part in parts
    ):
        return reshaped(writer.operand(x), node.shape)
    return gathered(writer, x, lambda numbers: numbers[value_of(index)])


def _adds_axes(part: Any) -> bool:
    """Whether a part of an index takes all that there is, or makes a new axis."""
    return type(part) is not Node and (part is None or part is Ellipsis or part == slice(None))


def plain_index(index: Any) -> Index | None:
    """Return an index of numbers and slices without steps as the language has it; None for another."""
    found: list[int | tuple[int | None, int | None]] = []
    for part in index if isinstance(index, tuple) else (index,):
        part = value_of(part)
        if isinstance(part, slice):
            bounds = (part.start, part.stop)
            if part.step not in (None, 1) or not all(one is None or _is_whole(one) for one in bounds):
                return None
            found.append(tuple(None if one is None else int(one) for one in bounds))  # type: ignore[arg-type]
        elif _is_whole(part):
            found.append(int(part))
        else:
            return None
    return tuple(found)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def numbers_like(operand: Any) -> Any:
    """Return the numbers of the elements of an operand, as they lie in it."""
    return np.arange(size(operand)).reshape(shape(operand))


def gathered(writer: Writer, x: Any, do: Callable[[Any], Any]) -> Expression:
    """Write what moves elements as taking them by their positions."""
    positions = np.asarray(do(numbers_like(x)))
    return call("gather", writer.operand(x), Name(writer.scope.constant(positions)))


def _by_positions(function: Callable[..., Any]) -> Rule:
    def rule(writer: Writer, node: Node, x: Any, *rest: Any, **options: Any) -> Expression:
        if type(x) is not Node:
            raise Opaque(getattr(function, "__name__", "a function"))
        held = {name: value_of(value) for name, value in options.items()}
        return gathered(writer, x, lambda numbers: function(numbers, *map(value_of, rest), **held))

    return rule


def _item(writer: Writer, node: Node, whole: Node) -> Expression:
    """Write one of the parts that a split gave."""
    assert isinstance(node.function, Item)
    place, function = node.function.place, whole.function
    if function not in SPLITS or type(whole.operands[0]) is not Node:
        raise Opaque(getattr(function, "__name__", "a function with several results"))
    x, *rest = whole.operands
    options = {name: value_of(value) for name, value in whole.options.items()}
    return gathered(writer, x, lambda numbers: function(numbers, *map(value_of, rest), **options)[place])  # type: ignore[misc]


def _elements(writer: Writer, node: Node, x: Any, positions: Any) -> Expression:
    return call("gather", writer.operand(x), Name(writer.scope.constant(value_of(positions))))


# ---- writes


def _put(writer: Writer, node: Node, x: Any, index: Any, part: Any) -> Expression:
    mask = value_of(index)
    if (
        isinstance(mask, np.ndarray)
        and mask.dtype == bool
        and mask.shape == shape(x)
        and shape(part) in ((), shape(x))
    ):
        # A choice, element by element: where it is made depends on the values.
        return call("where", writer.operand(index), writer.operand(part), writer.operand(x))
    return replaced(writer, x, numbers_like(x)[mask], part)


def _put_elements(writer: Writer, node: Node, x: Any, positions: Any, part: Any) -> Expression:
    return replaced(writer, x, value_of(positions), part)


def replaced(writer: Writer, x: Any, positions: Any, part: Any) -> Expression:
    """Write `x` with a part of it replaced by something that fits it."""
    positions = np.asarray(positions)
    where = Name(writer.scope.constant(positions))
    expression = writer.operand(part) if not isinstance(part, list | tuple) else stacked_list(writer, part)
    extra = len(shape(part)) - positions.ndim
    if extra > 0:
        expression = reshaped(expression, shape(part)[extra:])
    return call("replaced", writer.operand(x), expression, where)


def _added_at(writer: Writer, node: Node, x: Any, index: Any, part: Any) -> Expression:
    """Write `np.add.at(x, index, part)`."""
    positions = np.asarray(numbers_like(x)[value_of(index)])
    where = Name(writer.scope.constant(positions))
    target = writer.operand(x)
    return call("add", target, call("scatter_sum", writer.operand(part), where, target))


def _copied_to(writer: Writer, node: Node, x: Any, y: Any) -> Expression:
    """Write `np.copyto(x, y)` and `x.fill(y)`."""
    return _filled(writer, writer.operand(x), y, shape(x))


def _filled(writer: Writer, target: Expression, y: Any, shape_of_target: tuple[int, ...]) -> Expression:
    part = writer.operand(y)
    return call("identity", part) if shape(y) == shape_of_target else call("broadcast_like", part, target)


# ---- putting together


def stacked_list(writer: Writer, parts: Sequence[Any]) -> Expression:
    """Write a list (of lists) of tensors and numbers as one tensor."""
    return reshaped(_joined(writer, parts), np.shape(value_of(parts)))


def stacked(writer: Writer, node: Node, parts: Any, new: tuple[int, ...] | None = None) -> Expression:
    """Write `np.array(parts)`, in the shape of the node or in another."""
    if not isinstance(parts, list | tuple):
        return call("identity", writer.operand(parts))
    return reshaped(_joined(writer, parts), node.shape if new is None else new)


def _joined(writer: Writer, parts: Sequence[Any]) -> Expression:
    """Write all elements of a list (of lists) in one row."""
    pieces: list[Expression] = []
    numbers: list[float] = []

    def end_of_numbers() -> None:
        if numbers:
            pieces.append(Name(writer.scope.constant(np.array(numbers, dtype=float))))
            numbers.clear()

    def collect(part: Any) -> None:
        if isinstance(part, list | tuple):
            for one in part:
                collect(one)
        elif type(part) is Node:
            end_of_numbers()
            pieces.append(call("reshape", writer.operand(part), shape=(-1,)))
        else:
            numbers.extend(np.ravel(np.asarray(part, dtype=float)))

    collect(parts)
    end_of_numbers()
    if not pieces:
        raise Opaque("an empty list")
    return _by_halves(pieces)


def _by_halves(pieces: Sequence[Expression]) -> Expression:
    """Join pieces pairwise: a tree must not be too deep to walk."""
    if len(pieces) == 1:
        return pieces[0]
    middle = len(pieces) // 2
    return call("concatenate", _by_halves(pieces[:middle]), _by_halves(pieces[middle:]), axis=0)


def _concatenation(function: Callable[..., Any]) -> Rule:
    def rule(writer: Writer, node: Node, parts: Any, *rest: Any, **options: Any) -> Expression:
        if function is np.append:
            parts, rest = [parts, *rest[:1]], rest[1:]
        if not isinstance(parts, list | tuple):
            raise Opaque(function.__name__)
        return put_together(writer, node, function, parts, rest, options)

    return rule


def put_together(
    writer: Writer,
    node: Node,
    function: Callable[..., Any],
    parts: Sequence[Any],
    rest: Sequence[Any],
    options: Any,
) -> Expression:
    """Write what puts tensors together: one after the other, then each element where it belongs."""
    offsets = np.cumsum([0, *map(size, parts)])
    numbers = [numbers_like(part) + offset for part, offset in zip(parts, offsets, strict=False)]
    held = {name: value_of(value) for name, value in options.items() if name == "axis"}
    if function is np.append:
        positions = function(*numbers, *map(value_of, rest), **held)
    else:
        positions = function(numbers, *map(value_of, rest), **held)
    axis = _plain_axis(function, parts, node, held.get("axis", value_of(rest[0]) if rest else None))
    if axis is not None:
        return _along(writer, parts, axis)
    row = _joined(writer, parts)
    if np.array_equal(np.ravel(positions), np.arange(offsets[-1])):
        return reshaped(row, node.shape)
    return call("gather", row, Name(writer.scope.constant(np.asarray(positions))))


def _plain_axis(function: Callable[..., Any], parts: Sequence[Any], node: Node, axis: Any) -> int | None:
    """Return the axis along which tensors with the same axes are put one after the other."""
    if any(len(shape(part)) != len(node.shape) or type(part) is not Node for part in parts):
        return None
    if function is np.concatenate:
        return 0 if axis is None else int(axis)
    if function in (np.vstack, np.hstack) and len(node.shape) >= 2:
        return 0 if function is np.vstack else 1
    return None


def _along(writer: Writer, parts: Sequence[Any], axis: int) -> Expression:
    expressions = list(map(writer.operand, parts))
    total = expressions[0]
    for expression in expressions[1:]:
        total = call("concatenate", total, expression, axis=axis)
    return total


def _padded(
    writer: Writer, node: Node, x: Any, width: Any, mode: Any = "constant", **options: Any
) -> Expression:
    """Write padding: with zeros the tensor is put into zeros; any other way takes elements again."""
    if mode != "constant":
        return gathered(writer, x, lambda numbers: np.pad(numbers, value_of(width), mode=mode, **options))
    if any(np.any(np.asarray(value_of(value))) for value in options.values()):
        raise Opaque("pad")
    places = np.pad(numbers_like(x) + 1, value_of(width))
    positions = np.flatnonzero(places).reshape(shape(x))
    zeros = Name(writer.scope.constant(np.zeros(node.shape)))
    return call("replaced", zeros, writer.operand(x), Name(writer.scope.constant(positions)))


MOVES: tuple[Any, ...] = (
    np.flip, np.fliplr, np.flipud, np.rot90, np.repeat, np.tile, np.broadcast_to, np.roll, np.take,
    np.take_along_axis, np.diagonal, np.delete, np.resize, np.compress, np.lib.stride_tricks.as_strided,
    np.lib.stride_tricks.sliding_window_view,
)  # fmt: skip
SPLITS: frozenset[Any] = frozenset({np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit})


def _diagonal(writer: Writer, node: Node, x: Any) -> Expression:
    """Write `np.diag`: of a matrix its diagonal, of a vector the matrix."""
    if len(shape(x)) == 2:
        return gathered(writer, x, np.diag)
    zeros = Name(writer.scope.constant(np.zeros(node.shape)))
    positions = np.arange(size(x)) * (size(x) + 1)
    return call("replaced", zeros, writer.operand(x), Name(writer.scope.constant(positions)))


def _trace(writer: Writer, node: Node, x: Any) -> Expression:
    return call("sum", gathered(writer, x, np.diag))


def _triangle(function: Callable[..., Any]) -> Rule:
    def rule(writer: Writer, node: Node, x: Any, k: Any = 0) -> Expression:
        mask = Name(writer.scope.constant(function(np.ones(shape(x)), whole_number(k))))
        return call("multiply", writer.operand(x), mask)

    return rule


def _copied(writer: Writer, node: Node, x: Any, *_: Any, **__: Any) -> Expression:
    """Write a copy, or the same with another dtype; one that has another shape is none."""
    if isinstance(x, list | tuple):
        return stacked(writer, node, x)
    if shape(x) != node.shape:
        if size(x) != size(node):
            raise Opaque("copy")
        return call("reshape", writer.operand(x), shape=node.shape)
    if np.asarray(node.like).dtype.kind in "iub" and np.asarray(like(x)).dtype.kind == "f":
        raise Opaque("rounding to whole numbers")
    return call("identity", writer.operand(x))


COPIES: tuple[Any, ...] = (
    same, operator.pos, np.copy, np.array, np.asarray, np.asanyarray, np.ascontiguousarray,
    np.asfortranarray, float, np.float64, np.float32, np.nan_to_num, np.real, Attribute("real"),
    *map(Method, ("copy", "astype", "item", "view")),
)  # fmt: skip

RULES: dict[Any, Rule] = {
    Item: _item,
    **dict.fromkeys(COPIES, _copied),
    operator.getitem: _subscript,
    elements: _elements,
    put: _put,
    put_elements: _put_elements,
    shaped: _again,
    InPlace(np.add.at): _added_at,
    InPlace(np.copyto): _copied_to,
    InPlace(Method("fill")): _copied_to,
    Attribute("T"): _transpose,
    np.transpose: _transpose,
    Method("transpose"): _transpose,
    np.swapaxes: _exchanged,
    Method("swapaxes"): _exchanged,
    np.moveaxis: _moved_axis,
    np.reshape: _reshape,
    Method("reshape"): _reshape,
    np.ravel: _reshape,
    Method("ravel"): _reshape,
    Method("flatten"): _reshape,
    **dict.fromkeys((np.squeeze, Method("squeeze"), np.expand_dims, np.atleast_1d, np.atleast_2d), _again),
    np.diag: _diagonal,
    np.trace: _trace,
    np.tril: _triangle(np.tril),
    np.triu: _triangle(np.triu),
    np.pad: _padded,
    **{function: _by_positions(function) for function in MOVES},
    Method("repeat"): _by_positions(np.repeat),
    Method("take"): _by_positions(np.take),
    Method("diagonal"): _by_positions(np.diagonal),
    **{
        function: _concatenation(function)
        for function in (
            np.concatenate,
            np.hstack,
            np.vstack,
            np.stack,
            np.column_stack,
            np.dstack,
            np.append,
        )
    },
}
