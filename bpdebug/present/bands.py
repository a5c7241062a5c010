"""Where the pairs of the ledger lie: in bands, one below the other, as many as the screen has rows for.

A pair is a tensor over its gradient. It never splits; the pairs keep their order, and a band is a run of
them, side by side:

    a_prev · a1  5×7    w · w2  4×5        the first band: tensors,
    d_prev · da1 5×7    dw · dw2 4×5       and their gradients below
    b · b2    z · z2  4×7    a · a2  4×7   the second band
    db · db2  dz · dz2 4×7   da · da2 4×7

Where all numbers fit, all are shown, and nothing depends on what the current statement does, so that
nothing moves from step to step. Where they do not, the pairs in use are the last to lose columns, and what is
then left goes to whoever has too little. No number is hidden while a row or a column is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from bpdebug.present.packing import Packing
from bpdebug.present.places import BORDERS, FEW_ROWS, Bands, Need


@lru_cache(maxsize=256)
def bands(needs: tuple[Need, ...], in_use: tuple[int, ...], width: int, height: int) -> Bands:
    """Choose where the pairs lie.

    Parameters
    ----------
    needs : tuple of Need
        What each pair would need.
    in_use : tuple of int
        The pairs that matter now, the most important first; the others follow by their nearness.
    width, height : int
        The room that there is.

    Returns
    -------
    Bands
        No box is outside of the room, and no two overlap.
    """
    if not needs or width <= 0 or height <= 0:
        return Bands(hidden=tuple(range(len(needs))))
    steady = bands(needs, (), width, height) if in_use else None
    if steady is not None and all(serves(steady, needs, place, width, height) for place in in_use):
        return steady
    plain, indexed = (Packing(needs, in_use, width, height, header) for header in (0, 1))
    # Indices are worth a few columns, but no number that would have been there without them.
    return (indexed if indexed.shown >= plain.shown else plain).bands


def serves(found: Bands, needs: Sequence[Need], pair: int, width: int, height: int) -> bool:
    """Whether a pair has all that it needs; of one that is larger than the screen, enough to be of use."""
    place = next((place for place in found.places if place.pair == pair), None)
    box = (place.tensor or place.gradient) if place is not None else None
    if box is None:
        return pair >= len(needs)
    need, frame = needs[pair], BORDERS + found.indexed
    lines = height // (1 + need.is_double) - frame
    columns = need.comfort if need.width > width else need.width + need.edge * found.indexed
    rows = FEW_ROWS if need.rows > lines else need.rows
    return box.width >= columns and box.height - frame >= rows
