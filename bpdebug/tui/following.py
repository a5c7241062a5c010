"""Looking at cells: which one is explained, and how one follows a number to where it comes from.

The focus goes into a panel, and its cursor is on a cell. If this is one of the bracketed cells, those that
feed the explained element, that element stays explained, and Enter follows the bracket: to the statement that
wrote the number, and to its arithmetic. Any other cell is explained itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bpdebug.engine.language.provenance.forwards import Fed
from bpdebug.engine.language.provenance.origins import element_text
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.present.chosen import Chosen
from bpdebug.present.code_verdicts import CodeVerdicts
from bpdebug.present.command_runner import CommandRunner
from bpdebug.present.explaining import Selection
from bpdebug.present.feeding import in_slice, largest_fed
from bpdebug.present.forwards import fed_by, fed_text
from bpdebug.present.slicing import nearest
from bpdebug.present.trail import Visit
from bpdebug.present.verdicts import CheckVerdicts
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
    runner : CommandRunner
        Goes to positions, shows what one looks at now, and says what is asked.
    """

    def __init__(self, chosen: Chosen, ledger: Ledger, runner: CommandRunner) -> None:
        self.chosen = chosen
        self.ledger = ledger
        self.runner = runner
        self.seen = chosen.debugger.moment
        self._fed: tuple[Selection, Mapping[str, Fed]] | None = None

    # What is looked at

    def selection(self) -> Selection:
        """Return the element that is explained."""
        selection = self.chosen.selection()
        shapes = self.chosen.debugger.program.shapes
        return Selection(selection.name, nearest(selection.index, shapes.get(selection.name, ())))

    @property
    def cursor_name(self) -> str:
        """The tensor in whose panel one is; empty outside of the panels."""
        panel = self.ledger.focused
        return panel.panel.name if panel is not None else ""

    def enter_text(self) -> str:
        """Say what Enter follows, where the cursor is on a bracketed cell."""
        index = self.bracketed_here()
        return f"⏎ follows {element_text(self.cursor_name, index)}" if index is not None else ""

    def follow_focus(self) -> None:
        """Let the focus go with the program: from a panel to that of what has been written now."""
        moment = self.chosen.debugger.moment
        moved, self.seen = self.seen != moment, moment
        if moved and self.ledger.focused is not None:
            panel = self.ledger.panel_of(self.chosen.selection().name)
            if panel is not None:
                panel.focus()

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

    def bracketed_here(self) -> Index | None:
        """Return the bracketed cell under the cursor; None where it is on another, or in no panel."""
        panel = self.ledger.focused
        if panel is None:
            return None
        name, index = panel.panel.name, panel.slicing.index
        selection = self.chosen.selection()
        is_other = Selection(name, index) != selection
        return index if is_other and self.is_bracketed(name, index) else None

    def focus_moved(self) -> None:
        """Look at a cell of the panel that has the focus now; without one, at what is written."""
        if self.ledger.focused is not None:
            self.enter(self.ledger.focused)
        elif not self.chosen.trail.visits:
            self.chosen.unpick()
        self.runner.show()

    def choose(self, name: str, index: Index, clicked: bool) -> None:
        """Look at a cell; a click on a bracketed one follows it."""
        is_explained = Selection(name, index) == self.selection()
        if clicked and not is_explained and self.is_bracketed(name, index):
            self.follow(name, index)
            return
        self.look_at(name, index)
        self.runner.show()
        panel = self.ledger.panel_of(name)
        if panel is not None:
            panel.reveal()

    # Following

    def go_to_wrong(self, verdicts: CheckVerdicts | CodeVerdicts, direction: Literal[1, -1]) -> None:
        """Go to the nearest wrong statement in a direction, and to the cell that is wrong the most."""
        debugger = self.chosen.debugger
        position = verdicts.next_wrong(debugger.position, direction)
        self.runner.go_to(position)
        if position is not None and debugger.position == position:
            name = debugger.program.statements[position - 1].name
            index = verdicts.worst_cell(name)
            if index is not None:
                self.chosen.choose(name, index)
            self.look_again(self.cursor_name)
            if (panel := self.ledger.panel_of(name)) is not None:
                panel.call_after_refresh(panel.reveal)

    def follow(self, name: str, index: Index) -> None:
        """Go to a cell: to the statement that wrote it, and to its panel; Backspace returns from there."""
        chosen, debugger = self.chosen, self.chosen.debugger
        explained = self.selection()
        chosen.trail.follow(Visit(debugger.moment, explained, explained.name))
        position = debugger.program.positions.get(name)
        if position is not None:  # what is given is explained where one is
            self.runner.go_to(position)
        chosen.choose(name, index)
        chosen.pick(name)
        chosen.trail.arrive(debugger.moment)
        self.look_again(name)

    def follow_bracketed(self) -> bool:
        """Follow the bracketed cell under the cursor; return whether there is one."""
        index = self.bracketed_here()
        if index is not None:
            self.follow(self.cursor_name, index)
        return index is not None

    def back(self) -> None:
        """Go back to where the last number was followed, and to the panel that one was in there."""
        chosen = self.chosen
        visit = chosen.trail.back()
        if visit is None:
            return
        if chosen.debugger.moment != visit.moment:
            self.runner.go_to(visit.moment.position)
        chosen.choose(visit.selection.name, visit.selection.index)
        chosen.picked = chosen.debugger.moment, visit.selection
        chosen.trail.arrive(chosen.debugger.moment)
        self.look_again(visit.focused)

    def look_again(self, focused: str) -> None:
        """Show what one has come to, the focus in a panel."""
        self.runner.show()
        panel = self.ledger.panel_of(focused)
        if panel is not None:
            panel.focus()
            panel.reveal()

    def ask_forwards(self) -> None:
        """Mark what the explained element feeds, and say in which statements; again, take the marks away."""
        debugger, selection = self.chosen.debugger, self.selection()
        if not debugger.is_known(selection.name):
            return  # the keys do not know it yet
        is_marked = self.fed_by(selection) is not None
        self._fed = None if is_marked else (selection, fed_by(debugger, selection))
        self.runner.show()
        fed = self.fed_by(selection)
        self.runner.say(*((fed_text(debugger, selection, fed),) if fed is not None else ()))

    def fed_by(self, selection: Selection) -> Mapping[str, Fed] | None:
        """Return what an element feeds, where that is marked."""
        return self._fed[1] if self._fed is not None and self._fed[0] == selection else None

    # Slices

    def turn_slice(self, change: int) -> None:
        """Select the same cell in another slice of the selected tensor."""
        name = self.selection().name
        panel = self.ledger.panel_of(name)
        if panel is not None:
            self.chosen.choose(name, panel.panel.slicing.turned(change).index)
            self.chosen.pick(name)
            self.runner.show()

    def turn_origins(self, change: int) -> None:
        """Turn the panels that the selected element comes from to another slice of what feeds it."""
        self.chosen.walk(self.selection(), change)
        self.runner.show()
