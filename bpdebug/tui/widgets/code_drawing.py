"""How code is drawn: its text in one style, and over it the styles of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from rich.segment import Segment
from rich.style import Style

from bpdebug.present.python_text import Span

CODE_CLASSES = frozenset({"line--keyword", "line--string", "line--number", "line--comment"})
"""The component classes of a widget that draws code."""


class StyleOf(Protocol):
    """Gives the style of a component class."""

    def __call__(self, *names: str, partial: bool = False) -> Style:
        """Return the style; a partial one has only what the class itself says."""


def coloured(
    text: str, margin: int, spans: Sequence[Span], style: Style, style_of: StyleOf
) -> Iterator[Segment]:
    """Yield a text with the styles of its parts.

    Parameters
    ----------
    text : str
        What is drawn; of code that has no room the end is cut, and so are its parts.
    margin : int
        So many characters stand before the code.
    spans : sequence of Span
        The parts of the code.
    style : Style
        That of all the rest.
    style_of : callable
        Gives the styles of the parts.
    """
    end = 0
    for span in spans:
        first, last = span.begin + margin, min(span.end + margin, len(text))
        if first >= last:
            break
        if end < first:
            yield Segment(text[end:first], style)
        yield Segment(text[first:last], style + style_of(f"line--{span.style}", partial=True))
        end = last
    yield Segment(text[end:], style)
