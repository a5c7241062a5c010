"""What losses compute of an output and its target, in forms that keep their digits and never overflow."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.forms import ONE_HOT, PAIRED, REDUCTION
from bpdebug.engine.language.functions.activations import softplus
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.functions.reductions import largest
from bpdebug.engine.language.nodes import Option

DELTA: dict[str, Option] = {"delta": 1.0}
AXIS: dict[str, Option] = {"axis": -1}
FRACTIONS = ((0.2, 0.9, 0.5), (0.7, 0.1, 0.4))
"""A sample of probabilities."""
TARGETS = ((0.0, 1.0, 0.3), (1.0, 0.0, 0.7))
"""A sample of targets between 0 and 1; along each axis they need not add up to 1."""
SCORES = ((0.0, 1.0, 2.0), (2.0, 1.0, 0.0))
"""A sample of what has three classes for each of two examples, or two for each of three."""
LOWEST_LOG = -100.0
"""No logarithm of a probability counts as less, as in PyTorch: one output of exactly 0 is not infinite."""
LOWEST_SLOPE = float(np.float32(1e-12))
"""The least that x·(1 − x) counts as, where it divides; PyTorch's, too, which has it in float32."""


def huber(x: Array, delta: float = 1.0) -> Array:
    """½ x² where |x| ≤ delta, else delta · (|x| − ½ delta)."""
    size: Array = np.abs(x)
    return np.where(size <= delta, 0.5 * x * x, delta * (size - 0.5 * delta))


def huber_prime(x: Array, delta: float = 1.0) -> Array:
    """X, but never further from 0 than delta."""
    return np.clip(x, -delta, delta)


def binary_cross_entropy(x: Array, y: Array) -> Array:
    """−y·log x − (1 − y)·log(1 − x)."""
    yes: Array = np.maximum(np.log(x), LOWEST_LOG)
    no: Array = np.maximum(np.log1p(-x), LOWEST_LOG)
    return -(y * yes + (1 - y) * no)


def binary_cross_entropy_prime(x: Array, y: Array) -> Array:
    """(x − y) / (x·(1 − x))."""
    return (x - y) / np.maximum(x * (1 - x), LOWEST_SLOPE)


def logit(x: Array) -> Array:
    """log(x / (1 − x)), the inverse of the sigmoid, cut off as the logarithms of a loss are."""
    return np.maximum(np.log(x), LOWEST_LOG) - np.maximum(np.log1p(-x), LOWEST_LOG)


def binary_cross_entropy_with_logits(x: Array, y: Array) -> Array:
    """softplus(x) − x·y, with the large parts of both taken off before they are subtracted."""
    return np.maximum(x, 0) - x * y + softplus(-np.abs(x))


def cross_entropy(x: Array, y: Array, axis: int = -1) -> Array:
    """Log Σ eˣ − Σ x·y along an axis, which is kept: −Σ y·log softmax(x) where the y add up to 1."""
    highest = largest(x, axis, keepdims=True)
    shifted: Array = x - highest
    rest: Array = np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
    # What was taken off comes back as often as the y do not add up to 1: for a target, never.
    missing: Array = 1 - np.sum(y, axis=axis, keepdims=True)
    back: Array = np.where(missing, highest * missing, 0)
    expected: Array = np.sum(shifted * y, axis=axis, keepdims=True)
    return rest - expected + back


def one_hot(x: Array, y: Array, axis: int = -1) -> Array:
    """1 at each class index along an axis, else 0; in the shape and dtype of `y`."""
    count = y.shape[axis]
    place = axis % y.ndim
    classes = np.arange(count).reshape([count if number == place else 1 for number in range(y.ndim)])
    chosen: Array = (np.expand_dims(x, place) == classes).astype(y.dtype)
    return chosen


def half_square(x: Array, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Array:
    """½ Σ x²."""
    squares: Array = np.asarray(np.sum(x * x, axis=axis, keepdims=keepdims))
    half: Array = 0.5 * squares
    return half


ENTRIES = (
    Function(
        "huber",
        huber,
        ("g * huber_prime(x, delta=delta)",),
        "huber(x) = ½ x² near 0 and a straight line beyond δ, so that outliers pull no harder than that.",
        (Sample((MIXED,)), Sample((MIXED,), {"delta": 0.7})),
        options=DELTA,
        temporaries=4,
    ),
    Function(
        "huber_prime",
        huber_prime,
        None,
        "huber′(x) = x, cut off at −δ and δ.",
        (Sample((MIXED,)),),
        options=DELTA,
        notation="huber′({x})",
        derivative_of="huber",
    ),
    Function(
        "binary_cross_entropy",
        binary_cross_entropy,
        ("g * binary_cross_entropy_prime(x, y)", "-g * logit(x)"),
        "−y·log x − (1 − y)·log(1 − x): how surprising the target y is, if 1 has the probability x.",
        (Sample((FRACTIONS, TARGETS)),),
        notation="bce({x}, {y})",
        temporaries=5,
    ),
    Function(
        "binary_cross_entropy_prime",
        binary_cross_entropy_prime,
        None,
        "(x − y) / (x·(1 − x)): the divisor is the slope of the sigmoid, which will cancel it.",
        (Sample((FRACTIONS, TARGETS)),),
        notation="bce′({x}, {y})",
        derivative_of="binary_cross_entropy",
    ),
    Function(
        "logit",
        logit,
        ("g / (x * (1 - x))",),
        "logit(x) = log(x / (1 − x)), the inverse of the sigmoid.",
        (Sample((FRACTIONS,)),),
    ),
    Function(
        "binary_cross_entropy_with_logits",
        binary_cross_entropy_with_logits,
        ("g * (sigmoid(x) - y)", "-g * x"),
        "softplus(x) − x·y: the binary cross-entropy of σ(x), whose slope is simply σ(x) − y.",
        (Sample((MIXED, TARGETS)),),
        notation="bce(σ({x}), {y})",
        temporaries=5,
    ),
    Function(
        "cross_entropy",
        cross_entropy,
        ("g * (softmax(x, axis=axis) - y)", "-g * x"),
        "log Σ eˣ − Σ x·y: how surprising the target y is under softmax(x); its slope is softmax(x) − y.",
        (Sample((MIXED, TARGETS)), Sample((MIXED, TARGETS), {"axis": 0})),
        form=PAIRED,
        options=AXIS,
    ),
    Function(
        "one_hot",
        one_hot,
        (None, None),
        "1 at the index of each example's class, else 0.",
        (Sample(((2.0, 0.0), SCORES)), Sample(((1.0, 0.0, 1.0), SCORES), {"axis": 0})),
        form=ONE_HOT,
        options=AXIS,
    ),
    Function(
        "half_square",
        half_square,
        ("g * x",),
        "½ Σ x², the penalty of L2 regularisation; its derivative is x itself.",
        (Sample((MIXED,)),),
        form=REDUCTION,
        notation="½ Σ {x}²",
        precedence=15,
    ),
)
