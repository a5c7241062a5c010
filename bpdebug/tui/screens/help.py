"""The help: what the panels are, and every key, from the table of actions."""

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

from bpdebug.tui.actions import Action, key_text

PANELS = """\
The forward pass runs left to right along the upper row of panels; the backward pass
runs right to left along the lower one. Every gradient lies under its tensor, cell under cell.

a_prev ──►  w  ,  b  ──►  z  ──►  a        values, forward  →
d_prev ◄──  dw ,  db ◄──  dz ◄──  da       gradients, backward  ←

written, read   what the current operation does with a tensor
▸0.0066         the selected cell; Tab goes to a panel, there the arrows move it
[0.0041]        the cells that the selected one comes from
● ◆             a breakpoint beside a statement, one with a condition; ○ ◇ when disabled
set, changed    after `set`: what was replaced, and what follows from it; d shows the original
*               a watch whose value the last move has changed"""


def help_content(actions: Sequence[Action]) -> Content:
    """Write the whole help."""
    blocks = [Content(PANELS)]
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
    """Shown over the debugger until a key closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "dismiss", "close")]

    def __init__(self, actions: Sequence[Action]) -> None:
        super().__init__()
        self.actions = actions

    def compose(self) -> ComposeResult:
        """Lay out the help; it scrolls where the screen is small."""
        with VerticalScroll(id="help") as scroll:
            scroll.border_title = "Help"
            scroll.border_subtitle = "Esc closes"
            yield Static(help_content(self.actions))
