"""A line in which something is typed, and the two that lie over the keys: for commands, and for a search."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import takewhile
from typing import ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label
from textual.widgets.input import Selection

from bpdebug.tui.messages import CommandTyped, CompletionsFound, PromptClosed, SearchEnded, SearchMoved

LAST_WORD = re.compile(r"[^\s(,]*$")


class PromptLine(Horizontal):
    """A sign, and behind it what is typed; it is there while one types, then the focus goes back.

    Parameters
    ----------
    sign : str
        What stands before the text.
    placeholder : str
        What could be typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", show=False)]

    def __init__(self, sign: str, placeholder: str = "") -> None:
        super().__init__()
        self.sign = sign
        self.placeholder = placeholder
        self.focused_before: Widget | None = None
        self.display = False

    def compose(self) -> ComposeResult:
        """Put the sign before the text."""
        yield Label(self.sign, markup=False)
        yield Input(placeholder=self.placeholder, compact=True, select_on_focus=False)

    @property
    def input(self) -> Input:
        """The text that is typed."""
        return self.query_one(Input)

    def open(self, text: str = "", replaced: str = "") -> None:
        """Let something be typed, with a text to begin with; what is typed takes the place of its end."""
        if not self.display:
            self.focused_before = self.screen.focused
            self.display = True
        self.write(text + replaced)
        if replaced:
            self.input.selection = Selection(len(text), len(text + replaced))
        self.input.focus()

    def write(self, text: str) -> None:
        """Put a text in the place of what has been typed."""
        self.input.value = text
        self.input.cursor_position = len(text)

    def action_close(self) -> None:
        """Go away, and give the focus back."""
        before = self.focused_before
        self.screen.set_focus(before if before is not None and before.is_on_screen else None)
        self.hide()

    def hide(self) -> None:
        """Go away."""
        if self.display:
            self.display = False
            self.post_message(PromptClosed())

    @on(events.DescendantBlur)
    def leave(self) -> None:
        """Go away when something else of the screen has the focus now; not when another window has it."""
        if self.screen.focused not in (None, self.input):
            self.hide()


class CommandLine(PromptLine):
    """Takes commands: Tab completes, Up and Down bring earlier ones back.

    Parameters
    ----------
    complete : callable
        (line) -> the lines that it may become.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", show=False),
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
        Binding("pageup", "screen.scroll_answer(-1)", show=False),
        Binding("pagedown", "screen.scroll_answer(1)", show=False),
    ]

    def __init__(self, complete: Callable[[str], list[str]]) -> None:
        super().__init__(":")
        self.complete = complete
        self.history: list[str] = []
        self.recalled = 0

    @on(Input.Submitted)
    def submitted(self, message: Input.Submitted) -> None:
        """Report the command, and make room for the next."""
        message.stop()
        line = message.value.strip().lstrip(":").strip()  # as one pastes several commands
        if line:
            if self.history[-1:] != [line]:
                self.history.append(line)
            self.recalled = len(self.history)
            self.write("")
            self.post_message(CommandTyped(line))

    def action_recall(self, direction: Literal[1, -1]) -> None:
        """Bring back an earlier command, or go on to a later one; behind the last is an empty line."""
        self.recalled = min(max(self.recalled + direction, 0), len(self.history))
        self.write(self.history[self.recalled] if self.recalled < len(self.history) else "")

    def action_complete(self) -> None:
        """Complete what all ways to go on have in common; where there are several, report them."""
        line = self.input.value
        ways = self.complete(line)
        if ways:
            self.write(common_start(ways))
        if len(ways) > 1:
            self.post_message(CompletionsFound(last_words(ways)))


def common_start(lines: list[str]) -> str:
    """Return what all lines begin with."""
    first, last = min(lines), max(lines)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(letter for letter, _ in same)


def last_words(lines: list[str]) -> list[str]:
    """Return what differs in ways to complete a line: its last word, without what stands before it."""
    begun = LAST_WORD.search(common_start(lines))
    assert begun is not None
    return [line[begun.start() :].strip() for line in lines]


class SearchLine(PromptLine):
    """Takes a text to look for: each letter moves, Up and Down go on, Enter stays there, Escape goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,shift+enter", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__("/", "a statement, a tensor, a layer; ↓ next, ↑ previous, Enter goes there")

    @on(Input.Changed)
    def changed(self, message: Input.Changed) -> None:
        """Look for what is there so far."""
        message.stop()
        if self.display:
            self.post_message(SearchMoved(message.value, 0))

    def action_move(self, direction: Literal[1, -1]) -> None:
        """Look for the match after or before."""
        self.post_message(SearchMoved(self.input.value, direction))

    @on(Input.Submitted)
    def submitted(self, message: Input.Submitted) -> None:
        """Stay at the match."""
        message.stop()
        self.post_message(SearchEnded(found=True))
        self.hide()

    def action_close(self) -> None:
        """Go back to where the search began."""
        self.post_message(SearchEnded(found=False))
        super().action_close()
