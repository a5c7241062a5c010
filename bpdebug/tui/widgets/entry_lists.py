"""The breakpoints and the watches side by side, each list there only while it is wanted."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal

from bpdebug.commands.command import Answer
from bpdebug.engine.debug.debugger import Debugger
from bpdebug.present.entries import ENTRY_KINDS, WatchReadings, breakpoint_entries
from bpdebug.tui.widgets.entry_panel import EntryPanel, EntryRows


class EntryLists(Horizontal):
    """Shows the lists of a debugger.

    Parameters
    ----------
    debugger : Debugger
        Whose breakpoints and watches they are.
    execute : callable
        Runs a command.
    """

    def __init__(self, debugger: Debugger, execute: Callable[[str], Answer]) -> None:
        super().__init__(id="lists")
        self.debugger = debugger
        self.panels = {kind.name: EntryPanel(kind, execute) for kind in ENTRY_KINDS.values()}
        self.readers = {"breakpoints": breakpoint_entries, "watches": WatchReadings().entries}

    def compose(self) -> ComposeResult:
        """Lay the lists side by side."""
        yield from self.panels.values()

    @property
    def watches(self) -> EntryRows:
        """The rows of the watches."""
        return self.panels["watches"].rows

    def show(self) -> None:
        """Refresh the lists that are on the screen."""
        for name, panel in self.panels.items():
            if panel.display:
                panel.show(self.readers[name](self.debugger))

    def toggle(self, name: str) -> None:
        """Show a list, or take it away."""
        panel = self.panels[name]
        panel.display = not panel.display
        if panel.display:
            self.show()
            panel.rows.focus()
