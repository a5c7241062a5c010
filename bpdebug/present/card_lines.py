"""How many lines the Operation card takes of the work area: the ledger has the others.

It takes so many that little moves from step to step. But no line of it is empty while a column is hidden
that would have room there, or the last rows of a tensor are; and none of its own is cut off while rows of
the ledger are empty.
"""

from __future__ import annotations

from typing import NamedTuple

from bpdebug.present.bands import bands, columns, pairs_shown
from bpdebug.present.places import Bands, Need


class CardLines(NamedTuple):
    """What a card asks for: its usual lines, all that it could use, and the fewest that say all of it."""

    usual: int
    wanted: int
    fewest: int


def card_lines(
    asked: CardLines, needs: tuple[Need, ...], in_use: tuple[int, ...], width: int, lines: int
) -> int:
    """Share lines between a card and the pairs below it.

    Parameters
    ----------
    asked : CardLines
        What the card asks for.
    needs, in_use : tuple
        What the pairs need, and which matter now.
    width, lines : int
        The columns of both, and the lines to share.
    """
    usual = asked.usual

    def seen(given: int) -> tuple[int, ...]:
        return shown(bands(needs, in_use, width, lines - usual + given), needs, in_use)

    lying = bands(needs, in_use, width, lines - usual)
    if lying.complete:
        return max(usual, min(asked.wanted, lines - lying.height))
    # A tensor and its gradient are alike: lines go in twos, and no more than are of use.
    given = range(0, usual - asked.fewest + 1, 2)
    if len(given) < 2 or seen(given[-1]) == seen(0):
        return usual
    return usual - next(count for count in given if seen(count) >= seen(given[-1]))


def shown(found: Bands, needs: tuple[Need, ...], in_use: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many pairs are shown in full and how many columns: not how many rows of what is endless."""
    return *pairs_shown(found, needs, in_use), columns(found, needs)
