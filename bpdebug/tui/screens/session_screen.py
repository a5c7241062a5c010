"""The session behind the debugger's screen: every key, click and typed line that changes it is a command.

So whatever one does can be saved as a script, and replayed without a terminal. What the screen shows is its
subclass's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from textual import events, on

from bpdebug.commands.command import Answer
from bpdebug.commands.completion import completions
from bpdebug.commands.session import Session
from bpdebug.commands.table import execute
from bpdebug.engine.health import Finding
from bpdebug.engine.language.provenance.origins import element_text
from bpdebug.engine.program.trace import Trace
from bpdebug.errors import Interrupted
from bpdebug.present.explaining import Selection
from bpdebug.present.slicing import nearest
from bpdebug.present.snapshot import result_name
from bpdebug.sources.case import Case
from bpdebug.tui.entries import ENTRY_KINDS, WatchReadings, breakpoint_entries
from bpdebug.tui.keys.action import Action
from bpdebug.tui.messages import (
    CommandTyped,
    CompletionsFound,
    EntryClicked,
    GutterClicked,
    PositionChosen,
    PromptClosed,
    SearchEnded,
    SearchMoved,
)
from bpdebug.tui.replies import reply
from bpdebug.tui.screens.action_screen import ActionScreen
from bpdebug.tui.widgets.answer_area import AnswerArea
from bpdebug.tui.widgets.entry_panel import EntryPanel
from bpdebug.tui.widgets.program_view import ProgramView
from bpdebug.tui.widgets.prompt_line import CommandLine, SearchLine

PATIENCE = 0.1
"""Seconds that a command may compute iterations before it goes on in a thread."""


class SessionScreen(ActionScreen):
    """Runs the commands of a session, and shows what they answer.

    Parameters
    ----------
    scenario : Case
        What is debugged.
    actions : sequence of Action
        The table of actions, with the user's keys.
    """

    def __init__(self, scenario: Case, actions: Sequence[Action]) -> None:
        super().__init__(actions)
        self.scenario = scenario
        self.session = Session(scenario)
        self.debugger = self.session.debugger
        self.readings = WatchReadings()
        self.lists = {kind.name: EntryPanel(kind, self.execute) for kind in ENTRY_KINDS.values()}
        self.command_line = CommandLine(lambda line: completions(self.session, line))
        self.search_line = SearchLine()
        self.answer_area = AnswerArea()
        self.examined: Trace | None = None
        self.is_computing = False

    def show(self) -> None:
        """Refresh every widget from the debugger."""
        raise NotImplementedError

    def selected(self) -> Selection:
        """Return the element that is explained."""
        raise NotImplementedError

    # Commands

    def execute(self, line: str) -> Answer:
        """Run a command, and show what has become of the session; what takes long goes on in a thread."""
        self.debugger.on_iteration = interrupt_after(PATIENCE)
        try:
            answer = execute(self.session, line)
        except Interrupted:
            self.compute(line)
            return Answer(())
        self.show()
        return answer

    def compute(self, line: str) -> None:
        """Run a command in a thread, and answer when it is done; until then one can only stop it."""
        from bpdebug.tui.screens.computing import ComputingScreen  # when first used: start-up is quicker

        def run(passed: Callable[[int], None]) -> Answer:
            self.debugger.on_iteration = passed
            return execute(self.session, line)

        def done(answer: Answer | None) -> None:
            self.is_computing = False
            self.show()
            if answer is not None:
                self.say(*reply(line, answer), failed=answer.failed)

        self.is_computing = True
        self.app.push_screen(ComputingScreen(run), done)

    def run_command(self, line: str) -> None:
        """Run the command of a key or a click, and say what the screen does not show anyway."""
        answer = self.execute(line)
        self.say(*reply(line, answer), failed=answer.failed)

    def say(self, *lines: str, failed: bool = False) -> None:
        """Show an answer until the next key."""
        self.answer_area.show(lines, failed)

    def on_key(self, event: events.Key) -> None:
        """Take the last answer away, unless a line is open that it stands above."""
        if not (self.command_line.display or self.search_line.display):
            self.say()

    def action_run(self, line: str) -> None:
        """Run the command of a key."""
        self.run_command(line)

    def go_to(self, place: int | str | None) -> None:
        """Go to a position, or to what `goto` takes: `12:dw1`; None changes nothing."""
        if place is not None:
            self.run_command(f"goto {place}")

    def action_go_to(self) -> None:
        """Ask for a step, and go there."""
        from bpdebug.tui.screens.go_to import GoToScreen  # when first used: start-up is quicker

        self.app.push_screen(GoToScreen(self.debugger), self.go_to)

    @on(PositionChosen)
    def position_chosen(self, message: PositionChosen) -> None:
        """Go where the listing points."""
        self.go_to(message.position)

    # The command line

    def action_command(self, text: str = "") -> None:
        """Let a command be typed."""
        self.say()
        self.command_line.open(text)

    @on(CommandTyped)
    def command_typed(self, message: CommandTyped) -> None:
        """Run what was typed, and show all that it answers."""
        answer = self.execute(message.line)
        if answer.ends:
            self.app.exit()
        self.say(*answer.lines, failed=answer.failed)

    @on(CompletionsFound)
    def completions_found(self, message: CompletionsFound) -> None:
        """Show how the line may go on."""
        self.say("  ".join(message.words))

    @on(PromptClosed)
    def prompt_closed(self) -> None:
        """Take the answer away with the line that it belongs to."""
        self.say()

    def action_scroll_answer(self, pages: int) -> None:
        """Show what is above or below in a long answer."""
        page = max(1, self.answer_area.size.height - 1)
        self.answer_area.scroll_relative(y=pages * page, animate=False)

    def action_edit_element(self) -> None:
        """Let another value be typed for the selected element."""
        name = (selection := self.selected()).name
        if not self.debugger.is_known(name):
            return  # the focus has just moved, and the keys do not know it yet
        value = self.debugger.trace.values[name]
        index = nearest(selection.index, value.shape)
        written = str(value[index])
        is_number = written.strip("+-")[:1].isdigit()  # the language has no word for NaN and infinity
        self.action_command(f"set {element_text(name, index)} = {written if is_number else ''}")

    # Searching

    def action_search(self) -> None:
        """Let a text be typed that is looked for in the program."""
        self.say()
        self.search_line.open()

    @on(SearchMoved)
    def search_moved(self, message: SearchMoved) -> None:
        """Show the place that was found."""
        found = self.query_one(ProgramView).search(message.text, message.direction)
        self.say(*() if found else (f"{message.text} is not in the program",), failed=True)

    @on(SearchEnded)
    def search_ended(self, message: SearchEnded) -> None:
        """Stay at what was found, in the listing, so that Enter goes there; or go back."""
        program = self.query_one(ProgramView)
        program.end_search(message.found)
        if message.found:
            program.focus()

    # Breakpoints and watches

    def show_entries(self) -> None:
        """Refresh the lists that are on the screen."""
        readers = {"breakpoints": breakpoint_entries, "watches": self.readings.entries}
        for name, panel in self.lists.items():
            if panel.display:
                panel.show(readers[name](self.debugger))

    def action_toggle_entries(self, name: str) -> None:
        """Show the breakpoints or the watches, or take them away."""
        panel = self.lists[name]
        panel.display = not panel.display
        if panel.display:
            self.show_entries()
            panel.rows.focus()

    def action_toggle_breakpoint(self) -> None:
        """Set or remove a breakpoint where the listing's cursor is, or at the current statement."""
        listing = self.query_one(ProgramView)
        if listing.has_focus:
            self.toggle_breakpoint(listing.position_at_cursor)
        else:
            positions = self.debugger.program.positions
            self.toggle_breakpoint(positions.get(result_name(self.debugger), 0))

    @on(GutterClicked)
    def gutter_clicked(self, message: GutterClicked) -> None:
        """Set or remove a breakpoint beside a statement."""
        self.toggle_breakpoint(message.position)

    def toggle_breakpoint(self, position: int) -> None:
        """Remove the breakpoints of one position, or set one there."""
        there = self.debugger.breakpoints.at(position)
        name = self.debugger.program.statements[position - 1].name if position else ""
        numbers = " ".join(str(found.number) for found in there)
        self.run_command(f"delete {numbers}" if there else f"break {name}".strip())

    @on(EntryClicked)
    def entry_clicked(self, message: EntryClicked) -> None:
        """Go to the next place of a breakpoint."""
        here = self.debugger.position
        places = sorted(message.positions, key=lambda position: (position <= here, position))
        self.go_to(places[0] if places else None)

    # Health

    @property
    def may_have_findings(self) -> bool:
        """Whether something may be wrong with the run's health; certain once it has been asked for."""
        return self.examined is not self.debugger.trace or bool(self.debugger.findings)

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


def interrupt_after(seconds: float) -> Callable[[int], None]:
    """Return what is called with each iteration that is computed, and stops that after some time."""
    end = perf_counter() + seconds

    def passed(iteration: int) -> None:
        if perf_counter() > end:
            raise Interrupted

    return passed


def next_finding(findings: tuple[Finding, ...], position: int) -> Finding | None:
    """Return the first producer of numbers that are not finite; where there is none, the finding after here.

    Behind the last one comes the first again.
    """
    producers = [finding for finding in findings if finding.is_producer]
    later = [finding for finding in findings if finding.position > position]
    return next(iter((*producers, *later, *findings)), None)
