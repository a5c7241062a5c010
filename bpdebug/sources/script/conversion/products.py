"""Products of vectors and matrices. The language multiplies matrices: vectors are laid as rows or columns."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Call, Expression
from bpdebug.sources.script.conversion.moving import permuted
from bpdebug.sources.script.conversion.writer import Opaque, Rule, Writer, call, shape, whole_number
from bpdebug.sources.script.recorder.operations import Method
from bpdebug.sources.script.recorder.records import Node


def _matmul(writer: Writer, node: Node, x: Any, y: Any) -> Expression:
    left, right = writer.operand(x), writer.operand(y)
    if len(shape(x)) >= 2 and len(shape(y)) >= 2:
        return call("matmul", left, right)
    return _with_vectors(node, left, right, len(shape(x)) == 1, len(shape(y)) == 1)


def _with_vectors(
    node: Node, left: Expression, right: Expression, is_row: bool, is_column: bool
) -> Expression:
    product = call("matmul", as_row(left) if is_row else left, as_column(right) if is_column else right)
    if is_row and is_column:
        return call("sum", product)
    return call("reshape", product, shape=node.shape)


def _dot(writer: Writer, node: Node, x: Any, y: Any) -> Expression:
    if not shape(x) or not shape(y):
        return call("multiply", writer.operand(x), writer.operand(y))
    if len(shape(x)) <= 2 and len(shape(y)) <= 2:
        return _matmul(writer, node, x, y)
    if len(shape(y)) > 2:
        raise Opaque("dot")
    # Many axes times a vector or a matrix: all rows there are.
    rows = call("reshape", writer.operand(x), shape=(-1, shape(x)[-1]))
    right = writer.operand(y)
    product = call("matmul", rows, as_column(right) if len(shape(y)) == 1 else right)
    return call("reshape", product, shape=node.shape)


def _inner(writer: Writer, node: Node, x: Any, y: Any) -> Expression:
    if not shape(x) or not shape(y):
        return call("multiply", writer.operand(x), writer.operand(y))
    if len(shape(x)) > 2 or len(shape(y)) > 2:
        raise Opaque("inner")
    left, right = writer.operand(x), writer.operand(y)
    if len(shape(x)) == len(shape(y)) == 2:
        return call("matmul", left, call("transpose", right))
    if len(shape(x)) == 1 and len(shape(y)) == 2:
        left, right, x, y = right, left, y, x
    return _with_vectors(node, left, right, len(shape(x)) == 1, True)


def _outer(writer: Writer, node: Node, x: Any, y: Any) -> Expression:
    return call("multiply", as_column(writer.operand(x)), as_row(writer.operand(y)))


def as_row(x: Expression) -> Call:
    """Lay all elements in one row."""
    return call("reshape", x, shape=(1, -1))


def as_column(x: Expression) -> Call:
    """Lay all elements in one column."""
    return call("reshape", x, shape=(-1, 1))


def _einsum(writer: Writer, node: Node, spec: Any, *operands: Any, optimize: Any = False) -> Expression:
    if not isinstance(spec, str) or "." in spec:
        raise Opaque("einsum")
    return call("einsum", *map(writer.operand, operands), spec=spec.replace(" ", ""))  # type: ignore[arg-type]


def _tensordot(writer: Writer, node: Node, x: Any, y: Any, axes: Any = 2) -> Expression:
    """Write a product over pairs of axes as one of matrices: those axes last in `x`, first in `y`."""
    dims_x, dims_y = len(shape(x)), len(shape(y))
    if isinstance(axes, int):
        of_x, of_y = list(range(dims_x - axes, dims_x)), list(range(axes))
    else:
        of_x, of_y = ([one] if isinstance(one, int) else list(map(whole_number, one)) for one in axes)
    of_x, of_y = [one % dims_x for one in of_x], [one % dims_y for one in of_y]
    free_x = [one for one in range(dims_x) if one not in of_x]
    free_y = [one for one in range(dims_y) if one not in of_y]
    common = int(np.prod([shape(x)[one] for one in of_x]))
    left = call("reshape", permuted(writer.operand(x), (*free_x, *of_x)), shape=(-1, common))
    right = call("reshape", permuted(writer.operand(y), (*of_y, *free_y)), shape=(common, -1))
    product = call("matmul", left, right)
    return call("reshape", product, shape=node.shape) if node.shape else call("sum", product)


RULES: dict[Any, Rule] = {
    operator.matmul: _matmul,
    np.matmul: _matmul,
    np.dot: _dot,
    Method("dot"): _dot,
    np.vdot: _dot,
    np.inner: _inner,
    np.outer: _outer,
    np.einsum: _einsum,
    np.tensordot: _tensordot,
}
