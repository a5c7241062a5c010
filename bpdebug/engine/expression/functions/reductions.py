"""Functions that sum over axes, and their counterparts that repeat along them."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.expression.forms import COUNT, EXPANSION, REDUCTION, Shape, element_count, reduced_axes
from bpdebug.engine.expression.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.expression.nodes import Option

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
    ),
    Function(
        "mean",
        np.mean,
        ("broadcast_like(g / count(x, axis=axis), x, axis=axis, keepdims=keepdims)",),
        "The average along an axis.",
        SAMPLES,
        form=REDUCTION,
        options=OPTIONS,
        notation="mean{axis}({x})",
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
    ),
    Function(
        "count",
        count,
        (None,),
        "How many elements a sum over the axis adds up.",
        (Sample((MIXED,), {"axis": 0}),),
        form=COUNT,
        options={"axis": None},
    ),
)
