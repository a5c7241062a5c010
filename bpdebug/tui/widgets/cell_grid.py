"""A slice of a tensor as cells, of which only those in sight are drawn: what all such grids share.

Drawing therefore costs the same for a 4×3 and for a 4096×4096 tensor. There are no scroll bars: the border
says which part is in sight. Indices may stand at the edges; they stay where they are while the cells scroll.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from bpdebug.present.slicing import Slicing


class CellGrid(ScrollView, can_focus=True, inherit_bindings=False):
    """Knows which cell is where; a kind of grid draws its rows, and says what is in sight."""

    ALLOW_MAXIMIZE = False
    # What a kind of grid says

    @property
    def slicing(self) -> Slicing:
        """Which cells there are, and where the cursor is."""
        raise NotImplementedError

    @property
    def pitch(self) -> int:
        """The columns of the screen from one cell to the next."""
        raise NotImplementedError

    @property
    def edge(self) -> int:
        """The columns of the screen before the cells."""
        return 0

    @property
    def header(self) -> int:
        """The lines of the screen above the cells."""
        return 0

    def draw_header(self) -> Strip:
        """Draw what stands above the cells, where there is a line for it."""
        return self.strip([])

    def draw_row(self, row: int) -> Strip:
        """Draw a row, as much of it as is in sight."""
        raise NotImplementedError

    def show_part(self) -> None:
        """Say on the border what is in sight."""
        raise NotImplementedError

    # What follows from it

    @property
    def room(self) -> Size:
        """The columns and rows inside the border: what `size` says, which asks the whole screen for it."""
        return self.outer_size - self.styles.gutter.totals

    def grid_size(self) -> Size:
        """Return the size of the whole grid on a screen of any size."""
        rows, columns = self.slicing.matrix_shape
        return Size(self.edge + columns * self.pitch, self.header + rows)

    @property
    def first_cell(self) -> tuple[int, int]:
        """The row and column of the first cell that is wholly in sight."""
        left, top = self.scroll_offset
        return top, -(-left // self.pitch)

    @property
    def page(self) -> tuple[int, int]:
        """For how many whole rows and columns there is room; one at least."""
        width, height = self.room
        return max(1, height - self.header), max(1, (width - self.edge) // self.pitch)

    @property
    def in_sight(self) -> tuple[range, range]:
        """The rows and the columns that are wholly in sight."""
        (rows, columns), (top, first) = self.slicing.matrix_shape, self.first_cell
        past = (self.scroll_offset.x + self.room.width - self.edge) // self.pitch
        return range(top, min(rows, top + self.page[0])), range(first, min(columns, max(first + 1, past)))

    def slice_text(self) -> str:
        """Write the part in sight as NumPy would take it, `[0:16, 0:3]`; empty where it is all."""
        (width, height), size = self.room, self.grid_size()
        if width >= size.width and height >= size.height:
            return ""
        rows, columns = self.in_sight
        return f"[{rows.start}:{rows.stop}, {columns.start}:{columns.stop}]"

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        rows, _ = self.slicing.matrix_shape
        row = y - self.header + self.first_cell[0]
        if not rows or row >= rows:
            return self.strip([])
        return self.draw_header() if y < self.header else self.draw_row(row)

    def strip(self, segments: Iterable[Segment]) -> Strip:
        """Return a line that is as wide as the grid."""
        drawn, width = [*segments], self.room.width
        length = sum(segment.cell_length for segment in drawn)
        if length < width:
            drawn.append(Segment(" " * (width - length), self.visual_style.rich_style))
        strip = Strip(drawn, max(length, width))
        return strip if length <= width else strip.crop(0, width)

    def cell_under(self, event: events.Click) -> tuple[int, int] | None:
        """Return the row and column of the cell under the mouse; they may be past the last."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self.header or offset.x < self.edge:
            return None
        left, top = self.scroll_offset
        return offset.y - self.header + top, (offset.x - self.edge + left) // self.pitch

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Say which columns are in sight now."""
        super().watch_scroll_x(old_value, new_value)
        self.show_part()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say which rows are in sight now."""
        super().watch_scroll_y(old_value, new_value)
        self.show_part()
