"""The debugger's screen: a key calls one verb of the debugger, and the screen refreshes from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from bpdebug.engine.debugger import Debugger, Stop
from bpdebug.engine.program import Layer
from bpdebug.engine.trace import run
from bpdebug.scenario import Scenario
from bpdebug.tui.actions import ACTIONS, bindings
from bpdebug.tui.messages import CellChosen, PositionChosen
from bpdebug.tui.operation_text import operation_text
from bpdebug.tui.screens.action_screen import ActionScreen
from bpdebug.tui.snapshot import (
    Selection,
    explain_element,
    given_text,
    layer_in_focus,
    places_of,
    read_pairs,
    read_subject,
    result_name,
)
from bpdebug.tui.verdicts import VIEWS, Verdicts, View
from bpdebug.tui.widgets.ledger import Ledger
from bpdebug.tui.widgets.operation_card import OperationCard
from bpdebug.tui.widgets.program_view import ProgramView
from bpdebug.tui.widgets.status_line import StatusLine, place_parts
from bpdebug.tui.widgets.tensor_panel import TensorPanel
from bpdebug.verify.report import Report, TensorReport
from bpdebug.verify.upstream import evaluate_mine

FEWEST_DIGITS, MOST_DIGITS = 1, 17
"""17 significant digits tell any two float64 numbers apart."""

VERBS: dict[str, Callable[[Debugger], Stop]] = {
    "step": Debugger.step,
    "back": Debugger.back,
    "into": Debugger.into,
    "out": Debugger.out,
    "next_layer": Debugger.next_layer,
    "previous_layer": Debugger.previous_layer,
    "finish_phase": Debugger.finish_phase,
    "restart": Debugger.restart,
    "end": Debugger.end,
}
HELP = """\
The forward pass runs left to right along the upper row of panels; the backward pass
runs right to left along the lower one. Every gradient lies under its tensor, cell under cell.

a_prev ──►  w  ,  b  ──►  z  ──►  a        values, forward  →
d_prev ◄──  dw ,  db ◄──  dz ◄──  da       gradients, backward  ←

written, read   what the current operation does with a tensor
▸0.0066         the selected cell; Tab goes to a panel, there the arrows move it
[0.0041]        the cells that the selected one comes from"""


class DebuggerScreen(ActionScreen):
    """Steps through one scenario."""

    AUTO_FOCUS = ""
    ACTIONS = ACTIONS
    HELP = HELP
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ACTIONS)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 (as Textual declares it)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-middle"), (44, "-high")]  # noqa: RUF012

    def __init__(self, scenario: Scenario) -> None:
        super().__init__()
        self.scenario = scenario
        self.debugger = Debugger(run(scenario.program, scenario.values))
        self.digits = 4
        self.pinned: int | None = None
        self.cells: dict[int, tuple[int, int]] = {}
        values = self.debugger.trace.values
        mine = evaluate_mine(scenario.program, values, scenario.mine) if scenario.mine else {}
        self.verdicts = Verdicts(scenario.program, values, mine)
        self.view: View = "reference"
        self.checking = ""

    def compose(self) -> ComposeResult:
        """Lay out the screen: the program at the left, the operation above the ledger."""
        yield StatusLine(self.scenario.name, self.scenario.title)
        with Horizontal(id="body"):
            yield ProgramView(self.scenario.program)
            with Vertical(id="work"):
                yield OperationCard()
                yield Ledger()
        yield self.key_bar()

    def on_mount(self) -> None:
        """Show the start; check the user's numbers, if there are any."""
        self.show()
        if self.verdicts.mine:
            self.action_run_check()

    # Reading the debugger

    @property
    def layer_number(self) -> int:
        """The layer in focus: the pinned one, else that of the current statement."""
        return self.pinned if self.pinned is not None else layer_in_focus(self.debugger)

    def selection(self, layer: Layer) -> Selection:
        """Return the element to explain: of the panel in focus, else of the current result."""
        places = places_of(layer)
        focused = self.focused.panel.name if isinstance(self.focused, TensorPanel) else ""
        name = focused if focused in places else result_name(self.debugger)
        return Selection(name, self.cells.get(places.get(name, -1), (0, 0)))

    def show(self) -> None:
        """Refresh every widget from the debugger; a widget that shows the same already does nothing."""
        debugger, ledger = self.debugger, self.query_one(Ledger)
        layer = debugger.program.layers[self.layer_number - 1]
        selection = self.selection(layer)
        origin = explain_element(debugger, selection, self.digits)
        sources = origin.sources if origin is not None else ()
        pairs = read_pairs(debugger, layer, self.verdicts, self.view, sources)
        ledger.show(pairs, self.cells, selection.name, self.digits)
        arithmetic = origin.sides if origin is not None else given_text(debugger, selection)
        words = self.verdicts.words(selection.name)
        self.query_one(OperationCard).show(operation_text(debugger, self.scenario.about, arithmetic, words))
        self.query_one(ProgramView).show(debugger.position, inside=debugger.moment.node > 0)
        self.query_one(StatusLine).show(place_parts(debugger, self.pinned, self.checking or self.view_text))
        self.show_enabled()

    def show_enabled(self) -> None:
        """Say what can be done now."""
        self.enable(
            {
                "later": self.debugger.can_move(1),
                "earlier": self.debugger.can_move(-1),
                "inside": self.debugger.moment.node > 0,
                "panel": self.focused is not None,
                "mine": bool(self.verdicts.mine),
                "wrong": bool(self.verdicts.wrong_positions),
            }
        )

    # What the keys do

    def action_move(self, verb: str) -> None:
        """Call a verb of the debugger."""
        VERBS[verb](self.debugger)
        self.show()

    def action_go_to(self) -> None:
        """Ask for a step, and go there."""
        from bpdebug.tui.screens.go_to import GoToScreen  # when first used: start-up is quicker

        self.app.push_screen(GoToScreen(self.debugger.program), self.go_to)

    def action_leave_panels(self) -> None:
        """Take the focus from the panels."""
        self.set_focus(None)

    def action_view_tensor(self) -> None:
        """Show the tensor of the panel in focus, or else the current result, in the viewer."""
        panel = self.focused.panel if isinstance(self.focused, TensorPanel) else None
        name = panel.name if panel is not None else result_name(self.debugger)
        cell = self.focused.cell if isinstance(self.focused, TensorPanel) else (0, 0)
        subject = read_subject(self.debugger, self.verdicts, name, cell, self.digits)
        if subject is None:
            self.notify(panel.note if panel is not None else "No statement has run yet: Tab goes to a panel")
            return
        from bpdebug.tui.screens.tensor_viewer import TensorViewer  # when first used: start-up is quicker

        self.app.push_screen(TensorViewer(subject))

    def action_change_digits(self, change: int) -> None:
        """Show more or fewer significant digits."""
        self.digits = min(max(self.digits + change, FEWEST_DIGITS), MOST_DIGITS)
        self.show()

    def action_toggle_pinned(self) -> None:
        """Keep the panels on the layer in focus, or let them follow the program again."""
        self.pinned = self.layer_number if self.pinned is None else None
        self.show()

    def action_run_check(self) -> None:
        """Check all gradients in the background; the keys go on working."""
        if not self.checking:
            self.checking = "checking"
            self.show()
            self.run_worker(self.check, thread=True, exclusive=True, group="check")

    def action_next_view(self) -> None:
        """Show the reference, then the user's numbers, then the difference."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self.show()

    def action_go_to_wrong(self, direction: Literal[1, -1]) -> None:
        """Go to the nearest wrong statement in a direction."""
        self.go_to(self.verdicts.next_wrong(self.debugger.position, direction))

    # The check, in its thread

    def check(self) -> None:
        """Run the check that `bpdebug check` runs, and tell the screen what it finds."""
        from bpdebug.verify.check import check  # when first used: start-up is quicker

        def progress(tensor: TensorReport) -> None:
            self.app.call_from_thread(self.show_progress, tensor.name)

        program, values = self.scenario.program, self.scenario.values
        report = check(program, values, self.verdicts.mine, progress=progress)
        self.app.call_from_thread(self.show_report, report)

    def show_progress(self, name: str) -> None:
        """Say which tensor has been checked."""
        self.checking = f"checked {name}"
        self.show()

    def show_report(self, report: Report) -> None:
        """Show the verdicts."""
        self.checking = ""
        self.verdicts = replace(self.verdicts, report=report)
        self.query_one(ProgramView).show_verdicts(self.verdicts)
        self.show()

    @property
    def view_text(self) -> str:
        """Whose numbers the panels show, where they are not the reference; else what a check found."""
        own = {"reference": "", "mine": "your numbers", "difference": "yours − reference"}[self.view]
        return own or self.verdicts.summary

    # What the widgets report

    def go_to(self, position: int | None) -> None:
        """Go to a position; None changes nothing."""
        if position is not None:
            self.debugger.goto(position)
            self.show()

    @on(PositionChosen)
    def position_chosen(self, message: PositionChosen) -> None:
        """Go where the listing points."""
        self.go_to(message.position)

    @on(CellChosen)
    def cell_chosen(self, message: CellChosen) -> None:
        """Explain the chosen cell, and show it in its partner too."""
        self.cells[message.place] = message.cell
        self.show()
        panel = self.query_one(Ledger).panel_of(message.name)
        if panel is not None:
            panel.reveal()

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def focus_moved(self) -> None:
        """Explain an element of the panel that has the focus now."""
        self.show()
