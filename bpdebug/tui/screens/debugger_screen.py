"""The debugger's screen: it shows a session, and every key and click asks one of its collaborators.

`runner` runs the commands of the session, `prompt` takes those that one types, `checking` checks it in the
background, `chosen` knows what one looks at, `autoplay` and `ahead` go on by themselves. The screen lays the
widgets out, and refreshes them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from bpdebug.commands.command import Answer
from bpdebug.commands.session import Session
from bpdebug.present.cells import DEFAULT_DIGITS
from bpdebug.present.chosen import Chosen
from bpdebug.present.command_runner import CommandRunner, Passed
from bpdebug.present.line_pairs import most_pairs_of_lines
from bpdebug.present.operation_text import about_text
from bpdebug.present.snapshot import most_pairs
from bpdebug.present.source_listing import same_position, source_window
from bpdebug.sources.case import Case
from bpdebug.tui import messages, screenshot
from bpdebug.tui.autoplay import Autoplay
from bpdebug.tui.checking import Checking
from bpdebug.tui.following import Following
from bpdebug.tui.keys.action import Action, Needs, bindings
from bpdebug.tui.keys.debugger import ACTIONS, HELP, OPEN_A_LINE
from bpdebug.tui.line_stops import LineStops
from bpdebug.tui.run_ahead import RunAhead
from bpdebug.tui.screens import computing
from bpdebug.tui.screens.action_screen import ActionScreen
from bpdebug.tui.screens.overlays import Overlays
from bpdebug.tui.screens.showing import Showing
from bpdebug.tui.widgets.answer_area import AnswerArea
from bpdebug.tui.widgets.entry_lists import EntryLists
from bpdebug.tui.widgets.ledger import Ledger
from bpdebug.tui.widgets.operation_card import OperationCard
from bpdebug.tui.widgets.program_view import ProgramView
from bpdebug.tui.widgets.prompt import Prompt
from bpdebug.tui.widgets.status_line import StatusLine
from bpdebug.tui.widgets.tensor_panel import CELL_MOVES
from bpdebug.tui.widgets.welcome import Welcome

BESIDE = 10
"""So many pairs of other layers are shown at most."""


class DebuggerScreen(ActionScreen):
    """Steps through one case.

    Parameters
    ----------
    case : Case
        What to step through.
    actions : sequence of Action
        The table of actions, with the user's keys.
    digits : int
        Significant digits.
    newcomer : bool
        Whether to say, until the first key, what the panels are.
    hides : bool
        Whether what the check finds is hidden until a key reveals it: for a class that is to find the bug.
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
        case: Case,
        actions: Sequence[Action] = ACTIONS,
        digits: int = DEFAULT_DIGITS,
        newcomer: bool = False,
        hides: bool = False,
    ) -> None:
        super().__init__(actions)
        self.case = case
        self.newcomer = newcomer
        self.session = Session(case)
        self.debugger = self.session.debugger
        answers = AnswerArea()
        self.say = answers.say
        self.runner = CommandRunner(self.session, self.in_background, self.show, self.say)
        self.checking = Checking(self, case, self.debugger.original, self.runner, hides)
        self.chosen = Chosen(self.debugger, self.checking.verdicts.mine, digits)
        self.autoplay = Autoplay(self, self.debugger, self.runner.run)
        self.ahead = RunAhead(self, self.debugger, lambda: self.runner.is_computing)
        self.status = StatusLine(case.name, case.title)
        self.program = ProgramView(case.program, source_window(case))
        count = most_pairs_of_lines if case.program.is_recorded else most_pairs
        self.ledger = Ledger(count(case.program) + BESIDE * (len(case.program.blocks) > 1))
        self.operation = OperationCard(self.ledger)
        self.following = Following(self.chosen, self.ledger, self.runner)
        self.line_stops = LineStops(self.debugger, self.program, self.runner.run)
        self.lists = EntryLists(self.debugger, self.runner.execute)
        self.prompt = Prompt(answers, self.runner, self.program)
        self.overlays = Overlays(self, case, self.following, self.lists)
        self.showing = Showing(self.overlays, self.checking, self.status, self.program, self.operation)
        self.go_to = self.overlays.go_to
        # What a key asks of one of them, it asks it directly.
        self.action_run = self.runner.run_in_training
        self.action_go_to = self.overlays.ask_where
        self.action_view_tensor = self.overlays.view_tensor
        self.action_follow = self.overlays.follow
        self.action_source = self.overlays.source
        self.action_health = self.overlays.health
        self.action_go_to_finding = self.overlays.go_to_finding
        self.action_curve = self.overlays.curve
        self.action_follow_back = self.following.back
        self.action_forwards = self.following.ask_forwards
        self.action_turn_slice = self.following.turn_slice
        self.action_turn_origins = self.following.turn_origins
        self.action_run_check = self.checking.run
        self.action_go_to_wrong = lambda way: self.following.go_to_wrong(self.checking.verdicts, way)
        self.action_toggle_entries = self.lists.toggle
        self.action_toggle_breakpoint = self.line_stops.toggle_here
        self.action_toggle_mathematics = self.program.toggle_mathematics
        self.action_command = self.prompt.type_command
        self.action_search = self.prompt.type_search
        self.action_scroll_answer = answers.scroll_pages
        self.action_leave_panels = partial(self.set_focus, None)
        self.action_toggle_pinned = self.shown(self.chosen.toggle_pinned)
        self.action_change_digits = self.shown(self.chosen.change_digits)
        self.action_next_view = self.shown(self.chosen.next_view)
        self.action_change_speed = self.shown(self.autoplay.change_speed)
        self.action_toggle_autoplay = self.shown(self.autoplay.toggle)

    def reason(self, needs: Needs) -> str:
        """Say why what an action needs is not there: it may only be hidden."""
        return self.checking.reason(needs) or super().reason(needs)

    def compose(self) -> ComposeResult:
        """Lay out the screen: the program at the left, the operation above the ledger."""
        self.fit({"-newcomer": self.newcomer, "-own-code": self.case.script is not None})
        yield self.status
        with Horizontal(id="body"):
            yield self.program
            with Vertical(id="work"):
                if self.newcomer:
                    yield Welcome(self.actions, about_text(self.case, self.checking.hides))
                yield from (self.operation, self.ledger, self.lists)
        yield self.key_bar()
        yield from (self.prompt.answers, self.prompt)

    def on_mount(self) -> None:
        """Show the start, with the watches that the case brings; check the user's values."""
        self.lists.panels["watches"].display = bool(self.debugger.watches)
        self.show()
        if self.checking.check.starts_by_itself:
            self.checking.check.start()

    def help_words(self) -> str:
        """Return what the case is about, which a small screen has no room for, and what is shown."""
        return "\n\n".join(filter(None, (about_text(self.case, self.checking.hides), self.HELP)))

    # What is shown

    def show(self) -> None:
        """Refresh every widget from the debugger; a widget that shows the same already does nothing."""
        if self.runner.is_computing or not self.status.is_attached:
            return  # a command moves the debugger in a thread, or the screen is being left
        self.autoplay.stop_if_moved()
        self.ahead.follow()
        self.showing.show(self.autoplay.text)
        self.enable(self.showing.enabled(self.autoplay.is_playing))

    def in_background(self, run: Callable[[Passed], Answer], done: Callable[[Answer | None], None]) -> None:
        """Run a command in a thread, under a line that says how far it is; then call `done`."""
        self.app.push_screen(computing.ComputingScreen(run), done)

    # Moving

    @on(messages.PositionChosen)
    def position_chosen(self, message: messages.PositionChosen) -> None:
        """Go where the listing points."""
        self.go_to(message.position)

    @on(messages.GutterClicked)
    def gutter_clicked(self, message: messages.GutterClicked) -> None:
        """Set or remove a breakpoint beside a line."""
        self.line_stops.toggle_at(message.number)

    @on(messages.RoomChanged)
    def room_changed(self) -> None:
        """Show the pairs of other layers, where there is room for them now."""
        self.show()

    @on(messages.EntryClicked)
    def entry_clicked(self, message: messages.EntryClicked) -> None:
        """Go to the next place of a breakpoint."""
        here = self.debugger.position
        places = sorted(message.positions, key=lambda position: (position <= here, position))
        self.go_to(places[0] if places else None)

    @on(messages.NothingDone)
    def nothing_done(self, message: messages.NothingDone) -> None:
        """Say why a key of a list did nothing."""
        self.say(message.reason)

    def action_reveal(self) -> None:
        """Show what the check has found."""
        self.checking.hides = False
        self.chosen.know(self.checking.verdicts.mine)
        self.show()

    def action_toggle_corrected(self) -> None:
        """Show the run as it would be with the corrections, at the same line; or go back."""
        if self.checking.is_corrected:
            self.app.pop_screen()
            if isinstance(below := self.app.screen, DebuggerScreen):
                position = self.debugger.position
                below.go_to(same_position(position, self.case.program, below.case.program))
        elif (case := self.checking.verdicts.corrected) is not None:
            screen = DebuggerScreen(case, self.actions, self.chosen.digits)
            screen.debugger.goto(same_position(self.debugger.position, self.case.program, case.program))
            self.app.push_screen(screen)

    # Typing

    @on(events.Key)
    def key_pressed(self, event: events.Key) -> None:
        """Take the last answer away, unless a line is open that it stands above; a key that can do nothing
        says why.
        """
        if not self.prompt.is_open:
            self.say(*self.why_not(event.key))
            if self.focused is None and event.key in CELL_MOVES.keys() - self.active_bindings.keys():
                self.say("no panel has the focus: Tab goes to one")

    def action_edit_element(self) -> None:
        """Let another value be typed for the selected element."""
        self.prompt.type_value(self.following.selection())

    @on(messages.PromptClosed)
    def prompt_closed(self) -> None:
        """Take the answer away with the line that it belongs to: one of the prompt, or of a list."""
        self.say()

    # Looking

    @property
    def focus_chain(self) -> list[Widget]:
        """What Tab visits: first the panels of the current statement, then the others, and all else."""
        panels = self.ledger.focus_order()
        return [*panels, *(widget for widget in super().focus_chain if widget not in self.ledger.panels)]

    @on(messages.CellChosen)
    def cell_chosen(self, message: messages.CellChosen) -> None:
        """Look at a cell; a click on a bracketed one follows it."""
        self.following.choose(message.name, message.index, message.clicked)

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def focus_moved(self) -> None:
        """Look at a cell of the panel that has the focus now; without one, at what is written."""
        self.following.focus_moved()

    async def action_save_screenshot(self) -> None:
        """Save the screen as an image."""
        await screenshot.save_screenshot(self, self.case.name, self.debugger.position)

    # What else happens

    @on(events.Key)
    @on(events.MouseDown)
    def welcomed(self, event: events.Event) -> None:
        """Let the operation have the place of the welcome; a key that moves on does nothing else."""
        if self.has_class("-newcomer"):
            self.remove_class("-newcomer")
            if isinstance(event, events.Key) and "Step" in self.groups_of(event.key):
                event.stop()

    @on(events.Unmount)
    def left(self) -> None:
        """End what is still being checked."""
        self.checking.check.end()

    @on(events.ScreenSuspend)
    def dialog_opened(self) -> None:
        """Stop playing: nobody sees it."""
        self.autoplay.stop()
        self.show()
