"""A slice of a tensor with its indices at the edges; it scrolls by whole cells, so that none is cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip

from bpdebug.engine.language.provenance.regions import FeedingRegion
from bpdebug.present.cells import Cell, CellFormat
from bpdebug.present.feeding import marked_columns
from bpdebug.present.slicing import Slicing, whole
from bpdebug.present.viewer.looks import SPOT_WIDTH, Look, spot_text
from bpdebug.present.viewer.subject import ShownValues
from bpdebug.tui.messages import PlaceChosen
from bpdebug.tui.widgets.cell_drawing import (
    CELL_CLASSES,
    MARGIN,
    SELECTED,
    cell_class,
    cell_segment,
    index_segments,
    source_marks,
    source_style,
)
from bpdebug.tui.widgets.cell_grid import CellGrid

DIFFERENT = Style(bold=True)
CLASSES = {"grid--selected", "grid--plain"}


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """All that decides on what the grid draws.

    Attributes
    ----------
    values : ShownValues
        The numbers.
    slicing : Slicing
        Which of them, and where the cursor is.
    form : CellFormat
        How they are written.
    look : str
        As numbers, as a heat map, or both.
    rows, columns : range
        The selected rows and columns; empty without a selection.
    sources : tuple of FeedingRegion
        What feeds the element that is explained.
    """

    values: ShownValues
    slicing: Slicing
    form: CellFormat
    look: Look = "both"
    rows: range = range(0)
    columns: range = range(0)
    sources: tuple[FeedingRegion, ...] = ()


class TensorGrid(CellGrid):
    """Shows a slice; the screen moves the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*CELL_CLASSES, *CLASSES}

    def __init__(self) -> None:
        super().__init__(id="grid")
        empty = ShownValues("", np.zeros((0, 0)))
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
        row, column = self.slicing.cell
        (top, left), (height, width) = self.first_cell, self.page
        top = min(max(top, row - height + 1), row)
        left = min(max(left, column - width + 1), column)
        self.scroll_to(left * self.pitch, top, animate=False, force=True, immediate=True)

    @property
    def slicing(self) -> Slicing:
        """The slice that is shown."""
        return self.shown.slicing

    @property
    def pitch(self) -> int:
        """The columns of the screen from one cell to the next."""
        return SPOT_WIDTH if self.shown.look == "heat map" else self.shown.form.width + MARGIN

    @property
    def edge(self) -> int:
        """The columns of the screen that the indices of the rows take."""
        rows, _ = self.slicing.matrix_shape
        return len(str(max(rows - 1, 0))) + MARGIN

    @property
    def header(self) -> int:
        """One line, for the indices of the columns."""
        return 1

    def show_part(self) -> None:
        """Say on the border which rows and columns are in sight, where it is not all."""
        rows, columns = self.slicing.matrix_shape
        (top, left), (height, width) = self.first_cell, self.page
        parts = [
            f"{name} {first}–{min(first + seen, extent) - 1} of {extent}"
            for name, first, seen, extent in (("rows", top, height, rows), ("columns", left, width, columns))
            if seen < extent
        ]
        self.border_subtitle = " · ".join(parts)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.reveal()
        self.show_part()

    # Drawing

    @property
    def colourful(self) -> bool:
        """Whether a background can say sign and size."""
        return not self.app.no_color and self.app.console.color_system not in ("standard", "windows", None)

    def draw_header(self) -> Strip:
        """Draw the indices of the columns."""
        corner = Segment(" " * self.edge, self.style_of("cell--index"))
        return self.strip(
            [corner, *index_segments(self.slicing, self.in_sight[1], self.pitch, self.style_of)]
        )

    def draw_row(self, row: int) -> Strip:
        """Draw the index of a row, and its cells."""
        style = self.style_of("cell--here" if row == self.slicing.cell[0] else "cell--index")
        index = "" if self.slicing.rows is None else str(row)
        edge = Segment(f"{index:>{self.edge - 1}} ", style)
        return self.strip([edge, *self.row_segments(row, self.in_sight[1])]).crop(0, self.size.width)

    def style_of(self, name: str) -> Style:
        """Return the style of a component class."""
        return self.get_component_rich_style(name)

    def row_segments(self, row: int, columns: range) -> list[Segment]:
        """Draw the cells of a row that are in sight."""
        slicing, values = self.slicing, self.shown.values
        rows, places = slice(row, row + 1), slice(columns.start, columns.stop)
        numbers = slicing.part(values, rows, places)[0].tolist()
        found = values.differs(slicing.key(rows, places))
        differs = [False] * len(numbers) if found is None else slicing.as_matrix(found)[0].tolist()
        cells = map(self.shown.form.cell, numbers)
        fed = marked_columns(slicing, self.shown.sources, row, columns)
        return [
            self.cell_segment(cell, row, column, other, fed.get(column))
            for column, cell, other in zip(columns, cells, differs, strict=True)
        ]

    def cell_segment(
        self, cell: Cell, row: int, column: int, differs: bool, source: FeedingRegion | None
    ) -> Segment:
        """Draw one cell, in the look that is chosen."""
        coloured = self.shown.look != "numbers" or cell.kind not in ("positive", "negative")
        style = self.style_of(cell_class(cell) if coloured else "grid--plain")
        if row in self.shown.rows and column in self.shown.columns:
            style += self.style_of("grid--selected")
        before, after = source_marks(source)
        if source is not None:
            style += source_style(source)
        if differs:
            style += DIFFERENT
            after = "≠"
        is_here = (row, column) == self.slicing.cell
        if is_here:
            style += SELECTED
            before = "▸"
        if self.shown.look == "heat map":
            return Segment("[]" if is_here else spot_text(cell, self.colourful), style)
        return cell_segment(cell, self.shown.form.width, style, before, after)

    def on_click(self, event: events.Click) -> None:
        """Report the cell under the mouse."""
        cell = self.cell_under(event)
        if cell is not None:
            self.post_message(PlaceChosen(cell))
