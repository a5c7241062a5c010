"""A person's file with one line marked. It draws the lines in sight and no others."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from bpdebug.present.python_text import spans_of
from bpdebug.tui.widgets.code_drawing import CODE_CLASSES, coloured


class SourceView(ScrollView, can_focus=True):
    """Shows a file around a line.

    Parameters
    ----------
    file, text : str
        Its name, and what stands in it.
    first, last : int
        The lines that are marked, from 1.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {*CODE_CLASSES, "line--current", "line--coming"}

    def __init__(self, file: str, text: str, first: int, last: int) -> None:
        super().__init__(id="source")
        self.rows = text.split("\n")
        self.spans = spans_of(text)
        self.marked = range(first, last + 1)
        self.border_title = Content(file)
        self.border_subtitle = "Esc closes"

    def on_mount(self) -> None:
        """Make room for all lines, and begin where the marked one is in the middle."""
        self.virtual_size = Size(max(map(len, self.rows)) + 8, len(self.rows))
        self.call_after_refresh(self.reveal)

    def reveal(self) -> None:
        """Scroll so that the marked line is in the middle."""
        height = max(1, self.size.height)
        top = max(0, self.marked.start - 1 - height // 2)
        self.scroll_to_region(Region(0, top, 1, height), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Draw one visible line."""
        width, number = self.scrollable_content_region.width, y + self.scroll_offset.y
        if number >= len(self.rows):
            return Strip.blank(width, self.visual_style.rich_style)
        is_marked = number + 1 in self.marked
        style = self.get_component_rich_style(f"line--{'current' if is_marked else 'coming'}")
        head = f"{'▶' if is_marked else ' '} {number + 1:>{len(str(len(self.rows)))}}  "
        spans = () if is_marked else self.spans[number]
        code = coloured(head + self.rows[number], len(head), spans, style, self.get_component_rich_style)
        strip = Strip(code).extend_cell_length(width, style)
        return strip.crop(self.scroll_offset.x, self.scroll_offset.x + width)
