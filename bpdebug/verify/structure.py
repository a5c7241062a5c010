"""The structure of an error that no small edit explains: what a person would look for in the numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.nodes import Statement
from bpdebug.verify.blame import Judgement
from bpdebug.verify.diagnosis.fits import coefficient, is_explained

CLOSE = 1e-6
"""The relative difference below which two sets of numbers are the same, when only their pattern matters."""


def describe(
    mine: Array,
    reference: Mapping[str, Array],
    statement: Statement,
    judgement: Judgement,
    is_cut_short: bool,
) -> str:
    """Describe how the user's numbers differ from the right ones.

    Parameters
    ----------
    mine : array
        The user's numbers.
    reference : mapping
        The right values of all tensors.
    statement : Statement
        What should have been computed.
    judgement : Judgement
        How the two compare.
    is_cut_short : bool
        Whether the search for an edit ended before all were tried.

    Returns
    -------
    str
        Every pattern found, and the cosine and the ratio of the norms where the shapes agree.
    """
    right = reference[statement.name]
    if mine.shape != right.shape:
        parts = [judgement.note]
        if mine.size == right.size:
            parts += _permuted(mine, right)
        return "; ".join(parts)
    found = [
        *([judgement.note] if judgement.note else []),
        *_factor(mine, right),
        *_permuted(mine, right),
        *_zeros(mine, right),
        *_lines(mine, right),
        *_signs(mine, right, statement, reference),
        _norms(mine, right, is_cut_short),
    ]
    return "; ".join(found)


def _factor(mine: Array, right: Array) -> list[str]:
    factor = coefficient(right, mine)
    if factor is not None and is_explained(mine, factor * right, CLOSE):
        return [f"a constant factor: {factor:.6g} times the right numbers"]
    return []


def _permuted(mine: Array, right: Array) -> list[str]:
    if mine.ndim == 2 and mine.shape == right.T.shape and is_explained(mine, right.T, CLOSE):
        return ["the right numbers, transposed"]
    if is_explained(np.sort(mine, axis=None), np.sort(right, axis=None), CLOSE):
        return ["the right numbers in another order"]
    return []


def _zeros(mine: Array, right: Array) -> list[str]:
    """Say if what is there is right, and the rest was never filled or was switched off."""
    is_there = mine != 0
    missing = int((~is_there & (right != 0)).sum())
    if missing and is_there.any() and is_explained(mine, np.where(is_there, right, 0.0), CLOSE):
        return [f"right except where it is 0: {missing} of {mine.size} elements"]
    return []


def _lines(mine: Array, right: Array) -> list[str]:
    """Name the rows or columns that hold all of the difference, where the others are right."""
    if mine.ndim != 2:
        return []
    with np.errstate(all="ignore"):
        wrong = ~(np.abs(mine - right) <= CLOSE * np.abs(right).max(initial=0.0))
    if wrong.sum() == 1:
        return [f"only element [{','.join(str(int(i)) for i in np.argwhere(wrong)[0])}] differs"]
    for axis, word in ((1, "row"), (0, "column")):
        lines = np.flatnonzero(wrong.any(axis=axis))
        if 0 < lines.size <= max(1, wrong.shape[1 - axis] // 2):
            plural = "s" if lines.size > 1 else ""
            return [f"only {word}{plural} {', '.join(map(str, lines[:8]))} differ{'' if plural else 's'}"]
    if 0 < wrong.sum() <= wrong.size // 2:
        return [f"{int(wrong.sum())} of {wrong.size} elements differ"]
    return []


def _signs(mine: Array, right: Array, statement: Statement, reference: Mapping[str, Array]) -> list[str]:
    """Say if only the elements differ at which the pre-activation is not positive, or is."""
    name = f"z{statement.layer}"
    z = reference.get(name)
    if z is None or z.shape != mine.shape:
        return []
    with np.errstate(all="ignore"):
        wrong = ~(np.abs(mine - right) <= CLOSE * np.abs(right).max(initial=0.0))
    if wrong.any() and not wrong[z > 0].any():
        return [f"only elements with {name} ≤ 0 differ"]
    if wrong.any() and not wrong[z <= 0].any():
        return [f"only elements with {name} > 0 differ"]
    return []


def _norms(mine: Array, right: Array, is_cut_short: bool) -> str:
    with np.errstate(all="ignore"):
        own, other = float(np.linalg.norm(mine)), float(np.linalg.norm(right))
        cosine = float(np.vdot(mine, right)) / (own * other) if own and other else float("nan")
        ratio = own / other if other else float("inf")
    said = (
        "no small edit that could be tried in the time for it gives these numbers"
        if is_cut_short
        else "no small edit of the formula gives these numbers"
    )
    return f"{said}; cosine {cosine:.4f}, norm ratio {ratio:.4g}" if np.isfinite(cosine) else said
