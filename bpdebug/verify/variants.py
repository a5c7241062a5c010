"""Statements computed for many variants of their operands at once.

One more reading of the tree: a tensor that varies has a first axis that counts the variants, and a
function is called once for all of them. What that asks of a function depends only on how its result lies
over its arguments, so there is one rule for each form. A form without a rule is run variant by variant:
right for any function, but slow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpdebug.engine.language import forms
from bpdebug.engine.language.forms import Form, attention, convolutions, pooling, reduced_axes, shaping
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Expression, Name, Number
from bpdebug.engine.language.shapes import options_of


@dataclass(frozen=True, slots=True)
class _Operand:
    """A value in the tree, and whether its first axis counts variants."""

    array: Array
    varies: bool

    @property
    def rank(self) -> int:
        """The number of axes of one variant."""
        return self.array.ndim - self.varies

    def with_rank(self, rank: int) -> Array:
        """Return the array with the axes that broadcasting would add, after that of the variants."""
        if not self.varies or self.rank == rank:
            return self.array
        count, *shape = self.array.shape
        return self.array.reshape(count, *(1,) * (rank - self.rank), *shape)


VariantRule = Callable[[Callable[..., Array], list[_Operand], Mapping[str, Any]], Array]
"""(implementation, operands of which one or more vary, options) -> a result that varies."""


def evaluate_many(
    expression: Expression, values: Mapping[str, Array], variants: Mapping[str, Array]
) -> Array:
    """Compute an expression for many variants of some of its operands.

    Parameters
    ----------
    expression : Expression
        What to compute; it reads one or more of the variants.
    values : mapping
        The values of the names that do not vary.
    variants : mapping
        The values of those that do, each with a first axis of the same length that counts the variants.

    Returns
    -------
    array
        The results, along a first axis. NaN and infinities are results like others.
    """
    with np.errstate(all="ignore"):
        return _value(expression, values, variants).array


def _value(node: Expression, values: Mapping[str, Array], variants: Mapping[str, Array]) -> _Operand:
    if isinstance(node, Name):
        varies = node.id in variants
        return _Operand(variants[node.id] if varies else values[node.id], varies)
    if isinstance(node, Number):
        return _Operand(np.asarray(node.value, dtype=float), varies=False)
    operands = [_value(argument, values, variants) for argument in node.arguments]
    function, options = FUNCTIONS[node.function], options_of(node)
    if not any(operand.varies for operand in operands):
        plain = function.numpy(*[operand.array for operand in operands], **options)
        return _Operand(np.asarray(plain), varies=False)
    rule = RULES.get(function.form, _one_by_one)
    return _Operand(rule(function.numpy, operands, options), varies=True)


def _broadcast(function: Callable[..., Array], operands: list[_Operand], options: Mapping[str, Any]) -> Array:
    rank = max(operand.rank for operand in operands)
    return function(*[operand.with_rank(rank) for operand in operands], **options)


def _transposed(
    function: Callable[..., Array], operands: list[_Operand], options: Mapping[str, Any]
) -> Array:
    (operand,) = operands
    return operand.array if operand.rank < 2 else function(operand.array, **options)


def _along_axes(
    function: Callable[..., Array], operands: list[_Operand], options: Mapping[str, Any]
) -> Array:
    """Count the axes from the end, where those of one variant are the same as those of all."""
    varying = next(operand.array for operand in operands if operand.varies)
    shape, asked = varying.shape[1:], options.get("axis")
    axes = tuple(axis - len(shape) for axis in reduced_axes(shape, asked))
    axis = axes[0] if isinstance(asked, int) else axes
    return function(*[operand.array for operand in operands], **{**options, "axis": axis})


def _reshaped(function: Callable[..., Array], operands: list[_Operand], options: Mapping[str, Any]) -> Array:
    """Give each variant the shape that the first one takes."""
    (operand,) = operands
    return operand.array.reshape(len(operand.array), *function(operand.array[0], **options).shape)


def _as_examples(
    function: Callable[..., Array], operands: list[_Operand], options: Mapping[str, Any]
) -> Array:
    """Treat the variants as more examples of the batch: no function here mixes examples."""
    (operand,) = operands
    count, batch, *shape = operand.array.shape
    result = function(operand.array.reshape(count * batch, *shape), **options)
    return result.reshape(count, batch, *result.shape[1:])


def _convolved(function: Callable[..., Array], operands: list[_Operand], options: Mapping[str, Any]) -> Array:
    """Treat variants of the input as more examples, and variants of the weights as more outputs."""
    if all(operand.varies for operand in operands):
        return _one_by_one(function, operands, options)
    x, w = operands
    if x.varies:
        return _as_examples(lambda examples: function(examples, w.array, **options), [x], {})
    count, _, *window = w.array.shape
    groups = options["groups"]
    # The outputs of a group lie side by side: so do those of all its variants.
    by_group = w.array.reshape(count, groups, -1, *window).swapaxes(0, 1)
    return _parted(function(x.array, by_group.reshape(-1, *window), **options), count, groups)


def _transposed_convolved(
    function: Callable[..., Array], operands: list[_Operand], options: Mapping[str, Any]
) -> Array:
    """As `_convolved`, with weights whose second axis counts the outputs of a group."""
    x, w = operands
    if x.varies:
        return _convolved(function, operands, options)
    count, channels, _, *window = w.array.shape
    side_by_side = w.array.swapaxes(0, 1).reshape(channels, -1, *window)
    return _parted(function(x.array, side_by_side, **options), count, options["groups"])


def _parted(result: Array, count: int, groups: int) -> Array:
    """Make an axis of its own of the variants, which lie side by side within each group of outputs."""
    batch, _, *places = result.shape
    by_variant = np.moveaxis(result.reshape(batch, groups, count, -1, *places), 2, 0)
    return by_variant.reshape(count, batch, -1, *places)


def _one_by_one(
    function: Callable[..., Array], operands: list[_Operand], options: Mapping[str, Any]
) -> Array:
    count = next(len(operand.array) for operand in operands if operand.varies)
    return np.stack(
        [
            np.asarray(function(*[o.array[number] if o.varies else o.array for o in operands], **options))
            for number in range(count)
        ]
    )


RULES: dict[Form, VariantRule] = {
    forms.ELEMENTWISE: _broadcast,
    forms.MATMUL: _broadcast,
    forms.TRANSPOSE: _transposed,
    forms.REDUCTION: _along_axes,
    forms.PAIRED: _along_axes,
    forms.ALONG_AXIS: _along_axes,
    **dict.fromkeys(convolutions.CONVOLUTION.values(), _convolved),
    **dict.fromkeys(convolutions.TRANSPOSED_CONVOLUTION.values(), _transposed_convolved),
    **dict.fromkeys((attention.SPLIT_HEADS, attention.MERGED_HEADS, attention.TRIANGLE), _broadcast),
    shaping.AS_ROWS: _reshaped,
    shaping.FLATTEN: _reshaped,
    shaping.RESHAPE: _reshaped,
    pooling.MAX_POOLING: _as_examples,
    pooling.MEAN_POOLING: _as_examples,
    shaping.UPSAMPLE: _as_examples,
}
