"""A tensor above its gradient, cell under cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from rich.style import Style

from bpdebug.present.cells import CellFormat
from bpdebug.present.panel import Pair
from bpdebug.tui.widgets.tensor_panel import TensorPanel


class PanelPair:
    """A tensor above its gradient; the two scroll together."""

    def __init__(self, place: int, style_of: Callable[[str], Style]) -> None:
        self.tensor = TensorPanel(place, f"tensor-{place}", style_of)
        self.gradient = TensorPanel(place, f"gradient-{place}", style_of)

    def __iter__(self) -> Iterator[TensorPanel]:
        return iter((self.tensor, self.gradient))

    @property
    def names(self) -> list[str]:
        """The names of its tensors."""
        return [panel.panel.name for panel in self if panel.panel.name]

    def show(self, pair: Pair, formats: tuple[CellFormat, CellFormat], selected: str, cursor: str) -> None:
        """Show a tensor and its gradient, cell under cell: their numbers take the same room."""
        width = max(format.width for format in formats)
        shown = zip(self, (pair.tensor, pair.gradient), formats, strict=True)
        follows = selected not in (pair.tensor.name, pair.gradient.name)
        for widget, panel, format in shown:
            is_selected = panel.name in (selected, cursor) and panel.value is not None
            widget.show(panel, replace(format, width=width), is_selected, follows)

    def follow(self, panel: TensorPanel, other: TensorPanel, _: float) -> None:
        """Scroll a panel's partner to where the panel is."""
        other.scroll_to(panel.scroll_x, panel.scroll_y, animate=False)
