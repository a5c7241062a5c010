"""What was meant by a word that nobody knows: the known word that is most like it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

MAX_COMPARED = 2_000
"""How many known words a wrong one is compared with: that takes time, and a file can have many of both."""
MAX_LENGTH = 40
"""How much of a wrong word is compared, in characters: a file can have a word of any length."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like `word`, best in all but capitals; empty if none is."""
    word, some = word[:MAX_LENGTH], list(islice(known, MAX_COMPARED))
    plain = {other.casefold(): other for other in reversed(some)}
    alike = plain.get(word.casefold())
    close = alike or next(iter(get_close_matches(word, some, n=1)), "")
    return close or plain.get(next(iter(get_close_matches(word.casefold(), plain, n=1)), ""), "")


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean 'x'?` for the known word nearest to a wrong one, or nothing."""
    near = nearest(word, known)
    return f", did you mean {near!r}?" if near else ""
