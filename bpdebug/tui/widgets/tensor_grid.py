"""A slice of a tensor as a grid with its indices at the edges; it formats only the cells in sight.

Like the panels it has no scroll bars: the border says which rows and columns are in sight. The indices
stay where they are while the numbers scroll, always by whole cells, so that no number is cut off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from bpdebug.present.cells import Cell, CellFormat
from bpdebug.present.slicing import Slicing, whole
from bpdebug.present.viewer.looks import SPOT_WIDTH, Look, spot_text
from bpdebug.present.viewer.subject import Values
from bpdebug.tui.messages import PlaceChosen
from bpdebug.tui.widgets.cell_drawing import CELL_CLASSES, MARGIN, SELECTED, cell_class, cell_segment

HEADER = 1
"""Lines above the numbers."""
STRIDES = (1, 2, 5, 10, 20, 50)
"""Where indices have no room above every column, they stand above every second one, every fifth, ..."""
DIFFERENT = Style(bold=True)
CLASSES = {"grid--index", "grid--here", "grid--selected", "grid--plain"}


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """All that decides on what the grid draws.

    Attributes
    ----------
    values : Values
        The numbers.
    slicing : Slicing
        Which of them, and where the cursor is.
    form : CellFormat
        How they are written.
    look : str
        As numbers, as a heat map, or both.
    rows, columns : range
        The selected rows and columns; empty without a selection.
    """

    values: Values
    slicing: Slicing
    form: CellFormat
    look: Look = "both"
    rows: range = range(0)
    columns: range = range(0)


class TensorGrid(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows a slice; the screen moves the cursor."""

    ALLOW_MAXIMIZE = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {*CELL_CLASSES, *CLASSES}

    def __init__(self) -> None:
        super().__init__(id="grid")
        empty = Values("", np.zeros((0, 0)))
        self.shown = Shown(empty, whole(empty.shape), CellFormat())

    # What the screen tells it, and asks

    def show(self, shown: Shown) -> None:
        """Show a slice, with the cursor in sight."""
        self.shown = shown
        self.virtual_size = self.grid_size()
        self.reveal()
        self.show_part()
        self.refresh()

    def reveal(self) -> None:
        """Scroll by as little as brings the cursor into sight."""
        row, column = self.shown.slicing.cell
        (top, left), (height, width) = self.first_cell, self.page
        top = min(max(top, row - height + 1), row)
        left = min(max(left, column - width + 1), column)
        self.scroll_to(left * self.pitch, top, animate=False, force=True, immediate=True)

    @property
    def first_cell(self) -> tuple[int, int]:
        """The row and column of the cell at the top left."""
        left, top = self.scroll_offset
        return top, -(-left // self.pitch)

    @property
    def page(self) -> tuple[int, int]:
        """How many whole rows and columns are in sight."""
        width, height = self.size
        return max(1, height - HEADER), max(1, (width - self.edge) // self.pitch)

    @property
    def pitch(self) -> int:
        """The columns of the screen from one cell to the next."""
        return SPOT_WIDTH if self.shown.look == "heat map" else self.shown.form.width + MARGIN

    @property
    def edge(self) -> int:
        """The columns of the screen that the indices of the rows take."""
        rows, _ = self.shown.slicing.matrix_shape
        return len(str(max(rows - 1, 0))) + MARGIN

    def grid_size(self) -> Size:
        """Return the size of the whole grid on a screen of any size."""
        rows, columns = self.shown.slicing.matrix_shape
        return Size(self.edge + columns * self.pitch, HEADER + rows)

    def show_part(self) -> None:
        """Say on the border which rows and columns are in sight, where it is not all."""
        rows, columns = self.shown.slicing.matrix_shape
        (top, left), (height, width) = self.first_cell, self.page
        parts = [
            f"{name} {first}–{min(first + seen, extent) - 1} of {extent}"
            for name, first, seen, extent in (("rows", top, height, rows), ("columns", left, width, columns))
            if seen < extent
        ]
        self.border_subtitle = " · ".join(parts)

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Say which columns are in sight now."""
        super().watch_scroll_x(old_value, new_value)
        self.show_part()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say which rows are in sight now."""
        super().watch_scroll_y(old_value, new_value)
        self.show_part()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.reveal()
        self.show_part()

    # Drawing

    @property
    def colourful(self) -> bool:
        """Whether a background can say sign and size."""
        return not self.app.no_color and self.app.console.color_system not in ("standard", "windows", None)

    def render_line(self, y: int) -> Strip:
        """Draw one visible line: the indices of the columns, or a row."""
        rows, columns = self.shown.slicing.matrix_shape
        (top, left), (_, seen) = self.first_cell, self.page
        width, row = self.size.width, y - HEADER + top
        shown = range(left, min(columns, left + seen))
        if not rows or row >= rows:
            return self.strip([])
        if y < HEADER:
            return self.strip(
                [Segment(" " * self.edge, self.style_of("grid--index")), *self.header_segments(shown)]
            )
        style = self.style_of("grid--here" if row == self.shown.slicing.cell[0] else "grid--index")
        index = "" if self.shown.slicing.rows is None else str(row)
        edge = Segment(f"{index:>{self.edge - 1}} ", style)
        return self.strip([edge, *self.row_segments(row, shown)]).crop(0, width)

    def strip(self, segments: Iterable[Segment]) -> Strip:
        """Return a line that is as wide as the grid."""
        return Strip(segments).adjust_cell_length(self.size.width, self.visual_style.rich_style)

    def style_of(self, name: str) -> Style:
        """Return the style of a component class."""
        return self.get_component_rich_style(name)

    def header_segments(self, columns: range) -> list[Segment]:
        """Write the indices of the columns, each above the last digit of its numbers."""
        if self.shown.slicing.columns is None or not columns:
            return []
        here, longest = self.shown.slicing.cell[1], len(str(columns[-1]))
        stride = next(stride for stride in STRIDES if stride * self.pitch > longest)
        segments = []
        for column in columns:
            written = str(column) if column % stride == 0 else ""
            style = self.style_of("grid--here" if column == here else "grid--index")
            if stride == 1:
                segments.append(Segment(f"{written:>{self.pitch - 1}} ", style))
            elif written:
                segments.append(Segment(f"{written:<{stride * self.pitch}}", style))
            elif not segments:
                # Before the first index there may be columns without one.
                segments.append(Segment(" " * (-column % stride) * self.pitch, style))
        return segments

    def row_segments(self, row: int, columns: range) -> list[Segment]:
        """Draw the cells of a row that are in sight."""
        slicing, values = self.shown.slicing, self.shown.values
        rows, places = slice(row, row + 1), slice(columns.start, columns.stop)
        numbers = slicing.part(values, rows, places)[0].tolist()
        found = values.differs(slicing.key(rows, places))
        differs = [False] * len(numbers) if found is None else slicing.as_matrix(found)[0].tolist()
        cells = map(self.shown.form.cell, numbers)
        return [
            self.cell_segment(cell, row, column, differs=other)
            for column, cell, other in zip(columns, cells, differs, strict=True)
        ]

    def cell_segment(self, cell: Cell, row: int, column: int, differs: bool) -> Segment:
        """Draw one cell, in the look that is chosen."""
        coloured = self.shown.look != "numbers" or cell.kind not in ("positive", "negative")
        style = self.style_of(cell_class(cell) if coloured else "grid--plain")
        if row in self.shown.rows and column in self.shown.columns:
            style += self.style_of("grid--selected")
        if differs:
            style += DIFFERENT
        is_here = (row, column) == self.shown.slicing.cell
        if is_here:
            style += SELECTED
        if self.shown.look == "heat map":
            return Segment("[]" if is_here else spot_text(cell, self.colourful), style)
        return cell_segment(
            cell, self.shown.form.width, style, "▸" if is_here else " ", "≠" if differs else " "
        )

    def on_click(self, event: events.Click) -> None:
        """Report the cell under the mouse."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y >= HEADER and offset.x >= self.edge:
            top, left = self.first_cell
            cell = offset.y - HEADER + top, (offset.x - self.edge) // self.pitch + left
            self.post_message(PlaceChosen(cell))
