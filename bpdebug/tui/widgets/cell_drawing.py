"""One way to draw a number in a grid: its style from its kind and size, its marks right beside it."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style

from bpdebug.present.cells import LEVELS, Cell

MARGIN = 2
"""Beside each number, one column on either side for the marks."""
SELECTED = Style(bold=True, reverse=True)
"""The cell under the cursor."""
SIGNS = ("positive", "negative")
KINDS = (
    "zero",
    "nan",
    "infinite",
    "masked",
    "note",
    *(f"{sign}-{n + 1}" for sign in SIGNS for n in range(LEVELS)),
)
CELL_CLASSES = frozenset(f"cell--{kind}" for kind in KINDS)
"""The component classes of a widget that shows cells."""


def cell_class(cell: Cell) -> str:
    """Return the component class of a cell: `cell--negative-3`, `cell--zero`."""
    return f"cell--{cell.kind}-{cell.level}" if cell.level else f"cell--{cell.kind}"


def cell_segment(cell: Cell, width: int, style: Style, before: str = " ", after: str = " ") -> Segment:
    """Draw a number and its marks; they stand right beside it, not beside its padding."""
    number = cell.text.strip()
    beyond = " " * (len(cell.text) - len(cell.text.rstrip()))
    padding = " " * (width - len(number) - len(beyond))
    return Segment(f"{padding}{before}{number}{after}{beyond}", style)
