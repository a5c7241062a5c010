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

from bpdebug.tui.keys.action import Action, key_text


def help_content(words: str, actions: Sequence[Action]) -> Content:
    """Write the whole help of a screen: some words about it, then its actions."""
    blocks = [Content(words)]
    for group, members in groupby(actions, key=lambda action: action.group):
        rows = [Content.styled(group, "bold $text-primary")]
        rows += [
            Content.assemble((f"{key_text(action.keys):<16}", "$text-accent"), action.help)
            for action in members
        ]
        blocks.append(Content("\n").join(rows))
    blocks.append(Content.assemble((f"{'Ctrl+P':<16}", "$text-accent"), "Every action by name"))
    return Content("\n\n").join(blocks)


class HelpScreen(ModalScreen[None]):
    """Shown over a screen until a key closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "close")]

    def __init__(self, words: str, actions: Sequence[Action]) -> None:
        super().__init__()
        self.content = help_content(words, actions)

    def compose(self) -> ComposeResult:
        """Lay out the help; it scrolls where the screen is small."""
        with VerticalScroll(id="help") as scroll:
            scroll.border_title = "Help"
            scroll.border_subtitle = "Esc closes"
            yield Static(self.content)
