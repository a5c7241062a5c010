"""The keys at the bottom: one line, grouped; what a small screen has no room for is left to the help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import groupby

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from bpdebug.tui.keys.action import HIDDEN_WITHOUT, Action, key_text

SEPARATOR = " │ "


def label(action: Action) -> str:
    """Write an action as the bar shows it: its first key, and what it does."""
    return f"{key_text(action.keys.partition(',')[0])} {action.label}"


def fitting(actions: Sequence[Action], width: int) -> list[Action]:
    """Return the most important actions that fit into a width, in the order of the table."""
    shown: list[Action] = []
    for action in sorted((action for action in actions if action.footer), key=lambda action: action.footer):
        candidate = [entry for entry in actions if entry in shown or entry is action]
        if len(bar_text(candidate)) <= width:
            shown = candidate
    return shown


fitted = lru_cache(fitting)
"""The same, of a tuple: with each step the bar is drawn anew, and mostly fits as before."""


def bar_text(actions: Sequence[Action]) -> str:
    """Write the bar without its styles."""
    groups = groupby(actions, key=lambda action: action.group)
    return SEPARATOR.join("  ".join(map(label, group)) for _, group in groups)


class KeyBar(Widget):
    """Shows the keys; a click does what the key does."""

    auto_links = False

    def __init__(self, actions: Sequence[Action], can_run: Callable[[Action], bool]) -> None:
        super().__init__(id="keys")
        self.actions = actions
        self.can_run = can_run

    def render(self) -> Content:
        """Write the keys that fit; those that cannot do anything now are dim."""
        there = tuple(
            action for action in self.actions if action.needs not in HIDDEN_WITHOUT or self.can_run(action)
        )
        groups = groupby(fitted(there, self.content_size.width), key=lambda action: action.group)
        written = (Content("  ").join(map(self.entry, group)) for _, group in groups)
        return Content.styled(SEPARATOR, "$foreground 40%").join(written)

    def entry(self, action: Action) -> Content:
        """Write one key and its label."""
        key, _, words = label(action).partition(" ")
        able = self.can_run(action)
        entry = Content.assemble(
            (key, "bold $text-accent" if able else "dim"), (f" {words}", "" if able else "dim")
        )
        scope = "" if action.action.startswith("app.") else "screen."
        return entry.stylize(Style.from_meta({"@click": scope + action.action})) if able else entry
