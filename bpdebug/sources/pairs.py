"""Options that say what belongs to what: `--map gW=dw1`, `--gradient W1=dW1`."""

from __future__ import annotations

from collections.abc import Iterable

from bpdebug.errors import BpdebugError


def read_pairs(texts: Iterable[str], option: str, form: str, example: str, twice: str) -> dict[str, str]:
    """Read texts of the form `LEFT=RIGHT`.

    Parameters
    ----------
    texts : iterable of str
        What the user wrote.
    option : str
        The option.
    form, example : str
        How a text is written, and one that is.
    twice : str
        What to say where something stands on the left twice: of it, and of what it was given first.

    Raises
    ------
    BpdebugError
        If a text is not of that form, or something stands on the left twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        left, equals, right = (part.strip() for part in text.partition("="))
        if not (left and equals and right):
            raise BpdebugError(f"{option} {text}: expected {form}, for example {option} {example}")
        if left in found:
            raise BpdebugError(f"{option} {text}: {twice.format(left, found[left])}")
        found[left] = right
    return found
