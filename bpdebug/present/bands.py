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
    found = laid_out(needs, in_use, width, height)
    if found.complete:
        # Where rows are free, the titles that say which slice of a tensor this is are whole, too.
        titled = tuple(need._replace(width=max(need.width, need.titles)) for need in needs)
        whole = laid_out(titled, (), width, height) if titled != needs else found
        return whole if whole.complete and whole.indexed >= found.indexed else found
    # What happens to a narrow panel now needs room for a word. All have it, so that they lie the same later,
    # unless a pair that could be shown in full would lose a column to that.
    roomy = tuple(need._replace(least=max(need.least, need.words)) for need in needs)
    steady = laid_out(roomy, in_use, width, height)
    return max(steady, found, key=lambda bands: pairs_shown(bands, needs, in_use))


@lru_cache(maxsize=256)
def laid_out(needs: tuple[Need, ...], in_use: tuple[int, ...], width: int, height: int) -> Bands:
    """Choose where pairs lie that have what they need for words.

    Indices are worth some columns of a tensor that has others hidden, too, but no row that would have been
    there without them, nor the columns of a tensor that would be whole.
    """
    steady = laid_out(needs, (), width, height) if in_use else None
    if steady is not None and all(serves(steady, needs, place, width, height) for place in in_use):
        return steady
    are_scalars = not any(need.edge or need.columns_in(need.width) > 1 for need in needs)
    headers = (1, 0)[are_scalars:]
    found = [bands for header in headers for bands in Packing(needs, in_use, width, height, header).ways()]

    def seen(bands: Bands) -> tuple[int, ...]:
        return *pairs_shown(bands, needs, in_use), whole(bands, needs), rows(bands, needs)

    # Indices are worth some columns: only ways that have them alike are told apart by those.
    best = max(found, key=seen)
    return max(
        (way for way in found if way.indexed == best.indexed),
        key=lambda way: (seen(way), columns(way, needs)),
    )


def pairs_shown(found: Bands, needs: Sequence[Need], in_use: Sequence[int]) -> tuple[int, ...]:
    """Return how many pairs are shown in full and how many at all, first of those in use."""
    used = {place for place in in_use if place < len(needs)}
    there = {place.pair for place in found.places}
    full = {
        place.pair
        for place in found.places
        if needs[place.pair].indexed(found.indexed).has_columns_in(place.box.width)
        and place.box.height >= needs[place.pair].rows + BORDERS + found.indexed
    }
    return len(full & used), len(there & used), len(full), len(there)


def whole(found: Bands, needs: Sequence[Need]) -> int:
    """Return how many pairs have all of their columns in sight."""
    sizes = [(place.box.width, needs[place.pair].indexed(found.indexed)) for place in found.places]
    return sum(need.has_columns_in(width) for width, need in sizes)


def rows(found: Bands, needs: Sequence[Need]) -> int:
    """Return how many rows of numbers are in sight."""
    frame = BORDERS + found.indexed
    return sum(min(needs[place.pair].rows, place.box.height - frame) for place in found.places)


def columns(found: Bands, needs: Sequence[Need]) -> int:
    """Return how many columns of numbers are in sight."""
    return sum(needs[place.pair].indexed(found.indexed).columns_in(place.box.width) for place in found.places)


def serves(found: Bands, needs: Sequence[Need], pair: int, width: int, height: int) -> bool:
    """Whether a pair has all that it needs; of one that is larger than the screen, enough to be of use."""
    place = next((place for place in found.places if place.pair == pair), None)
    if place is None:
        return pair >= len(needs)
    box = place.box
    need, frame = needs[pair], BORDERS + found.indexed
    lines = height // (1 + need.is_double) - frame
    own = need.indexed(found.indexed)
    is_wide = box.width >= need.comfort if need.width > width else own.has_columns_in(box.width)
    return is_wide and box.height - frame >= (FEW_ROWS if need.rows > lines else need.rows)
