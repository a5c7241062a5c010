"""Asks for a step to go to: its number, or the name of the tensor that it writes."""

from __future__ import annotations

from functools import partial

from bpdebug.engine.program import Program
from bpdebug.errors import BpdebugError
from bpdebug.tui.screens.ask import AskScreen


def position_of(program: Program, text: str) -> int | None:
    """Return the position that a text names: `6`, `dw2`; None if there is no such step."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return int(text) if len(text) < 10 and int(text) <= len(program.statements) else None
    return program.positions.get(text)


def read_position(program: Program, text: str) -> int:
    """Return the position that a text names.

    Raises
    ------
    BpdebugError
        If there is no such step.
    """
    position = position_of(program, text)
    if position is None:
        raise BpdebugError(
            f"There is no such step: a number from 0 to {len(program.statements)}, or a tensor such as "
            f"{program.statements[-1].name}."
        )
    return position


class GoToScreen(AskScreen[int]):
    """A one-line dialog; its result is a position, or None."""

    def __init__(self, program: Program) -> None:
        last = len(program.statements)
        question = f"Go to step 0 to {last}, or to the step that writes a tensor:"
        super().__init__(question, partial(read_position, program), placeholder="6 or dw2")
