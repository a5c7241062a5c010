"""A row for each layer with its numbers as bars. It draws the rows in sight and no others."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from bpdebug.present.health_text import HealthText


class HealthTable(ScrollView, can_focus=True):
    """The table, with its heads always in sight."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"line--header", "line--sick", "line--healthy"}

    def __init__(self, text: HealthText) -> None:
        super().__init__()
        self.text = text
        self.virtual_size = Size(1, len(text.layers) + 1)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height of all rows and the heads."""
        return len(self.text.layers) + 1

    def render_line(self, y: int) -> Strip:
        """Draw the heads, or one visible row."""
        width, place = self.scrollable_content_region.width, y - 1 + self.scroll_offset.y
        if y == 0:
            line, part = self.text.header(width), "header"
        elif place < len(self.text.layers):
            sick = self.text.layers[place].layer.number in self.text.sick
            line, part = self.text.row(place, width), "sick" if sick else "healthy"
        else:
            return Strip.blank(width, self.visual_style.rich_style)
        return Strip(
            [Segment(line[:width].ljust(width), self.get_component_rich_style(f"line--{part}"))], width
        )
