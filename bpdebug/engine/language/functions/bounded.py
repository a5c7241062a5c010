"""Activations whose results stay within bounds, without an exponential.

At a bound the slope is 0, as in PyTorch.
"""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.functions.activations import SAMPLES
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.nodes import Option

BOUNDS: dict[str, Option] = {"lowest": -1.0, "highest": 1.0}
AROUND_SIX = (-2.0, 0.5, 5.5, 7.0)


def hardtanh(x: Array, lowest: float = -1.0, highest: float = 1.0) -> Array:
    """X, but never below lowest or above highest."""
    result: Array = np.clip(x, lowest, highest)
    return result


def hardtanh_prime(x: Array, lowest: float = -1.0, highest: float = 1.0) -> Array:
    """1 between lowest and highest, else 0."""
    inside: Array = np.logical_and(x > lowest, x < highest)
    slope: Array = inside.astype(x.dtype)
    return slope


def relu6(x: Array) -> Array:
    """max(x, 0), but never above 6."""
    return hardtanh(x, 0.0, 6.0)


def relu6_prime(x: Array) -> Array:
    """1 between 0 and 6, else 0."""
    return hardtanh_prime(x, 0.0, 6.0)


def softsign(x: Array) -> Array:
    """Return x / (1 + |x|)."""
    size: Array = np.abs(x)
    return x / (1 + size)


def softsign_prime(x: Array) -> Array:
    """1 / (1 + |x|)²."""
    size: Array = np.abs(x)
    return (1 / (1 + size)) ** 2


ENTRIES = (
    Function(
        "hardtanh",
        hardtanh,
        ("g * hardtanh_prime(x, lowest=lowest, highest=highest)",),
        "hardtanh(x) = x, cut off at −1 and 1: outside no gradient passes.",
        (Sample((MIXED,)), Sample((MIXED,), {"lowest": -0.7, "highest": 1.5})),
        options=BOUNDS,
        temporaries=0,
    ),
    Function(
        "hardtanh_prime",
        hardtanh_prime,
        None,
        "hardtanh′(x) = 1 between the bounds, else 0; at a bound it is taken as 0.",
        (Sample((MIXED,)), Sample((MIXED,), {"lowest": -0.7, "highest": 1.5})),
        options=BOUNDS,
        notation="hardtanh′({x})",
        temporaries=0,
        derivative_of="hardtanh",
    ),
    Function(
        "relu6",
        relu6,
        ("g * relu6_prime(x)",),
        "relu6(x) = max(x, 0), cut off at 6.",
        (Sample((AROUND_SIX,)),),
        temporaries=0,
    ),
    Function(
        "relu6_prime",
        relu6_prime,
        None,
        "relu6′(x) = 1 between 0 and 6, else 0; at both it is taken as 0.",
        (Sample((AROUND_SIX,)),),
        notation="relu6′({x})",
        temporaries=0,
        derivative_of="relu6",
    ),
    Function(
        "softsign",
        softsign,
        ("g * softsign_prime(x)",),
        "softsign(x) = x / (1 + |x|) squashes any number into (−1, 1), slower than tanh does.",
        SAMPLES,
    ),
    Function(
        "softsign_prime",
        softsign_prime,
        None,
        "softsign′(x) = 1 / (1 + |x|)².",
        SAMPLES,
        notation="softsign′({x})",
        derivative_of="softsign",
    ),
)
