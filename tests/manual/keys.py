"""The keys of the app and of the tensor viewer, from their tables of actions."""

from __future__ import annotations

from collections.abc import Sequence

from bpdebug.tui.keys.action import Action, key_text
from bpdebug.tui.keys.debugger import ACTIONS
from bpdebug.tui.keys.viewer import ACTIONS as VIEWER_ACTIONS
from tests.manual.markdown import code, table

SHORT = {"Pageup": "PgUp", "Pagedown": "PgDn", "Escape": "Esc"}
"""Keys that keyboards call by shorter names."""


def _key(name: str) -> str:
    return code("+".join(SHORT.get(part, part) for part in name.split("+")) if name != "+" else name)


def _groups(actions: Sequence[Action]) -> str:
    groups: dict[str, list[Action]] = {}
    for action in actions:
        groups.setdefault(action.group, []).append(action)
    return "\n\n".join(
        f"### {group}\n\n"
        + table(
            ("key", "what it does"),
            [(" ".join(map(_key, key_text(action.keys).split())), f"{action.help}.") for action in members],
        )
        for group, members in groups.items()
    )


def app() -> str:
    """Write a table of keys for each group of the debugger's actions."""
    return _groups(ACTIONS)


def viewer() -> str:
    """Write a table of keys for each group of the viewer's actions."""
    return _groups(VIEWER_ACTIONS)


def names() -> str:
    """Write what the settings call the actions."""
    return f"The actions are called {', '.join(code(action.name) for action in ACTIONS)}."
