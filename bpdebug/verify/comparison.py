"""When two tensors are the same: a tolerance for each element, from the numbers' own precision.

An element agrees if it differs by at most `rtol` of its own size plus `rtol` of the largest size in its
tensor. The second part is there because an element that is a sum of large terms that cancel carries
their rounding, not its own; where all elements of a tensor are such sums, how large the terms were is
followed along the backward pass (`rounding`). Others' defaults, for comparison: PyTorch's gradcheck has
rtol 1e-3 and atol 1e-5 (after a step of 1e-6, so its numerical side is the coarse one); JAX's check_grads
has 1e-3 to 1e-6 by dtype; CS231n calls 1e-7 good and 1e-2 wrong. Here both sides are computed by
formulas, not by differences, so float64 can be held to 1e-7: a mistake is larger, and rounding through a
few layers is not. float32 and float16 have 2^29 and 2^42 times the rounding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.verify.report import Worst

RTOL: Mapping[str, float] = {"float64": 1e-7, "float32": 1e-3, "float16": 3e-2}
"""The relative tolerance for each precision of the user's values."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What counts as equal; None stands for what the precision of the values gives.

    Attributes
    ----------
    rtol : float or None
        The relative tolerance.
    atol : float
        An absolute tolerance on top.
    """

    rtol: float | None = None
    atol: float = 0.0

    def relative(self, *values: Array) -> float:
        """Return the relative tolerance for values, that of the coarsest among them."""
        if self.rtol is not None:
            return self.rtol
        return max(RTOL.get(value.dtype.name, RTOL["float64"]) for value in values)


AS_BAD = 1e-9
"""Errors that lie relatively so near to each other are as bad."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two tensors of one shape compare.

    Attributes
    ----------
    agrees : bool
        Whether every element is within its tolerance.
    max_relative_error : float
        The largest difference of an element, relative to the larger of its two sizes and a floor of
        `rtol` of the largest in the tensor.
    worst : Worst
        That element.
    wrong : array of bool
        The elements beyond their tolerance.
    """

    agrees: bool
    max_relative_error: float
    worst: Worst | None
    wrong: np.ndarray


def compare(mine: Array, reference: Array, tolerance: Tolerance, rounding: Array | float = 0.0) -> Comparison:
    """Compare a user's tensor with its reference, element by element.

    Parameters
    ----------
    mine, reference : array
        Tensors of one shape. Not-a-number equals not-a-number, an infinity equals itself.
    tolerance : Tolerance
        What counts as equal.
    rounding : array or float, optional
        What rounding alone may come to, for each element: of a sum that cancels more than its size tells.
    """
    rtol = tolerance.relative(mine, reference)
    x, y = mine.astype(float), reference.astype(float)
    with np.errstate(all="ignore"):
        same = (x == y) | (np.isnan(x) & np.isnan(y))
        apart = np.abs(x - y)
        difference = np.where(same, 0.0, np.where(np.isfinite(apart), apart, math.inf))
        sizes = np.abs(y[np.isfinite(y)])
        scale = float(sizes.max(initial=0.0))
        allowed = tolerance.atol + rtol * np.abs(np.where(np.isfinite(y), y, 0.0)) + rtol * scale + rounding
        size = np.maximum(np.maximum(np.abs(x), np.abs(y)), rtol * scale)
        size = np.maximum(size, rounding / rtol) if rtol else size
        relative = np.where(difference == 0, 0.0, np.where(np.isfinite(size), difference / size, math.inf))
    wrong = difference > allowed
    if not x.size:
        return Comparison(True, 0.0, None, wrong)
    # The worst is looked for among the wrong ones, if there are any, so that the report shows one. Of those
    # that are as bad but for rounding it is the first: which one that is does not depend on the machine.
    among = np.where(wrong, relative, -1.0) if wrong.any() else relative
    place = int(np.argmax(among >= np.max(among) * (1 - AS_BAD)))
    index = tuple(int(i) for i in np.unravel_index(place, x.shape))
    worst = Worst(index, float(x[index]), float(y[index]))
    return Comparison(not wrong.any(), float(relative[index]), worst, wrong)


def agrees(mine: Array, reference: Array, tolerance: Tolerance, rounding: Array | float = 0.0) -> bool:
    """Whether two tensors have the same shape and agree in every element."""
    return mine.shape == reference.shape and compare(mine, reference, tolerance, rounding).agrees
