"""What is on the screen while a scenario is read and run: its name and its title."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static


class OpeningScreen(Screen[None]):
    """The first frame; the debugger takes its place."""

    def __init__(self, name: str, title: str) -> None:
        super().__init__()
        self.opening = f"{name} · {title}" if title else name

    def compose(self) -> ComposeResult:
        """Show the status line that the debugger will have."""
        yield Static(self.opening, id="status", markup=False)
