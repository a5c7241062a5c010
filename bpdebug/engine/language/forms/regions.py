"""Shapes, and regions of tensors: one slice for each axis.

The element `[2, 0]` is the region `(2:3, 0:1)`. A slice has a step where a window has holes, as that of a
dilated convolution: `0:5:2` is 0, 2 and 4.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any, SupportsIndex

import numpy as np

from bpdebug.engine.language.nodes import Option
from bpdebug.errors import ShapeError

Shape = tuple[int, ...]
Region = tuple[slice, ...]
Options = Mapping[str, Option]
Index = tuple[int, ...]
"""One element of a tensor."""
# What `numpy.typing.NDArray` stands for: the engine starts quicker without that module.
Array = np.ndarray[Any, np.dtype[np.floating[Any]]]


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


def single_axis(shape: Shape, axis: Option) -> int:
    """Return the one axis that `axis` names, as a number from 0.

    Raises
    ------
    ShapeError
        If it names several or none, or the tensor has no such axis.
    """
    if not isinstance(axis, int):
        raise ShapeError(f"one axis is asked for: found {axis!r}")
    return reduced_axes(shape, axis)[0]


def written(shape: Shape) -> str:
    """Write a shape as Python does."""
    return str(tuple(shape))


def element_count(shape: Shape) -> int:
    """Return the number of elements of a tensor of this shape."""
    return math.prod(shape)


def point(index: Index) -> Region:
    """Return the region of one element."""
    return tuple(slice(i, i + 1) for i in index)


def cell_of(region: Region, within: Iterable[SupportsIndex]) -> Index:
    """Return the element of a tensor that lies at an index within a region of it."""
    return tuple(numbers_of(part)[i] for part, i in zip(region, within, strict=True))


def first_index(region: Region) -> Index:
    """Return the first element of a region; of a point, its only one."""
    return tuple(part.start for part in region)


def is_empty(region: Region) -> bool:
    """Whether a region holds no element."""
    return any(part.start >= part.stop for part in region)
