"""Pooling: each window of a channel becomes its largest number, or its mean.

The loops go over the places within a window, never over the windows: each place is one strided slice.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from bpdebug.engine.language.forms.pooling import (
    MAX_POOLING,
    MAX_POOLING_GRADIENT,
    MEAN_POOLING,
    MEAN_POOLING_GRADIENT,
    pooling_axes,
)
from bpdebug.engine.language.forms.regions import Shape
from bpdebug.engine.language.functions.entry import Array, Function, Sample
from bpdebug.engine.language.nodes import Option

OPTIONS: dict[str, Option] = {"size": 2, "stride": None, "padding": 0}
SAME = "size=size, stride=stride, padding=padding"


def max_pool2d(x: Array, **options: Any) -> Array:
    """Return the largest number of each window; padding is smaller than any number."""
    result: Array = np.full(_result_shape(x.shape, options), -np.inf, x.dtype)
    for outputs, inputs in _places(x.shape, options):
        result[outputs] = np.maximum(result[outputs], x[inputs])
    return result


def max_pool2d_gradient(g: Array, x: Array, **options: Any) -> Array:
    """Send each gradient to the first largest number of its window; windows that overlap add up."""
    largest = max_pool2d(x, **options)
    open_windows = np.ones(g.shape, bool)
    result: Array = np.zeros(x.shape, g.dtype)
    for outputs, inputs in _places(x.shape, options):
        # A window with NaN in it has NaN as its largest number.
        wins = (x[inputs] == largest[outputs]) | np.isnan(x[inputs])
        wins &= open_windows[outputs]
        open_windows[outputs] &= ~wins
        result[inputs] += np.where(wins, g[outputs], 0)
    return result


def avg_pool2d(x: Array, **options: Any) -> Array:
    """Return the mean of each window; padding counts as zeros."""
    result: Array = np.zeros(_result_shape(x.shape, options), x.dtype)
    for outputs, inputs in _places(x.shape, options):
        result[outputs] += x[inputs]
    return result / window_size(x.shape, options)


def avg_pool2d_gradient(g: Array, x: Array, **options: Any) -> Array:
    """Send each gradient to all of its window in equal parts; in the shape of `x`."""
    part = g / window_size(x.shape, options)
    result: Array = np.zeros(x.shape, g.dtype)
    for outputs, inputs in _places(x.shape, options):
        result[inputs] += part[outputs]
    return result


def window_size(shape: Shape, options: dict[str, Option]) -> int:
    """Return how many numbers a window holds, those in the padding, too."""
    height, width = pooling_axes(shape, options)
    return height.size * width.size


def _result_shape(shape: Shape, options: dict[str, Option]) -> Shape:
    return (*shape[:2], *(axis.outputs for axis in pooling_axes(shape, options)))


def _places(shape: Shape, options: dict[str, Option]) -> Iterator[tuple[Any, Any]]:
    """For each place within a window, yield the windows for which it lies in the input, and where it lies."""
    height, width = pooling_axes(shape, options)
    for row, column in product(range(height.size), range(width.size)):
        (rows, from_rows), (columns, from_columns) = height.visits(row), width.visits(column)
        yield (..., rows, columns), (..., from_rows, from_columns)


IMAGE = (((0.5, -1.0, 2.0, 0.3), (-0.2, 1.5, -2.0, 0.9), (1.2, 0.1, -0.7, 0.4)),)
"""One channel of 3 × 4 pixels, in which no two are equal."""
CHANNELS = ((((1.0, -2.0), (0.5, 0.0)), ((-1.0, 3.0), (2.0, -0.5))),)
EXAMPLE = (IMAGE,)
CASES: tuple[tuple[Any, Any, dict[str, Option]], ...] = (
    (CHANNELS, ((((2.0,),), ((-1.0,),)),), {}),
    (EXAMPLE, ((((1.0, -2.0, 0.5), (3.0, 0.25, -1.0)),),), {"stride": 1}),
    (EXAMPLE, ((((1.0, -2.0), (3.0, 0.25)),),), {"size": (3, 2), "stride": (2, 3), "padding": 1}),
)
"""An input, a gradient of its result, and the options: windows side by side, overlapping, and padded."""
POOLED = tuple(Sample((x,), options) for x, _, options in CASES)
SENT_BACK = tuple(Sample((g, x), options) for x, g, options in CASES)

ENTRIES = (
    Function(
        "max_pool2d",
        max_pool2d,
        (f"max_pool2d_gradient(g, x, {SAME})",),
        "The largest number of each window; it alone receives the gradient.",
        POOLED,
        form=MAX_POOLING,
        options=OPTIONS,
        notation="maxpool({x})",
    ),
    Function(
        "max_pool2d_gradient",
        max_pool2d_gradient,
        None,
        "Each window's gradient goes to its largest number, the first of equal ones; overlaps add up.",
        SENT_BACK,
        form=MAX_POOLING_GRADIENT,
        options=OPTIONS,
        notation="maxpool′({x}, {y})",
    ),
    Function(
        "avg_pool2d",
        avg_pool2d,
        (f"avg_pool2d_gradient(g, x, {SAME})",),
        "The mean of each window; padding counts as zeros.",
        POOLED,
        form=MEAN_POOLING,
        options=OPTIONS,
        notation="avgpool({x})",
    ),
    Function(
        "avg_pool2d_gradient",
        avg_pool2d_gradient,
        (f"avg_pool2d(g, {SAME})", None),
        "Each window's gradient goes to all of its numbers in equal parts; overlaps add up.",
        SENT_BACK,
        form=MEAN_POOLING_GRADIENT,
        options=OPTIONS,
        notation="avgpool′({x})",
    ),
)
