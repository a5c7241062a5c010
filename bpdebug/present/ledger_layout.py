"""How wide the pairs of the ledger are, and which of them are shown where not all fit.

A pair is as wide as its tensors need; the wide ones share what is left. On a narrow screen the pairs
in use and their neighbours stay, and the others make room.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

NARROWEST_PAIR = 14
"""The fewest columns in which a pair is of use: one number between two borders, and its title."""
COMFORTABLE_PAIR = 24
"""The columns in which a few numbers stand side by side, so that rows can be told from columns."""

COMFORTABLE_IMAGE = 56
"""The same for slices of a tensor of more axes: a window is seen where it has some room around it."""


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


def shown_pairs(
    needs: Sequence[int], in_use: Sequence[int], available: int, images: Collection[int] = ()
) -> list[int]:
    """Choose the pairs to show.

    Parameters
    ----------
    needs : sequence of int
        The columns in which each pair would show all of its numbers.
    in_use : sequence of int
        The pairs that matter now, the most important first.
    available : int
        The columns there are.
    images : collection of int
        The pairs that show slices of tensors with more than two axes.

    Returns
    -------
    list of int
        Their places, in order: those in use, as many as have room at all, and the others, from the nearest
        on, as long as everyone has a comfortable share.
    """
    if not needs:
        return []
    comfortable = [
        min(max(need, NARROWEST_PAIR), COMFORTABLE_IMAGE if place in images else COMFORTABLE_PAIR)
        for place, need in enumerate(needs)
    ]
    wanted = list(dict.fromkeys(place for place in in_use if 0 <= place < len(needs))) or [0]
    chosen = wanted[: max(1, available // NARROWEST_PAIR)]
    by_nearness = sorted(range(len(needs)), key=lambda place: (abs(place - chosen[0]), place))
    for place in by_nearness:
        if place not in chosen and sum(comfortable[other] for other in [*chosen, place]) <= available:
            chosen.append(place)
    return sorted(chosen)
