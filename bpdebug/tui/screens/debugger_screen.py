"""The debugger's screen: a key calls one verb of the debugger, and the screen refreshes from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from bpdebug.engine.debugger import Debugger, Stop
from bpdebug.engine.program import Layer
from bpdebug.engine.trace import run
from bpdebug.scenario import Scenario
from bpdebug.tui.actions import ACTIONS, Action, Needs, bindings
from bpdebug.tui.messages import CellChosen, PositionChosen
from bpdebug.tui.operation_text import operation_text
from bpdebug.tui.snapshot import (
    PairNames,
    Selection,
    explain_element,
    given_text,
    layer_in_focus,
    most_pairs,
    pairs_in_focus,
    places_of,
    read_pairs,
    result_name,
)
from bpdebug.tui.verdicts import VIEWS, Verdicts, View
from bpdebug.tui.widgets.key_bar import KeyBar
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
ACTIONS_BY_TEXT = {action.action: action for action in ACTIONS}


class DebuggerScreen(Screen[None]):
    """Steps through one scenario."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
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
        self.enabled: dict[Needs, bool] = {}

    def compose(self) -> ComposeResult:
        """Lay out the screen: the program at the left, the operation above the ledger."""
        yield StatusLine(self.scenario.name, self.scenario.title)
        with Horizontal(id="body"):
            yield ProgramView(self.scenario.program)
            with Vertical(id="work"):
                yield OperationCard()
                yield Ledger(most_pairs(self.scenario.program))
        yield KeyBar(self.can_run)

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

    @property
    def shown_layer(self) -> Layer | None:
        """The layer in focus; None where there are no layers."""
        layers = self.debugger.program.layers
        return layers[self.layer_number - 1] if layers else None

    def selection(self, pairs: Sequence[PairNames]) -> Selection:
        """Return the element to explain: of the panel in focus, else of the current result."""
        places = places_of(pairs)
        focused = self.focused.panel.name if isinstance(self.focused, TensorPanel) else ""
        name = focused if focused in places else result_name(self.debugger)
        return Selection(name, self.cells.get(places.get(name, -1), (0, 0)))

    def show(self) -> None:
        """Refresh every widget from the debugger; a widget that shows the same already does nothing."""
        debugger, ledger = self.debugger, self.query_one(Ledger)
        statement = debugger.statement or debugger.program.statements[0]
        names = pairs_in_focus(debugger.program, self.shown_layer, statement)
        selection = self.selection(names)
        origin = explain_element(debugger, selection, self.digits)
        sources = origin.sources if origin is not None else ()
        pairs = read_pairs(debugger, names, self.verdicts, self.view, sources)
        ledger.show(pairs, self.cells, selection.name, self.digits)
        arithmetic = origin.sides if origin is not None else given_text(debugger, selection)
        words = self.verdicts.words(selection.name)
        self.query_one(OperationCard).show(operation_text(debugger, self.scenario.about, arithmetic, words))
        self.query_one(ProgramView).show(debugger.position, inside=debugger.moment.node > 0)
        self.query_one(StatusLine).show(place_parts(debugger, self.pinned, self.checking or self.view_text))
        self.show_enabled()

    def show_enabled(self) -> None:
        """Show an action that cannot do anything now as disabled."""
        enabled: dict[Needs, bool] = {
            "": True,
            "later": self.debugger.can_move(1),
            "earlier": self.debugger.can_move(-1),
            "inside": self.debugger.moment.node > 0,
            "panel": self.focused is not None,
            "layers": bool(self.debugger.program.layers),
            "mine": bool(self.verdicts.mine),
            "wrong": bool(self.verdicts.wrong_positions),
        }
        if enabled != self.enabled:
            self.enabled = enabled
            self.query_one(KeyBar).refresh()
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Answer whether an action can do anything: None shows it disabled."""
        text = f"{action}({', '.join(map(repr, parameters))})" if parameters else action
        entry = ACTIONS_BY_TEXT.get(text)
        return True if entry is None or self.can_run(entry) else None

    def can_run(self, action: Action) -> bool:
        """Whether an action can do anything now."""
        return self.enabled.get(action.needs, True)

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

    def action_toggle_maximised(self) -> None:
        """Let the panel in focus, or that of the current result, fill the screen; or restore it."""
        if self.maximized is not None:
            self.minimize()
            return
        panel = self.focused or self.query_one(Ledger).panel_of(result_name(self.debugger))
        if panel is not None:
            self.set_focus(panel)
            self.maximize(panel)

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

    def action_health(self) -> None:
        """Show the health of the run, and go to the finding that is chosen there."""
        from bpdebug.tui.screens.health import HealthScreen

        self.app.push_screen(HealthScreen(self.debugger.trace), self.go_to)

    def action_help(self) -> None:
        """Show the help screen."""
        from bpdebug.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())

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
