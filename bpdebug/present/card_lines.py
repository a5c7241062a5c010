"""How many lines the Operation card takes of the work area: the ledger has the others.

It takes so many that little moves from step to step. But no line of it is empty while a number is hidden that
would have room there, and none of its own is cut off while rows of the ledger are empty.
"""

from __future__ import annotations

from typing import NamedTuple

from bpdebug.present.bands import bands, cells
from bpdebug.present.places import Need


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
    lying = bands(needs, in_use, width, lines - usual)
    if lying.complete:
        return max(usual, min(asked.wanted, lines - lying.height))
    given = (usual - asked.fewest) // 2 * 2  # a tensor and its gradient are alike
    if given > 0 and cells(bands(needs, in_use, width, lines - usual + given), needs) > cells(lying, needs):
        return usual - given
    return usual
