"""The ledger: two rows of panels, each gradient under its tensor, cell under cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from bpdebug.engine.language.functions.entry import Array
from bpdebug.present.cells import CellFormat, cell_format
from bpdebug.present.ledger_layout import NARROWEST_PAIR, pair_widths, shown_pairs
from bpdebug.present.panels import Pair, Panel
from bpdebug.tui.keys.action import Needs
from bpdebug.tui.widgets.cell_drawing import CELL_CLASSES
from bpdebug.tui.widgets.tensor_panel import TensorPanel


class PairColumn(Vertical):
    """A tensor above its gradient; the two scroll together."""

    def __init__(self, place: int, style_of: Callable[[str], Style]) -> None:
        super().__init__(id=f"pair-{place}")
        self.display = False  # until its room is known
        self.panels = (
            TensorPanel(place, f"tensor-{place}", style_of),
            TensorPanel(place, f"gradient-{place}", style_of),
        )

    def compose(self) -> ComposeResult:
        """Put the tensor above its gradient."""
        yield from self.panels

    def show(self, pair: Pair, formats: tuple[CellFormat, CellFormat], selected: str) -> None:
        """Show a tensor and its gradient, cell under cell: their numbers take the same room."""
        width = max(format.width for format in formats)
        shown = zip(self.panels, (pair.tensor, pair.gradient), formats, strict=True)
        follows = selected not in (pair.tensor.name, pair.gradient.name)
        for widget, panel, format in shown:
            is_selected = panel.name == selected and panel.value is not None
            widget.show(panel, replace(format, width=width), is_selected, follows)

    def on_mount(self) -> None:
        """Let each panel follow the other's scrolling."""
        for panel, other in (self.panels, self.panels[::-1]):
            for axis in ("scroll_x", "scroll_y"):
                self.watch(panel, axis, partial(self.follow, panel, other), init=False)

    def follow(self, panel: TensorPanel, other: TensorPanel, _: float) -> None:
        """Scroll a panel's partner to where the panel is."""
        other.scroll_to(panel.scroll_x, panel.scroll_y, animate=False)


class Ledger(Horizontal):
    """The panels of what is in focus. It holds the styles of their cells, once for all of them.

    Parameters
    ----------
    places : int
        The most pairs that it will have to show.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = set(CELL_CLASSES)

    def __init__(self, places: int) -> None:
        super().__init__(id="ledger")
        self.columns = [PairColumn(place, self.get_component_rich_style) for place in range(places)]
        self.count = 0
        self.formats: dict[tuple[str, str, int], tuple[Array, CellFormat]] = {}

    def compose(self) -> ComposeResult:
        """Lay the pairs side by side, as the forward pass runs."""
        yield from self.columns

    @property
    def panels(self) -> list[TensorPanel]:
        """All panels in use."""
        return [panel for column in self.columns[: self.count] for panel in column.panels]

    def panel_of(self, name: str) -> TensorPanel | None:
        """Return the panel that shows a tensor."""
        return next((panel for panel in self.panels if name and panel.panel.name == name), None)

    def slices_to_see(self, selected: str) -> dict[Needs, bool]:
        """Return whether the selected tensor has other slices, and whether what feeds it lies in several."""
        panel = self.panel_of(selected)
        if panel is None:
            return {"slices": False, "origins": False}
        others = (other.panel.elsewhere for other in self.panels if other.place != panel.place)
        return {"slices": panel.panel.slicing.count > 1, "origins": any(others)}

    def show(
        self,
        pairs: Sequence[Pair],
        selected: str,
        digits: int,
    ) -> None:
        """Show pairs.

        Parameters
        ----------
        pairs : sequence of Pair
            What is there to see.
        selected : str
            The tensor whose chosen cell is explained.
        digits : int
            Significant digits.
        """
        self.count = len(pairs)
        has_gradients = any(pair.gradient.name for pair in pairs)
        for column, pair in zip(self.columns, pairs, strict=False):
            formats = self.format_of(pair.tensor, digits), self.format_of(pair.gradient, digits)
            column.show(pair, formats, selected)
            column.panels[1].display = has_gradients  # no row of empty panels
        self.share_room()

    def format_of(self, panel: Panel, digits: int) -> CellFormat:
        """Return how a tensor's numbers are written; the whole run decides, so that nothing moves later."""
        if panel.mark == "in part" and panel.value is not None:
            return replace(cell_format(panel.value, digits), masks=panel.is_mask)
        if panel.recorded is None:
            return CellFormat()
        key = panel.name, panel.view, digits
        if key not in self.formats or self.formats[key][0] is not panel.recorded:
            self.formats[key] = panel.recorded, cell_format(panel.recorded, digits)
        return replace(self.formats[key][1], masks=panel.is_mask)

    def share_room(self) -> None:
        """Give each pair its width and all rows their height, as far as the screen allows."""
        width, height = self.size
        if not width or not self.count:
            return
        in_use = [
            panel.place for mark in ("-written", "-read") for panel in self.panels if panel.has_class(mark)
        ]
        if self.screen.focused in self.panels:
            in_use.insert(0, self.screen.focused.place)
        used = [column.panels for column in self.columns[: self.count]]
        needs = [max(NARROWEST_PAIR, *(panel.needed_width() for panel in panels)) for panels in used]
        wishes = [max(panel.wished_width() for panel in panels) for panels in used]
        images = {panel.place for panel in self.panels if panel.is_sliced}
        shown = shown_pairs(needs, in_use, width, images)
        shares = pair_widths([needs[place] for place in shown], [wishes[place] for place in shown], width)
        widths = dict(zip(shown, shares, strict=True))
        rows = max(panel.needed_height() for panel in self.panels)
        for place, column in enumerate(self.columns):
            column.display = place in widths
            if place in widths:
                column.styles.width = widths[place]
                for panel in column.panels:
                    panel.styles.height = min(rows, height // 2)

    def on_resize(self) -> None:
        """Share the new width."""
        self.share_room()
