"""What attention needs beside products and a softmax: heads, and a mask for the keys that come later.

The mask writes −∞, of which the softmax makes an exact 0. Nothing multiplies by it, forwards or backwards,
so that no NaN arises: its gradient is cut off, not scaled.
"""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.forms.attention import MERGED_HEADS, SPLIT_HEADS, TRIANGLE
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.nodes import Option

HEADS: dict[str, Option] = {"heads": 1}
WIDE = (((0.5, -1.0, 2.0, 0.3), (1.5, 0.1, -0.7, 0.9), (-0.2, 0.6, 0.4, -1.1)),)
"""A sample of one example with three positions of four features."""
SQUARE = ((0.5, -1.0, 2.0), (0.3, 1.5, 0.1), (-0.7, 0.9, -0.2))


def split_heads(x: Array, heads: int = 1) -> Array:
    """(..., positions, features) as (..., heads, positions, features of a head)."""
    *lead, positions, width = x.shape
    return x.reshape(*lead, positions, heads, width // heads).swapaxes(-3, -2)


def merge_heads(x: Array, heads: int = 1) -> Array:
    """(..., heads, positions, features of a head) as (..., positions, features)."""
    *lead, _, positions, size = x.shape
    return x.swapaxes(-3, -2).reshape(*lead, positions, heads * size)


def causal_mask(x: Array) -> Array:
    """−∞ where the column is larger than the row."""
    return np.where(np.tri(*x.shape[-2:], dtype=np.bool_), x, -np.inf)


ENTRIES = (
    Function(
        "split_heads",
        split_heads,
        ("merge_heads(g, heads=heads)",),
        "Deals out the features of each position among the heads, a block of neighbours to each.",
        (Sample((WIDE,), {"heads": 2}), Sample((MIXED,), {"heads": 3}), Sample((MIXED,))),
        form=SPLIT_HEADS,
        options=HEADS,
        notation="heads({x})",
        temporaries=0,
    ),
    Function(
        "merge_heads",
        merge_heads,
        ("split_heads(g, heads=heads)",),
        "Lays the features of all heads side by side again.",
        (Sample(((WIDE, WIDE),)), Sample(((MIXED, MIXED),), {"heads": 2})),
        form=MERGED_HEADS,
        options=HEADS,
        notation="concat({x})",
    ),
    Function(
        "causal_mask",
        causal_mask,
        ("tril(g)",),
        "−∞ where the key comes after the query: the softmax makes an exact 0 of it.",
        (Sample((SQUARE,)), Sample((WIDE,)), Sample((((0.5,), (1.0,)),))),
        form=TRIANGLE,
        notation="mask({x})",
        is_mask=True,
    ),
    Function(
        "tril",
        np.tril,
        ("tril(g)",),
        "Keeps the lower triangle: what is above the diagonal becomes 0.",
        (Sample((SQUARE,)), Sample((WIDE,))),
        form=TRIANGLE,
    ),
)
