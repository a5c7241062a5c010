"""Python text with a little colour: keywords, strings, numbers and comments, a line at a time.

The tokens are Python's own; a text that Python cannot read has the colours of what stands before that.
"""

from __future__ import annotations

import io
import keyword
import tokenize
from functools import lru_cache
from typing import NamedTuple

STYLES = {tokenize.STRING: "string", tokenize.NUMBER: "number", tokenize.COMMENT: "comment"}


class Span(NamedTuple):
    """A part of a line that has a style of its own: where it begins and ends."""

    begin: int
    end: int
    style: str


@lru_cache(maxsize=1024)
def spans_of(code: str) -> tuple[tuple[Span, ...], ...]:
    """Return for each line of a text its parts with a style, in order.

    Examples
    --------
    >>> spans_of("return 2")
    ((Span(begin=0, end=6, style='keyword'), Span(begin=7, end=8, style='number')),)
    """
    lines = code.split("\n")
    found: list[list[Span]] = [[] for _ in lines]
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            style = STYLES.get(token.type, "keyword" if keyword.iskeyword(token.string) else "")
            if not style:
                continue
            (first, begin), (last, end) = token.start, token.end
            for number in range(first, last + 1):  # a string may go over several lines
                left = begin if number == first else 0
                right = end if number == last else len(lines[number - 1])
                found[number - 1].append(Span(left, right, style))
    except (tokenize.TokenError, SyntaxError):
        pass  # a line that goes on elsewhere
    return tuple(map(tuple, found))
