"""Functions that sum over axes, and their counterparts that repeat along them."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.engine.language.forms import (
    COUNT,
    CUMULATIVE,
    EXPANSION,
    REDUCTION,
    Shape,
    element_count,
    reduced_axes,
)
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.nodes import Option

OPTIONS: dict[str, Option] = {"axis": None, "keepdims": False}
SAMPLES = (
    Sample((MIXED,)),
    Sample((MIXED,), {"axis": 0}),
    Sample((MIXED,), {"axis": -1, "keepdims": True}),
    Sample(((MIXED, MIXED),), {"axis": (0, 2)}),
)


def broadcast_like(x: Array, y: Array, axis: Option = None, keepdims: Option = False) -> Array:
    """Repeat `x` along the axes that a sum over `y` removed, to the shape of `y`."""
    if not keepdims:
        x = np.expand_dims(x, reduced_axes(y.shape, axis))
    return np.broadcast_to(x, y.shape)


def count_along(shape: Shape, axis: Option) -> int:
    """Return how many elements a sum over `axis` adds up."""
    return element_count(tuple(shape[number] for number in reduced_axes(shape, axis)))


def count(x: Array, axis: Option = None) -> Array:
    """Return how many elements of `x` a sum over `axis` adds up, in the dtype of `x`."""
    return np.asarray(count_along(x.shape, axis), dtype=x.dtype)


def largest(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """Return the largest element; of none it is −∞."""
    if not x.size:
        return np.asarray(np.max(x, axis=axis, keepdims=keepdims, initial=-np.inf))
    return np.asarray(np.max(x, axis=axis, keepdims=keepdims))


def smallest(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """Return the smallest element; of none it is ∞."""
    if not x.size:
        return np.asarray(np.min(x, axis=axis, keepdims=keepdims, initial=np.inf))
    return np.asarray(np.min(x, axis=axis, keepdims=keepdims))


def mean(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """Return the average; of no elements it is NaN."""
    if not x.size:
        return np.asarray(np.sum(x, axis=axis, keepdims=keepdims) / 0)
    return np.asarray(np.mean(x, axis=axis, keepdims=keepdims))


def norm(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """√Σ x², scaled by the largest element so that no square overflows or vanishes."""
    longest = np.max(np.abs(x), axis=axis, keepdims=True, initial=0)
    scale = np.where(np.isfinite(longest) & (longest > 0), longest, x.dtype.type(1))
    total = scale * np.sqrt(np.sum((x / scale) ** 2, axis=axis, keepdims=True))
    return np.asarray(total if keepdims else np.squeeze(total, axis=axis), dtype=x.dtype)


def any_true(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """1 if an element is true, else 0."""
    return np.asarray(np.any(x, axis=axis, keepdims=keepdims)).astype(x.dtype)


def all_true(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """1 if every element is true, else 0."""
    return np.asarray(np.all(x, axis=axis, keepdims=keepdims)).astype(x.dtype)


def logsumexp(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    """Log Σ eˣ; the maximum is taken off first, so that nothing overflows."""
    highest = largest(x, axis, keepdims=True)
    shift = np.where(np.isfinite(highest), highest, x.dtype.type(0))
    total = shift + np.log(np.sum(np.exp(x - shift), axis=axis, keepdims=True))
    return np.asarray(total if keepdims else np.squeeze(total, axis=axis), dtype=x.dtype)


IS_EXTREME = "equal(x, broadcast_like(out, x, axis=axis, keepdims=keepdims))"
SHARED = (
    f"broadcast_like(g / sum({IS_EXTREME}, axis=axis, keepdims=keepdims), x, axis=axis, keepdims=keepdims)"
    f" * {IS_EXTREME}"
)
"""The gradient of an extreme goes to the element that is it; equal ones share it, as in PyTorch's `amax`."""

ENTRIES = (
    Function(
        "sum",
        np.sum,
        ("broadcast_like(g, x, axis=axis, keepdims=keepdims)",),
        "Adds up along an axis.",
        SAMPLES,
        form=REDUCTION,
        options=OPTIONS,
        notation="Σ{axis} {x}",
        precedence=15,
        temporaries=0,
    ),
    Function(
        "mean",
        mean,
        ("broadcast_like(g / count(x, axis=axis), x, axis=axis, keepdims=keepdims)",),
        "The average along an axis.",
        SAMPLES,
        form=REDUCTION,
        options=OPTIONS,
        notation="mean{axis}({x})",
        temporaries=0,
    ),
    Function(
        "max",
        largest,
        (SHARED,),
        "The largest element along an axis; it alone receives the gradient, and equal ones share it.",
        SAMPLES,
        form=REDUCTION,
        options=OPTIONS,
        notation="max{axis}({x})",
        temporaries=0,
    ),
    Function(
        "min",
        smallest,
        (SHARED,),
        "The smallest element along an axis; it alone receives the gradient, and equal ones share it.",
        SAMPLES,
        form=REDUCTION,
        options=OPTIONS,
        notation="min{axis}({x})",
        temporaries=0,
    ),
    Function(
        "norm",
        norm,
        ("broadcast_like(g / out, x, axis=axis, keepdims=keepdims) * x",),
        "The length of a vector: the root of the sum of its squares.",
        SAMPLES,
        form=REDUCTION,
        options=OPTIONS,
        notation="‖{x}‖{axis}",
    ),
    Function(
        "logsumexp",
        logsumexp,
        (
            "broadcast_like(g, x, axis=axis, keepdims=keepdims)"
            " * exp(x - broadcast_like(out, x, axis=axis, keepdims=keepdims))",
        ),
        "log Σ eˣ, a smooth maximum: its derivative is the softmax.",
        SAMPLES,
        form=REDUCTION,
        options=OPTIONS,
        notation="log Σ{axis} exp({x})",
    ),
    Function(
        "any",
        any_true,
        (None,),
        "1 if some element along the axis is not 0, else 0.",
        SAMPLES,
        form=REDUCTION,
        options=OPTIONS,
        temporaries=0,
    ),
    Function(
        "all",
        all_true,
        (None,),
        "1 if no element along the axis is 0, else 0.",
        SAMPLES,
        form=REDUCTION,
        options=OPTIONS,
        temporaries=0,
    ),
    Function(
        "cumsum",
        np.cumsum,
        ("flip(cumsum(flip(g, axis=axis), axis=axis), axis=axis)",),
        "The sum of all elements up to each one; on the way back, of all from each one on.",
        (Sample((MIXED,)), Sample((MIXED,), {"axis": 0})),
        form=CUMULATIVE,
        options={"axis": -1},
        temporaries=0,
    ),
    Function(
        "broadcast_like",
        broadcast_like,
        ("sum(g, axis=axis, keepdims=keepdims)", None),
        "Repeats along the axes that a sum has removed: each term of a sum receives the sum's gradient.",
        (
            Sample((0.5, MIXED)),
            Sample(((0.5, -1.0, 2.0), MIXED), {"axis": 0}),
            Sample((((0.5,), (2.0,)), MIXED), {"axis": -1, "keepdims": True}),
        ),
        form=EXPANSION,
        options=OPTIONS,
        notation="broadcast({x})",
        temporaries=0,
    ),
    Function(
        "count",
        count,
        (None,),
        "How many elements a sum over the axis adds up.",
        (Sample((MIXED,), {"axis": 0}),),
        form=COUNT,
        options={"axis": None},
        temporaries=0,
    ),
)
