"""The debugger's screen: what is shown of the session, and the keys that change only that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from bpdebug.present.cells import DEFAULT_DIGITS, FEWEST_DIGITS, MOST_DIGITS
from bpdebug.present.curves import Quantity, loss_of, watch_of
from bpdebug.present.explaining import explain_element, given_text
from bpdebug.present.operation_text import operation_text
from bpdebug.present.panels import Sight, read_pairs
from bpdebug.present.snapshot import (
    most_pairs,
)
from bpdebug.present.subjects import read_subject
from bpdebug.present.views import View, Views
from bpdebug.sources.case import Case
from bpdebug.tui.autoplay import Autoplay
from bpdebug.tui.entries import gutter_marks
from bpdebug.tui.keys.action import Action, bindings
from bpdebug.tui.keys.debugger import ACTIONS, HELP, OPEN_A_LINE
from bpdebug.tui.run_ahead import RunAhead
from bpdebug.tui.screens.ledger_screen import LedgerScreen
from bpdebug.tui.widgets.ledger import Ledger
from bpdebug.tui.widgets.operation_card import OperationCard
from bpdebug.tui.widgets.program_view import ProgramView
from bpdebug.tui.widgets.status_line import StatusLine, place_parts
from bpdebug.tui.widgets.welcome import Welcome

ACTIONS_BY_TEXT = {action.action: action for action in ACTIONS}


class DebuggerScreen(LedgerScreen):
    """Steps through one scenario.

    Parameters
    ----------
    scenario : Case
        What to step through.
    actions : sequence of Action
        The table of actions, with the user's keys.
    digits : int
        Significant digits.
    newcomer : bool
        Whether to say, until the first key, what the panels are.
    """

    AUTO_FOCUS = ""
    ACTIONS = ACTIONS
    HELP = HELP
    OPEN_A_LINE = OPEN_A_LINE
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ACTIONS)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 (as Textual declares it)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-middle"), (44, "-high")]  # noqa: RUF012

    def __init__(
        self,
        scenario: Case,
        actions: Sequence[Action] = ACTIONS,
        digits: int = DEFAULT_DIGITS,
        newcomer: bool = False,
    ) -> None:
        super().__init__(scenario, actions)
        self.autoplay = Autoplay(self, self.debugger, self.run_command)
        self.ahead = RunAhead(self, self.debugger, lambda: self.is_computing)
        self.digits = digits
        self.newcomer = newcomer
        values = self.debugger.original.values
        self.views = Views(values, values, self.verdicts.mine)
        self.view: View = "run"

    def compose(self) -> ComposeResult:
        """Lay out the screen: the program at the left, the operation above the ledger."""
        yield StatusLine(self.scenario.name, self.scenario.title)
        with Horizontal(id="body"):
            yield ProgramView(self.scenario.program)
            with Vertical(id="work"):
                if self.newcomer:
                    yield Welcome(self.actions)
                yield OperationCard()
                yield Ledger(most_pairs(self.scenario.program))
                yield Horizontal(*self.lists.values(), id="lists")
        yield self.key_bar()
        yield from (self.answer_area, self.command_line, self.search_line)

    def on_mount(self) -> None:
        """Show the start, with the watches that the scenario brings; check the user's numbers."""
        self.set_class(self.newcomer, "-newcomer")
        self.lists["watches"].display = bool(self.debugger.watches)
        self.show()
        if self.verdicts.mine:
            self.action_run_check()

    def help_words(self) -> str:
        """Return what the scenario is about, which a small screen has no room for, and what is shown."""
        return "\n\n".join(filter(None, (self.scenario.about, self.HELP)))

    # What is shown

    def show(self) -> None:
        """Refresh every widget from the debugger; a widget that shows the same already does nothing."""
        if self.is_computing:
            return  # a command moves the debugger in a thread
        debugger, ledger = self.debugger, self.query_one(Ledger)
        self.autoplay.stop_if_moved()
        self.ahead.follow()
        self.read_views()
        selection = self.selected()
        origin = explain_element(debugger, selection, self.digits, self.view)
        sources = origin.sources if origin is not None else ()
        sight = Sight(self.cells, selection.name, sources, self.walked_from(selection))
        pairs = read_pairs(debugger, self.pairs(), self.verdicts, self.views, self.view, sight)
        ledger.show(pairs, selection.name, self.digits)
        arithmetic = origin.sides if origin is not None else given_text(debugger, selection, self.view)
        # A check is of the first iteration, and so is what it says.
        words = self.verdicts.words(selection.name) if debugger.iteration == 1 else ()
        self.query_one(OperationCard).show(operation_text(debugger, self.scenario.about, arithmetic, words))
        program = self.query_one(ProgramView)
        program.show(debugger.position, inside=debugger.moment.node > 0)
        program.show_stops(gutter_marks(debugger.breakpoints))
        self.show_entries()
        state = self.checking or self.views.status(self.view) or self.verdicts.summary
        self.query_one(StatusLine).show(place_parts(debugger, self.pinned, self.autoplay.text, state))
        self.show_enabled()

    def read_views(self) -> None:
        """Look at the run as it is now: what was set, or dropped, has made another one."""
        debugger = self.debugger
        if self.views.run is not debugger.trace.values:
            values, replaced = debugger.trace.values, debugger.history.replaced_names
            # The user's numbers are those of the first iteration: a later one has others.
            mine = self.verdicts.mine if debugger.iteration == 1 else {}
            self.views = Views(debugger.original.values, values, mine, replaced)
            self.view = "run"

    def show_enabled(self) -> None:
        """Say what can be done now."""
        self.enable(
            {
                "later": self.debugger.can_move(1),
                "earlier": self.debugger.can_move(-1),
                "inside": self.debugger.moment.node > 0,
                "playing": self.autoplay.is_playing,
                "panel": self.focused is not None,
                "layers": self.shown_layer is not None,
                "element": self.debugger.is_known(self.selected().name),
                "finding": self.may_have_findings,
                "view": len(self.views.offered) > 1,
                "set": bool(self.debugger.history.replaced),
                "iterations": self.debugger.timeline.iterations > 1,
                "curve": self.quantity() is not None,
                "wrong": bool(self.verdicts.wrong_positions),
                **self.query_one(Ledger).slices_to_see(self.selected().name),
            }
        )

    # What the keys do

    def action_view_tensor(self) -> None:
        """Show the tensor of the panel in focus, or else the current result, in the viewer."""
        selection = self.selected()
        subject = read_subject(self.debugger, self.views, selection, self.digits, self.view)
        if subject is None:
            panel = self.query_one(Ledger).panel_of(selection.name)
            note = panel.panel.note if panel is not None else ""
            self.say(note or "no statement has run yet: Tab goes to a panel")
            return
        from bpdebug.tui.screens.tensor_viewer import TensorViewer  # when first used: start-up is quicker

        self.app.push_screen(TensorViewer(subject))

    def action_change_digits(self, change: int) -> None:
        """Show more or fewer significant digits."""
        self.digits = min(max(self.digits + change, FEWEST_DIGITS), MOST_DIGITS)
        self.show()

    def action_next_view(self) -> None:
        """Show other numbers: the original run's, the user's, a difference."""
        self.view = self.views.after(self.view)
        self.show()

    def action_health(self) -> None:
        """Show the health of the run, and go to the finding that is chosen there."""
        from bpdebug.tui.screens.health import HealthScreen

        self.app.push_screen(HealthScreen(self.debugger.trace), self.go_to)

    def quantity(self) -> Quantity | None:
        """Return what there is to draw over the iterations: the watch in focus, or else the loss."""
        if self.debugger.timeline.iterations == 1:
            return None
        watches = self.lists["watches"].rows
        if self.focused is watches and watches.entry is not None:
            return watch_of(self.debugger, watches.entry.number)
        return loss_of(self.debugger.program)

    def action_curve(self) -> None:
        """Draw a number over all iterations, and go to the iteration that is chosen there."""
        from bpdebug.tui.screens.curve import CurveScreen  # when first used: it needs a plotting library

        if (quantity := self.quantity()) is not None:
            screen = CurveScreen(self.debugger.history, quantity, self.debugger.iteration)
            self.app.push_screen(screen, self.go_to_iteration)

    def go_to_iteration(self, iteration: int | None) -> None:
        """Go to the same statement of an iteration; None changes nothing."""
        self.go_to(None if iteration is None else f"{iteration}:")

    def action_toggle_autoplay(self) -> None:
        """Step on without a key, or stop."""
        (self.autoplay.stop if self.autoplay.is_playing else self.autoplay.start)()
        self.show()

    def action_change_speed(self, factor: float) -> None:
        """Play faster or slower."""
        self.autoplay.change_speed(factor)
        self.show()

    async def action_save_screenshot(self) -> None:
        """Save the screen as a picture, without the messages that may lie over it."""
        from bpdebug.tui.screenshot import save_screenshot

        self.app.clear_notifications()
        await self.query("Toast").remove()
        self.call_after_refresh(save_screenshot, self.app, self.scenario.name, self.debugger.position)

    # What the widgets report

    @on(events.Key)
    @on(events.MouseDown)
    def welcomed(self) -> None:
        """Let the operation have the place of the welcome; the key does its work as well."""
        self.remove_class("-newcomer")

    @on(events.ScreenSuspend)
    def dialog_opened(self) -> None:
        """Stop playing: nobody sees it."""
        self.autoplay.stop()
        self.show()

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def focus_moved(self) -> None:
        """Explain an element of the panel that has the focus now."""
        self.show()
