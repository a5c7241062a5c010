"""The activation gelu, exact and as its usual approximation, and the normal distribution behind it."""

from __future__ import annotations

import math

import numpy as np

from bpdebug.engine.language.functions.activations import SAMPLES, sigmoid, tanh_prime
from bpdebug.engine.language.functions.entry import Array, Function

GELU_SCALE, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715
NO_TAIL = 22.0
"""So far out σ is exactly 0 or 1 in `gelu_tanh`, and even in float16 no cube overflows."""

# erfc(z)·e^(z²)/t for z ≥ 0 as a Chebyshev series in 2t − 1, where t = 2/(2 + z): interpolated at 25 nodes
# with 50 digits. Its error is below the rounding of float64.
SERIES = (
    0.5770337386164697,
    0.3554369212704985,
    0.06509515882878653,
    0.003671142395836639,
    -0.0011128447433526325,
    -0.0001607582991537808,
    3.278031574173137e-05,
    5.442441645505016e-06,
    -1.5154665553171482e-06,
    -1.4297608181169865e-07,
    8.234608827419493e-08,
    -1.2962846852306505e-09,
    -4.154721631015216e-09,
    6.347058278362869e-10,
    1.4320822712272344e-10,
    -6.160390105269404e-11,
    2.0612138561262e-12,
    3.571493153416955e-12,
    -8.586423079142869e-13,
    -6.145596767398188e-14,
    7.418739779603986e-14,
    -1.2895933089561094e-14,
    -2.357193931599415e-15,
    1.5779847473185046e-15,
    -2.637464259273125e-16,
)
FAR = 40.0
"""So far out everything is 0 or 1, and nothing overflows on the way."""
AT_ONCE = 2**14


def density(x: Array) -> Array:
    """φ(x) = e^(−x²/2) / √(2π)."""
    near: Array = np.clip(x, -FAR, FAR)
    result: Array = np.exp(-0.5 * near * near) / math.sqrt(2 * math.pi)
    return result


def probability(x: Array) -> Array:
    """Φ(x), the probability of a number below x; on the left it keeps its digits.

    What goes over the elements two dozen times goes over so many at once as stay near the processor.
    """
    if np.size(x) <= AT_ONCE:
        return _probability(x)
    flat = np.reshape(x, -1)
    parts = [_probability(flat[at : at + AT_ONCE]) for at in range(0, flat.size, AT_ONCE)]
    return np.concatenate(parts).reshape(np.shape(x))


def _probability(x: Array) -> Array:
    z: Array = np.minimum(np.abs(x), FAR) / math.sqrt(2)
    t = 2 / (2 + z)
    tail: Array = 0.5 * t * _series(2 * t - 1) * np.exp(-z * z)
    # 1 less the tail on the right, and the tail itself on the left: this is quicker than a choice.
    return np.abs((x >= 0) - tail)


def _series(u: Array) -> Array:
    """Add up the series by Clenshaw's recurrence, in memory of its own, as far as the dtype can tell."""
    smallest = float(np.finfo(u.dtype).eps) / 16
    last = max(number for number, coefficient in enumerate(SERIES) if abs(coefficient) > smallest)
    twice = np.asarray(2 * u)
    later, latest, sum_ = np.zeros_like(twice), np.zeros_like(twice), np.empty_like(twice)
    for coefficient in SERIES[last:0:-1]:
        np.multiply(twice, later, out=sum_)
        sum_ -= latest
        sum_ += coefficient
        later, latest, sum_ = sum_, later, latest
    result: Array = u * later - latest + SERIES[0]
    return result


def gelu(x: Array) -> Array:
    """Return x · Φ(x)."""
    return x * probability(x)


def gelu_prime(x: Array) -> Array:
    """Φ(x) + x · φ(x)."""
    return probability(x) + x * density(x)


def _gelu_inner(x: Array) -> Array:
    near: Array = np.clip(x, -NO_TAIL, NO_TAIL)
    return GELU_SCALE * (near + GELU_CUBE * near * near * near)


def gelu_tanh(x: Array) -> Array:
    """½ x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) = x · σ(2 · ...)."""
    return x * sigmoid(2 * _gelu_inner(x))


def gelu_tanh_prime(x: Array) -> Array:
    """½ (1 + tanh u) + ½ x · tanh′(u) · u′."""
    near: Array = np.clip(x, -NO_TAIL, NO_TAIL)
    inner = _gelu_inner(x)
    slope = GELU_SCALE * (1 + 3 * GELU_CUBE * near * near)
    return sigmoid(2 * inner) + 0.5 * near * tanh_prime(inner) * slope


ENTRIES = (
    Function(
        "gelu",
        gelu,
        ("g * gelu_prime(x)",),
        "gelu(x) = x·Φ(x): x times the probability that a normal number is below it.",
        SAMPLES,
        temporaries=10,
    ),
    Function(
        "gelu_prime",
        gelu_prime,
        None,
        "gelu′(x) = Φ(x) + x·φ(x), with the normal distribution's Φ and its density φ.",
        SAMPLES,
        notation="gelu′({x})",
        temporaries=10,
        derivative_of="gelu",
    ),
    Function(
        "gelu_tanh",
        gelu_tanh,
        ("g * gelu_tanh_prime(x)",),
        "½x·(1 + tanh(√(2/π)·(x + 0.044715x³))), which is nearly gelu(x) and needs no Φ.",
        SAMPLES,
        notation="gelu({x})",
        temporaries=4,
    ),
    Function(
        "gelu_tanh_prime",
        gelu_tanh_prime,
        None,
        "The slope of gelu as approximated with tanh; that of the exact gelu differs in the fourth digit.",
        SAMPLES,
        notation="gelu′({x})",
        temporaries=9,
        derivative_of="gelu_tanh",
    ),
)
