"""Comparisons, and what joins them: the truth of each element as 1 or 0, in the dtype of the operands.

They stand in conditions (`any(isnan(z2))`) and in masks (`dz1 = da1 * (z1 > 0)`). A number that is not 0
counts as true, NaN too, as in NumPy. A truth does not change where its operands change a little: no gradient
flows to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bpdebug.engine.language.functions.entry import MIXED, POSITIVE, Array, Function, Sample
from bpdebug.engine.language.precedence import AND, COMPARISON, NOT, OR

PAIR = (Sample((MIXED, POSITIVE)), Sample((MIXED, 0.3)))
SINGLE = (Sample((MIXED,)),)


def as_numbers(truth: Callable[..., Any]) -> Callable[..., Array]:
    """Make a function that tells truths give 1 and 0 in the dtype of its operands."""

    def numbers(*operands: Array) -> Array:
        return np.asarray(truth(*operands)).astype(np.result_type(*operands))

    return numbers


def _comparison(name: str, truth: Callable[..., Any], sign: str, notation: str, words: str) -> Function:
    return Function(
        name,
        as_numbers(truth),
        (None, None),
        f"1 where the first element is {words} the second, else 0.",
        PAIR,
        notation=f"{{x}} {notation} {{y}}",
        python=f"{{x}} {sign} {{y}}",
        precedence=COMPARISON,
        temporaries=0,
    )


def where(x: Array, y: Array, z: Array) -> Array:
    """Return the elements of `y` where `x` is true, and those of `z` elsewhere."""
    return np.asarray(np.where(np.not_equal(x, 0), y, z))


TRUTH_VALUES = (
    _comparison("greater", np.greater, ">", ">", "larger than"),
    _comparison("greater_equal", np.greater_equal, ">=", "≥", "larger than or equal to"),
    _comparison("less", np.less, "<", "<", "smaller than"),
    _comparison("less_equal", np.less_equal, "<=", "≤", "smaller than or equal to"),
    _comparison("equal", np.equal, "==", "=", "equal to"),
    _comparison("not_equal", np.not_equal, "!=", "≠", "not equal to"),
    Function(
        "logical_and",
        as_numbers(np.logical_and),
        (None, None),
        "1 where both elements are true, else 0.",
        PAIR,
        notation="{x} ∧ {y}",
        python="{x} and {y}",
        precedence=AND,
        temporaries=0,
    ),
    Function(
        "logical_or",
        as_numbers(np.logical_or),
        (None, None),
        "1 where one of the elements is true, else 0.",
        PAIR,
        notation="{x} ∨ {y}",
        python="{x} or {y}",
        precedence=OR,
        temporaries=0,
    ),
    Function(
        "logical_not",
        as_numbers(np.logical_not),
        (None,),
        "1 where the element is not true, else 0.",
        SINGLE,
        notation="¬{x}",
        python="not {x}",
        precedence=NOT,
        temporaries=0,
    ),
    Function(
        "isnan",
        as_numbers(np.isnan),
        (None,),
        "1 where the element is not a number, else 0.",
        SINGLE,
        temporaries=0,
    ),
    Function(
        "isinf",
        as_numbers(np.isinf),
        (None,),
        "1 where the element is infinite, else 0.",
        SINGLE,
        temporaries=0,
    ),
)

ENTRIES = (
    *TRUTH_VALUES,
    Function(
        "where",
        where,
        (None, "where(x, g, 0)", "where(x, 0, g)"),
        "The second where the first is true, else the third; only what was taken receives a gradient.",
        (
            Sample((((1.0, 0.0, 1.0), (0.0, 0.0, 1.0)), MIXED, POSITIVE)),
            Sample((((1.0,), (0.0,)), MIXED, 0.45)),
        ),
        notation="({y} where {x}, else {z})",
        temporaries=0,
    ),
)

TRUTHS = frozenset({*(entry.name for entry in TRUTH_VALUES), "any", "all"})
"""The functions whose results are read as true or false."""
