"""Asks one question; an answer that cannot be used is refused with the reason, and stays to be edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from bpdebug.errors import BpdebugError

Reply = TypeVar("Reply")


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
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "cancel")]

    def __init__(
        self, question: str, read: Callable[[str], Reply], placeholder: str = "", text: str = ""
    ) -> None:
        super().__init__()
        self.question = question
        self.read = read
        self.placeholder = placeholder
        self.text = text

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
            self.query_one("#problem", Label).update(str(error))
        else:
            self.dismiss(answer)

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
