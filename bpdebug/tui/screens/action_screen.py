"""A screen whose keys, footer, command palette and help come from one table of actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, ParamSpec

from textual.screen import Screen

from bpdebug.tui.keys.action import WHY_NOT, Action, Needs
from bpdebug.tui.screens import help
from bpdebug.tui.widgets.key_bar import KeyBar

Pressed = ParamSpec("Pressed")
NONE: Mapping[str, bool] = MappingProxyType({})


class ActionScreen(Screen[None]):
    """Knows of each action of its table whether it can do anything now.

    Parameters
    ----------
    actions : sequence of Action or None
        The table with the user's keys; None where the keys are those of `ACTIONS`.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = ()
    OPEN_A_LINE: ClassVar[frozenset[str]] = frozenset()
    """The actions after which one types a line."""
    HELP: ClassVar[str] = ""
    """What the help says before the keys."""
    show: Callable[[], None]
    """Shows what there is to be seen now."""

    def __init__(self, actions: Sequence[Action] | None = None) -> None:
        super().__init__()
        self.actions = self.ACTIONS if actions is None else actions
        self.by_text = {action.action: action for action in self.actions}
        self.enabled: Mapping[Needs, bool] = {}

    def fit(self, classes: Mapping[str, bool] = NONE) -> None:
        """Take classes, and those of the window's size, before there is a widget.

        Textual gives those of the size with the first resize, and styles all that stands there once more.
        """
        found = dict(classes)
        sides = zip(self.app.size, (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS), strict=True)
        for extent, breakpoints in sides:
            reached = [name for least, name in breakpoints or () if least <= extent]
            found |= dict.fromkeys(reached[-1:], True)
        self.update_classes(found)

    def key_bar(self) -> KeyBar:
        """Return the footer."""
        return KeyBar(self.actions, self.can_run)

    def enable(self, enabled: Mapping[Needs, bool]) -> None:
        """Show an action that cannot do anything now as disabled."""
        if enabled != self.enabled:
            self.enabled = enabled
            self.query_one(KeyBar).refresh()
            self.refresh_bindings()

    def can_run(self, action: Action) -> bool:
        """Whether an action can do anything now."""
        return self.enabled.get(action.needs, True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Answer whether an action can do anything: None shows it disabled."""
        text = f"{action}({', '.join(map(repr, parameters))})" if parameters else action
        entry = self.by_text.get(text)
        return True if entry is None or self.can_run(entry) else None

    def why_not(self, key: str) -> tuple[str, ...]:
        """Say why a key does nothing now; nothing where it does something."""
        mine = [action for action in self.actions if key in action.keys.split(",")]
        reasons = (self.reason(action.needs) for action in mine if not self.can_run(action))
        said = tuple(filter(None, reasons))
        bound = self.active_bindings.get(key)
        if not mine and bound is None and len(key) == 1:
            return (f"{key} does nothing here: ? shows all keys",)
        # In a panel an arrow moves the cell: then the key has done something.
        return said if bound is None or bound.node is self else ()

    def reason(self, needs: Needs) -> str:
        """Say why what an action needs is not there."""
        return WHY_NOT.get(needs, "")

    def groups_of(self, key: str) -> list[str]:
        """Return the groups of the actions that a key may do."""
        return [action.group for action in self.actions if key in action.keys.split(",")]

    def shown(self, act: Callable[Pressed, object]) -> Callable[Pressed, None]:
        """Return what does something, and then shows it."""

        def acts(*given: Pressed.args, **options: Pressed.kwargs) -> None:
            act(*given, **options)
            self.show()

        return acts

    def opens_a_line(self, key: str | None) -> bool:
        """Whether a key lets a line be typed, so that what follows it is text and runs nothing."""
        return any(
            key in action.keys.split(",") for action in self.actions if action.action in self.OPEN_A_LINE
        )

    def help_words(self) -> str:
        """Return what the help says before the keys."""
        return self.HELP

    def action_help(self) -> None:
        """Show the help."""
        self.app.push_screen(help.HelpScreen(self.help_words(), self.actions))
