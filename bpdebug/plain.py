"""Plain text: whatever comes from outside, from a file, a name or an option, steers no terminal.

A control character moves the cursor, changes colours, or answers in the user's place; some that are none turn
the direction of what follows. They are written as escapes, where a text comes in and where one leaves.
"""

from __future__ import annotations


def printable(text: str) -> str:
    """Write all that is not printable as escapes: the text stays on its line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def plain(text: str) -> str:
    """Write all that is not printable as escapes, but for the ends of lines, and tabs."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c in "\n\t" else printable(c) for c in text)
