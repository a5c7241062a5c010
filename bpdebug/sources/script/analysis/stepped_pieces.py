"""The steps of a parameter beside its reference: which tensors of their chains are multiples of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.readings import (
    ROUNDING,
    ZERO,
    Pieces,
    Reading,
    is_natural,
    multiple,
    near,
)
from bpdebug.sources.script.analysis.steps import Piece
from bpdebug.sources.script.recorder.records import ValueOf


def readings_of(
    pieces: Sequence[Piece], reference: Any, value_of: ValueOf, scale: float, tolerance: float
) -> Pieces:
    """Return what the tensors of the chains of a parameter are of its reference, for each of its pieces.

    Parameters
    ----------
    pieces : sequence of Piece
        The steps of the parameter.
    reference : array
        Its derived gradient.
    value_of : callable
        Node -> its value.
    scale : float
        The size of the largest gradient.
    tolerance : float
        How far two equal gradients may lie apart, relatively.
    """
    reference = np.asarray(reference, dtype=float)
    apart = [_of_piece(piece, piece.part_of(reference), value_of, scale, tolerance) for piece in pieces]
    if len(pieces) > 1 and not all(one is None or one for one in apart):
        together = list(_together(pieces, reference, value_of, tolerance))
        apart = [together] if together else apart
    if _largest_elsewhere(pieces, reference) > ZERO * scale:
        return [*apart, []]
    return apart


def _of_piece(
    piece: Piece, reference: Any, value_of: ValueOf, scale: float, tolerance: float
) -> list[Reading] | None:
    is_zero = bool(np.size(reference)) and _largest(reference) < ZERO * scale
    found = []
    for link in piece.chain:
        value = piece.laid(np.asarray(value_of(link.node), dtype=float), reference)
        if is_zero:
            if not value.size or _largest(value) < ROUNDING * scale:
                return None
            continue
        if value.size == 1 < np.size(reference):
            continue
        ratio = multiple(value, link.reference(reference), tolerance)
        if ratio is not None:
            natural = is_natural(ratio, tolerance)
            found.append(Reading(link, -link.factor(value_of) * ratio, ratio, natural))
    if is_zero and not piece.chain:
        return None
    if not found and not is_zero and _is_noise(piece, reference, value_of, scale, tolerance):
        return None
    return found


def _is_noise(piece: Piece, reference: Any, value_of: ValueOf, scale: float, tolerance: float) -> bool:
    """Whether a gradient is 0 but for the rounding of few digits: a bias before a batch norm."""
    if not reference.size or _largest(reference) > tolerance**2 * scale:
        return False
    values = (np.asarray(value_of(link.node)) for link in piece.chain)
    return any(not one.size or _largest(one) < tolerance**1.5 * scale for one in values)


def _together(
    pieces: Sequence[Piece], reference: Any, value_of: ValueOf, tolerance: float
) -> Iterator[Reading]:
    """Add up what steps of the same elements give, those tensors of each that its step has as often.

    One may be added where another is taken off.
    """
    for link in pieces[-1].chain:
        factor, total = link.factor(value_of), np.zeros_like(reference)
        for piece in pieces if factor else ():
            sizes = ((one, one.factor(value_of) / factor) for one in piece.chain)
            alike = (pair for pair in sizes if near(abs(pair[1]), 1.0, tolerance))
            part, sign = next(alike, (None, 1.0))
            if part is None or not piece.adds_to(total, sign * np.asarray(value_of(part.node), dtype=float)):
                break
        else:
            ratio = multiple(total, reference, tolerance)
            if ratio is not None:
                yield Reading(link, -factor * ratio, ratio, is_natural(ratio, tolerance))


def _largest(array: Any) -> float:
    """Return how large the largest element is; of one element at once."""
    return abs(float(array.item())) if array.size == 1 else float(np.max(np.abs(array)))


def _largest_elsewhere(pieces: Sequence[Piece], reference: Any) -> float:
    """Return how large a gradient is where no piece changes anything."""
    if any(piece.index is None for piece in pieces):
        return 0.0
    left = np.array(reference)
    for piece in pieces:
        left[piece.index] = 0
    return _largest(left) if left.size else 0.0
