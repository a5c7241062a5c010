"""Subscripts: a part of a tensor, `dw1[0, 1:3]`, and its counterpart, which puts a part in its place.

An index is one number or one slice for each of the first axes, `((0), (1, 3))`: a slice is the pair of its
bounds, either of them None. What is left of the axes is taken whole.
"""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.forms import PLACED, SUBSCRIPT
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.nodes import Option, Subscript, numpy_index

OPTIONS: dict[str, Option] = {"index": ()}
ELEMENT: Subscript = (1, -1)
ROW: Subscript = (0,)
PART: Subscript = ((None, None), (1, 3))


def subscript(x: Array, index: Subscript = ()) -> Array:
    """Return `x[index]`."""
    return np.asarray(x[numpy_index(index)])


def placed(x: Array, y: Array, index: Subscript = ()) -> Array:
    """Return zeros in the shape of `y`, with `x` at `[index]`."""
    result: Array = np.zeros(y.shape, dtype=y.dtype)
    result[numpy_index(index)] = x
    return result


ENTRIES = (
    Function(
        "subscript",
        subscript,
        ("placed(g, x, index=index)",),
        "Takes a part of a tensor.",
        tuple(Sample((MIXED,), {"index": index}) for index in (ELEMENT, ROW, PART)),
        form=SUBSCRIPT,
        options=OPTIONS,
        notation="{x}[{index}]",
        python="{x}[{index}]",
        precedence=50,
        temporaries=0,
    ),
    Function(
        "placed",
        placed,
        ("subscript(g, index=index)", None),
        "Puts a part back in its place: what was not taken receives no gradient.",
        (
            Sample(((0.5, -1.0, 2.0), MIXED), {"index": ROW}),
            Sample((((0.5, 1.0), (2.0, 0.1)), MIXED), {"index": PART}),
        ),
        form=PLACED,
        options=OPTIONS,
        notation="placed({x} at [{index}])",
    ),
)
