"""A list of breakpoints or of watches, which its keys change in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input, Label

from bpdebug.commands.command import Answer
from bpdebug.present.entries import Entry, EntryKind, cut, row_text, text_room
from bpdebug.tui.messages import EntryClicked, NothingDone, PromptClosed
from bpdebug.tui.widgets.prompt_line import PromptLine


class EntryRows(ScrollView, can_focus=True, inherit_bindings=False):
    """The rows, with a cursor. It draws those in sight and no others."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"entry--{kind}" for kind in ("disabled", "changed", "missing", "mark", "cursor")
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move_cursor(-1)", show=False),
        Binding("down,j", "move_cursor(1)", show=False),
    ]

    def __init__(self, nothing: str) -> None:
        super().__init__()
        self.nothing = nothing
        self.entries: Sequence[Entry] = ()
        self.cursor = 0

    @property
    def entry(self) -> Entry | None:
        """The entry under the cursor."""
        return self.entries[self.cursor] if self.entries else None

    def show(self, entries: Sequence[Entry]) -> None:
        """Show the entries as they are now."""
        if entries != self.entries:
            self.entries = entries
            self.cursor = min(self.cursor, max(0, len(entries) - 1))
            self.virtual_size = Size(1, max(1, len(entries)))
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines of all rows; one says that there are none."""
        return max(1, len(self.entries))

    def render_line(self, y: int) -> Strip:
        """Draw one visible row."""
        width, number = self.scrollable_content_region.width, y + self.scroll_offset.y
        base = self.visual_style.rich_style
        if not self.entries and number == 0:
            style = self.get_component_rich_style("entry--missing")
            return Strip([Segment(cut(self.nothing, width).ljust(width), style)], width)
        if number >= len(self.entries):
            return Strip.blank(width, base)
        entry = self.entries[number]
        style = self.get_component_rich_style(f"entry--{entry.state}") if entry.state else base
        at_cursor = self.has_focus and number == self.cursor
        if at_cursor:
            style += self.get_component_rich_style("entry--cursor", partial=True)
        number_room = len(str(self.entries[-1].number))
        room = text_room(self.entries, width - number_room - len("●  "))
        text = row_text(entry, room, number_room, width)
        mark = style + self.get_component_rich_style("entry--mark", partial=True)
        return Strip(
            [Segment(text[:1], style if entry.state == "changed" else mark), Segment(text[1:], style)]
        )

    def action_move_cursor(self, rows: int) -> None:
        """Move the cursor."""
        self.cursor = min(max(self.cursor + rows, 0), max(0, len(self.entries) - 1))
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Report where the clicked entry is in the program."""
        offset = event.get_content_offset(self)
        if offset is not None and (number := offset.y + self.scroll_offset.y) < len(self.entries):
            self.cursor = number
            self.refresh()
            self.post_message(EntryClicked(self.entries[number].positions))


class EntryPanel(Vertical):
    """The rows, a line to type in, and below it what is wrong with what was typed.

    Parameters
    ----------
    kind : EntryKind
        What it lists.
    execute : callable
        Runs a command.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", show=False),
        Binding("e,enter", "edit", show=False),
        Binding("x,delete", "remove", show=False),
        Binding("space", "switch", show=False),
    ]

    def __init__(self, kind: EntryKind, execute: Callable[[str], Answer]) -> None:
        super().__init__(id=kind.name, classes="entries")
        self.kind = kind
        self.rows = EntryRows(kind.nothing)
        self.execute = execute
        self.edited: Entry | None = None
        self.border_title = kind.title
        switch = "  space on/off" * kind.has_switch
        self.border_subtitle = f"a add  e edit  x del{switch}"

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        yield self.rows
        yield PromptLine(f"{self.kind.add} ", self.kind.example)
        yield Label(classes="refusal", markup=False)

    def show(self, entries: Sequence[Entry]) -> None:
        """Show the entries as they are now."""
        self.rows.show(entries)

    def action_add(self) -> None:
        """Ask for a new entry."""
        self.ask(None, "")

    def action_edit(self) -> None:
        """Ask for another text in the place of an entry."""
        if (entry := self.chosen()) is not None:
            self.ask(entry, entry.text)

    def ask(self, edited: Entry | None, text: str) -> None:
        """Let a text be typed: for an entry, or for a new one."""
        self.edited = edited
        self.query_one(PromptLine).open(text)

    def action_remove(self) -> None:
        """Remove an entry."""
        if (entry := self.chosen()) is not None:
            self.execute(f"{self.kind.remove} {entry.number}")

    def action_switch(self) -> None:
        """Disable an entry, or enable it again."""
        if not self.kind.has_switch:
            raise SkipAction  # then the key does what it does elsewhere
        if (entry := self.chosen()) is not None:
            self.execute(f"{'enable' if entry.state == 'disabled' else 'disable'} {entry.number}")

    def chosen(self) -> Entry | None:
        """Return the entry under the cursor; where there is none, say so."""
        if self.rows.entry is None:
            self.post_message(NothingDone(self.kind.nothing))
        return self.rows.entry

    @on(Input.Submitted)
    def submitted(self, message: Input.Submitted) -> None:
        """Run the command for what was typed; if it is refused, say why and leave it there."""
        message.stop()
        line = self.line_for(message.value.strip())
        answer = self.execute(line) if line else None
        if answer is not None and answer.failed:
            self.refuse(answer.lines[0])
        else:
            self.query_one(PromptLine).action_close()

    def line_for(self, text: str) -> str:
        """Return the command for a text that was typed; empty where it changes nothing."""
        if self.edited is None:
            return f"{self.kind.add} {text}" if text else ""
        return f"{self.kind.change} {self.edited.number} {text}" if text not in ("", self.edited.text) else ""

    @on(Input.Changed)
    def changed(self, message: Input.Changed) -> None:
        """Forget what was wrong: it is being mended."""
        message.stop()
        self.refuse("")

    @on(PromptClosed)
    def closed(self) -> None:
        """Forget what was wrong."""
        self.refuse("")

    def refuse(self, reason: str) -> None:
        """Say below the line why a text cannot be used."""
        refusal = self.query_one(".refusal", Label)
        refusal.display = bool(reason)
        refusal.update(reason)
