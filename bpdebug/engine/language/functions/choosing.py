"""Functions that choose: a value in the place of masked elements, a bound in that of what lies beyond it."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.nodes import Option

TRUTHS = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
BOUNDS: dict[str, Option] = {"lowest": -np.inf, "highest": np.inf}


def masked(x: Array, y: Array, value: float = -np.inf) -> Array:
    """Return `x`, and the value where `y` is true."""
    return np.where(y, x.dtype.type(value), x)


def clamp(x: Array, lowest: float = -np.inf, highest: float = np.inf) -> Array:
    """X, but never below lowest or above highest."""
    return np.minimum(np.maximum(x, lowest), highest)


ENTRIES = (
    Function(
        "masked",
        masked,
        ("where(y, 0, g)", None),
        "A value, −∞ if none is named, where the second is true; no gradient passes there.",
        (Sample((MIXED, TRUTHS)), Sample((MIXED, TRUTHS), {"value": 0.5})),
        options={"value": -np.inf},
        is_mask=True,
        temporaries=0,
    ),
    Function(
        "clamp",
        clamp,
        ("g * (out == x)",),
        "clamp(x) = x, cut off at its bounds; at a bound its slope is 1, outside 0.",
        (Sample((MIXED,)), Sample((MIXED,), {"lowest": -0.7, "highest": 1.5})),
        options=BOUNDS,
    ),
)
