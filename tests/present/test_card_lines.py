"""How the card and the ledger share their lines: none is empty where it would be of use."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bpdebug.present.bands import bands
from bpdebug.present.card_lines import CardLines, card_lines, shown
from bpdebug.present.places import Need
from tests.present.test_bands import LEDGERS

ASKED = st.tuples(st.integers(4, 13), st.integers(0, 12), st.integers(4, 25)).map(
    lambda drawn: CardLines(drawn[0], drawn[0] + drawn[1], drawn[2])
)


@given(LEDGERS, ASKED)
def test_no_line_is_empty_where_it_would_be_of_use(ledger: tuple, asked: CardLines) -> None:
    needs, in_use, (width, lines) = ledger
    lines += asked.usual
    found = card_lines(asked, needs, in_use, width, lines)
    assert asked.usual - max(0, asked.usual - asked.fewest) <= found <= asked.wanted
    lying = bands(needs, in_use, width, lines - found)
    if found > asked.usual:
        assert lying.complete, "the card grows into rows that no number needs"
    elif lying.complete:
        assert found == min(asked.wanted, max(asked.usual, lines - lying.height)) or found < asked.usual
    elif (spare := (found - asked.fewest) // 2 * 2) > 0:
        more = bands(needs, in_use, width, lines - found + spare)
        assert shown(more, needs, in_use) <= shown(lying, needs, in_use), (
            "an empty line would have shown numbers"
        )


def test_nothing_moves_for_a_few_more_rows_of_what_no_screen_shows() -> None:
    endless = (Need(400, 60, pitch=9), Need(300, 60, pitch=9))
    assert card_lines(CardLines(10, 10, 4), endless, (1, 0), 116, 46) == 10
    assert card_lines(CardLines(10, 10, 4), (Need(40, 17),), (0,), 116, 46) == 8
