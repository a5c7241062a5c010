"""The debugger's screen: it shows a session, and every key and click asks one of its collaborators.

`runner` runs the commands of the session, `prompt` takes those that one types, `checking` checks it in the
background, `chosen` knows what one looks at, `autoplay` and `ahead` go on by themselves. The screen lays the
widgets out, and refreshes them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, Literal, ParamSpec

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from bpdebug.commands.command import Answer
from bpdebug.commands.session import Session
from bpdebug.engine.program.trace import Trace
from bpdebug.present.card import card_text
from bpdebug.present.cells import DEFAULT_DIGITS
from bpdebug.present.chosen import Chosen
from bpdebug.present.command_runner import CommandRunner, Passed
from bpdebug.present.entries import gutter_marks
from bpdebug.present.explaining import set_text
from bpdebug.present.health_text import next_finding
from bpdebug.present.line_pairs import most_pairs_of_lines
from bpdebug.present.operation_text import about_text
from bpdebug.present.panels import read_pairs
from bpdebug.present.snapshot import most_pairs
from bpdebug.present.source_listing import same_position, source_window
from bpdebug.sources.case import Case
from bpdebug.tui import messages, screenshot
from bpdebug.tui.autoplay import Autoplay
from bpdebug.tui.checking import CORRECTED, Checking
from bpdebug.tui.following import Following
from bpdebug.tui.keys.action import Action, Needs, bindings
from bpdebug.tui.keys.debugger import ACTIONS, HELP, OPEN_A_LINE
from bpdebug.tui.line_stops import LineStops
from bpdebug.tui.run_ahead import RunAhead
from bpdebug.tui.screens import computing
from bpdebug.tui.screens.action_screen import ActionScreen
from bpdebug.tui.screens.overlays import Overlays
from bpdebug.tui.widgets.answer_area import AnswerArea
from bpdebug.tui.widgets.entry_lists import EntryLists
from bpdebug.tui.widgets.ledger import Ledger
from bpdebug.tui.widgets.operation_card import OperationCard
from bpdebug.tui.widgets.program_view import ProgramView
from bpdebug.tui.widgets.prompt import Prompt
from bpdebug.tui.widgets.status_line import StatusLine, place_parts
from bpdebug.tui.widgets.tensor_panel import CELL_MOVES
from bpdebug.tui.widgets.welcome import Welcome

Pressed = ParamSpec("Pressed")
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
        self.checking = Checking(self, case, self.debugger.original, self.show, hides)
        self.chosen = Chosen(self.debugger, self.checking.verdicts.mine, digits)
        self.autoplay = Autoplay(self, self.debugger, self.runner.run)
        self.ahead = RunAhead(self, self.debugger, lambda: self.runner.is_computing)
        self.examined: Trace | None = None
        self.status = StatusLine(case.name, case.title)
        self.program = ProgramView(case.program, source_window(case))
        count = most_pairs_of_lines if case.program.is_recorded else most_pairs
        self.ledger = Ledger(count(case.program) + BESIDE * (len(case.program.blocks) > 1))
        self.operation = OperationCard(self.ledger)
        self.following = Following(self.chosen, self.ledger, self.runner)
        self.line_stops = LineStops(self.debugger, self.program, self.runner.run)
        self.lists = EntryLists(self.debugger, self.runner.execute)
        self.prompt = Prompt(answers, self.runner, self.program)
        self.overlays = Overlays(self, case, self.chosen, self.following, self.lists, self.runner)
        self.go_to = self.overlays.go_to
        # What a key asks of one of them, it asks it directly.
        self.action_go_to = self.overlays.ask_where
        self.action_view_tensor = self.overlays.view_tensor
        self.action_source = self.overlays.source
        self.action_health = self.overlays.health
        self.action_curve = self.overlays.curve
        self.action_follow_back = self.following.back
        self.action_forwards = self.following.ask_forwards
        self.action_turn_slice = self.following.turn_slice
        self.action_turn_origins = self.following.turn_origins
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

    def shown(self, act: Callable[Pressed, object]) -> Callable[Pressed, None]:
        """Return what does something, and then shows it."""

        def acts(*given: Pressed.args, **options: Pressed.kwargs) -> None:
            act(*given, **options)
            self.show()

        return acts

    def show(self) -> None:
        """Refresh every widget from the debugger; a widget that shows the same already does nothing."""
        if self.runner.is_computing or not self.status.is_attached:
            return  # a command moves the debugger in a thread, or the screen is being left
        debugger, chosen, verdicts = self.debugger, self.chosen, self.checking.verdicts
        self.autoplay.stop_if_moved()
        self.ahead.follow()
        chosen.follow_run()
        chosen.trail.keep(debugger.moment)
        selection = self.following.selection()
        origin = chosen.origin(selection)
        sight = chosen.sight(selection, origin)
        pairs = read_pairs(debugger, chosen.pairs(), verdicts, chosen.views, chosen.view, sight)
        chosen.beside = ()
        beside = (
            (read_pairs(debugger, names, verdicts, chosen.views, chosen.view, sight, says_dtype=False), side)
            for names, side in chosen.neighbours()
        )
        self.ledger.show(pairs, selection.name, chosen.digits, self.following.cursor_name, beside)
        self.ledger.mark_fed(self.following.fed_by(selection) or {})
        text = card_text(self.case, debugger, chosen, verdicts, selection, origin, self.checking.hides)
        self.operation.show(text, chosen.trail.text(selection), self.following.enter_text())
        self.following.follow_focus()
        self.program.show(debugger.position, inside=debugger.moment.node > 0)
        self.program.show_stops(gutter_marks(debugger.breakpoints))
        self.program.show_verdicts(verdicts)
        self.lists.show()
        state = self.checking.state(chosen.views.status(chosen.view))
        place = place_parts(debugger, chosen.pinned, self.autoplay.text, state)
        self.status.show(place)
        self.show_enabled()

    def show_enabled(self) -> None:
        """Say what can be done now."""
        debugger, name = self.debugger, self.following.selection().name
        checking = self.checking
        self.enable(
            {
                "later": debugger.can_move(1),
                "earlier": debugger.can_move(-1),
                "before": debugger.can_move(-1) or debugger.iteration > 1,
                "after": debugger.can_move(1) or debugger.iteration < debugger.timeline.iterations,
                "inside": debugger.is_inside,
                "playing": self.autoplay.is_playing,
                "panel": self.focused is not None,
                "layers": self.chosen.layer is not None,
                "element": debugger.is_known(name),
                "trail": bool(self.chosen.trail.visits),
                # Whether something may be wrong with the run's health; certain once it has been asked for.
                "finding": self.examined is not debugger.trace or bool(debugger.findings),
                "view": len(self.chosen.views.offered) > 1,
                "set": bool(debugger.history.replaced),
                "iterations": debugger.has_turns,
                "curve": self.overlays.quantity() is not None,
                "hidden": checking.hides,
                "wrong": bool(checking.verdicts.wrong_positions),
                "corrected": checking.is_corrected or checking.verdicts.corrected is not None,
                "source": self.case.script is not None and debugger.line is not None,
                **self.ledger.slices_to_see(name),
            }
        )

    def in_background(self, run: Callable[[Passed], Answer], done: Callable[[Answer | None], None]) -> None:
        """Run a command in a thread, under a line that says how far it is; then call `done`."""
        self.app.push_screen(computing.ComputingScreen(run), done)

    # Moving

    def action_run(self, line: str) -> None:
        """Run the command of a key; the first and the last are those of the whole training."""
        timeline, iteration = self.debugger.timeline, self.debugger.iteration
        if line == "restart" and iteration > 1:
            line = "goto 1:0"
        elif line == "end" and iteration < timeline.iterations:
            line = f"goto {timeline.iterations}:{timeline.last}"
        self.runner.run(line)

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

    def action_go_to_finding(self) -> None:
        """Go to the first bad tensor, and say what is wrong with it and what to do."""
        finding = next_finding(self.debugger.findings, self.debugger.position)
        self.examined = self.debugger.trace
        if finding is None:
            self.show()
            self.say("nothing is wrong with the health of this run")
        else:
            self.go_to(finding.position)
            self.say(f"{finding.condition} {finding.text}. {finding.advice}")

    def action_run_check(self) -> None:
        """Check all gradients in the background."""
        if self.checking.is_corrected:
            self.say(CORRECTED)
        else:
            self.checking.check.start()

    def action_go_to_wrong(self, direction: Literal[1, -1]) -> None:
        """Go to the nearest wrong statement in a direction."""
        self.go_to(self.checking.next_wrong(self.debugger.position, direction))

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
            self.show_corrected(case)

    def show_corrected(self, case: Case) -> None:
        """Step through a corrected run, from where one is."""
        screen = DebuggerScreen(case, self.actions, self.chosen.digits)
        screen.debugger.goto(same_position(self.debugger.position, self.case.program, case.program))
        self.app.push_screen(screen)

    def action_toggle_autoplay(self) -> None:
        """Step on without a key, or stop."""
        (self.autoplay.stop if self.autoplay.is_playing else self.autoplay.start)()
        self.show()

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
        selection = self.following.selection()
        if not self.debugger.is_known(selection.name):
            return  # the focus has just moved, and the keys do not know it yet
        self.prompt.type_command(*set_text(self.debugger, selection))

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

    def action_follow(self) -> None:
        """Follow the bracketed cell under the cursor; elsewhere, open the tensor."""
        if not self.following.follow_bracketed():
            self.overlays.view_tensor()

    async def action_save_screenshot(self) -> None:
        """Save the screen as an image, without the messages that may lie over it."""
        self.app.clear_notifications()
        await self.query("Toast").remove()
        self.call_after_refresh(screenshot.save_screenshot, self.app, self.case.name, self.debugger.position)

    # What else happens

    @on(events.Key)
    @on(events.MouseDown)
    def welcomed(self, event: events.Event) -> None:
        """Let the operation have the place of the welcome; a key that moves on does nothing else."""
        if self.has_class("-newcomer"):
            self.remove_class("-newcomer")
            if isinstance(event, events.Key) and self.moves(event.key):
                event.stop()

    def moves(self, key: str) -> bool:
        """Whether a key goes on through the program."""
        return any(key in action.keys.split(",") and action.group == "Step" for action in self.actions)

    @on(events.Unmount)
    def left(self) -> None:
        """End what is still being checked."""
        self.checking.check.end()

    @on(events.ScreenSuspend)
    def dialog_opened(self) -> None:
        """Stop playing: nobody sees it."""
        self.autoplay.stop()
        self.show()
