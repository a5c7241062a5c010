"""Normalisation as people write it by mistake: another variance, and epsilon in another place."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.verify.diagnosis.misreadings.misreading import Misread, Misreading


def inverse_size(mean_square: Array, eps: float, eps_under_root: bool = True, rooted: bool = True) -> Array:
    """Return 1 / √(mean square + ε), or what is written in its place."""
    if not rooted:
        return 1 / (mean_square + eps)
    result: Array = 1 / (np.sqrt(mean_square + eps) if eps_under_root else np.sqrt(mean_square) + eps)
    return result


def inverse_deviation(
    x: Array,
    axis: Any = -1,
    keepdims: bool = True,
    eps: float = 1e-5,
    unbiased: bool = False,
    **wrongly: bool,
) -> Array:
    """1 / √(variance + ε), of the biased variance or the unbiased one."""
    variance = np.var(x, axis=axis, keepdims=keepdims)
    if unbiased:  # of a single number it is 0 / 0
        count = np.float64(x.size / max(variance.size, 1))
        variance = variance * count / (count - 1)
    return inverse_size(variance, eps, **wrongly)


def inverse_rms(x: Array, axis: Any = -1, keepdims: bool = True, eps: float = 1e-5, **wrongly: bool) -> Array:
    """1 / √(mean of the squares + ε)."""
    return inverse_size(np.mean(x * x, axis=axis, keepdims=keepdims), eps, **wrongly)


def normalize(x: Array, axis: Any = -1, **options: Any) -> Array:
    """Return x − mean, times 1 / √(variance + ε)."""
    result: Array = (x - np.mean(x, axis=axis, keepdims=True)) * inverse_deviation(x, axis, **options)
    return result


def rms_normalize(x: Array, axis: Any = -1, **options: Any) -> Array:
    """Return x times 1 / √(mean of the squares + ε)."""
    return x * inverse_rms(x, axis, **options)


SIZES = (
    Misreading({"eps_under_root": False}, "Epsilon was added beside the root; it belongs under it."),
    Misreading(
        {"rooted": False}, "The root is missing: what is divided by is the variance, not the deviation.", 1.1
    ),
)
VARIANCES = (
    Misreading({"unbiased": True}, "The variance was divided by n − 1; a normalisation layer divides by n."),
    *SIZES,
)
MISREAD = {
    "normalize": Misread(normalize, VARIANCES),
    "inverse_deviation": Misread(inverse_deviation, VARIANCES),
    "rms_normalize": Misread(rms_normalize, SIZES),
    "inverse_rms": Misread(inverse_rms, SIZES),
}
