"""How the pairs share the width: the sums, the needs, and the order of importance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.present.ledger_layout import COMFORTABLE_PAIR, NARROWEST_PAIR, pair_widths, shown_pairs

WIDTHS = st.integers(1, 5000)
PAIRS = st.lists(st.tuples(WIDTHS, WIDTHS), min_size=1, max_size=8)


@given(PAIRS, st.integers(0, 300))
def test_no_more_than_there_is(pairs: list[tuple[int, int]], available: int) -> None:
    needs, wishes = zip(*pairs, strict=True)
    widths = pair_widths(needs, wishes, available)
    assert sum(widths) <= available
    assert all(0 <= width <= max(need, wish) for width, need, wish in zip(widths, needs, wishes, strict=True))


@given(PAIRS, st.integers(0, 300))
def test_each_has_what_it_needs_or_a_fair_share(pairs: list[tuple[int, int]], available: int) -> None:
    needs, wishes = zip(*pairs, strict=True)
    widths = pair_widths(needs, wishes, available)
    fair = available // len(needs)
    assert all(width >= min(need, fair) for width, need in zip(widths, needs, strict=True))
    if any(width < need for width, need in zip(widths, needs, strict=True)):
        assert sum(widths) == available  # nothing is left over while one has too little


@given(PAIRS, st.integers(0, 1000))
def test_all_needs_are_met_where_they_fit(pairs: list[tuple[int, int]], more: int) -> None:
    needs, wishes = zip(*pairs, strict=True)
    widths = pair_widths(needs, wishes, sum(needs) + more)
    assert all(width >= need for width, need in zip(widths, needs, strict=True))
    if more >= sum(wishes):
        assert widths == [max(pair) for pair in pairs]


def test_a_wide_tensor_leaves_the_narrow_ones_their_room() -> None:
    assert pair_widths([20, 3000, 14, 16, 16], [18, 20, 18, 16, 16], 112) == [20, 46, 14, 16, 16]


@given(
    st.lists(WIDTHS, min_size=1, max_size=8), st.lists(st.integers(-2, 10), max_size=6), st.integers(0, 200)
)
def test_the_pairs_in_use_are_shown_first(needs: list[int], in_use: list[int], available: int) -> None:
    shown = shown_pairs(needs, in_use, available)
    assert shown == sorted(set(shown))
    assert set(shown) <= set(range(len(needs)))
    room = max(1, available // NARROWEST_PAIR)
    assert 1 <= len(shown) <= room
    wanted = list(dict.fromkeys(place for place in in_use if 0 <= place < len(needs)))
    assert set(wanted[:room]) <= set(shown)


@given(st.lists(WIDTHS, min_size=1, max_size=8), st.integers(0, 7))
def test_all_pairs_are_shown_where_everyone_is_comfortable(needs: list[int], in_use: int) -> None:
    everyone = list(range(len(needs)))
    assert shown_pairs(needs, [in_use], COMFORTABLE_PAIR * len(needs)) == everyone


@pytest.mark.parametrize(
    ("in_use", "available", "expected"),
    [
        ([], 2 * COMFORTABLE_PAIR, [0, 1]),
        ([4], 3 * COMFORTABLE_PAIR, [2, 3, 4]),
        ([1, 4], 3 * COMFORTABLE_PAIR, [0, 1, 4]),
        ([1, 3], 2 * NARROWEST_PAIR, [1, 3]),
        ([2, 2, 9], NARROWEST_PAIR, [2]),
    ],
)
def test_then_their_neighbours(in_use: list[int], available: int, expected: list[int]) -> None:
    assert shown_pairs([100] * 5, in_use, available) == expected
