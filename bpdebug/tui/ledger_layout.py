"""How wide the pairs of the ledger are, and which of them are shown where not all fit.

A pair is as wide as its tensors need; the wide ones share what is left. On a narrow screen the pairs
in use and their neighbours stay, and the others make room.
"""

from __future__ import annotations

from collections.abc import Sequence

NARROWEST_PAIR = 14
"""The fewest columns in which a pair is of use: one number between two borders, and its title."""


def pair_widths(needs: Sequence[int], wishes: Sequence[int], available: int) -> list[int]:
    """Share a width among pairs.

    Parameters
    ----------
    needs : sequence of int
        The columns in which each pair would show all of its numbers.
    wishes : sequence of int
        The columns in which each would show its titles in full, too.
    available : int
        The columns there are.

    Returns
    -------
    list of int
        A width for each pair. Numbers go before titles: each pair gets what it needs where that is
        less than a fair share, the wider ones share the rest evenly, and what is then left goes to
        the titles. The sum is at most `available`.
    """
    widths = _shared(needs, available)
    extras = [max(0, wish - width) for wish, width in zip(wishes, widths, strict=True)]
    return [
        width + extra for width, extra in zip(widths, _shared(extras, available - sum(widths)), strict=True)
    ]


def _shared(needs: Sequence[int], available: int) -> list[int]:
    widths = [0] * len(needs)
    for done, place in enumerate(sorted(range(len(needs)), key=lambda place: needs[place])):
        widths[place] = min(needs[place], available // (len(needs) - done))
        available -= widths[place]
    return widths


def shown_pairs(count: int, in_use: Sequence[int], available: int) -> list[int]:
    """Choose the pairs to show where each gets at least the narrowest useful width.

    Parameters
    ----------
    count : int
        How many pairs there are.
    in_use : sequence of int
        The pairs that matter now, the most important first.
    available : int
        The columns there are.

    Returns
    -------
    list of int
        Their places, in order; at least one.
    """
    room = max(1, available // NARROWEST_PAIR)
    wanted = list(dict.fromkeys(place for place in in_use if 0 <= place < count)) or [0]
    centre = wanted[0]
    by_nearness = sorted(range(count), key=lambda place: (abs(place - centre), place))
    chosen = list(dict.fromkeys([*wanted, *by_nearness]))[:room]
    return sorted(chosen)
