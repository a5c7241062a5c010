"""One way to draw a number in a grid: its style from its kind and size, its marks right beside it."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style

from bpdebug.engine.language.provenance.regions import FeedingRegion
from bpdebug.present.cells import LEVELS, Cell
from bpdebug.present.slicing import Slicing

STRIDES = (1, 2, 5, 10, 20, 50)
"""Where indices have no room above every column, they stand above every second one, every fifth, ..."""
MARGIN = 2
"""Beside each number, one column on either side for the marks."""
SELECTED = Style(bold=True, reverse=True)
"""The cell under the cursor."""
SOURCE = Style(bold=True)
"""A cell that feeds the explained one."""
WINNER = Style(bold=True, underline=True)
"""One that alone decides on it: the largest of a window."""
SIGNS = ("positive", "negative")
KINDS = (
    "zero",
    "nan",
    "infinite",
    "masked",
    "note",
    "index",
    "here",
    *(f"{sign}-{n + 1}" for sign in SIGNS for n in range(LEVELS)),
)
CELL_CLASSES = frozenset(f"cell--{kind}" for kind in KINDS)
"""The component classes of a widget that shows cells."""


def cell_class(cell: Cell) -> str:
    """Return the component class of a cell: `cell--negative-3`, `cell--zero`."""
    return f"cell--{cell.kind}-{cell.level}" if cell.level else f"cell--{cell.kind}"


def source_marks(source: FeedingRegion | None) -> tuple[str, str]:
    """Return what stands before and after a cell that feeds the explained one: `[]`, of a winner `«»`."""
    if source is None:
        return " ", " "
    return ("«", "»") if source.wins else ("[", "]")


def source_style(source: FeedingRegion) -> Style:
    """Return how such a cell stands out."""
    return WINNER if source.wins else SOURCE


def cell_segment(cell: Cell, width: int, style: Style, before: str = " ", after: str = " ") -> Segment:
    """Draw a number and its marks; they stand right beside it, not beside its padding."""
    number = cell.text.strip()
    beyond = " " * (len(cell.text) - len(cell.text.rstrip()))
    padding = " " * (width - len(number) - len(beyond))
    return Segment(f"{padding}{before}{number}{after}{beyond}", style)


def index_segments(
    slicing: Slicing, columns: range, pitch: int, style_of: Callable[[str], Style]
) -> list[Segment]:
    """Write the indices of some columns, each above the last digit of its numbers; here is the cursor's."""
    if slicing.columns is None or not columns:
        return []
    here, longest = slicing.cell[1], len(str(columns[-1]))
    stride = next(stride for stride in STRIDES if stride * pitch > longest)
    segments: list[Segment] = []
    for column in columns:
        written = str(column) if column % stride == 0 else ""
        style = style_of("cell--here" if column == here else "cell--index")
        if stride == 1:
            segments.append(Segment(f"{written:>{pitch - 1}} ", style))
        elif written:
            segments.append(Segment(f"{written:<{stride * pitch}}", style))
        elif not segments:
            # Before the first index there may be columns without one.
            segments.append(Segment(" " * (-column % stride) * pitch, style))
    return segments
