"""Where the pairs lie: whatever their shapes and the size of the screen, no number is hidden without need."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.present.bands import bands
from bpdebug.present.places import BORDERS, Bands, Box, Need, PairPlace

NEEDS = st.builds(
    Need,
    width=st.integers(14, 400),
    rows=st.integers(1, 60),
    edge=st.integers(0, 4),
    wish=st.integers(10, 50),
    comfort=st.sampled_from([24, 56]),
    least=st.integers(3, 14),
    pitch=st.integers(1, 14),
    tensor=st.just(True),
    gradient=st.booleans(),
)
SCREENS = st.tuples(st.integers(14, 200), st.integers(6, 66))
LEDGERS = st.tuples(
    st.lists(NEEDS, min_size=1, max_size=7).map(tuple),
    st.lists(st.integers(0, 6), max_size=3).map(tuple),
    SCREENS,
)


def boxes(found: Bands) -> list[Box]:
    return [box for place in found.places for box in (place.tensor, place.gradient) if box is not None]


def is_full(place: PairPlace, need: Need, indexed: bool) -> bool:
    """Whether a pair shows all of its numbers."""
    box = place.tensor or place.gradient
    assert box is not None
    return box.width >= need.width + need.edge * indexed and box.height >= need.rows + BORDERS + indexed


def lacks(found: Bands, needs: tuple[Need, ...]) -> bool:
    """Whether any number is hidden."""
    shown = [is_full(place, needs[place.pair], found.indexed) for place in found.places]
    return bool(found.hidden) or not all(shown)


@given(LEDGERS)
def test_the_panels_lie_beside_and_below_each_other(ledger: tuple) -> None:
    needs, in_use, (width, height) = ledger
    found = bands(needs, in_use, width, height)
    for box in boxes(found):
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= width
        assert box.y + box.height <= height
        assert box.width > 0
        assert box.height > 0
    for one, other in combinations(boxes(found), 2):
        beside = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert beside or one.y + one.height <= other.y or other.y + other.height <= one.y
    shown = [place.pair for place in found.places]
    assert sorted([*shown, *found.hidden]) == list(range(len(needs)))
    assert shown == sorted(shown)


@given(LEDGERS)
def test_a_gradient_lies_under_its_tensor_with_the_same_size(ledger: tuple) -> None:
    needs, in_use, (width, height) = ledger
    for place in bands(needs, in_use, width, height).places:
        if place.tensor is not None and place.gradient is not None:
            assert place.gradient == place.tensor._replace(y=place.tensor.y + place.tensor.height)


@given(LEDGERS)
def test_no_number_is_hidden_while_a_row_or_a_column_is_empty(ledger: tuple) -> None:
    needs, in_use, (width, height) = ledger
    found = bands(needs, in_use, width, height)
    if lacks(found, needs):
        columns = {x for box in boxes(found) for x in range(box.x, box.x + box.width)}
        rows = {y for box in boxes(found) for y in range(box.y, box.y + box.height)}
        assert columns == set(range(width))
        assert len(rows) >= height - 1  # two panels that are alike leave an odd one


def fit_somehow(needs: tuple[Need, ...], width: int, height: int) -> bool:
    """Whether some way to break the pairs into bands shows all numbers: all ways are tried."""
    count = len(needs)
    for number in range(count):
        for breaks in combinations(range(1, count), number):
            runs = [needs[start:end] for start, end in pairwise((0, *breaks, count))]
            if all(is_narrow(run, width) for run in runs) and sum(map(lines_of_run, runs)) <= height:
                return True
    return False


def lines_of(need: Need) -> int:
    return (need.rows + BORDERS) * (1 + need.gradient)


def lines_of_run(run: tuple[Need, ...]) -> int:
    """The lines of a band: it is as high as the highest of it."""
    lines = max(map(lines_of, run))
    return lines + lines % 2 * any(need.gradient for need in run)


def is_narrow(run: tuple[Need, ...], width: int) -> bool:
    """Whether a band has room, side by side or with some above others, no higher than the highest."""
    for number in range(len(run)):
        for breaks in combinations(range(1, len(run)), number):
            columns = [run[start:end] for start, end in pairwise((0, *breaks, len(run)))]
            high = max(sum(map(lines_of, column)) for column in columns)
            if any(len(column) > 1 and any(need.words for need in column) for column in columns):
                continue
            if (
                high <= lines_of_run(run)
                and sum(max(need.width for need in column) for column in columns) <= width
            ):
                return True
    return False


def in_sight(found: Bands, place: PairPlace, need: Need) -> tuple[int, int]:
    """The columns and the rows of numbers of a pair that are shown."""
    rows = min(need.rows, place.box.height - BORDERS - found.indexed)
    return need.indexed(found.indexed).columns_in(place.box.width), rows


def blank_lines(found: Bands, needs: tuple[Need, ...], height: int) -> int:
    """The lines on which no panel has a border, an index or a number."""
    filled = set()
    for place in found.places:
        for box in (place.tensor, place.gradient):
            if box is not None:
                used = min(needs[place.pair].rows + 1 + found.indexed, box.height - 1)
                filled |= {*range(box.y, box.y + used), box.y + box.height - 1}
    return height - len(filled)


@given(LEDGERS)
def test_no_column_is_hidden_that_free_rows_have_room_for(ledger: tuple) -> None:
    """While a line is blank, no way to lie shows more of a pair that lacks columns, and no less of others."""
    needs, in_use, (width, height) = ledger
    found = bands(needs, in_use, width, height)
    if not blank_lines(found, needs, height):
        return
    own = [need.indexed(found.indexed) for need in needs]
    shown = {place.pair: in_sight(found, place, needs[place.pair]) for place in found.places}
    for pair, (columns, rows) in shown.items():
        most = own[pair].columns_in(own[pair].width)
        more = columns * rows // max(most, 1) + 1
        if columns == most or more > needs[pair].rows:
            continue
        taken = {
            other: own[other]._replace(
                rows=seen_rows + found.indexed, width=seen * own[other].pitch + own[other].edge + BORDERS
            )
            for other, (seen, seen_rows) in shown.items()
        }
        taken[pair] = own[pair]._replace(rows=more + found.indexed)
        # One row of several is of no use in a stack.
        own_rows = {other: need.rows - found.indexed for other, need in taken.items()}
        wanted = [
            need._replace(words=own_rows[other] < min(needs[other].rows, 2)) for other, need in taken.items()
        ]
        assert not fit_somehow(tuple(wanted), width, height)


@given(LEDGERS)
def test_all_is_shown_where_there_is_any_way(ledger: tuple) -> None:
    needs, in_use, (width, height) = ledger
    if fit_somehow(needs, width, height):
        found = bands(needs, in_use, width, height)
        assert not found.hidden
        for place in found.places:
            box = place.tensor
            assert box is not None
            assert box.width >= needs[place.pair].width


@pytest.mark.deep
@given(LEDGERS)
def test_what_is_in_use_is_the_last_to_go(ledger: tuple) -> None:
    needs, in_use, (width, height) = ledger
    used = {place for place in in_use if place < len(needs)}
    found = bands(needs, in_use, width, height)
    if used & set(found.hidden) and not {place.pair for place in found.places} <= used:
        # Others only have the room that is left where one in use has no room, even if nothing else is shown.
        own = sorted(used)
        order = tuple(own.index(place) for place in in_use if place in used)
        alone = bands(tuple(needs[place] for place in own), order, width, height)
        assert len(alone.hidden) == len(used & set(found.hidden))


@given(LEDGERS)
def test_where_all_fits_nothing_depends_on_the_step(ledger: tuple) -> None:
    needs, in_use, (width, height) = ledger
    if fit_somehow(needs, width, height):
        assert bands(needs, in_use, width, height) == bands(needs, (), width, height)


BATCH = (Need(65, 5, 2, 30), Need(47, 4, 2, 30), Need(14, 4, 2, 18), Need(65, 4, 2, 30), Need(65, 4, 2, 30))


def test_a_batch_of_seven_on_a_large_screen() -> None:
    found = bands(BATCH, (1, 0, 3), 116, 36)
    tops = {place.pair: place.tensor.y for place in found.places if place.tensor is not None}
    assert tops == {0: 0, 1: 0, 2: 14, 3: 14, 4: 26}
    assert [is_full(place, BATCH[place.pair], found.indexed) for place in found.places] == [True] * 4 + [
        False
    ]
    assert in_sight(found, found.places[4], BATCH[4]) == (63, 3)


def test_what_is_written_is_the_last_to_lose_numbers() -> None:
    found = bands(BATCH, (1, 0, 3), 75, 22)
    assert [place.pair for place in found.places] == [0, 1, 3]
    assert [is_full(place, BATCH[place.pair], found.indexed) for place in found.places] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("size", [(0, 0), (0, 20), (20, 0), (1, 1), (13, 5), (14, 4)])
def test_a_screen_for_nothing(size: tuple[int, int]) -> None:
    assert all(box.height <= size[1] for box in boxes(bands(BATCH, (1,), *size)))


def test_titles_of_slices_are_whole_where_rows_are_free() -> None:
    images = tuple(Need(width, 4, 2, 32, titles=32) for width in (22, 18, 14, 20, 20))
    for height, whole in ((12, False), (30, True)):
        found = bands(images, (0,), 102, height)
        assert found.complete
        assert all(place.box.width >= 32 for place in found.places) == whole


def test_numbers_alone_have_no_line_for_indices() -> None:
    alone, column = Need(width=14, rows=1, pitch=9), Need(width=14, rows=4, edge=2, pitch=9)
    assert not bands((alone, alone), (), 80, 24).indexed
    assert bands((alone, column), (), 80, 24).indexed


def test_small_ones_lie_above_one_another_beside_a_high_one() -> None:
    high, small = Need(60, 14), Need(40, 4)
    found = bands((high, small, small), (0,), 100, 32)
    assert found.complete
    assert [tuple(place.box)[:2] for place in found.places] == [(0, 0), (60, 0), (60, 12 + 2 * found.indexed)]


def test_two_that_lack_columns_lie_above_one_another_beside_a_high_one() -> None:
    high = Need(26, 6, 2, pitch=11)
    wide = Need(100, 3, 2, pitch=11, gradient=False)
    found = bands((high, wide, wide), (0,), 80, 20)
    one, other = (place.box for place in found.places[1:])
    assert one.x == other.x
    assert one.width == other.width >= 50
