"""Excerpts of long formulas: where two of them differ, with as much around it as a line has room for."""

from __future__ import annotations

from itertools import takewhile

MOST_CHARACTERS = 160
"""No formula that is shown to a person is longer."""
ELLIPSIS = "… "
FEWEST_AROUND = 10
"""Where less would be shown around what differs, the beginnings and ends of both are shown instead."""


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return a formula with its middle left out where it is too long."""
    if len(text) <= most:
        return text
    half = (most - len(ELLIPSIS) - 1) // 2
    return f"{text[:half]} {ELLIPSIS}{text[-half:]}"


def told_apart(yours: str, right: str) -> tuple[str, str]:
    """Return two formulas as they are, or, where one is too long, the parts of both in which they differ."""
    longest = max(len(yours), len(right))
    if longest <= MOST_CHARACTERS:
        return yours, right
    before = _equal(yours, right)
    after = _equal(yours[before:][::-1], right[before:][::-1])
    around = (MOST_CHARACTERS - 2 * len(ELLIPSIS) - (longest - before - after)) // 2
    if around < FEWEST_AROUND:
        return shortened(yours), shortened(right)
    return _part(yours, before - around, after - around), _part(right, before - around, after - around)


def _equal(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _part(text: str, before: int, after: int) -> str:
    """Leave out so many characters at the beginning and at the end of a text."""
    before, after = max(0, before), max(0, after)
    part = text[before : len(text) - after]
    return f"{ELLIPSIS if before else ''}{part}{ELLIPSIS[::-1] if after else ''}"
