"""What widgets report, named as facts; the screen decides what follows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual.message import Message


@dataclass
class CellChosen(Message):
    """The cell cursor of the pair at `place` has been moved, in the panel of tensor `name`."""

    name: str
    place: int
    cell: tuple[int, int]


@dataclass
class PositionChosen(Message):
    """A statement of the listing was clicked, or Enter was pressed on it."""

    position: int


@dataclass
class ScenarioChosen(Message):
    """A scenario of the picker was chosen."""

    path: Path


@dataclass
class PlaceChosen(Message):
    """A cell of the viewer's grid was clicked."""

    cell: tuple[int, int]
