"""Softmax and its logarithm: scores along an axis become probabilities."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.forms import ALONG_AXIS
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.functions.reductions import largest
from bpdebug.engine.language.nodes import Option

AXIS: dict[str, Option] = {"axis": -1}
SAMPLES = (Sample((MIXED,)), Sample((MIXED,), {"axis": 0}))


def softmax(x: Array, axis: int = -1) -> Array:
    """eˣ / Σ eˣ along an axis; the maximum is taken off first, so that nothing overflows."""
    powers: Array = np.exp(x - largest(x, axis, keepdims=True))
    total: Array = np.sum(powers, axis=axis, keepdims=True)
    return powers / total


def log_softmax(x: Array, axis: int = -1) -> Array:
    """Return x − log Σ eˣ along an axis: the logarithm of the softmax, exact where that underflows."""
    shifted: Array = x - largest(x, axis, keepdims=True)
    total: Array = np.sum(np.exp(shifted), axis=axis, keepdims=True)
    return shifted - np.log(total)


ENTRIES = (
    Function(
        "softmax",
        softmax,
        ("out * (g - sum(g * out, axis=axis, keepdims=True))",),
        "softmax(x) = eˣ / Σ eˣ turns scores into probabilities that add up to 1.",
        SAMPLES,
        form=ALONG_AXIS,
        options=AXIS,
    ),
    Function(
        "log_softmax",
        log_softmax,
        ("g - softmax(x, axis=axis) * sum(g, axis=axis, keepdims=True)",),
        "log softmax(x) = x − log Σ eˣ, exact where the softmax itself is too small for a number.",
        SAMPLES,
        form=ALONG_AXIS,
        options=AXIS,
    ),
)
