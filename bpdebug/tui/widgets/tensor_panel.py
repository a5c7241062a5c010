"""A tensor in the ledger: cells, and all that the panel has to say of them.

The border names the part in sight as a slice, which says more in less room than scroll bars. Colour says
sign and size; the marks that matter are characters too: `[0.0041]` feeds the selected element, `«0.0041»` won
among those that do, `{0.0012}` is fed by it, `▸0.0066` is selected; `‹` and `›` say that there are more
columns. Of a tensor with more than two axes one slice is shown, and the title says which.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from bpdebug.engine.language.functions.entry import Array
from bpdebug.engine.language.printing import shape_text
from bpdebug.engine.language.provenance.regions import FeedingRegion
from bpdebug.present import panel_titles
from bpdebug.present.cells import Cell, CellFormat
from bpdebug.present.feeding import fed_window, in_slice, largest_fed, marked_columns
from bpdebug.present.panel import Panel
from bpdebug.present.places import NARROWEST_PAIR
from bpdebug.present.slicing import Slicing
from bpdebug.tui.messages import CellChosen
from bpdebug.tui.widgets.cell_drawing import (
    MARGIN,
    SELECTED,
    SOURCE,
    cell_class,
    cell_segment,
    index_segments,
    source_marks,
    source_style,
)
from bpdebug.tui.widgets.cell_grid import CellGrid

BORDERS = 2
MOST_STRIPS = 256
"""So many rows are remembered as they were drawn."""
TITLE_FRAME = 6
"""What a title needs beside its words: corners, a piece of border and a space at each end."""


class TensorPanel(CellGrid):
    """One panel of the ledger: a tensor or a gradient."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"move_cell({rows}, {columns})", show=False)
        for key, rows, columns in (
            ("up", -1, 0),
            ("k", -1, 0),
            ("down", 1, 0),
            ("j", 1, 0),
            ("left", 0, -1),
            ("right", 0, 1),
            ("pageup", -10, 0),
            ("pagedown", 10, 0),
        )
    ]

    def __init__(self, place: int, id: str, style_of: Callable[[str], Style]) -> None:
        super().__init__(id=id)
        self.place = place
        self.style_of = style_of
        self.panel = Panel("", "")
        self.format = CellFormat()
        self.shows_cell = False
        self.follows = False
        self.inside = Size(0, 0)
        self.indexed = False
        self.beside: tuple[str, ...] = ()
        self.said = "", ""
        self.fed: frozenset[tuple[int, int]] = frozenset()
        self.strips: LRUCache[tuple[object, ...], Strip] = LRUCache(MOST_STRIPS)
        self.lines: dict[int, Strip] = {}

    # What the screen tells it

    @property
    def slicing(self) -> Slicing:
        """The slice that is shown."""
        return self.panel.slicing

    @property
    def pitch(self) -> int:
        """The columns from one cell to the next."""
        return self.format.width + MARGIN

    @property
    def edge(self) -> int:
        """The columns that the indices of the rows take."""
        return self.index_width() if self.indexed else 0

    @property
    def header(self) -> int:
        """The lines that the indices of the columns take."""
        return int(self.indexed)

    @property
    def room(self) -> Size:
        """The columns and rows inside the border, as soon as the ledger has said where it lies."""
        return self.inside

    def be_placed(self, size: Size, indexed: bool, beside: tuple[str, ...]) -> None:
        """Fit into a place; show the numbers of the rows and columns, or do not; name what has no room."""
        inside = size - (BORDERS, BORDERS)
        if (inside, indexed, beside) == (self.inside, self.indexed, self.beside):
            return
        if indexed != self.indexed:
            self.strips.clear()
        self.inside, self.indexed, self.beside = inside, indexed, beside
        self.lines.clear()
        self.show_part()
        self.extend()
        self.refresh()

    @property
    def cell(self) -> tuple[int, int]:
        """The row and column of the cell cursor, which a panel has in common with its partner."""
        return self.slicing.cell

    @property
    def is_sliced(self) -> bool:
        """Whether it shows one slice of several."""
        return self.slicing.count > 1

    def show(self, panel: Panel, format: CellFormat, shows_cell: bool, follows: bool = False) -> None:
        """Show a tensor as it is now, with the cell cursor of its pair.

        Parameters
        ----------
        panel : Panel
            The tensor.
        format : CellFormat
            How its numbers are written, as wide as its partner's.
        shows_cell : bool
            Whether the element under the cursor is the one that is explained.
        follows : bool
            Whether to scroll to what feeds that element.
        """
        self.follows = follows
        same_format = format == self.format
        if same_format and shows_cell == self.shows_cell and panel.looks_like(self.panel):
            return
        if not same_format or not panel.numbers_like(self.panel):
            self.strips.clear()
        is_fed_anew = (panel.sources, panel.slicing) != (self.panel.sources, self.slicing)
        self.panel, self.format, self.shows_cell = panel, format, shows_cell
        self.lines.clear()
        self.show_part()
        self.update_classes(
            {
                "-written": panel.mark in ("written", "in part"),
                "-read": panel.mark == "read",
                "-changed": panel.view in ("set", "changed", "original", "change"),
            },
            animate=False,
        )
        self.extend()
        if is_fed_anew:
            self.reveal_sources()
        self.refresh()

    def extend(self) -> None:
        """Let one scroll over the whole grid, and not past it; the panel stays where it lies.

        To set `virtual_size` would lay out the whole screen anew.
        """
        self.set_reactive(Widget.virtual_size, self.grid_size())
        self.scroll_x = min(self.scroll_x, self.max_scroll_x)
        self.scroll_y = min(self.scroll_y, self.max_scroll_y)

    def mark_fed(self, fed: frozenset[tuple[int, int]]) -> None:
        """Mark the cells that the explained element feeds."""
        if fed != self.fed:
            self.fed = fed
            self.lines.clear()
            self.refresh()

    def show_part(self) -> None:
        """Say as much as there is room for on the borders."""
        room = self.room.width + BORDERS - TITLE_FRAME
        # A person's name may have brackets, `hs[t]`, which are no markup.
        title = panel_titles.fitting_title(self.panel, room)
        subtitle = panel_titles.fitting(
            panel_titles.subtitles(self.panel, self.slice_text(), self.beside), room
        )
        if (title, subtitle) != self.said:  # each draws the whole panel anew
            self.said = title, subtitle
            self.border_title, self.border_subtitle = Content(title), Content(subtitle)

    def slice_text(self) -> str:
        """Write the part in sight as NumPy would take it, `[0:16, 0:3]`; empty where it is all."""
        (width, height), size = self.room, self.grid_size()
        if width >= size.width and height >= size.height:
            return ""
        rows, columns = self.in_sight
        return f"[{rows.start}:{rows.stop}, {columns.start}:{columns.stop}]"

    def needed_width(self) -> int:
        """Return the columns in which all numbers are visible, without their indices."""
        if self.panel.recorded is None:
            return BORDERS
        return self.slicing.matrix_shape[1] * self.pitch + BORDERS

    def least_width(self) -> int:
        """Return the columns in which one number is visible, what happens to it, and a name that is short."""
        said = (panel_titles.titles(self.panel)[-1], self.panel.mark, self.panel.view)
        words = max(map(len, said)) + TITLE_FRAME
        return max(min(words, NARROWEST_PAIR), min(self.needed_width(), self.pitch + BORDERS))

    def needed_rows(self) -> int:
        """Return how many rows of numbers there are."""
        return 1 if self.panel.recorded is None else self.slicing.matrix_shape[0]

    def index_width(self) -> int:
        """Return the columns that the indices of the rows would take."""
        if self.slicing.rows is None or self.panel.recorded is None:
            return 0
        return len(str(max(self.slicing.matrix_shape[0] - 1, 0))) + 1

    def wished_width(self) -> int:
        """Return the columns in which the title is complete, too; of a slice, in which its axes are named."""
        if self.is_sliced:
            return panel_titles.naming_room(self.panel) + TITLE_FRAME
        return len(panel_titles.titles(self.panel)[0]) + TITLE_FRAME

    def on_resize(self) -> None:
        """Fit what is in sight to the new room."""
        self.reveal_sources()

    def grid_size(self) -> Size:
        """Return the columns and rows of the whole grid; of a tensor that is not there yet, the least."""
        if self.panel.recorded is None:
            return Size(1, 1)
        return super().grid_size()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw one visible line; each is kept as it is until something of the panel changes."""
        if y not in self.lines:
            is_note = self.panel.value is None
            self.lines[y] = self.render_note(y, self.room.width) if is_note else super().render_line(y)
        return self.lines[y]

    def notify_style_update(self) -> None:
        """Draw anew what had other colours."""
        self.lines.clear()
        super().notify_style_update()

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Draw the columns that are in sight now."""
        self.lines.clear()
        super().watch_scroll_x(old_value, new_value)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the rows that are in sight now."""
        self.lines.clear()
        super().watch_scroll_y(old_value, new_value)

    def draw_header(self) -> Strip:
        """Draw the indices of the columns that are in sight."""
        here = self.cell[1] if self.shows_cell else None

        def draw() -> Strip:
            seen = self.in_sight[1]
            before = self.edge + seen.start * self.pitch - self.scroll_offset.x
            corner = Segment(" " * before, self.style_of("cell--index"))
            return self.strip([corner, *index_segments(self.slicing, seen, self.pitch, self.index_style)])

        return self.drawn("header", here, draw=draw)

    def drawn(self, *looks: object, draw: Callable[[], Strip]) -> Strip:
        """Return a line that looks as one that has been drawn before, or else draw it."""
        key = (*looks, self.scroll_offset.x, self.room.width, self.app.theme)
        strip = self.strips.get(key)
        if strip is None:
            strip = self.strips[key] = draw()
        return strip

    def index_style(self, name: str) -> Style:
        """Return the style of an index; where no cell is explained, none is that of the cursor."""
        return self.style_of(name if self.shows_cell else "cell--index")

    def draw_row(self, row: int) -> Strip:
        """Draw a row; one that looks as before, with the same marks, is not drawn anew."""
        sources = marked_columns(self.slicing, self.panel.sources, row, self.in_sight[1])
        here = self.cell if self.shows_cell and row == self.cell[0] else None
        fed = frozenset(cell for cell in self.fed if cell[0] == row)
        marks = here, fed, tuple((column, source.wins) for column, source in sources.items())
        value = self.panel.value
        assert value is not None
        return self.drawn(row, *marks, draw=lambda: self.render_row(value, row, sources))

    def render_row(self, value: Array, row: int, sources: Mapping[int, FeedingRegion]) -> Strip:
        """Draw the cells of a row that are in sight; one that is cut off could mislead, and shows as `…`."""
        slicing, (_, seen) = self.slicing, self.in_sight
        left, width = self.scroll_offset.x, self.room.width
        first, last, columns = seen.start, seen.stop, slicing.matrix_shape[1]
        places = (slice(row, row + 1), slice(first, last))
        wrong = self.panel.wrong_here
        are_wrong = [False] * len(seen)
        if wrong is not None and wrong.shape == self.panel.shape:
            are_wrong = slicing.part(wrong, *places)[0].tolist()
        segments = []
        if self.edge:
            style = self.index_style("cell--here" if row == self.cell[0] else "cell--index")
            segments.append(Segment(f"{row:>{self.edge - 1}} ", style))
            width -= self.edge
        if cut_off := first * self.pitch - left:
            segments.append(Segment("…".ljust(cut_off), self.style_of("cell--note")))
        segments += [
            self.cell_segment(self.format.cell(number), (row, column), sources.get(column), is_wrong)
            for column, number, is_wrong in zip(
                seen, slicing.part(value, *places)[0].tolist(), are_wrong, strict=True
            )
        ]
        # Where there is no room for `…`, columns out of sight show beside the last number in sight.
        if last < columns and (room := width - cut_off - len(seen) * self.pitch) > 0:
            segments.append(Segment(" …"[-room:], self.style_of("cell--note")))
        elif last < columns and segments[-1].text.endswith(" "):
            segments[-1] = segments[-1]._replace(text=f"{segments[-1].text[:-1]}›")
        start = int(self.edge > 0)
        if first and not cut_off and segments[start].text.startswith(" "):
            segments[start] = segments[start]._replace(text=f"‹{segments[start].text[1:]}")
        return self.strip(segments)

    def render_note(self, y: int, width: int) -> Strip:
        """Draw a line of what stands in place of values."""
        lines = textwrap.wrap(self.panel.note, max(1, width - 1))
        if self.panel.recorded is not None:
            lines.append(shape_text(self.panel.shape))
        text = f" {lines[y]}" if y < len(lines) else ""
        style = self.style_of("cell--note")
        return Strip([Segment(text.ljust(width)[:width], style)], width)

    def cell_segment(
        self, cell: Cell, place: tuple[int, int], source: FeedingRegion | None, is_wrong: bool
    ) -> Segment:
        """Draw one number with its marks."""
        style = self.style_of(cell_class(cell))
        before, after = source_marks(source)
        if source is not None:
            style += source_style(source)
        if place in self.fed:
            before, after = "{}"
            style += SOURCE
        if is_wrong:
            after = "✗"
        if self.shows_cell and place == self.cell:
            before = "▸"
            style += SELECTED
        return cell_segment(cell, self.format.width, style, before, after)

    # The cell cursor

    def action_move_cell(self, rows: int, columns: int) -> None:
        """Move the cell cursor."""
        self.choose(self.cell[0] + rows, self.cell[1] + columns)

    def choose(self, row: int, column: int, clicked: bool = False) -> None:
        """Choose the cell nearest to a place in the grid, and report it."""
        if self.panel.value is None:
            return
        chosen = self.slicing.at(row, column)
        self.post_message(CellChosen(self.panel.name, chosen.index, clicked))

    def reveal(self) -> None:
        """Scroll so that the cell cursor is in sight."""
        row, column = self.cell
        area = Region(column * self.pitch, row, self.pitch + self.edge, 1 + self.header)
        self.scroll_to_region(area, animate=False, force=True)

    def reveal_sources(self) -> None:
        """Scroll, by as little as is needed, to what feeds the selected element, or to its first part."""
        window = fed_window(self.slicing, self.panel.sources) if self.follows else None
        if window is None or not self.room:
            return
        rows, columns = window
        width = min(len(columns) * self.pitch + self.edge, self.room.width)
        height = min(len(rows) + self.header, self.room.height)
        row, column = rows[0], columns[0]
        whole = len(columns) <= self.page[1] and len(rows) <= self.page[0]
        if not whole and self.panel.value is not None:
            # The largest says the most, and stands in the middle.
            near = in_slice(self.slicing, self.panel.sources)
            largest = self.slicing.to(largest_fed(self.panel.value, near) or self.slicing.index).cell
            row = max(0, min(rows[-1] + 1 - self.page[0], largest[0] - self.page[0] // 2))
            column = max(0, min(columns[-1] + 1 - self.page[1], largest[1] - self.page[1] // 2))
        area = Region(column * self.pitch, row, width, height)
        if not Region(*self.scroll_offset, *self.room).contains_region(area):
            self.scroll_to_region(area, animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        """Choose the cell under the mouse."""
        cell = self.cell_under(event)
        if cell is not None:
            self.choose(*cell, clicked=True)
