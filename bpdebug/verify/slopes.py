"""Numerical slopes of the loss along the elements of a tensor, many elements at once.

The loss needs no name: its gradient with respect to the seed comes in, so that near this run it is
L = Σ incoming · seed, up to a constant. An element is moved up and down a little, and the forward
statements downstream of it, and only those, are computed again. No derivative rule takes part.

Computing a statement for many variants of its operands is one more reading of the tree: a tensor that
varies has a first axis that counts the variants, and a function is called once for all of them. What
that asks of a function depends only on how its result lies over its arguments, so there is one rule
for each form. A form without a rule is run variant by variant: right for any function, but slow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bpdebug.engine.expression import forms
from bpdebug.engine.expression.derivation import gradient_name
from bpdebug.engine.expression.forms import Form, element_count, reduced_axes
from bpdebug.engine.expression.functions import FUNCTIONS
from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.expression.nodes import Expression, Name, Number, Statement, calls, names
from bpdebug.engine.expression.shapes import options_of, shape_of
from bpdebug.engine.program import Program

Indices = npt.NDArray[np.intp]

EPS = float(np.finfo(np.float64).eps)
FULL_STEP = float(np.cbrt(EPS))
"""The step for a number of size 1 or less: the errors of rounding and of curvature are about equal."""
ROUNDINGS = 8
"""How many roundings of each output are put down to rounding."""
MAX_BLOCK = 256
"""The most elements that are moved at once: more are not faster."""
MAX_BYTES = 32 * 2**20
"""The most memory for the results of one block; fewer elements are moved at once in a large network."""


@dataclass(frozen=True, slots=True)
class Slopes:
    """Numerical slopes along some elements.

    Attributes
    ----------
    central : array
        (L(x + h) − L(x − h)) / 2h.
    lowest, highest : array
        The bounds of what chooses, for each output, a value between its slopes on both sides.
    rounding : array
        How far rounding may have moved the central slope: outputs that carry errors of about
        eps · |a| make it uncertain by about eps · Σ|da · a| / h.
    """

    central: Array
    lowest: Array
    highest: Array
    rounding: Array


@dataclass(frozen=True)
class Loss:
    """The loss as a function of one tensor; what is not downstream of it stays what it was.

    Attributes
    ----------
    program : Program
        The statements.
    values : mapping
        The values of a run in float64.
    name : str
        The tensor, an input or a result.
    chosen : array of int, optional
        The flat indices of the elements that count; all of them if it is not given.
    """

    program: Program
    values: Mapping[str, Array]
    name: str

    chosen: Indices | None = None

    @property
    def x(self) -> Array:
        """The value of the tensor."""
        return self.values[self.name]

    def along(self, chosen: Indices) -> Loss:
        """Return the same loss, whose slopes are asked for by their places among some elements."""
        return replace(self, chosen=chosen)

    @property
    def incoming(self) -> Array:
        """The gradient with respect to the seed; m times that where a mean over m is taken later."""
        incoming = self.values[gradient_name(self.program.seed)]
        summed = gradient_name(self.name) in self.program.summed
        return incoming * self.program.batch if summed else incoming

    @property
    def finite(self) -> bool:
        """Whether all numbers of the forward pass are finite, and the gradient that comes in; masks aside."""
        derived = {statement.name for statement in self.program.statements if statement.phase == "backward"}
        asked = self.values.keys() - derived - self.program.masks
        return all(np.isfinite(self.values[name]).all() for name in asked)

    @cached_property
    def downstream(self) -> tuple[Statement, ...]:
        """The forward statements whose results depend on the tensor."""
        reached, found = {self.name}, []
        for statement in self.program.statements:
            if statement.phase == "forward" and reached.intersection(names(statement.expression)):
                reached.add(statement.name)
                found.append(statement)
        return tuple(found)

    @cached_property
    def block(self) -> int:
        """How many elements are moved at once: so many that all results downstream fit the memory."""
        nodes = [node for statement in self.downstream for node in calls(statement.expression)]
        sizes = [element_count(shape_of(node, self.program.shapes)) for node in nodes]
        elements = self.x.size + sum(sizes) + 4 * self.incoming.size
        return int(np.clip(MAX_BYTES // (self.x.itemsize * elements), 1, MAX_BLOCK))

    def slopes(self, indices: Indices, factor: float) -> Slopes:
        """Return the slopes along some elements, by their flat indices, with a part of the full step."""
        if self.chosen is not None:
            indices = self.chosen[indices]
        parts = [
            self._block_slopes(indices[start : start + self.block], factor)
            for start in range(0, len(indices), self.block)
        ]
        return Slopes(*np.concatenate(parts, axis=1))

    def _block_slopes(self, indices: Indices, factor: float) -> Array:
        at = self.x.ravel()[indices]
        seed, incoming = self.values[self.program.seed].ravel(), self.incoming.ravel()
        with np.errstate(all="ignore"):
            step = factor * FULL_STEP * np.maximum(1, np.abs(at))
            # The steps that are really made are those after rounding.
            above, below = at + step, at - step
            up, down = self._seed_at(indices, above), self._seed_at(indices, below)
            # Outputs are subtracted before they are summed: those that did not move cancel exactly.
            central = (up - down) @ incoming / (above - below)
            rounding = ROUNDINGS * EPS * np.sum(np.abs(incoming * seed)) / (above - below)
            right = (up - seed) * incoming / (above - at)[:, None]
            left = (seed - down) * incoming / (at - below)[:, None]
            lowest, highest = np.minimum(left, right).sum(axis=1), np.maximum(left, right).sum(axis=1)
        return np.stack([central, lowest, highest, rounding])

    def _seed_at(self, indices: Indices, at: Array) -> Array:
        """Return the seed tensor, flat, for each of the elements moved to where it is to be."""
        count = len(indices)
        moved = np.repeat(self.x.reshape(1, -1), count, axis=0)
        moved[np.arange(count), indices] = at
        variants = {self.name: moved.reshape(count, *self.x.shape)}
        for statement in self.downstream:
            variants[statement.name] = evaluate_many(statement.expression, self.values, variants)
        return variants[self.program.seed].reshape(count, -1)


# Many variants at once


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


Rule = Callable[[Callable[..., Array], list[_Operand], dict[str, Any]], Array]
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


def _broadcast(function: Callable[..., Array], operands: list[_Operand], options: dict[str, Any]) -> Array:
    rank = max(operand.rank for operand in operands)
    return function(*[operand.with_rank(rank) for operand in operands], **options)


def _transposed(function: Callable[..., Array], operands: list[_Operand], options: dict[str, Any]) -> Array:
    (operand,) = operands
    return operand.array if operand.rank < 2 else function(operand.array, **options)


def _along_axes(function: Callable[..., Array], operands: list[_Operand], options: dict[str, Any]) -> Array:
    """Count the axes from the end, where those of one variant are the same as those of all."""
    varying = next(operand.array for operand in operands if operand.varies)
    shape, asked = varying.shape[1:], options.get("axis")
    axes = tuple(axis - len(shape) for axis in reduced_axes(shape, asked))
    axis = axes[0] if isinstance(asked, int) else axes
    return function(*[operand.array for operand in operands], **{**options, "axis": axis})


def _reshaped(function: Callable[..., Array], operands: list[_Operand], options: dict[str, Any]) -> Array:
    """Give each variant the shape that the first one takes."""
    (operand,) = operands
    return operand.array.reshape(len(operand.array), *function(operand.array[0], **options).shape)


def _as_examples(function: Callable[..., Array], operands: list[_Operand], options: dict[str, Any]) -> Array:
    """Treat the variants as more examples of the batch: no function here mixes examples."""
    (operand,) = operands
    count, batch, *shape = operand.array.shape
    result = function(operand.array.reshape(count * batch, *shape), **options)
    return result.reshape(count, batch, *result.shape[1:])


def _convolved(function: Callable[..., Array], operands: list[_Operand], options: dict[str, Any]) -> Array:
    """Treat variants of the input as more examples, and variants of the weights as more outputs."""
    x, w = operands
    if x.varies and w.varies:
        return _one_by_one(function, operands, options)
    if x.varies:
        return _as_examples(lambda examples: function(examples, w.array, **options), [x], {})
    count, outputs, *window = w.array.shape
    groups = options["groups"]
    # The outputs of a group lie side by side: so do those of all its variants.
    by_group = w.array.reshape(count, groups, -1, *window).swapaxes(0, 1)
    result = function(x.array, by_group.reshape(-1, *window), **options)
    batch, _, *places = result.shape
    parted = result.reshape(batch, groups, count, outputs // groups, *places)
    return np.moveaxis(parted, 2, 0).reshape(count, batch, outputs, *places)


def _one_by_one(function: Callable[..., Array], operands: list[_Operand], options: dict[str, Any]) -> Array:
    count = next(len(operand.array) for operand in operands if operand.varies)
    return np.stack(
        [
            np.asarray(function(*[o.array[number] if o.varies else o.array for o in operands], **options))
            for number in range(count)
        ]
    )


RULES: dict[Form, Rule] = {
    forms.ELEMENTWISE: _broadcast,
    forms.MATMUL: _broadcast,
    forms.TRANSPOSE: _transposed,
    forms.REDUCTION: _along_axes,
    forms.PAIRED: _along_axes,
    forms.ALONG_AXIS: _along_axes,
    **dict.fromkeys(forms.CONVOLUTION.values(), _convolved),
    **dict.fromkeys((forms.SPLIT_HEADS, forms.MERGED_HEADS, forms.TRIANGLE), _broadcast),
    forms.AS_ROWS: _reshaped,
    forms.FLATTEN: _reshaped,
    forms.RESHAPE: _reshaped,
    forms.MAX_POOLING: _as_examples,
    forms.MEAN_POOLING: _as_examples,
    forms.UPSAMPLE: _as_examples,
}
