"""Asks one question; an answer that cannot be used is refused with the reason, and stays to be edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from bpdebug.errors import BpdebugError
from bpdebug.tui.widgets.prompt_line import common_start

Reply = TypeVar("Reply")

MOST_LISTED = 12
"""So many ways to go on are listed; the others are counted."""


class AskScreen(ModalScreen[Reply | None], Generic[Reply]):
    """A one-line dialog; its result is what was read from the answer, or None if it was left.

    Parameters
    ----------
    question : str
        What is asked for.
    read : callable
        Turns the text into the answer, or raises a `BpdebugError` that says why it cannot.
    placeholder, text : str
        An example; what stands there at first.
    choices : sequence of str
        What could be typed: Tab completes it, and what begins so far is listed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "cancel"),
        Binding("tab", "complete", show=False, priority=True),
    ]

    def __init__(
        self,
        question: str,
        read: Callable[[str], Reply],
        placeholder: str = "",
        text: str = "",
        choices: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.question = question
        self.read = read
        self.placeholder = placeholder
        self.text = text
        self.choices = choices

    def compose(self) -> ComposeResult:
        """Lay out the dialog."""
        with Vertical(id="dialog"):
            yield Label(self.question, markup=False)
            yield Input(self.text, placeholder=self.placeholder)
            yield Label(id="problem", markup=False)

    @on(Input.Submitted)
    def submitted(self, message: Input.Submitted) -> None:
        """Close with the answer, or say what is wrong."""
        if not self.is_current:
            return  # a second Enter was typed before the first had closed the dialog
        try:
            answer = self.read(message.value)
        except BpdebugError as error:
            self.note(str(error), refused=True)
        else:
            self.dismiss(answer)

    @property
    def ways(self) -> list[str]:
        """What could be meant by what has been typed."""
        typed = self.query_one(Input).value
        return [choice for choice in self.choices if choice.startswith(typed)] if typed else []

    @on(Input.Changed)
    def changed(self) -> None:
        """List what begins so, in the place of what was wrong before."""
        ways = self.ways
        rest = [f"… {len(ways) - MOST_LISTED} more"] * (len(ways) > MOST_LISTED)
        self.note("  ".join([*ways[:MOST_LISTED], *rest]))

    def note(self, words: str, refused: bool = False) -> None:
        """Say something below what is typed."""
        label = self.query_one("#problem", Label)
        label.set_class(refused, "-refused")
        label.update(words)

    def action_complete(self) -> None:
        """Type what all that could be meant have in common."""
        if ways := self.ways:
            typed = self.query_one(Input)
            typed.value = common_start(ways)
            typed.cursor_position = len(typed.value)

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
