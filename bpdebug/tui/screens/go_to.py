"""Asks for a step to go to: its number, or the tensor that it writes; in another iteration too."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.widgets import Input

from bpdebug.commands.movement import read_moment
from bpdebug.engine.debug.debugger import Debugger
from bpdebug.errors import BpdebugError
from bpdebug.tui.screens.ask import AskScreen

START = "g"
"""Typed alone, it means the start: gg."""


def read_place(debugger: Debugger, text: str) -> str:
    """Return the argument of `goto` for a place: `6`, `dw2`, `12:dw2`, `12:`.

    Raises
    ------
    BpdebugError
        If there is no such step or iteration.
    """
    text, timeline = text.strip(), debugger.timeline
    if debugger.program.is_recorded:
        read_moment(text, debugger)
        return text
    try:
        position, iteration = read_moment(text, debugger)
    except BpdebugError:
        position, iteration = -1, None
    if not 0 <= position <= timeline.last:
        example = debugger.program.statements[-1].name
        raise BpdebugError(
            f"There is no such step: a number from 0 to {timeline.last}, or a tensor such as {example}."
        )
    if iteration is not None and not 1 <= iteration <= timeline.iterations:
        raise BpdebugError(f"There is no such iteration: a number from 1 to {timeline.iterations}.")
    return text


class GoToScreen(AskScreen[str]):
    """A one-line dialog; its result is the argument of `goto`, or None."""

    def __init__(self, debugger: Debugger) -> None:
        question = f"Go to step 0 to {debugger.last}, or to the step that writes a tensor:"
        example, iterations = "6 or dw2", debugger.timeline.iterations
        if iterations > 1:
            question = f"{question.removesuffix(':')}; of iteration 1 to {iterations}, before a colon:"
            example = "6, dw2, 12:dw2, or 12: for iteration 12"
        if debugger.program.is_recorded:
            file = debugger.program.source_lines.files[0]
            question = "Go to a line, or to the next assignment of a variable:"
            example = f"57, {file}:57, or {debugger.program.statements[-1].name}"
        names = () if debugger.program.is_recorded else tuple(debugger.program.positions)
        super().__init__(question, partial(read_place, debugger), placeholder=example, choices=names)

    @on(Input.Changed)
    def again(self, message: Input.Changed) -> None:
        """Go to the start where the key that asks was pressed twice, unless a name begins so."""
        if message.value == START and not self.ways:
            self.dismiss("0")
