"""A tensor as a grid of numbers, which formats only the cells in sight.

Drawing therefore costs the same for a 4×3 and for a 4096×4096 tensor. There are no scroll bars: the
border names the part in sight as a slice, which says more in less room. Colour says sign and size; the
marks that matter are characters too: `[0.0041]` feeds the selected element, `▸0.0066` is selected.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from bpdebug.engine.expression.functions.entry import Array
from bpdebug.engine.expression.printing import shape_text
from bpdebug.engine.expression.regions import Index
from bpdebug.tui.cells import Cell, CellFormat, element_at, matrix_shape, matrix_view
from bpdebug.tui.messages import CellChosen
from bpdebug.tui.snapshot import Panel
from bpdebug.tui.widgets.cell_drawing import MARGIN, SELECTED, cell_class, cell_segment

BORDERS = 2
TITLE_FRAME = 6
"""What a title needs beside its words: corners, a piece of border and a space at each end."""
DTYPES = {"float16": "f16", "float32": "f32", "float64": "f64"}
SOURCE = Style(bold=True)


class TensorPanel(ScrollView, can_focus=True, inherit_bindings=False):
    """One panel of the ledger: a tensor or a gradient."""

    ALLOW_MAXIMIZE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"move_cell({rows}, {columns})", show=False)
        for key, rows, columns in (
            ("up", -1, 0),
            ("down", 1, 0),
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
        self.cell = (0, 0)
        self.shows_cell = False
        self.strips: dict[tuple[int, int, int, str], Strip] = {}

    # What the screen tells it

    def show(self, panel: Panel, format: CellFormat, cell: tuple[int, int], shows_cell: bool) -> None:
        """Show a tensor as it is now, with the cell cursor of its pair.

        Parameters
        ----------
        panel : Panel
            The tensor.
        format : CellFormat
            How its numbers are written, as wide as its partner's.
        cell : tuple of int
            The row and column of the cell cursor.
        shows_cell : bool
            Whether the element under the cursor is the one that is explained.
        """
        same_cells = (format, cell, shows_cell) == (self.format, self.cell, self.shows_cell)
        if same_cells and panel.looks_like(self.panel):
            return
        if not same_cells or not panel.numbers_like(self.panel):
            self.strips.clear()
        self.panel, self.format, self.cell, self.shows_cell = panel, format, cell, shows_cell
        self.show_titles()
        self.update_classes(
            {
                "-written": panel.mark in ("written", "in part"),
                "-read": panel.mark == "read",
                "-changed": panel.view in ("set", "changed", "original", "change"),
            }
        )
        # The room is taken before the value appears: a change of size lays out the whole screen.
        self.virtual_size = self.grid_size()
        self.refresh()

    def show_titles(self) -> None:
        """Say as much as there is room for on the borders."""
        room = self.outer_size.width - TITLE_FRAME
        name = self.titles()[-1]
        end = f"…{name[1 - room :]}" if room > 1 else ""  # where long names differ: `…_via_z1_t3`
        self.border_title = next((title for title in self.titles() if len(title) <= room), end)
        self.border_subtitle = next((title for title in self.subtitles() if len(title) <= room), "")

    def titles(self) -> list[str]:
        """Say what is shown, from the fullest to the shortest: `dw · dw2 2×4`, ..., `dw2`."""
        panel = self.panel
        name = panel.title or panel.name
        shape = f" {shape_text(panel.shape)}" if panel.recorded is not None else ""
        full = name if panel.role in ("", name) else f"{panel.role} · {name}"
        return [full + shape, full, name + shape, name]

    def subtitles(self) -> list[str]:
        """Say what the operation does with it, its dtype, and what part of it is in sight."""
        if self.panel.value is None:
            return [""]
        dtype = self.panel.value.dtype.name
        view, mark, form, part = self.panel.view, self.panel.mark, DTYPES.get(dtype, dtype), self.slice_text()
        choices = (
            (view, mark, form, part),
            (view, mark, part),
            (view, mark, form),
            (view, mark),
            (view or mark,),
            (part,),
        )
        return [" · ".join(filter(None, choice)) for choice in choices]

    def slice_text(self) -> str:
        """Write the part in sight as NumPy would take it, `[0:16, 0:3]`; empty where it is all."""
        (left, top), (width, height) = self.scroll_offset, self.size
        rows, columns = matrix_shape(self.panel.shape)
        if width >= self.grid_size().width and height >= rows:
            return ""
        first, last = -(-left // self.pitch), min(columns, (left + width) // self.pitch)
        return f"[{top}:{min(rows, top + height)}, {first}:{max(first + 1, last)}]"

    def needed_width(self) -> int:
        """Return the columns in which all numbers are visible."""
        return self.grid_size().width + BORDERS

    def wished_width(self) -> int:
        """Return the columns in which the title is complete, too."""
        return len(self.titles()[0]) + TITLE_FRAME

    def on_resize(self) -> None:
        """Fit the titles to the new width."""
        self.show_titles()

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Say which columns are in sight now."""
        super().watch_scroll_x(old_value, new_value)
        self.show_titles()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say which rows are in sight now."""
        super().watch_scroll_y(old_value, new_value)
        self.show_titles()

    def needed_height(self) -> int:
        """Return the rows in which everything is visible."""
        return self.grid_size().height + BORDERS

    def grid_size(self) -> Size:
        """Return the columns and rows of the whole grid."""
        if self.panel.recorded is None:
            return Size(1, 1)
        rows, columns = matrix_shape(self.panel.shape)
        return Size(columns * self.pitch, rows)

    @property
    def pitch(self) -> int:
        """The columns from one cell to the next."""
        return self.format.width + MARGIN

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw one visible line; a row that looks as before is not drawn anew."""
        left, top = self.scroll_offset
        width = self.size.width
        if self.panel.value is None:
            return self.render_note(y, width)
        if y + top >= matrix_shape(self.panel.shape)[0]:
            return Strip.blank(width, self.visual_style.rich_style)
        looks = (y + top, left, width, self.app.theme)
        if looks not in self.strips:
            self.strips[looks] = self.render_row(self.panel.value, y + top, left, width)
        return self.strips[looks]

    def render_row(self, value: Array, row: int, left: int, width: int) -> Strip:
        """Draw the cells of a row that are in sight; one that is cut off could mislead, and shows as `…`."""
        columns = matrix_shape(self.panel.shape)[1]
        first, last = left // self.pitch, min(columns, max(1, (left + width) // self.pitch))
        numbers = matrix_view(value)[row, first:last].tolist()
        segments = [
            self.cell_segment(self.format.cell(number), row, column)
            for column, number in enumerate(numbers, start=first)
        ]
        if last < columns:
            segments.append(Segment(" …", self.style_of("cell--note")))
        strip = Strip(segments).crop(left - first * self.pitch)
        return strip.adjust_cell_length(width, self.visual_style.rich_style)

    def render_note(self, y: int, width: int) -> Strip:
        """Draw a line of what stands in place of values."""
        lines = textwrap.wrap(self.panel.note, max(1, width - 1))
        if self.panel.recorded is not None:
            lines.append(shape_text(self.panel.shape))
        text = f" {lines[y]}" if y < len(lines) else ""
        style = self.style_of("cell--note")
        return Strip([Segment(text.ljust(width)[:width], style)], width)

    def cell_segment(self, cell: Cell, row: int, column: int) -> Segment:
        """Draw one number with its marks."""
        style = self.style_of(cell_class(cell))
        before, after = " ", " "
        if self.panel.sources and self.is_source(element_at(row, column, self.panel.shape)):
            before, after = "[", "]"
            style += SOURCE
        if self.is_wrong(row, column):
            after = "✗"
        if self.shows_cell and (row, column) == self.cell:
            before = "▸"
            style += SELECTED
        return cell_segment(cell, self.format.width, style, before, after)

    def is_wrong(self, row: int, column: int) -> bool:
        """Whether the user got an element wrong."""
        wrong = self.panel.wrong
        return wrong is not None and wrong.shape == self.panel.shape and bool(matrix_view(wrong)[row, column])

    def is_source(self, index: Index) -> bool:
        """Whether an element feeds the selected one."""
        return any(source.contains(index) for source in self.panel.sources)

    # The cell cursor

    def action_move_cell(self, rows: int, columns: int) -> None:
        """Move the cell cursor."""
        self.choose(self.cell[0] + rows, self.cell[1] + columns)

    def choose(self, row: int, column: int) -> None:
        """Choose the cell nearest to a place in the grid, and report it."""
        if self.panel.value is None:
            return
        rows, columns = matrix_shape(self.panel.shape)
        row, column = min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)
        self.post_message(CellChosen(self.panel.name, self.place, (row, column)))

    def reveal(self) -> None:
        """Scroll so that the cell cursor is in sight."""
        row, column = self.cell
        self.scroll_to_region(Region(column * self.pitch, row, self.pitch, 1), animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        """Choose the cell under the mouse."""
        offset = event.get_content_offset(self)
        if offset is not None and self.panel.value is not None:
            left, top = self.scroll_offset
            self.choose(offset.y + top, (offset.x + left) // self.pitch)

    def on_focus(self) -> None:
        """Show where the chosen cell of this panel comes from."""
        self.choose(*self.cell)
