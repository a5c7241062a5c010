"""A row of a panel as segments: its index, the numbers in sight with their marks, and what is cut off."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from bpdebug.engine.language.printing import shape_text
from bpdebug.engine.language.provenance.regions import FeedingRegion
from bpdebug.present.cells import CellFormat
from bpdebug.present.panel import Panel
from bpdebug.tui.widgets.cell_drawing import (
    SELECTED,
    SOURCE,
    cell_class,
    cell_segment,
    index_segments,
    source_marks,
    source_style,
)


class PanelView(NamedTuple):
    """What one sees of a panel, and how it is drawn.

    Attributes
    ----------
    panel : Panel
        The tensor.
    format : CellFormat
        How its numbers are written.
    columns : range
        Those that are wholly in sight.
    left, width : int
        How many columns of the screen are scrolled past, and for how many there is room.
    edge, pitch : int
        The columns of the screen before the cells, and from one cell to the next.
    shows_cell : bool
        Whether the cell cursor of the pair is one of this panel.
    fed : frozenset
        The rows and columns of the cells that the explained element feeds.
    style_of : callable
        Returns the style of a component class.
    """

    panel: Panel
    format: CellFormat
    columns: range
    left: int
    width: int
    edge: int
    pitch: int
    shows_cell: bool
    fed: frozenset[tuple[int, int]]
    style_of: Callable[[str], Style]

    def index_style(self, name: str) -> Style:
        """Return the style of an index; where no cell is explained, none is that of the cursor."""
        return self.style_of(name if self.shows_cell else "cell--index")


def header_segments(sight: PanelView) -> list[Segment]:
    """Write the indices of the columns that are in sight."""
    before = sight.edge + sight.columns.start * sight.pitch - sight.left
    corner = Segment(" " * before, sight.style_of("cell--index"))
    return [corner, *index_segments(sight.panel.slicing, sight.columns, sight.pitch, sight.index_style)]


def row_segments(sight: PanelView, row: int, sources: Mapping[int, FeedingRegion]) -> list[Segment]:
    """Draw the cells of a row that are in sight; one that is cut off could mislead, and shows as `…`.

    Parameters
    ----------
    sight : PanelView
        What is in sight.
    row : int
        Which row of the slice.
    sources : mapping
        For the columns that feed the explained element: as part of what.
    """
    panel, columns = sight.panel, sight.columns
    slicing, value, wrong = panel.slicing, panel.value, panel.wrong_here
    assert value is not None
    first, last, all_columns = columns.start, columns.stop, slicing.matrix_shape[1]
    places = (slice(row, row + 1), slice(first, last))
    are_wrong = [False] * len(columns)
    if wrong is not None and wrong.shape == panel.shape:
        are_wrong = slicing.part(wrong, *places)[0].tolist()
    segments = []
    width = sight.width - sight.edge
    if sight.edge:
        style = sight.index_style("cell--here" if row == slicing.cell[0] else "cell--index")
        segments.append(Segment(f"{row:>{sight.edge - 1}} ", style))
    if cut_off := first * sight.pitch - sight.left:
        segments.append(Segment("…".ljust(cut_off), sight.style_of("cell--note")))
    segments += [
        marked_cell(sight, number, (row, column), sources.get(column), is_wrong)
        for column, number, is_wrong in zip(
            columns, slicing.part(value, *places)[0].tolist(), are_wrong, strict=True
        )
    ]
    # Where there is no room for `…`, columns out of sight show beside the last number in sight.
    if last < all_columns and (room := width - cut_off - len(columns) * sight.pitch) > 0:
        segments.append(Segment(" …"[-room:], sight.style_of("cell--note")))
    elif last < all_columns and segments[-1].text.endswith(" "):
        segments[-1] = segments[-1]._replace(text=f"{segments[-1].text[:-1]}›")
    start = int(sight.edge > 0)
    if first and not cut_off and segments[start].text.startswith(" "):
        segments[start] = segments[start]._replace(text=f"‹{segments[start].text[1:]}")
    return segments


def marked_cell(
    sight: PanelView, number: float, place: tuple[int, int], source: FeedingRegion | None, is_wrong: bool
) -> Segment:
    """Draw one number with its marks."""
    cell = sight.format.cell(number)
    style = sight.style_of(cell_class(cell))
    before, after = source_marks(source)
    if source is not None:
        style += source_style(source)
    if place in sight.fed:
        before, after = "{}"
        style += SOURCE
    if is_wrong:
        after = "✗"
    if sight.shows_cell and place == sight.panel.slicing.cell:
        before = "▸"
        style += SELECTED
    return cell_segment(cell, sight.format.width, style, before, after)


def note_lines(panel: Panel, width: int, height: int, style: Style) -> Iterator[Strip]:
    """Draw the lines of what stands in place of values."""
    lines = textwrap.wrap(panel.note, max(1, width - 1))
    if panel.recorded is not None:
        lines.append(shape_text(panel.shape))
    blank = [""] * (height - len(lines))
    for line in [*(f" {line}" for line in lines), *blank][:height]:
        yield Strip([Segment(line.ljust(width)[:width], style)], width)
