"""The side of the viewer: what the tensor is like as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from textual.content import Content
from textual.widget import Widget

from bpdebug.engine.health.statistics import Statistics
from bpdebug.engine.language.forms import Shape
from bpdebug.present.cells import LEVELS
from bpdebug.present.viewer.statistics_text import (
    LabelledText,
    count_entries,
    finite_note,
    shape_entries,
    size_entries,
)

ALARMING, OF_A_MASK = frozenset({"NaN", "infinite"}), frozenset({"NaN"})
"""What there should be none of; −∞ is what a mask is made of."""
WIDE = 50
"""From so many columns on, entries stand side by side."""
NAME_WIDTH = 9
SCALE = (
    *(f"negative-{level}" for level in range(LEVELS, 0, -1)),
    *(f"positive-{level}" for level in range(1, LEVELS + 1)),
)


class StatisticsPanel(Widget):
    """Shows statistics; those that are not there yet are being computed."""

    def __init__(self) -> None:
        super().__init__(id="statistics")
        self.groups: tuple[Sequence[LabelledText], ...] = ()
        self.note = ""
        self.alarming = ALARMING

    def show(
        self, shape: Shape, dtype: np.dtype[Any], found: Statistics | None, is_mask: bool = False
    ) -> None:
        """Show the statistics of a tensor; None while they are computed."""
        self.alarming = OF_A_MASK if is_mask else ALARMING
        groups = shape_entries(shape, dtype), size_entries(found), count_entries(found)
        note = finite_note(found)
        if (groups, note) != (self.groups, self.note):
            self.groups, self.note = groups, note
            self.refresh()

    def render(self) -> Content:
        """Write an entry a line, or where it is wide and low, a group a line."""
        if self.content_size.width < WIDE:
            return Content("\n\n").join(map(self.column, self.groups))
        lines = [Content("   ").join(self.entry(*entry, 0) for entry in group) for group in self.groups]
        if self.note:
            lines.append(Content.styled(self.note, "$text-warning"))
        return Content("\n").join(lines)

    def column(self, group: Sequence[LabelledText]) -> Content:
        """Write the entries of a group below each other."""
        lines = [self.entry(*entry, NAME_WIDTH) for entry in group]
        if group is self.groups[1] and self.note:
            lines.append(Content.styled(self.note, "$text-warning"))
        return Content("\n").join(lines)

    def entry(self, name: str, figure: str, width: int) -> Content:
        """Write what is said, and its figure."""
        alarming = name in self.alarming and figure[:1] not in ("0", "c")
        return Content.assemble(
            (f"{name:<{width}} ", "$text-muted"), (figure, "bold $text-error" if alarming else "")
        )
