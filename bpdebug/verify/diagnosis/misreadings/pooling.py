"""The gradients of pooling as people write them by mistake: window by window, as a loop does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from bpdebug.engine.language.forms.pooling import pooling_axes
from bpdebug.engine.language.forms.regions import Shape, element_count
from bpdebug.engine.language.functions.entry import Array
from bpdebug.verify.diagnosis.misreadings.misreading import Misread, Misreading

MOST_WINDOWS = 2**16
"""So many windows of an image are gone through one by one, in about a second."""


def max_pool2d_gradient(
    g: Array,
    x: Array,
    *,
    add: bool = True,
    whole_windows: bool = False,
    to_equal: bool = False,
    to_last: bool = False,
    to_all: bool = False,
    **options: Any,
) -> Array:
    """Send each gradient to its window's winner, or to others."""

    def shares(window: Array) -> Array:
        if to_all:
            return np.ones_like(window)
        highest = np.equal(window, window.max(axis=-1, keepdims=True))
        if to_equal:
            return np.asarray(highest, window.dtype)
        ranked = highest[..., ::-1] if to_last else highest
        first = highest & (np.cumsum(ranked, axis=-1)[..., :: -1 if to_last else 1] == 1)
        return np.asarray(first, window.dtype)

    return _sent_back(g, x, shares, add, whole_windows, options)


def avg_pool2d_gradient(
    g: Array, x: Array, *, add: bool = True, divided: bool = True, padding_counts: bool = True, **options: Any
) -> Array:
    """Send each gradient to all of its window, divided by how many there are or not."""
    height, width = pooling_axes(x.shape, options)

    def shares(window: Array) -> Array:
        count = height.size * width.size if padding_counts else window.shape[-1]
        return np.ones_like(window) / (count if divided else 1)

    return _sent_back(g, x, shares, add, True, options)


def _sent_back(
    g: Array,
    x: Array,
    shares: Callable[[Array], Array],
    add: bool,
    whole_windows: bool,
    options: dict[str, Any],
) -> Array:
    """Give every number of a window its share of the window's gradient, one window after the other.

    Where shares are assigned and not added, the last window wins: for all of its numbers, or only for those
    that have a share.
    """
    result: Array = np.zeros(x.shape, g.dtype)
    for (row, column), rows, columns in _windows(g.shape, x.shape, options):
        window = x[:, :, rows, columns]
        parts = shares(window.reshape(*window.shape[:2], -1)).reshape(window.shape)
        sent = parts * g[:, :, row, column, None, None]
        if add:
            sent = result[:, :, rows, columns] + sent
        elif not whole_windows:
            sent = np.where(parts != 0, sent, result[:, :, rows, columns])
        result[:, :, rows, columns] = sent
    return result


def _windows(
    out: Shape, shape: Shape, options: dict[str, Any]
) -> Iterator[tuple[tuple[int, int], slice, slice]]:
    """For each window, yield its place in the result, and the rows and columns of the input that it holds."""
    axes = pooling_axes(shape, options)
    if element_count(out[2:]) > MOST_WINDOWS:
        raise ValueError("too many windows to go through one by one")
    for place in product(*map(range, out[2:])):
        starts = [axis.at(o, 0) for axis, o in zip(axes, place, strict=True)]
        rows, columns = (
            slice(max(start, 0), min(start + axis.size, axis.extent))
            for axis, start in zip(axes, starts, strict=True)
        )
        if rows.start < rows.stop and columns.start < columns.stop:
            yield (place[0], place[1]), rows, columns


OVERLAP = (
    "Where windows overlap, a number belongs to several and receives the sum of what comes back from each"
)
MISREAD = {
    "max_pool2d_gradient": Misread(
        max_pool2d_gradient,
        (
            Misreading({"add": False}, f"{OVERLAP}: here the last window overwrote the others."),
            Misreading(
                {"add": False, "whole_windows": True},
                f"{OVERLAP}: here each window overwrote all that it covers, with zeros but for its winner.",
            ),
            Misreading(
                {"to_equal": True},
                "Equal numbers of a window all received its whole gradient; one of them has won, the first.",
            ),
            Misreading(
                {"to_last": True},
                "Of equal numbers in a window the last received the gradient; here the first has won.",
            ),
            Misreading(
                {"to_all": True},
                "All numbers of a window received its gradient; only the largest has made a difference.",
            ),
        ),
    ),
    "avg_pool2d_gradient": Misread(
        avg_pool2d_gradient,
        (
            Misreading({"add": False}, f"{OVERLAP}: here the last window overwrote the others."),
            Misreading(
                {"divided": False},
                "Not divided by the size of the window: each number has only its part in the mean.",
            ),
            Misreading(
                {"padding_counts": False},
                "Divided by how many numbers of the window lie in the image; forwards padding was counted.",
                1.2,
            ),
        ),
    ),
}
