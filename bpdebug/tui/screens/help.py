"""The help of a screen: what is to be seen there, and every key, from its table of actions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from bpdebug.present.hanging import hanging
from bpdebug.tui.keys.action import Action, key_text

FRAME, COLUMN = 8, 16
"""The columns of borders, padding and scrollbar; those of the keys."""


def help_content(words: str, actions: Sequence[Action], width: int) -> Content:
    """Write the whole help of a screen: some words about it, then its actions."""

    def row(key: str, does: str) -> Content:
        return Content(hanging(f"{key:<{COLUMN}}{does}", width)).stylize("$text-accent", 0, COLUMN)

    blocks = [Content(hanging(words, width))]
    for group, members in groupby(actions, key=lambda action: action.group):
        rows = [row(key_text(action.keys), action.help) for action in members]
        blocks.append(Content("\n").join([Content.styled(group, "bold $text-primary"), *rows]))
    return Content("\n\n").join([*blocks, row("Ctrl+P", "Every action by name")])


class HelpScreen(ModalScreen[None]):
    """Shown over a screen until a key closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "close")]

    def __init__(self, words: str, actions: Sequence[Action]) -> None:
        super().__init__()
        self.words, self.actions = words, actions

    def compose(self) -> ComposeResult:
        """Lay out the help; it scrolls where the screen is small."""
        with VerticalScroll(id="help") as scroll:
            scroll.border_title = "Help"
            scroll.border_subtitle = "Esc closes"
            yield Static(help_content(self.words, self.actions, min(96, self.app.size.width) - FRAME))
