"""Breakpoints at the lines of the listing: the key and a click beside a line set one there, or remove it."""

from __future__ import annotations

from collections.abc import Callable

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.present.listing import LineStop
from bpdebug.present.snapshot import result_name
from bpdebug.tui.widgets.program_view import ProgramView


class LineStops:
    """Sets and removes the breakpoints of lines.

    Parameters
    ----------
    debugger : Debugger
        Whose breakpoints they are.
    listing : ProgramView
        The lines.
    run : callable
        Runs a command.
    """

    def __init__(self, debugger: Debugger, listing: ProgramView, run: Callable[[str], None]) -> None:
        self.debugger, self.listing, self.run = debugger, listing, run

    def toggle_here(self) -> None:
        """Set or remove one where the listing's cursor is, or at the current statement."""
        here = self.debugger.program.positions.get(result_name(self.debugger), 0)
        if self.listing.has_focus:
            self._toggle(self.listing.stop())
        elif here:
            self.toggle_at(self.listing.listing.line_at(here))
        else:
            self._toggle(LineStop("", (0,)))

    def toggle_at(self, line: int) -> None:
        """Set or remove one at a line of the listing."""
        self._toggle(self.listing.stop(line))

    def _toggle(self, stop: LineStop) -> None:
        there = self.debugger.breakpoints.on(stop.positions)
        numbers = " ".join(str(found.number) for found in there)
        self.run(f"delete {numbers}" if there else f"break {stop.place}".strip())
