"""Operators and the elementary functions of mathematics."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.forms import MATMUL, TRANSPOSE
from bpdebug.engine.language.functions.entry import MIXED, POSITIVE, Array, Function, Sample
from bpdebug.engine.language.precedence import ATTRIBUTE, POWER, PRODUCT, SIGN, SUM

COLUMN = ((0.4,), (-1.1,))


def matrix_transpose(x: Array) -> Array:
    """Swap the last two axes; for a matrix this is NumPy's `.T`."""
    return x if x.ndim < 2 else np.swapaxes(x, -1, -2)


ENTRIES = (
    Function(
        "add",
        np.add,
        ("g", "g"),
        "Adds element by element; a smaller operand is repeated to fit.",
        (Sample((MIXED, MIXED)), Sample((MIXED, COLUMN))),
        notation="{x} + {y}",
        python="{x} + {y}",
        precedence=SUM,
    ),
    Function(
        "subtract",
        np.subtract,
        ("g", "-g"),
        "Subtracts element by element.",
        (Sample((MIXED, POSITIVE)), Sample((COLUMN, MIXED))),
        notation="{x} − {y}",
        python="{x} - {y}",
        precedence=SUM,
    ),
    Function(
        "multiply",
        np.multiply,
        ("g * y", "g * x"),
        "Multiplies element by element.",
        (Sample((MIXED, POSITIVE)), Sample((COLUMN, MIXED))),
        notation="{x} ⊙ {y}",
        python="{x} * {y}",
        precedence=PRODUCT,
    ),
    Function(
        "divide",
        np.divide,
        ("g / y", "-g * out / y"),
        "Divides element by element.",
        (Sample((MIXED, POSITIVE)), Sample((MIXED, COLUMN))),
        notation="{x} / {y}",
        python="{x} / {y}",
        precedence=PRODUCT,
    ),
    Function(
        "matmul",
        np.matmul,
        ("g @ y.T", "x.T @ g"),
        "The matrix product: each element is a row of the first times a column of the second, summed.",
        (Sample((MIXED, ((1.0, -2.0), (0.5, 0.1), (2.0, 3.0)))),),
        form=MATMUL,
        notation="{x} · {y}",
        python="{x} @ {y}",
        precedence=PRODUCT,
    ),
    Function(
        "power",
        np.power,
        ("g * y * x ** (y - 1)", "g * out * log(x)"),
        "Raises to a power, element by element.",
        (Sample((POSITIVE, MIXED)), Sample((POSITIVE, 3.0))),
        notation="{x}^{y}",
        python="{x} ** {y}",
        precedence=POWER,
    ),
    Function(
        "negative",
        np.negative,
        ("-g",),
        "Changes the sign.",
        (Sample((MIXED,)),),
        notation="−{x}",
        python="-{x}",
        precedence=SIGN,
    ),
    Function(
        "transpose",
        matrix_transpose,
        ("g.T",),
        "Exchanges rows and columns.",
        (Sample((MIXED,)),),
        form=TRANSPOSE,
        notation="{x}ᵀ",
        python="{x}.T",
        precedence=ATTRIBUTE,
        temporaries=0,
    ),
    Function("exp", np.exp, ("g * out",), "The exponential eˣ.", (Sample((MIXED,)),)),
    Function("log", np.log, ("g / x",), "The natural logarithm.", (Sample((POSITIVE,)),)),
    Function(
        "sqrt", np.sqrt, ("g / (2 * out)",), "The square root.", (Sample((POSITIVE,)),), notation="√({x})"
    ),
    Function(
        "abs",
        np.abs,
        ("g * sign(x)",),
        "The size without the sign; its derivative at 0 is taken as 0.",
        (Sample((MIXED,)),),
        notation="|{x}|",
    ),
    Function("sign", np.sign, None, "−1, 0 or 1.", (Sample((MIXED,)),)),
    Function(
        "maximum",
        np.maximum,
        ("g * greater(x, y)", "g * greater_equal(y, x)"),
        "The larger of two elements; it alone receives the gradient (the second, where they are equal).",
        (Sample((MIXED, POSITIVE)), Sample((MIXED, 0.1))),
        notation="max({x}, {y})",
    ),
    Function(
        "minimum",
        np.minimum,
        ("g * less(x, y)", "g * less_equal(y, x)"),
        "The smaller of two elements; it alone receives the gradient (the second, where they are equal).",
        (Sample((MIXED, POSITIVE)), Sample((MIXED, 0.1))),
        notation="min({x}, {y})",
    ),
)
