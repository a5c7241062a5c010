"""What a form is: how the result of a function lies over its arguments.

A form answers two questions for all functions that share it, before and without any computation:
what shape does the result have, and which elements of each argument feed a region of the result?
A region is one slice for each axis; the element `[2, 0]` is the region `(2:3, 0:1)`. A slice has a step
where a window has holes, as that of a dilated convolution: `0:5:2` is 0, 2 and 4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from bpdebug.engine.language.nodes import Option
from bpdebug.errors import ShapeError

Shape = tuple[int, ...]
Region = tuple[slice, ...]
Options = Mapping[str, Option]


class Cost(NamedTuple):
    """What a function takes on the way to its result: numbers held in memory, and products."""

    numbers: int
    products: int


class Form(NamedTuple):
    """The shape rule and the reading rule of a family of functions.

    Attributes
    ----------
    name : str
        What the family is called.
    shape : callable
        (shapes of the arguments, options) -> shape of the result; raises `ShapeError`.
    reads : callable
        (region of the result, shapes of the arguments, options) -> a region of each argument.
    local : bool
        Whether the function, applied to those regions alone, gives the region of the result.
    cost : callable, optional
        (shapes of the arguments, options) -> what it takes on the way; by default, a product an element.
    """

    name: str
    shape: Callable[[tuple[Shape, ...], Options], Shape]
    reads: Callable[[Region, tuple[Shape, ...], Options], tuple[Region, ...]]
    local: bool = True
    cost: Callable[[tuple[Shape, ...], Options], Cost] | None = None


def numbers_of(part: slice) -> range:
    """Return the numbers of a slice of a region."""
    return range(part.start, part.stop, part.step or 1)


def spanned(numbers: Collection[int]) -> slice:
    """Return the smallest slice that holds these numbers: one with a step where they are evenly spaced."""
    if not numbers:
        return slice(0, 0)
    wanted = sorted(set(numbers))
    step = wanted[1] - wanted[0] if len(wanted) > 1 else 1
    if step > 1 and wanted == list(range(wanted[0], wanted[-1] + 1, step)):
        return slice(wanted[0], wanted[-1] + 1, step)
    return slice(wanted[0], wanted[-1] + 1)


def nothing(shape: Shape) -> Region:
    """Return the empty region of a tensor that feeds nothing: one that only lends its shape."""
    return tuple(slice(0, 0) for _ in shape)


def whole(shape: Shape) -> Region:
    """Return the region that covers all of a tensor."""
    return tuple(slice(0, extent) for extent in shape)


def reduced_axes(shape: Shape, axis: Option) -> tuple[int, ...]:
    """Return the axes that `axis` names, as numbers from 0.

    Raises
    ------
    ShapeError
        If the tensor has no such axis, or one is named twice.
    """
    if axis is None:
        return tuple(range(len(shape)))
    wanted = axis if isinstance(axis, tuple) else (axis,)
    axes = []
    for number in wanted:
        if not isinstance(number, int) or not -len(shape) <= number < len(shape):
            raise ShapeError(f"axis {number} does not exist in shape {written(shape)}")
        axes.append(number % len(shape))
    if len(set(axes)) < len(axes):
        raise ShapeError(f"axis {written(tuple(axes))} names an axis twice")
    return tuple(axes)


def written(shape: Shape) -> str:
    """Write a shape as Python does."""
    return str(tuple(shape))


def element_count(shape: Shape) -> int:
    """Return the number of elements of a tensor of this shape."""
    return math.prod(shape)
