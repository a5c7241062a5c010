"""How the card and the ledger share their lines: none is empty where it would be of use."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bpdebug.present.bands import bands, cells
from bpdebug.present.card_lines import CardLines, card_lines
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
        assert cells(more, needs) <= cells(lying, needs), "an empty line would have shown numbers"
