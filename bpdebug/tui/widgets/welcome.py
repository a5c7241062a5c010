"""The welcome: what a newcomer is told once, in the place that the operation has from the first step on."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from bpdebug.tui.keys.action import Action, key_text

HEADING = "Every tensor has its gradient below it, cell under cell."
IMAGE = """\
  a_prev ──►  w  ,  b  ──►  z  ──►  a     values, forward  →
  d_prev ◄──  dw ,  db ◄──  dz ◄──  da    gradients, backward  ←"""
CLOSING = "Said once: the next key takes this away, then n runs the first statement."
TAUGHT = ("next", "back", "into", "finish", "go_to", "next_panel", "help", "quit")
"""The names of the eight actions that a newcomer needs."""


class Welcome(Widget):
    """Says what the panels are, and the keys that matter."""

    def __init__(self, actions: Sequence[Action], about: str = "") -> None:
        super().__init__(id="welcome")
        self.about = about
        self.border_title = "Welcome to bpdebug"
        by_name = {action.name: action for action in actions}
        self.taught = [by_name[name] for name in TAUGHT]

    def render(self) -> Content:
        """Say as much as there is room for."""
        width, height = self.content_size
        for in_full, about in ((True, self.about), (False, self.about), (False, "")):
            content = welcome_content(self.taught, in_full, about)
            if len(content.wrap(max(1, width))) <= height:
                break
        return content

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines of all that it says; the styles say how many are too many."""
        return len(welcome_content(self.taught, True, self.about).wrap(max(1, width)))


def welcome_content(taught: Sequence[Action], in_full: bool, about: str) -> Content:
    """Write the welcome.

    Parameters
    ----------
    taught : sequence of Action
        The actions to name.
    in_full : bool
        Whether each has a line of its own, with what it does.
    about : str
        What the scenario is about.
    """
    first_keys = {action: key_text(action.keys.partition(",")[0]) for action in taught}
    if in_full:
        rows = [
            Content.assemble((f"  {key:<8}", "bold $text-accent"), action.help.partition(";")[0])
            for action, key in first_keys.items()
        ]
        keys = Content("\n").join(rows)
    else:
        entries = [
            Content.assemble((key, "bold $text-accent"), f" {action.label}")
            for action, key in first_keys.items()
        ]
        keys = Content("  ").join(entries)
    told = [Content.styled(about, "$text-secondary")] if about else []
    heading, closing = Content.styled(HEADING, "bold"), Content.styled(CLOSING, "$text-muted")
    blocks = (heading, Content(IMAGE), *told, keys, closing)
    return Content("\n").join(blocks)
