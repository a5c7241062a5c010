"""The Program: the debugger's source window. It draws the lines in sight and no others.

A statement's line begins with its gutter: the mark of a breakpoint, then that of a check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import ClassVar, Literal

from rich.segment import Segment
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from bpdebug.engine.program.program import Program
from bpdebug.present import code_verdicts
from bpdebug.present.listing import MARKS, LineStop, Listing, Row, SourceWindow, fitted, has_text
from bpdebug.present.verdicts import MARKS as VERDICT_MARKS
from bpdebug.present.verdicts import WORST_FIRST, CheckVerdicts
from bpdebug.tui.messages import GutterClicked, PositionChosen
from bpdebug.tui.widgets.code_drawing import CODE_CLASSES, coloured

HEAD = "● ✗▶ "
"""What stands before the text of a statement: marks of a breakpoint, of a check, of the current line."""
FIRST_LINES = 200
"""So many lines decide on the width of the listing: those of a long program are much alike."""
LARGEST_PART = 0.36
"""Of the columns of the screen, the most that the listing takes beside the numbers."""
IN_SIGHT = 9
"""So many lines around the cursor are in sight, of which half are still to come."""
GUTTER = 2
"""Columns of the gutter; a click there is about the breakpoint."""

LINES = "phase layer step done current next coming match cursor wrong stop file"
LINE_CLASSES = {*(f"line--{kind}" for kind in LINES.split()), *CODE_CLASSES}
"""The styles of the kinds of lines."""


class ProgramView(ScrollView, can_focus=True, inherit_bindings=False):
    """The listing, with the current statement always in sight."""

    COMPONENT_CLASSES: ClassVar[set[str]] = LINE_CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move_cursor(-1)", show=False),
        Binding("down,j", "move_cursor(1)", show=False),
        Binding("pageup", "move_cursor(-10)", show=False),
        Binding("pagedown", "move_cursor(10)", show=False),
        Binding("enter", "choose", show=False),
        Binding("s", "fold(False)", show=False),
        Binding("u", "fold(True)", show=False),
    ]

    def __init__(self, program: Program, listing: SourceWindow) -> None:
        super().__init__(id="program")
        self.program = program
        self.listing = listing
        self.position = 0
        self.inside = False
        self.cursor = 0
        self.verdicts: CheckVerdicts | code_verdicts.CodeVerdicts | None = None
        self.stops: Mapping[int, str] = {}
        self.marks: dict[int, str] = {}
        self.search_began: int | None = None
        self.sought = ""
        self.border_title = "Program"

    def on_mount(self) -> None:
        """Make room for all lines."""
        self.virtual_size = Size(1, len(self.listing.lines))

    def toggle_mathematics(self) -> None:
        """Write the statements as mathematics, or as code again."""
        if isinstance(self.listing, Listing):
            self.listing = replace(self.listing, as_mathematics=not self.listing.as_mathematics)
            self.refresh()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Return the columns of the longest line, and no more of the screen than leaves room for numbers.

        The current statement stands in the Operation in full; the styles say how many are too few.
        """
        return min(self.longest, int(viewport.width * LARGEST_PART) - self.styles.gutter.width - 1)

    @cached_property
    def longest(self) -> int:
        """The columns of the longest line, with all that stands before it, and of a tail that counts."""
        rows = (self.listing.row(number, 0) for number in range(min(FIRST_LINES, len(self.listing.lines))))
        return max((len(HEAD) + len(row.text) + self.listing.tail_room for row in rows), default=0)

    def on_resize(self) -> None:
        """Keep the line of the cursor in sight; before there was a size, nothing was."""
        self.reveal(self.cursor)

    def show(self, position: int, inside: bool) -> None:
        """Show which statements have run; `inside` says that the next one has begun."""
        if (position, inside) == (self.position, self.inside):
            return
        before, after = sorted((self.position + self.inside, position + inside))
        self.position, self.inside = position, inside
        self.cursor = self.listing.line_at(position + inside)
        self.reveal(self.cursor)
        changed = self.listing.changed(before, after)
        self.refresh_lines(changed.start, len(changed))

    def show_verdicts(self, verdicts: CheckVerdicts | code_verdicts.CodeVerdicts) -> None:
        """Show beside each statement what a check said of it."""
        if verdicts is not self.verdicts:
            self.verdicts = verdicts
            self.refresh()

    def show_stops(self, stops: Mapping[int, str]) -> None:
        """Show the marks of the breakpoints, each beside the statement at its position."""
        if stops != self.stops:
            self.stops = stops
            self.mark_stops()
            self.refresh()

    def mark_stops(self) -> None:
        """Find the lines that the marks stand beside."""
        self.marks = {self.listing.line_at(position): mark for position, mark in self.stops.items()}

    def reveal(self, number: int) -> None:
        """Scroll so that a line is in sight, with its neighbours."""
        if not number <= 1:
            height = min(IN_SIGHT, max(1, self.size.height))
            self.scroll_to_region(
                Region(0, max(0, number - height // 2), 1, height), animate=False, force=True
            )
        else:
            self.scroll_to(y=0, animate=False)

    def verdict_of(self, row: Row) -> str:
        """Return the mark of what a check said of the statements of a line: of the worst of them."""
        if self.verdicts is None:
            return " "
        marks = {self.verdicts.mark(self.program.statements[position - 1].name) for position in row.positions}
        return next((mark for mark in WORST_FIRST if mark in marks), " ")

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        width, number = self.scrollable_content_region.width, y + self.scroll_offset.y
        if number >= len(self.listing.lines):
            return Strip.blank(width, self.visual_style.rich_style)
        row = self.listing.row(number, self.position + self.inside)
        mark, head = " ", ""
        if row.kind == "statement":
            style = self.get_component_rich_style(f"line--{row.state}")
            verdict = self.verdict_of(row)
            if verdict == VERDICT_MARKS["wrong"] and row.state != "current":
                style += self.get_component_rich_style("line--wrong", partial=True)
            head = f"{verdict}{MARKS[row.state]} "
            room = width - 1 - len(head)
            # What a result's shape is stands in the Operation as well: it cuts no code off.
            has_tail = self.listing.tail_room or len(row.text) + len(row.tail) < room
            text = fitted(row.text, row.tail if has_tail else "", room)
            mark = self.marks.get(number, " ")
        else:
            style = self.get_component_rich_style(f"line--{row.kind}")
            text = f" {row.text}".ljust(width - 1)
        if self.sought and has_text(row.text, self.sought):
            style += self.get_component_rich_style("line--match", partial=True)
        if number == self.cursor and (self.has_focus or self.search_began is not None):
            style += self.get_component_rich_style("line--cursor", partial=True)
        mark_style = style
        if mark != " " and row.state != "current":
            mark_style += self.get_component_rich_style("line--stop", partial=True)
        spans = row.spans if row.state != "current" else ()
        code = coloured(head + text, len(head), spans, style, self.get_component_rich_style)
        return Strip([Segment(mark, mark_style), *code]).crop(0, width)

    # The cursor

    @property
    def position_at_cursor(self) -> int:
        """Where the line under the cursor leads to; under a heading, the first one below it."""
        return self.listing.position_of(self.cursor, self.position)

    def stop(self, number: int | None = None) -> LineStop:
        """Return where a breakpoint on a line stops; without one, on the line of the cursor."""
        return self.listing.stop_of(self.cursor if number is None else number)

    def action_move_cursor(self, lines: int) -> None:
        """Move the cursor of the listing."""
        self.cursor = min(max(self.cursor + lines, 0), len(self.listing.lines) - 1)
        self.reveal(self.cursor)
        self.refresh()

    def action_choose(self) -> None:
        """Fold the call under the cursor, or open it; where there is none, go to the statement."""
        if not self.toggle():
            self.post_message(PositionChosen(self.position_at_cursor))

    def action_fold(self, folded: bool) -> None:
        """Open the call under the cursor, or fold it, or the one that the line is in."""
        number = self.listing.call_of(self.cursor, folded)
        if number is None:
            raise SkipAction  # then the key does what it does elsewhere
        self.cursor = number
        self.toggle()
        self.reveal(self.cursor)

    def toggle(self) -> bool:
        """Fold what is under the line of the cursor, or open it; return whether there is anything."""
        if not self.listing.toggle(self.cursor):
            return False
        self.virtual_size = Size(1, len(self.listing.lines))
        self.mark_stops()
        self.refresh()
        return True

    def on_click(self, event: events.Click) -> None:
        """Go to the statement that was clicked; in its gutter, report that."""
        offset = event.get_content_offset(self)
        if offset is None or (number := offset.y + self.scroll_offset.y) >= len(self.listing.lines):
            return
        self.cursor = number
        self.refresh()
        if offset.x < GUTTER and self.listing.row(number, 0).kind == "statement":
            self.post_message(GutterClicked(number))
        else:
            self.action_choose()

    # The search

    def search(self, text: str, direction: Literal[0, 1, -1]) -> bool:
        """Put the cursor on the first line with a text, from where the search began (0), or on the next.

        Returns
        -------
        bool
            Whether there is such a line.
        """
        if self.search_began is None:
            self.search_began = self.cursor
        start = self.cursor + direction if direction else self.search_began
        found = self.listing.find(text, start, direction or 1) if text else self.search_began
        self.sought = text if found is not None else ""
        self.cursor = self.search_began if found is None else found
        self.reveal(self.cursor)
        self.refresh()
        return found is not None

    def end_search(self, stay: bool) -> bool:
        """Leave the cursor where a search has led, or put it back; return whether it has led anywhere."""
        if self.search_began is None:
            return False
        has_led = stay and bool(self.sought)
        if not has_led:
            self.cursor = self.search_began
            self.reveal(self.cursor)
        self.search_began, self.sought = None, ""
        self.refresh()
        return has_led
