"""What a command answers: over the bottom of the screen, above the keys, until the next key."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from bpdebug.present.hanging import hanging

FRAME = 3
"""The columns of padding and scrollbar."""


class AnswerArea(VerticalScroll, can_focus=False):
    """Shows the lines of an answer; it lies over the rest, so that nothing moves when it comes and goes."""

    def __init__(self) -> None:
        super().__init__(id="answer")
        self.display = False

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield Static()

    def say(self, *lines: str, failed: bool = False) -> None:
        """Show an answer; one without lines takes the last one away."""
        if self.display != bool(lines):
            self.display = bool(lines)
        if lines:
            self.set_class(failed, "-failed")
            self.query_one(Static).update(Content(hanging("\n".join(lines), self.app.size.width - FRAME)))
            self.scroll_home(animate=False)

    def scroll_pages(self, pages: int) -> None:
        """Show what is above or below in a long answer."""
        self.scroll_relative(y=pages * max(1, self.size.height - 1), animate=False)
