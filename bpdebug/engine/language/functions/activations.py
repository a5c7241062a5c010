"""Activation functions and their derivatives, with PyTorch's constants.

The derivatives are computed in forms that keep their digits where the activation saturates:
σ(z)·(1 − σ(z)) is 0 in float64 from z = 37 on, though σ′(37) is 8.5e-17.
"""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.nodes import Option

SAMPLES = (Sample((MIXED,)),)
SLOPE: dict[str, Option] = {"slope": 0.01}
ALPHA: dict[str, Option] = {"alpha": 1.0}
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def sigmoid(x: Array) -> Array:
    """1 / (1 + e⁻ˣ) or eˣ / (1 + eˣ), whichever has exponentials of 1 or less: they never overflow."""
    result: Array = np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))
    return result


def sigmoid_prime(x: Array) -> Array:
    """σ′(x) = e⁻|ˣ| / (1 + e⁻|ˣ|)², even in x."""
    tail: Array = np.exp(-np.abs(x))
    return tail / (1 + tail) ** 2


def tanh_prime(x: Array) -> Array:
    """tanh′(x) = 1 − tanh(x)² = 4 e⁻²|ˣ| / (1 + e⁻²|ˣ|)², without the cancellation."""
    tail: Array = np.exp(-2 * np.abs(x))
    return 4 * tail / (1 + tail) ** 2


def relu(x: Array) -> Array:
    """max(x, 0)."""
    return np.maximum(x, 0)


def relu_prime(x: Array) -> Array:
    """1 where x > 0, else 0."""
    return (x > 0).astype(x.dtype)


def leaky_relu(x: Array, slope: float = 0.01) -> Array:
    """Return x where x > 0, else slope · x."""
    return np.where(x > 0, x, slope * x)


def leaky_relu_prime(x: Array, slope: float = 0.01) -> Array:
    """1 where x > 0, else slope."""
    return np.where(x > 0, x.dtype.type(1), x.dtype.type(slope))


def elu(x: Array, alpha: float = 1.0) -> Array:
    """Return x where x > 0, else alpha · (eˣ − 1)."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def elu_prime(x: Array, alpha: float = 1.0) -> Array:
    """1 where x > 0, else alpha · eˣ."""
    return np.where(x > 0, x.dtype.type(1), alpha * np.exp(np.minimum(x, 0)))


def selu(x: Array) -> Array:
    """Scale · elu(x), with constants that keep the mean 0 and the variance 1 from layer to layer."""
    return SELU_SCALE * elu(x, SELU_ALPHA)


def selu_prime(x: Array) -> Array:
    """Scale · elu′(x)."""
    return SELU_SCALE * elu_prime(x, SELU_ALPHA)


def softplus(x: Array) -> Array:
    """log(1 + eˣ) = max(x, 0) + log(1 + e⁻|ˣ|)."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def silu(x: Array) -> Array:
    """Return x · σ(x)."""
    return x * sigmoid(x)


def silu_prime(x: Array) -> Array:
    """σ(x) + x · σ′(x)."""
    return sigmoid(x) + x * sigmoid_prime(x)


def mish(x: Array) -> Array:
    """Return x · tanh(softplus(x))."""
    return x * np.tanh(softplus(x))


def mish_prime(x: Array) -> Array:
    """tanh(s) + x · tanh′(s) · σ(x), where s = softplus(x)."""
    inner = softplus(x)
    return np.tanh(inner) + x * tanh_prime(inner) * sigmoid(x)


ENTRIES = (
    Function(
        "identity",
        lambda x: x,
        ("g",),
        "No activation: the sum passes on unchanged; so does its gradient.",
        SAMPLES,
        temporaries=0,
    ),
    Function(
        "sigmoid",
        sigmoid,
        ("g * sigmoid_prime(x)",),
        "σ(x) = 1 / (1 + e⁻ˣ) squashes any number into (0, 1).",
        SAMPLES,
        notation="σ({x})",
    ),
    Function(
        "sigmoid_prime",
        sigmoid_prime,
        ("g * sigmoid_prime(x) * (1 - 2 * sigmoid(x))",),
        "σ′(x) = σ(x)·(1 − σ(x)): at most ¼, and close to 0 where σ saturates.",
        SAMPLES,
        notation="σ′({x})",
        derivative_of="sigmoid",
    ),
    Function("tanh", np.tanh, ("g * tanh_prime(x)",), "tanh(x) squashes any number into (−1, 1).", SAMPLES),
    Function(
        "tanh_prime",
        tanh_prime,
        ("-2 * g * tanh(x) * tanh_prime(x)",),
        "tanh′(x) = 1 − tanh²(x): at most 1, and close to 0 where tanh saturates.",
        SAMPLES,
        notation="tanh′({x})",
        derivative_of="tanh",
    ),
    Function(
        "relu",
        relu,
        ("g * relu_prime(x)",),
        "relu(x) = max(x, 0) lets positive numbers through and stops the rest.",
        SAMPLES,
        temporaries=0,
    ),
    Function(
        "relu_prime",
        relu_prime,
        None,
        "relu′(x) = 1 where x > 0, else 0; at x = 0 it is taken as 0.",
        SAMPLES,
        notation="relu′({x})",
        temporaries=0,
        derivative_of="relu",
    ),
    Function(
        "leaky_relu",
        leaky_relu,
        ("g * leaky_relu_prime(x, slope=slope)",),
        "leaky_relu(x) = x where x > 0, else a small multiple of x (0.01 by default).",
        SAMPLES,
        options=SLOPE,
        notation="lrelu({x})",
    ),
    Function(
        "leaky_relu_prime",
        leaky_relu_prime,
        None,
        "leaky_relu′(x) = 1 where x > 0, else the slope (0.01 by default), at x = 0 too.",
        SAMPLES,
        options=SLOPE,
        notation="lrelu′({x})",
        derivative_of="leaky_relu",
    ),
    Function(
        "elu",
        elu,
        ("g * elu_prime(x, alpha=alpha)",),
        "elu(x) = x where x > 0, else α·(eˣ − 1), which levels off at −α.",
        SAMPLES,
        options=ALPHA,
    ),
    Function(
        "elu_prime",
        elu_prime,
        None,
        "elu′(x) = 1 where x > 0, else α·eˣ.",
        SAMPLES,
        options=ALPHA,
        notation="elu′({x})",
        derivative_of="elu",
    ),
    Function(
        "selu",
        selu,
        ("g * selu_prime(x)",),
        "selu(x) = λ·elu(x), with λ and α that keep the spread of activations from layer to layer.",
        SAMPLES,
    ),
    Function(
        "selu_prime",
        selu_prime,
        None,
        "selu′(x) = λ where x > 0, else λ·α·eˣ.",
        SAMPLES,
        notation="selu′({x})",
        derivative_of="selu",
    ),
    Function(
        "softplus",
        softplus,
        ("g * sigmoid(x)",),
        "softplus(x) = log(1 + eˣ), a smooth relu; its derivative is σ(x).",
        SAMPLES,
    ),
    Function("silu", silu, ("g * silu_prime(x)",), "silu(x) = x·σ(x), also called swish.", SAMPLES),
    Function(
        "silu_prime",
        silu_prime,
        ("g * (2 * sigmoid_prime(x) + x * sigmoid_prime(x) * (1 - 2 * sigmoid(x)))",),
        "silu′(x) = σ(x) + x·σ′(x).",
        SAMPLES,
        notation="silu′({x})",
        derivative_of="silu",
    ),
    Function("mish", mish, ("g * mish_prime(x)",), "mish(x) = x·tanh(softplus(x)), a smooth relu.", SAMPLES),
    Function(
        "mish_prime",
        mish_prime,
        None,
        "mish′(x) = tanh(s) + x·tanh′(s)·σ(x), where s = softplus(x).",
        SAMPLES,
        notation="mish′({x})",
        temporaries=6,
        derivative_of="mish",
    ),
)
