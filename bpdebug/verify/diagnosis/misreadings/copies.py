"""Gradients of what was copied, as people write them by mistake: assigned or averaged where they add up."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.engine.language.forms.shaping import scales
from bpdebug.engine.language.functions.entry import Array
from bpdebug.verify.diagnosis.misreadings.misreading import Misread, Misreading


def row_sums(x: Array, y: Array, z: Array, *, add: bool = True, averaged: bool = False) -> Array:
    """Add each part of `x` to the row whose number stands in `y`, or put it there."""
    result: Array = np.zeros(z.shape, x.dtype)
    uses = np.zeros(len(z))
    exist = (y >= 0) & (y < len(z)) & (y == np.floor(y))
    numbers = y[exist].astype(np.intp)
    np.add.at(uses, numbers, 1)
    if add:
        np.add.at(result, numbers, x[exist])
    else:
        result[numbers] = x[exist]  # of equal numbers the last one is kept
    often = np.maximum(uses, 1).reshape(-1, *(1,) * (z.ndim - 1))
    return result / often if averaged else result


def upsample_gradient(x: Array, *, averaged: bool = False, add: bool = True, **options: Any) -> Array:
    """Add up the copies of each pixel, or take one of them."""
    height, width = scales(x.shape, options)
    if not add:
        return x[:, :, ::height, ::width]
    n, channels, rows, columns = x.shape
    copies = x.reshape(n, channels, rows // height, height, columns // width, width)
    total: Array = copies.sum(axis=(3, 5))
    return total / (height * width) if averaged else total


MISREAD = {
    "row_sums": Misread(
        row_sums,
        (
            Misreading(
                {"add": False},
                "A row that was used several times receives the gradients of all uses, added up: here the "
                "last one overwrote the others, as `dw[numbers] = da` does.",
            ),
            Misreading(
                {"averaged": True},
                "The gradients of a row's uses were averaged; each use has its own effect, so they add up.",
                1.1,
            ),
        ),
    ),
    "upsample_gradient": Misread(
        upsample_gradient,
        (
            Misreading({"averaged": True}, "The gradients of a pixel's copies were averaged; they add up."),
            Misreading(
                {"add": False}, "Only one copy of each pixel counts here; the gradients of all add up."
            ),
        ),
    ),
}
