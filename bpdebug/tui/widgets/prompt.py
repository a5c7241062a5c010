"""What one types to the debugger, commands and searches, and how each is answered."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from bpdebug.commands.completion import completions
from bpdebug.present.command_runner import CommandRunner
from bpdebug.present.explaining import Selection, set_text
from bpdebug.tui import messages
from bpdebug.tui.widgets.answer_area import AnswerArea
from bpdebug.tui.widgets.program_view import ProgramView
from bpdebug.tui.widgets.prompt_line import CommandLine, SearchLine


class Prompt(Vertical):
    """A line for commands and one for searches, each over the keys while one types in it.

    Parameters
    ----------
    answers : AnswerArea
        Where the answers are shown, above the line.
    runner : CommandRunner
        Runs what is typed.
    program : ProgramView
        In which a text is looked for.
    """

    def __init__(self, answers: AnswerArea, runner: CommandRunner, program: ProgramView) -> None:
        super().__init__(id="prompt")
        self.answers, self.runner, self.program = answers, runner, program
        self.debugger = runner.session.debugger
        self.command_line = CommandLine(partial(completions, runner.session))
        self.search_line = SearchLine()
        self.is_one = False
        """Whether a key has begun the command, which is then the only one."""

    def compose(self) -> ComposeResult:
        """Hold both lines; one at a time is there."""
        yield from (self.command_line, self.search_line)

    @property
    def is_open(self) -> bool:
        """Whether one types in a line."""
        return self.command_line.display or self.search_line.display

    # Commands

    def type_command(self, text: str = "", replaced: str = "") -> None:
        """Let a command be typed, with a text to begin with; what is typed takes the place of its end."""
        self.answers.say()
        self.is_one = bool(text)
        self.command_line.open(text, replaced)

    def type_value(self, selection: Selection) -> None:
        """Let another value be typed for an element."""
        if self.debugger.is_known(selection.name):  # the keys do not know yet that the focus has moved
            self.type_command(*set_text(self.debugger, selection))

    @on(messages.CommandTyped)
    def command_typed(self, message: messages.CommandTyped) -> None:
        """Run what was typed, and show all that it answers."""
        before = self.debugger.moment
        answer = self.runner.execute(message.line)
        if self.debugger.moment != before or (self.is_one and not answer.failed):
            # The next key goes on from there. What closes here is not reported above: the answer stays.
            self.command_line.action_close()
        if answer.ends:
            self.app.exit()
        self.answers.say(*answer.lines, failed=answer.failed)

    @on(messages.CompletionsFound)
    def completions_found(self, message: messages.CompletionsFound) -> None:
        """Show how the line may go on."""
        self.answers.say("  ".join(message.words))

    # Searches

    def type_search(self) -> None:
        """Let a text be typed that is looked for in the program."""
        self.answers.say()
        self.search_line.open()

    @on(messages.SearchMoved)
    def search_moved(self, message: messages.SearchMoved) -> None:
        """Show the place that was found."""
        found = self.program.search(message.text, message.direction)
        self.answers.say(*() if found else (f"{message.text} is not in the program",), failed=True)

    @on(messages.SearchEnded)
    def search_ended(self, message: messages.SearchEnded) -> None:
        """Go to the statement that was found, or leave the listing as it was."""
        if self.program.end_search(message.found):
            self.runner.go_to(self.program.position_at_cursor)
