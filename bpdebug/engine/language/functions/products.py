"""Products of vectors, and sums of products over named axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.engine.language.forms.products import DOT, EINSUM, EINSUM_GRADIENT, OUTER, subscripts_of
from bpdebug.engine.language.functions.arithmetic import COLUMN
from bpdebug.engine.language.functions.entry import MIXED, Array, Function, Sample
from bpdebug.engine.language.nodes import Option
from bpdebug.engine.language.precedence import PRODUCT

MATRICES = "ij,jk->ik"
SUBSCRIPTS: dict[str, Option] = {"subscripts": MATRICES}
ROW = (0.5, -1.0, 2.0)
SQUARE = ((0.5, -1.0), (2.0, 0.3))
PRODUCTS: tuple[tuple[tuple[Any, ...], str], ...] = (
    ((SQUARE, MIXED), MATRICES),
    ((MIXED, ROW), "ij,j->i"),
    ((MIXED, MIXED), "bi,bj->bij"),
    ((MIXED, COLUMN), "ij,kl->j"),
)
"""Operands and subscripts: a sum over one axis, over none, and over axes that only one operand has."""
SENT_BACK = tuple(
    Sample((np.einsum(text, *operands).tolist(), *operands), {"subscripts": text, "place": place})
    for operands, text in PRODUCTS
    for place in (0, 1)
)


def einsum(*operands: Array, subscripts: str = MATRICES) -> Array:
    """Add up products of elements with the same letters, over the letters that the result does not have."""
    found = subscripts_of(tuple(operand.shape for operand in operands), {"subscripts": subscripts})
    text = f"{','.join(found.operands)}->{found.result}"
    return np.asarray(np.einsum(text, *operands, optimize=len(operands) > 1))


def einsum_gradient(g: Array, *operands: Array, subscripts: str = MATRICES, place: int = 0) -> Array:
    """Return the gradient of one operand: the same products with `g` in its place."""
    found = subscripts_of(tuple(operand.shape for operand in operands), {"subscripts": subscripts})
    own = "".join(dict.fromkeys(found.operands[place]))
    others = [number for number in range(len(operands)) if number != place]
    letters = [found.result, *(found.operands[number] for number in others)]
    known = "".join(letter for letter in own if any(letter in one for one in letters))
    factors = (g, *(operands[number] for number in others))
    products = np.einsum(f"{','.join(letters)}->{known}", *factors, optimize=len(factors) > 1)
    result = np.zeros(operands[place].shape, g.dtype)
    # Along an axis that stands twice only the diagonal is read; along one that is nowhere else all are equal.
    # Of a number NumPy makes no view, and none is needed.
    diagonal = np.einsum(f"{found.operands[place]}->{own}", result) if own else result
    diagonal[...] = np.expand_dims(products, tuple(i for i, letter in enumerate(own) if letter not in known))
    return result


ENTRIES = (
    Function(
        "outer",
        np.outer,
        ("sum(g * y, axis=1)", "sum(g.T * x, axis=1)"),
        "Each element of one vector times each of another.",
        (Sample((ROW, (1.5, 0.2))),),
        form=OUTER,
        notation="{x} ⊗ {y}",
        precedence=PRODUCT,
    ),
    Function(
        "dot",
        np.dot,
        ("g * y", "g * x"),
        "The products of two vectors' elements, added up.",
        (Sample((ROW, (1.5, 0.2, -0.7))),),
        form=DOT,
        notation="{x} · {y}",
        precedence=PRODUCT,
    ),
    Function(
        "einsum",
        einsum,
        ("einsum_gradient(g, {operands}, subscripts=subscripts, place={place})",),
        "Products of elements with the same letters, summed over the letters that the result does not have.",
        tuple(Sample(operands, {"subscripts": text}) for operands, text in PRODUCTS),
        form=EINSUM,
        options=SUBSCRIPTS,
        variadic=True,
    ),
    Function(
        "einsum_gradient",
        einsum_gradient,
        None,
        "The same sum of products with what comes back in the place of one operand.",
        SENT_BACK,
        form=EINSUM_GRADIENT,
        options={**SUBSCRIPTS, "place": 0},
        notation="einsum′({operands})",
        variadic=True,
    ),
)
