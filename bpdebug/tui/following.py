"""Looking at cells: which one is explained, and how one follows a number to where it comes from.

The focus goes into a panel, and its cursor is on a cell. If this is one of the bracketed cells, those that
feed the explained element, that element stays explained, and Enter follows the bracket: to the statement that
wrote the number, and to its arithmetic. Any other cell is explained itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bpdebug.engine.language.provenance.forwards import Fed
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.present.chosen import Chosen
from bpdebug.present.explaining import Selection
from bpdebug.present.feeding import in_slice, largest_fed
from bpdebug.present.forwards import fed_by
from bpdebug.present.slicing import nearest
from bpdebug.present.trail import Visit
from bpdebug.tui.widgets.ledger import Ledger
from bpdebug.tui.widgets.tensor_panel import TensorPanel


class Following:
    """Follows numbers through the panels of a screen.

    Parameters
    ----------
    chosen : Chosen
        What is looked at.
    ledger : Ledger
        The panels.
    go_to : callable
        Goes to a position.
    """

    def __init__(self, chosen: Chosen, ledger: Ledger, go_to: Callable[[int], None]) -> None:
        self.chosen = chosen
        self.ledger = ledger
        self.go_to = go_to
        self._fed: tuple[Selection, Mapping[str, Fed]] | None = None

    def is_bracketed(self, name: str, index: Index) -> bool:
        """Whether a cell feeds the element that is explained."""
        panel = self.ledger.panel_of(name)
        return panel is not None and any(source.contains(index) for source in panel.panel.sources)

    def enter(self, panel: TensorPanel) -> None:
        """Look at the cell under a panel's cursor; among bracketed cells it stands on one of these."""
        name, shown = panel.panel.name, panel.panel
        index = nearest(self.chosen.cell(name), shown.shape)
        if shown.sources and shown.value is not None and not self.is_bracketed(name, index):
            near = in_slice(shown.slicing, shown.sources) or shown.sources
            index = largest_fed(shown.value, near) or index
            if self.chosen.is_beside(name, index, self.chosen.selection()):
                index = nearest(self.chosen.cell(name), shown.shape)
        self.look_at(name, index)

    def look_at(self, name: str, index: Index) -> None:
        """Put the cursor on a cell, and explain it, unless it is part of an explanation."""
        selection = self.chosen.selection()
        keeps = self.is_bracketed(name, index) and not self.chosen.is_beside(name, index, selection)
        if keeps and self.chosen.picked is None:
            self.chosen.picked = self.chosen.debugger.moment, selection
        self.chosen.choose(name, index)
        if not keeps:
            self.chosen.pick(name)

    def bracketed_at(self, panel: TensorPanel) -> Index | None:
        """Return the bracketed cell under a panel's cursor; None where it is on another."""
        index = panel.slicing.index
        is_other = (panel.panel.name, index) != self._explained()
        return index if is_other and self.is_bracketed(panel.panel.name, index) else None

    def _explained(self) -> tuple[str, Index]:
        selection = self.chosen.selection()
        return selection.name, selection.index

    def follow(self, name: str, index: Index, focused: str) -> None:
        """Go to a cell: to the statement that wrote it; what is given is explained where one is."""
        chosen, debugger = self.chosen, self.chosen.debugger
        origin = chosen.selection()
        explained = Selection(origin.name, self.index_of(origin))
        chosen.trail.follow(Visit(debugger.moment, explained, focused))
        position = debugger.program.positions.get(name)
        if position is not None:
            self.go_to(position)
        chosen.choose(name, index)
        chosen.pick(name)
        chosen.trail.arrive(debugger.moment)

    def back(self) -> str | None:
        """Go back to where the last number was followed; return what had the focus there."""
        chosen = self.chosen
        visit = chosen.trail.back()
        if visit is None:
            return None
        if chosen.debugger.moment != visit.moment:
            self.go_to(visit.moment.position)
        chosen.choose(visit.selection.name, visit.selection.index)
        chosen.picked = chosen.debugger.moment, visit.selection
        chosen.trail.arrive(chosen.debugger.moment)
        return visit.focused

    def toggle_fed(self, selection: Selection) -> None:
        """Mark what an element feeds; again, take the marks away."""
        is_marked = self.fed_by(selection) is not None
        self._fed = None if is_marked else (selection, fed_by(self.chosen.debugger, selection))

    def fed_by(self, selection: Selection) -> Mapping[str, Fed] | None:
        """Return what an element feeds, where that is marked."""
        return self._fed[1] if self._fed is not None and self._fed[0] == selection else None

    def index_of(self, selection: Selection) -> Index:
        """Return the element that a selection means: the nearest one to its index."""
        shapes = self.chosen.debugger.program.shapes
        return nearest(selection.index, shapes.get(selection.name, ()))
