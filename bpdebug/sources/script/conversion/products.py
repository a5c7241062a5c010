"""Products: how those of matrices, of vectors and over named axes are written: `@`, or sums of products."""

from __future__ import annotations

import math
import operator
from functools import partial, reduce
from typing import Any

import numpy as np

from bpdebug.engine.language.nodes import Expression
from bpdebug.sources.script.conversion.translator import (
    ConversionRule,
    OpaqueError,
    Translator,
    options_of,
    shape_of,
    value_of,
)
from bpdebug.sources.script.recorder.operations import Method
from bpdebug.sources.script.recorder.records import Node

LARGEST_PRODUCT = 1_000_000
"""So many products an `einsum` is written out with."""


def matmul(translator: Translator, node: Node) -> Expression:
    """`np.dot`, `@` and `np.matmul`; vectors become matrices."""
    x, y = node.operands[:2]
    left, right = shape_of(x), shape_of(y)
    if not left or not right:
        return translator.call("multiply", x, y)
    stacked = node.function in (operator.matmul, np.matmul)
    if len(left) >= 2 and len(right) >= 2 and (stacked or len(left) == len(right) == 2):
        return translator.call("matmul", x, y)
    if len(right) > 2 or (len(left) > 2 and stacked and len(right) > 1):
        raise OpaqueError(f"a product of {len(left)} and {len(right)} axes")
    rows = translator.reshaped(x, (-1, left[-1])) if len(left) != 2 else x
    columns = translator.reshaped(y, (right[0], 1)) if len(right) == 1 else y
    return translator.reshaped(translator.call("matmul", rows, columns), node.shape)


def inner(translator: Translator, node: Node) -> Expression:
    """Write the sum over the last axes of both."""
    x, y = node.operands
    if len(shape_of(y)) < 2:
        return matmul(translator, node)
    if len(shape_of(x)) > 2 or len(shape_of(y)) > 2:
        raise OpaqueError("inner of more than two axes")
    turned = translator.call("transpose", y)
    if len(shape_of(x)) == 2:
        return translator.call("matmul", x, turned)
    rows = translator.reshaped(x, (1, -1))
    return translator.reshaped(translator.call("matmul", rows, turned), node.shape)


def outer(translator: Translator, node: Node) -> Expression:
    """Write a column times a row."""
    x, y = node.operands[:2]
    return translator.call("multiply", translator.reshaped(x, (-1, 1)), translator.reshaped(y, (1, -1)))


def einsum(translator: Translator, node: Node) -> Expression:
    """Write sums of products over named axes: all axes in one order, multiplied, summed up."""
    text, *operands = node.operands
    if not isinstance(text, str) or "." in text or set(node.options) - {"optimize"}:
        raise OpaqueError("einsum of this form")
    given, arrow, result = text.replace(" ", "").partition("->")
    of_operands = given.split(",")
    letters = "".join(of_operands)
    if not arrow:
        result = "".join(letter for letter in sorted(set(letters)) if letters.count(letter) == 1)
    extents = {
        letter: extent
        for own, operand in zip(of_operands, operands, strict=True)
        for letter, extent in zip(own, shape_of(operand), strict=True)
    }
    order = [*result, *(letter for letter in extents if letter not in result)]
    if math.prod(extents.values()) > LARGEST_PRODUCT or any(len(set(own)) < len(own) for own in of_operands):
        raise OpaqueError("einsum of this size or with a diagonal")
    factors = []
    for own, operand in zip(of_operands, operands, strict=True):
        axes = [own.index(letter) for letter in order if letter in own]
        laid = (
            operand if axes == sorted(axes) else translator.moved(operand, partial(np.transpose, axes=axes))
        )
        factors.append(translator.reshaped(laid, [extents[one] if one in own else 1 for one in order]))
    product = reduce(partial(translator.call, "multiply"), factors)
    summed = tuple(range(len(result), len(order)))
    return translator.call("sum", product, axis=summed) if summed else product


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


def product_rules() -> dict[Any, ConversionRule]:
    """Return the rules of this module by callable."""
    return {
        operator.matmul: matmul,
        np.matmul: matmul,
        np.dot: matmul,
        np.vdot: matmul,
        Method("dot"): matmul,
        np.inner: inner,
        np.outer: outer,
        np.multiply.outer: outer,
        np.einsum: einsum,
        np.tensordot: tensordot,
    }
