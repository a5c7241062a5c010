"""The frame of a panel: what the operation does with its tensor shows in the line, and is said in words.

A panel draws its frame itself. As a style it would be looked up anew for every panel that a step writes or
reads, and put together anew for every line of it: that took longer than the numbers inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from bpdebug.present.panel import Panel
from bpdebug.present.places import BORDERS


class FrameLine(NamedTuple):
    """The characters of a frame: the top from left to right, the side, the lower corners."""

    left: str
    top: str
    right: str
    side: str
    low_left: str
    low_right: str


ROUND, HEAVY, DOUBLE = FrameLine(*"╭─╮│╰╯"), FrameLine(*"┏━┓┃┗┛"), FrameLine(*"╔═╗║╚╝")
FRAME_CLASSES = frozenset(
    {
        *("frame--plain", "frame--read", "frame--written", "frame--focus"),
        *("words--plain", "words--read", "words--written", "words--changed"),
    }
)
"""The component classes of a widget that has panels: of the lines, and of the words in them."""


class PanelFrame(NamedTuple):
    """How the frame of a panel is drawn: its line, and the styles of the line and of the words in it."""

    line: FrameLine
    style: Style
    above: Style
    below: Style


def frame_of(panel: Panel, has_focus: bool, style_of: Callable[[str], Style]) -> PanelFrame:
    """Choose the frame of a panel.

    Parameters
    ----------
    panel : Panel
        What is shown.
    has_focus : bool
        Whether one is in it.
    style_of : callable
        Returns the style of a component class.
    """
    state = {"written": "written", "in part": "written", "read": "read"}.get(panel.mark, "plain")
    line, edge = (HEAVY if state == "written" else ROUND), state
    if has_focus:
        line, edge = DOUBLE, "written" if state == "written" else "focus"
    below = "changed" if panel.view in ("set", "changed", "original", "change") else state
    return PanelFrame(
        line, style_of(f"frame--{edge}"), style_of(f"words--{state}"), style_of(f"words--{below}")
    )


def framed(
    lines: Iterable[Strip],
    width: int,
    frame: PanelFrame,
    above: str,
    below: str,
    finished: Callable[[Strip], Strip],
) -> list[Strip]:
    """Put a frame around lines.

    Parameters
    ----------
    lines : iterable of Strip
        What is inside, each line of it as wide as `width`.
    width : int
        The columns inside.
    frame : PanelFrame
        How it is drawn.
    above, below : str
        The words in the top, at its left, and in the bottom, at its right.
    finished : callable
        Gives a line the colours that the terminal has; it remembers the lines that it has seen.
    """
    left, top, right, side, low_left, low_right = frame.line
    style, outer = frame.style, width + BORDERS

    def words(text: str, style: Style) -> list[Segment]:
        return [Segment(f" {text} ", style)] if text else []

    def rest(text: str) -> str:
        return top * (width - 1 - (cell_len(text) + 2 if text else 0))

    title = [Segment(left + top, style), *words(above, frame.above), Segment(rest(above) + right, style)]
    subtitle = [
        Segment(low_left + rest(below), style),
        *words(below, frame.below),
        Segment(top + low_right, style),
    ]
    edge = finished(Strip([Segment(side, style)], 1))
    return [
        finished(Strip(title, outer)),
        *(Strip([*edge, *finished(line), *edge], outer) for line in lines),
        finished(Strip(subtitle, outer)),
    ]
