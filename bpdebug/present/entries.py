"""The lists of breakpoints and of watches as plain data: what each row says, and which commands change it.

The marks are told apart without colour: `●` stops, `◆` stops on a condition; hollow, `○` and `◇`, they are
disabled. A watch whose value the last move has changed has a `*`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bpdebug.commands.values import WatchValue, value_text, watch_value
from bpdebug.engine.debug.breakpoints import Breakpoint
from bpdebug.engine.debug.conditions import is_truth
from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.program.timeline import Moment
from bpdebug.engine.program.trace import Trace

EntryState = Literal["", "disabled", "changed", "missing"]
CHANGED = "*"
GAP = 2
"""Columns between a text and its note."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a list.

    Attributes
    ----------
    number : int
        What commands call it.
    mark : str
        One character before it.
    text : str
        What was written.
    note : str
        What there is to say of it now: its hits, its value, or why there is none.
    state : str
        How it is now.
    positions : frozenset of int
        Where in the program it is.
    """

    number: int
    mark: str
    text: str
    note: str
    state: EntryState = ""
    positions: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class EntryKind:
    """A kind of list: its words, and the commands that its keys run.

    Attributes
    ----------
    name, title : str
        What the screen and the reader call it.
    nothing : str
        What it says while it is empty.
    example : str
        What could be typed.
    add, change, remove : str
        The commands that add an entry, put a text in the place of another, and remove an entry.
    has_switch : bool
        Whether an entry can be disabled.
    """

    name: str
    title: str
    nothing: str
    example: str
    add: str
    change: str
    remove: str
    has_switch: bool = False


def mark_of(found: Breakpoint) -> str:
    """Return the character that stands for a breakpoint."""
    full, hollow = ("◆", "◇") if found.condition is not None else ("●", "○")
    return full if found.enabled else hollow


def gutter_marks(breakpoints: Iterable[Breakpoint]) -> dict[int, str]:
    """Return the mark of each position at which there are breakpoints; one that always stops goes first."""
    strongest = sorted(breakpoints, key=lambda found: "◇○◆●".index(mark_of(found)))
    return {position: mark_of(found) for found in strongest for position in found.place.positions}


def breakpoint_entries(debugger: Debugger) -> tuple[Entry, ...]:
    """Return a row for each breakpoint."""
    return tuple(_breakpoint_entry(found) for found in debugger.breakpoints)


def _breakpoint_entry(found: Breakpoint) -> Entry:
    hits = f"{found.hits} hit{'s' * (found.hits != 1)}" if found.hits else ""
    notes = ["once"] * found.once + ["disabled"] * (not found.enabled) + [hits] * bool(hits)
    state: EntryState = "" if found.enabled else "disabled"
    return Entry(found.number, mark_of(found), found.text, ", ".join(notes), state, found.place.positions)


BREAKPOINTS = EntryKind(
    "breakpoints",
    "Breakpoints",
    "no breakpoints: a adds one, b sets one at the current statement",
    "dw1, layer 2, backward, norm(dw1) > 10, dw1 if norm(dw1) > 10",
    "break",
    "rebreak",
    "delete",
    has_switch=True,
)
WATCHES = EntryKind(
    "watches",
    "Watches",
    "no watches: a adds one",
    "norm(dw1), z2[0,0], max(abs(da0))",
    "watch",
    "rewatch",
    "unwatch",
)
ENTRY_KINDS: Mapping[str, EntryKind] = {kind.name: kind for kind in (BREAKPOINTS, WATCHES)}


class WatchReadings:
    """The values of the watches now, and those before the last move."""

    def __init__(self) -> None:
        self.now: dict[str, WatchValue] = {}
        self.before: dict[str, WatchValue] = {}
        self.read_at: tuple[Moment, Trace] | None = None

    def entries(self, debugger: Debugger) -> tuple[Entry, ...]:
        """Return a row for each watch; each is evaluated once at a moment of a run."""
        here = debugger.moment, debugger.trace
        if self.read_at is None or self.read_at[0] != here[0] or self.read_at[1] is not here[1]:
            self.before, self.now, self.read_at = self.now, {}, here
        entries = []
        for watch in debugger.watches:
            if watch.text not in self.now:
                self.now[watch.text] = watch_value(debugger, watch)
            shown = self.now[watch.text]
            before = self.before.get(watch.text, shown)
            changed = shown.value is not None and not _same(before, shown)
            state: EntryState = "changed" if changed else "" if shown.value is not None else "missing"
            truth = is_truth(watch.expression)
            note = value_text(shown.value, truth) if shown.value is not None else shown.note
            entries.append(Entry(watch.number, CHANGED if changed else " ", watch.text, note, state))
        return tuple(entries)


def _same(before: WatchValue, now: WatchValue) -> bool:
    if before.value is None or now.value is None:
        return before.value is now.value
    return np.array_equal(before.value, now.value, equal_nan=True)


def text_room(entries: Sequence[Entry], width: int) -> int:
    """Return the columns for the texts of all rows, so that the notes stand under each other."""
    longest = max((len(entry.text) for entry in entries), default=0)
    notes = max((len(entry.note) for entry in entries), default=0)
    # Both in full where there is room; else the texts leave half of it to the notes.
    return max(0, min(longest, max(width // 2, width - notes - GAP)))


def row_text(entry: Entry, room: int, number_room: int, width: int) -> str:
    """Write a row: `● 1 dw1 if norm(dw1) > 10   2 hits`; `…` stands for what is cut.

    Parameters
    ----------
    entry : Entry
        What to write.
    room, number_room : int
        The columns for its text and for its number.
    width : int
        The columns of the row.
    """
    head = f"{entry.mark} {entry.number:>{number_room}} {cut(entry.text, room):<{room}}"
    return cut(f"{head}{' ' * GAP}{entry.note}".rstrip(), width).ljust(width)


def cut(text: str, width: int) -> str:
    """Cut a text to a width; `…` says that something is missing."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…" * (width > 0)
