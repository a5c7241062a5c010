"""Elementary functions: of angles, hyperbolic ones, powers and roots, the error function, whole numbers."""

from __future__ import annotations

import math

import numpy as np

from bpdebug.engine.language.functions.entry import MIXED, POSITIVE, Array, Function, Sample
from bpdebug.engine.language.functions.gelu import probability
from bpdebug.engine.language.precedence import POWER

SAMPLES = (Sample((MIXED,)),)
BETWEEN = ((-2.3, -0.4, 0.3), (1.7, 0.9, -1.2))
"""A sample argument away from whole numbers, and from what lies halfway between two."""

BETWEEN_POLES = ((-1.1, -0.5, 0.3), (1.2, 0.9, 2.5))
"""A sample argument away from the poles of the tangent."""

WITHIN_ONE = ((-0.9, -0.3, 0.2), (0.7, 0.5, -0.6))
"""A sample argument between −1 and 1."""

ERF_TERMS = tuple(
    2 / math.sqrt(math.pi) * (-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in reversed(range(20))
)
"""The coefficients of the power series of erf(x)/x in x², the highest first: enough for |x| ≤ 1."""


def erf(x: Array) -> Array:
    """2/√π · ∫₀ˣ e^(−t²) dt: its power series near 0, where no digits may be lost, else 1 less the tails."""
    near = np.clip(x, -1, 1)
    series = np.zeros_like(near)
    for coefficient in ERF_TERMS:
        series = series * near * near + coefficient
    tail = 2 * probability(-math.sqrt(2) * np.abs(x))
    return np.where(np.abs(x) < 1, series * near, np.copysign(1 - tail, x)).astype(x.dtype)


ENTRIES = (
    Function(
        "square",
        np.square,
        ("2 * g * x",),
        "x²: each element times itself.",
        SAMPLES,
        notation="{x}²",
        precedence=POWER,
    ),
    Function("sin", np.sin, ("g * cos(x)",), "The sine of an angle in radians.", SAMPLES),
    Function("cos", np.cos, ("-g * sin(x)",), "The cosine of an angle in radians.", SAMPLES),
    Function(
        "tan",
        np.tan,
        ("g * (1 + out ** 2)",),
        "The tangent of an angle in radians.",
        (Sample((BETWEEN_POLES,)),),
    ),
    Function(
        "arctan",
        np.arctan,
        ("g / (1 + x ** 2)",),
        "The angle between −π/2 and π/2 whose tangent this is.",
        SAMPLES,
    ),
    Function(
        "arcsin",
        np.arcsin,
        ("g / sqrt(1 - x ** 2)",),
        "The angle between −π/2 and π/2 whose sine this is.",
        (Sample((WITHIN_ONE,)),),
    ),
    Function(
        "arccos",
        np.arccos,
        ("-g / sqrt(1 - x ** 2)",),
        "The angle between 0 and π whose cosine this is.",
        (Sample((WITHIN_ONE,)),),
    ),
    Function("sinh", np.sinh, ("g * cosh(x)",), "The hyperbolic sine, (eˣ − e⁻ˣ) / 2.", SAMPLES),
    Function("cosh", np.cosh, ("g * sinh(x)",), "The hyperbolic cosine, (eˣ + e⁻ˣ) / 2.", SAMPLES),
    Function(
        "arcsinh", np.arcsinh, ("g / sqrt(1 + x ** 2)",), "The number whose hyperbolic sine this is.", SAMPLES
    ),
    Function(
        "arctanh",
        np.arctanh,
        ("g / (1 - x ** 2)",),
        "The number whose hyperbolic tangent this is.",
        (Sample((WITHIN_ONE,)),),
    ),
    Function(
        "exp2",
        np.exp2,
        ("0.6931471805599453 * g * out",),
        "2 to the power of each element.",
        SAMPLES,
        notation="2^{x}",
        precedence=POWER,
    ),
    Function(
        "cbrt", np.cbrt, ("g / (3 * out ** 2)",), "The cube root, which a negative number has too.", SAMPLES
    ),
    Function(
        "log1p",
        np.log1p,
        ("g / (1 + x)",),
        "log(1 + x), with all its digits where x is close to 0.",
        (Sample((POSITIVE,)),),
        notation="log(1 + {x})",
    ),
    Function(
        "expm1",
        np.expm1,
        ("g * exp(x)",),
        "eˣ − 1, with all its digits where x is close to 0.",
        SAMPLES,
        notation="expm1({x})",
    ),
    Function(
        "erf",
        erf,
        ("1.1283791670955126 * g * exp(-x ** 2)",),
        "The error function: how likely a normal number with variance ½ is to lie within −x and x.",
        SAMPLES,
        temporaries=13,
    ),
    Function(
        "floor",
        np.floor,
        ("0 * g",),
        "The next whole number below; its derivative is 0.",
        (Sample((BETWEEN,)),),
        notation="⌊{x}⌋",
    ),
    Function(
        "round",
        np.round,
        ("0 * g",),
        "The nearest whole number, of two the even one; its derivative is taken as 0.",
        (Sample((BETWEEN,)),),
    ),
)
