"""The Program: the debugger's source window. It draws the lines in sight and no others."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from bpdebug.engine.program import Program
from bpdebug.tui.listing import MARKS, Line, Listing, State, fitted
from bpdebug.tui.messages import PositionChosen
from bpdebug.tui.verdicts import MARKS as VERDICT_MARKS
from bpdebug.tui.verdicts import Verdicts


class ProgramView(ScrollView, can_focus=True, inherit_bindings=False):
    """The listing, with the current statement always in sight."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--phase",
        "line--layer",
        "line--done",
        "line--current",
        "line--coming",
        "line--cursor",
        "line--wrong",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move_cursor(-1)", show=False),
        Binding("down", "move_cursor(1)", show=False),
        Binding("pageup", "move_cursor(-10)", show=False),
        Binding("pagedown", "move_cursor(10)", show=False),
        Binding("enter", "choose", show=False),
    ]

    def __init__(self, program: Program) -> None:
        super().__init__(id="program")
        self.listing = Listing(program)
        self.position = 0
        self.inside = False
        self.cursor = 0
        self.verdicts: Verdicts | None = None
        self.border_title = "Program"

    def on_mount(self) -> None:
        """Make room for all lines."""
        self.virtual_size = Size(1, len(self.listing.lines))

    def show(self, position: int, inside: bool) -> None:
        """Show which statements have run; `inside` says that the next one has begun."""
        if (position, inside) == (self.position, self.inside):
            return
        before, after = sorted((self.position + self.inside, position + inside))
        self.position, self.inside = position, inside
        self.cursor = self.listing.line_numbers.get(position + inside, 0)
        self.reveal(self.cursor)
        first, last = (self.listing.line_numbers.get(place, 0) for place in (before, after))
        self.refresh_lines(first, last - first + 1)

    def show_verdicts(self, verdicts: Verdicts) -> None:
        """Show beside each statement what a check said of it."""
        self.verdicts = verdicts
        self.refresh()

    def reveal(self, number: int) -> None:
        """Scroll so that a line is in sight, with its neighbours."""
        if not number <= 1:
            height = min(5, max(1, self.size.height))
            self.scroll_to_region(
                Region(0, max(0, number - height // 2), 1, height), animate=False, force=True
            )
        else:
            self.scroll_to(y=0, animate=False)

    def state_of(self, line: Line) -> State:
        """Say whether a statement has run, is current, or is still to come."""
        current = self.position + self.inside
        if line.position == current:
            return "current"
        return "done" if line.position < current else "coming"

    def verdict_of(self, line: Line) -> str:
        """Return the mark of what a check said of a statement."""
        if self.verdicts is None:
            return " "
        return self.verdicts.mark(self.listing.program.statements[line.position - 1].name)

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        width, number = self.scrollable_content_region.width, y + self.scroll_offset.y
        if number >= len(self.listing.lines):
            return Strip.blank(width, self.visual_style.rich_style)
        line = self.listing.lines[number]
        text = self.listing.text(line)
        if line.kind == "statement":
            state = self.state_of(line)
            style = self.get_component_rich_style(f"line--{state}")
            verdict = self.verdict_of(line)
            if verdict == VERDICT_MARKS["wrong"] and state != "current":
                style += self.get_component_rich_style("line--wrong", partial=True)
            text = f"{verdict}{MARKS[state]} {fitted(text, self.listing.shape(line), width - 3)}"
        else:
            style = self.get_component_rich_style(f"line--{line.kind}")
            text = f" {text}".ljust(width)
        if self.has_focus and number == self.cursor:
            style += self.get_component_rich_style("line--cursor", partial=True)
        return Strip([Segment(text[:width], style)], min(width, len(text)))

    def action_move_cursor(self, lines: int) -> None:
        """Move the cursor of the listing."""
        self.cursor = min(max(self.cursor + lines, 0), len(self.listing.lines) - 1)
        self.reveal(self.cursor)
        self.refresh()

    def action_choose(self) -> None:
        """Go to the statement under the cursor; from a heading, to the first one below it."""
        self.post_message(PositionChosen(self.listing.lines[self.cursor].position))

    def on_click(self, event: events.Click) -> None:
        """Go to the statement that was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and (number := offset.y + self.scroll_offset.y) < len(self.listing.lines):
            self.cursor = number
            self.action_choose()
