"""What one looks at in the ledger: which layer, which of its elements, and which slices of what feeds this.

The debugger's screen shows it; here are the keys that choose.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import on

from bpdebug.engine.language.provenance.regions import Index
from bpdebug.engine.network.layers.layer import Layer
from bpdebug.present.explaining import Selection
from bpdebug.present.snapshot import PairNames, layer_in_focus, pairs_in_focus, places_of, result_name
from bpdebug.sources.case import Case
from bpdebug.tui.keys.action import Action
from bpdebug.tui.messages import CellChosen
from bpdebug.tui.screens.checking_screen import CheckingScreen
from bpdebug.tui.widgets.ledger import Ledger
from bpdebug.tui.widgets.tensor_panel import TensorPanel


class LedgerScreen(CheckingScreen):
    """Knows which pairs are shown, and which element of them is selected.

    Parameters
    ----------
    scenario : Case
        What to step through.
    actions : sequence of Action
        The table of actions, with the user's keys.
    """

    def __init__(self, scenario: Case, actions: Sequence[Action]) -> None:
        super().__init__(scenario, actions)
        self.pinned: int | None = None
        self.cells: dict[int, Index] = {}
        self.walked: tuple[object, int] = (None, 0)

    @property
    def layer_number(self) -> int:
        """The layer in focus: the pinned one, else that of the current statement."""
        return self.pinned if self.pinned is not None else layer_in_focus(self.debugger)

    @property
    def shown_layer(self) -> Layer | None:
        """The layer in focus; None where there are no layers, or the statement is of none."""
        layers, number = self.debugger.program.layers, self.layer_number
        return layers[number - 1] if 0 < number <= len(layers) else None

    def pairs(self) -> tuple[PairNames, ...]:
        """Return the names of the pairs to show."""
        statement = self.debugger.statement or self.debugger.program.statements[0]
        return pairs_in_focus(self.debugger.program, self.shown_layer, statement)

    def selected(self) -> Selection:
        """Return the element to explain: of the panel in focus, else of the current result."""
        places = places_of(self.pairs())
        focused = self.focused.panel.name if isinstance(self.focused, TensorPanel) else ""
        name = focused if focused in places else result_name(self.debugger)
        return Selection(name, self.cells.get(places.get(name, -1), ()))

    def walked_from(self, selection: Selection) -> int:
        """Return how many slices one has walked on, of those that the selected element comes from."""
        start, count = self.walked
        return count if start == (self.debugger.moment, selection) else 0

    # What the keys do, and the mouse

    def action_leave_panels(self) -> None:
        """Take the focus from the panels."""
        self.set_focus(None)

    def action_turn_slice(self, change: int) -> None:
        """Select the same cell in another slice of the selected tensor."""
        panel = self.query_one(Ledger).panel_of(self.selected().name)
        if panel is not None:
            self.cells[panel.place] = panel.panel.slicing.turned(change).index
            self.show()

    def action_turn_origins(self, change: int) -> None:
        """Turn the panels that the selected element comes from to another slice of what feeds it."""
        selection = self.selected()
        self.walked = (self.debugger.moment, selection), self.walked_from(selection) + change
        self.show()

    def action_toggle_pinned(self) -> None:
        """Keep the panels on the layer in focus, or let them follow the program again."""
        self.pinned = self.layer_number if self.pinned is None else None
        self.show()

    @on(CellChosen)
    def cell_chosen(self, message: CellChosen) -> None:
        """Explain the chosen cell, and show it in its partner too."""
        self.cells[message.place] = message.index
        self.show()
        panel = self.query_one(Ledger).panel_of(message.name)
        if panel is not None:
            panel.reveal()
