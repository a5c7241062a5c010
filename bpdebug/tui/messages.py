"""What widgets report, named as facts; the screen decides what follows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from textual.message import Message

from bpdebug.engine.language.provenance import regions


@dataclass
class CellChosen(Message):
    """The cell cursor has been moved to an element of a tensor, by a key or with a click."""

    name: str
    index: regions.Index
    clicked: bool = False


@dataclass
class RoomChanged(Message):
    """The ledger has another size."""


@dataclass
class PositionChosen(Message):
    """A statement of the listing was clicked, or Enter was pressed on it."""

    position: int


@dataclass
class ScenarioChosen(Message):
    """A scenario of the picker was chosen."""

    path: Path


@dataclass
class GutterClicked(Message):
    """The column of the breakpoints was clicked beside a line of the listing."""

    number: int


@dataclass
class CommandTyped(Message):
    """A command was typed, and Enter was pressed."""

    line: str


@dataclass
class CompletionsFound(Message):
    """What is being typed may go on in several ways."""

    words: list[str]


@dataclass
class PromptClosed(Message):
    """A line in which something was typed is no longer there."""


@dataclass
class SearchMoved(Message):
    """A text is looked for: from where the search began (0), or the match after (1) or before (-1)."""

    text: str
    direction: Literal[0, 1, -1]


@dataclass
class SearchEnded(Message):
    """The search is over; `found` says that one wants to be where it has led."""

    found: bool


@dataclass
class EntryClicked(Message):
    """A breakpoint in the list was clicked, which is at some positions."""

    positions: frozenset[int]


@dataclass
class NothingDone(Message):
    """A key could do nothing, and why."""

    reason: str


@dataclass
class PlaceChosen(Message):
    """A cell of the viewer's grid was clicked."""

    cell: tuple[int, int]
