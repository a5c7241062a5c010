"""Normalisation as single operations, with the derivatives that their steps come to.

`normalize(x)` is (x − mean) / √(variance + eps). Two of the steps on the way look at all elements along the
axis, and in the gradient each takes something off: what all of `g` have in common, and what of `g` points
along `out`. Code that forgets one of them is right about everything but the sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.engine.language.forms import ALONG_AXIS, REDUCTION
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.functions.reductions import mean
from bpdebug.engine.language.nodes import Option

OPTIONS: dict[str, Option] = {"axis": -1, "eps": 1e-5}
KEPT: dict[str, Option] = {"axis": -1, "keepdims": True, "eps": 1e-5}
SAMPLES = (Sample((MIXED,)), Sample((MIXED,), {"axis": 0, "eps": 0.1}))


def inverse_deviation(x: Array, axis: Any = -1, keepdims: bool = True, eps: float = 1e-5) -> Array:
    """1 / √(variance + eps) along an axis."""
    if not x.size:  # NumPy would warn
        return mean(x, axis, keepdims)
    result: Array = 1 / np.sqrt(np.var(x, axis=axis, keepdims=keepdims) + eps)
    return result


def inverse_rms(x: Array, axis: Any = -1, keepdims: bool = True, eps: float = 1e-5) -> Array:
    """1 / √(mean of the squares + eps) along an axis."""
    result: Array = 1 / np.sqrt(mean(x * x, axis, keepdims) + eps)
    return result


def normalize(x: Array, axis: Any = -1, eps: float = 1e-5) -> Array:
    """Return x with mean 0 and variance 1 along an axis."""
    result: Array = (x - mean(x, axis, keepdims=True)) * inverse_deviation(x, axis, eps=eps)
    return result


def rms_normalize(x: Array, axis: Any = -1, eps: float = 1e-5) -> Array:
    """Return x with a mean square of 1 along an axis."""
    return x * inverse_rms(x, axis, eps=eps)


ALONG = "out * mean(g * out, axis=axis, keepdims=True)"

ENTRIES = (
    Function(
        "normalize",
        normalize,
        (f"inverse_deviation(x, axis=axis, eps=eps) * (g - mean(g, axis=axis, keepdims=True) - {ALONG})",),
        "(x − mean) / √(variance + ε): mean 0 and variance 1 along an axis.",
        SAMPLES,
        form=ALONG_AXIS,
        options=OPTIONS,
    ),
    Function(
        "rms_normalize",
        rms_normalize,
        (f"inverse_rms(x, axis=axis, eps=eps) * (g - {ALONG})",),
        "x / √(mean of x² + ε): a mean square of 1 along an axis.",
        SAMPLES,
        form=ALONG_AXIS,
        options=OPTIONS,
    ),
    Function(
        "inverse_deviation",
        inverse_deviation,
        None,
        "1 / √(variance + ε): what the elements along an axis are scaled by.",
        SAMPLES,
        form=REDUCTION,
        options=KEPT,
    ),
    Function(
        "inverse_rms",
        inverse_rms,
        None,
        "1 / √(mean of x² + ε): what the elements along an axis are scaled by.",
        SAMPLES,
        form=REDUCTION,
        options=KEPT,
    ),
)
