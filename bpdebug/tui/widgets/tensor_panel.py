"""A tensor in the ledger: cells, and all that the panel has to say of them.

The border names the part in sight as a slice, which says more in less room than scroll bars. Colour says
sign and size; the marks that matter are characters too: `[0.0041]` feeds the selected element, `«0.0041»` won
among those that do, `{0.0012}` is fed by it, `▸0.0066` is selected; `‹` and `›` say that there are more
columns. Of a tensor with more than two axes one slice is shown, and the title says which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from bpdebug.present import panel_titles
from bpdebug.present.cells import CellFormat
from bpdebug.present.feeding import fed_window, first_to_see, marked_columns
from bpdebug.present.needs import TITLE_FRAME, index_width
from bpdebug.present.panel import Panel
from bpdebug.present.places import BORDERS
from bpdebug.present.slicing import Slicing
from bpdebug.tui.messages import CellChosen
from bpdebug.tui.widgets.cell_drawing import MARGIN
from bpdebug.tui.widgets.cell_grid import CellGrid
from bpdebug.tui.widgets.panel_frame import frame_of, framed
from bpdebug.tui.widgets.row_drawing import PanelView, header_segments, note_lines, row_segments

MOST_STRIPS = 256
"""So many rows are remembered as they were drawn."""


ROWS = {"up": -1, "k": -1, "down": 1, "j": 1, "pageup": -10, "pagedown": 10}
CELL_MOVES = {key: (rows, 0) for key, rows in ROWS.items()} | {"left": (0, -1), "right": (0, 1)}
"""The keys of a panel, and by how many rows and columns each moves the cell."""


class TensorPanel(CellGrid):
    """One panel of the ledger: a tensor or a gradient."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"move_cell({rows}, {columns})", show=False)
        for key, (rows, columns) in CELL_MOVES.items()
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
        self.fed: frozenset[tuple[int, int]] = frozenset()
        self.strips: LRUCache[tuple[object, ...], Strip] = LRUCache(MOST_STRIPS)
        self.lines: list[Strip] = []
        self.seen: PanelView | None = None

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
        return index_width(self.panel) if self.indexed else 0

    @property
    def header(self) -> int:
        """The lines that the indices of the columns take."""
        return int(self.indexed)

    @property
    def room(self) -> Size:
        """The columns and rows inside the border, as soon as the ledger has said where it lies."""
        return self.inside

    @property
    def allow_horizontal_scroll(self) -> bool:
        """Columns scroll although there is no bar: to show and hide one would lay out the screen anew."""
        return True

    @property
    def allow_vertical_scroll(self) -> bool:
        """Rows scroll in the same way."""
        return True

    def be_placed(self, size: Size, indexed: bool, beside: tuple[str, ...]) -> None:
        """Fit into a place; show the numbers of the rows and columns, or do not; name what has no room."""
        inside = size - (BORDERS, BORDERS)
        if (inside, indexed, beside) == (self.inside, self.indexed, self.beside):
            return
        if indexed != self.indexed:
            self.strips.clear()
        self.inside, self.indexed, self.beside = inside, indexed, beside
        self.extend()
        self.draw_anew()

    @property
    def cell(self) -> tuple[int, int]:
        """The row and column of the cell cursor, which a panel has in common with its partner."""
        return self.slicing.cell

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
        self.extend()
        if is_fed_anew:
            self.reveal_sources()
        self.draw_anew()

    def draw_anew(self) -> None:
        """Draw all lines when they are asked for next."""
        self.show_part()
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
            self.draw_anew()

    def show_part(self) -> None:
        """Look anew what is in sight, and draw that when it is asked for."""
        self.seen = None
        self.lines.clear()

    def on_resize(self) -> None:
        """Fit what is in sight to the new room."""
        self.reveal_sources()

    def grid_size(self) -> Size:
        """Return the columns and rows of the whole grid; of a tensor that is not there yet, the least."""
        if self.panel.recorded is None:
            return Size(1, 1)
        return super().grid_size()

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of the panel, with its frame; they are kept until something of it changes."""
        if not self.lines:
            self.lines = self.drawn()
        left, right = crop.column_span
        return [line.crop(left, right) for line in self.lines[crop.y : crop.bottom]]

    def drawn(self) -> list[Strip]:
        """Draw the panel: as much as there is room for on its border, and the cells that are in sight."""
        width, height = self.room
        frame = frame_of(self.panel, self.has_focus, self.style_of)
        filters, background = self.get_line_filters(), self.background_colors[1]

        def finished(line: Strip) -> Strip:
            for line_filter in filters:
                line = line.apply_filter(line_filter, background)
            return line

        notes = note_lines(self.panel, width, height, self.style_of("cell--note"))
        inside = notes if self.panel.value is None else map(self.render_line, range(height))
        return framed(inside, width, frame, self.above, self.below, finished)

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Draw the frame of a panel that one is in, or has left."""
        self.draw_anew()

    def notify_style_update(self) -> None:
        """Draw anew what had other colours."""
        self.lines.clear()
        super().notify_style_update()

    @property
    def above(self) -> str:
        """What the border says of the tensor, as far as there is room."""
        return panel_titles.fitting_title(self.panel, self.room.width + BORDERS - TITLE_FRAME)

    @property
    def below(self) -> str:
        """What the border says of what happens to it, and of what is in sight."""
        subtitles = panel_titles.subtitles(self.panel, self.slice_text(), self.beside)
        return panel_titles.fitting(subtitles, self.room.width + BORDERS - TITLE_FRAME)

    @property
    def sight(self) -> PanelView:
        """What is in sight, and how it is drawn."""
        if self.seen is None:
            screen = self.scroll_offset.x, self.room.width, self.edge, self.pitch
            marks = self.shows_cell, self.fed, self.style_of
            self.seen = PanelView(self.panel, self.format, self.in_sight[1], *screen, *marks)
        return self.seen

    def draw_header(self) -> Strip:
        """Draw the indices of the columns that are in sight."""
        here = self.cell[1] if self.shows_cell else None
        return self.remembered("header", here, draw=lambda: header_segments(self.sight))

    def draw_row(self, row: int) -> Strip:
        """Draw a row; one that looks as before, with the same marks, is not drawn anew."""
        sources = marked_columns(self.slicing, self.panel.sources, row, self.sight.columns)
        here = self.cell if self.shows_cell and row == self.cell[0] else None
        fed = frozenset(cell for cell in self.fed if cell[0] == row)
        marks = here, fed, tuple((column, source.wins) for column, source in sources.items())
        return self.remembered(row, *marks, draw=lambda: row_segments(self.sight, row, sources))

    def remembered(self, *looks: object, draw: Callable[[], list[Segment]]) -> Strip:
        """Return a line that looks as one that has been drawn before, or else draw it."""
        key = (*looks, self.sight.left, self.sight.width, self.app.theme)
        strip = self.strips.get(key)
        if strip is None:
            strip = self.strips[key] = self.strip(draw())
        return strip

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
        rows, columns = map(len, window)
        width = min(columns * self.pitch + self.edge, self.room.width)
        height = min(rows + self.header, self.room.height)
        row, column = first_to_see(window, self.slicing, self.panel.sources, self.panel.value, self.page)
        area = Region(column * self.pitch, row, width, height)
        if not Region(*self.scroll_offset, *self.room).contains_region(area):
            self.scroll_to_region(area, animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        """Choose the cell under the mouse."""
        cell = self.cell_under(event)
        if cell is not None:
            self.choose(*cell, clicked=True)
