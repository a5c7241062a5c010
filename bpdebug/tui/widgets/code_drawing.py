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


def coloured(text: str, spans: Sequence[Span], style: Style, style_of: StyleOf) -> Iterator[Segment]:
    """Yield a text with the styles of its parts; a part that was cut off has none."""
    end = 0
    for span in spans:
        if span.end <= len(text):
            yield Segment(text[end : span.begin], style)
            own = style_of(f"line--{span.style}", partial=True)
            yield Segment(text[span.begin : span.end], style + own)
            end = span.end
    yield Segment(text[end:], style)
