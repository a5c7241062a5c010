"""Asks for a step to go to: its number, or the name of the tensor that it writes."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.validation import Function
from textual.widgets import Input, Label

from bpdebug.engine.program import Program


def position_of(program: Program, text: str) -> int | None:
    """Return the position that a text names: `6`, `dw2`; None if there is no such step."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return int(text) if len(text) < 10 and int(text) <= len(program.statements) else None
    return program.positions.get(text)


class GoToScreen(ModalScreen[int | None]):
    """A one-line dialog; its result is a position, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "cancel")]

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program

    def compose(self) -> ComposeResult:
        """Lay out the dialog."""
        last = len(self.program.statements)
        exists = Function(
            lambda text: position_of(self.program, text) is not None,
            f"There is no such step: a number from 0 to {last}, or a tensor such as "
            f"{self.program.statements[-1].name}.",
        )
        with Vertical(id="dialog"):
            yield Label(f"Go to step 0 to {last}, or to the step that writes a tensor:")
            yield Input(placeholder="6 or dw2", validators=exists, validate_on=["submitted"])
            yield Label(id="problem")

    @on(Input.Submitted)
    def submitted(self, message: Input.Submitted) -> None:
        """Close with the position, or say what is wrong."""
        if not self.is_current:
            return  # a second Enter was typed before the first had closed the dialog
        if message.validation_result is not None and not message.validation_result.is_valid:
            self.query_one("#problem", Label).update(" ".join(message.validation_result.failure_descriptions))
        else:
            self.dismiss(position_of(self.program, message.value))
