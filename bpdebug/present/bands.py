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
from bpdebug.present.places import BORDERS, FEW_ROWS, Bands, Need, PairPlace


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
    """Choose where pairs lie that have what they need for words."""
    steady = laid_out(needs, (), width, height) if in_use else None
    if steady is not None and all(serves(steady, needs, place, width, height) for place in in_use):
        return steady
    found = best(needs, in_use, width, height)
    if found.complete or len(groups := stacks(needs)) == len(needs):
        return found
    # One panel lies above another where this shows more numbers, of no fewer pairs.
    together = stacked(needs, groups, in_use, width, height)
    return max(found, together, key=lambda bands: (*pairs_shown(bands, needs, in_use), cells(bands, needs)))


def best(needs: Sequence[Need], in_use: Sequence[int], width: int, height: int) -> Bands:
    """Lay pairs out. Indices are worth a few columns, but no row that would have been there without them."""
    are_scalars = not any(need.edge or need.columns_in(need.width) > 1 for need in needs)
    found = [Packing(needs, in_use, width, height, header).bands for header in (1, 0)[are_scalars:]]
    return max(found, key=lambda bands: (*pairs_shown(bands, needs, in_use), rows(bands, needs)))


def stacks(needs: Sequence[Need]) -> list[tuple[int, ...]]:
    """Put every two neighbours that have one panel each above one another: they lie as a pair does."""
    groups: list[tuple[int, ...]] = []
    for place, need in enumerate(needs):
        above = groups[-1] if groups else ()
        if len(above) == 1 and not need.is_double and not needs[above[0]].is_double:
            groups[-1] = (*above, place)
        else:
            groups.append((place,))
    return groups


def stacked(
    needs: Sequence[Need], groups: Sequence[tuple[int, ...]], in_use: Sequence[int], width: int, height: int
) -> Bands:
    """Lay out panels of which some lie above one another."""
    group_of = {place: number for number, group in enumerate(groups) for place in group}
    together = [joined([needs[place] for place in group]) for group in groups]
    used = [group_of[place] for place in in_use if place in group_of]
    found = best(together, used, width, height)
    places: list[PairPlace] = []
    for number, *boxes in found.places:
        group = groups[number]
        if len(group) == 1:
            places.append(PairPlace(group[0], *boxes))
            continue
        for place, box in zip(group, boxes, strict=True):
            need = needs[place]
            places.append(PairPlace(place, box if need.tensor else None, box if need.gradient else None))
    hidden = tuple(place for number in found.hidden for place in groups[number])
    return Bands(tuple(places), found.indexed, hidden, found.complete)


def joined(needs: Sequence[Need]) -> Need:
    """Return what panels need that lie above one another."""
    if len(needs) == 1:
        return needs[0]
    most = {field: max(getattr(need, field) for need in needs) for field in Need._fields[:-2]}
    return needs[0]._replace(**most, tensor=True, gradient=True)


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


def rows(found: Bands, needs: Sequence[Need]) -> int:
    """Return how many rows of numbers are in sight."""
    return sum(rows_in(found, place, needs[place.pair]) for place in found.places)


def cells(found: Bands, needs: Sequence[Need]) -> int:
    """Return how many numbers are in sight."""
    sizes = [(place, needs[place.pair].indexed(found.indexed)) for place in found.places]
    return sum(rows_in(found, place, need) * need.columns_in(place.box.width) for place, need in sizes)


def columns(found: Bands, needs: Sequence[Need]) -> int:
    """Return how many columns of numbers are in sight."""
    return sum(needs[place.pair].indexed(found.indexed).columns_in(place.box.width) for place in found.places)


def rows_in(found: Bands, place: PairPlace, need: Need) -> int:
    """Return how many rows of a pair's numbers are in sight."""
    return min(need.rows, place.box.height - BORDERS - found.indexed)


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
