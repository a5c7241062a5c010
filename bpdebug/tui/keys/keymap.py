"""Keys as the user's settings name them, and the table of actions with other keys.

A key is written as the character that it types, or by its name: `?`, `f5`, `ctrl+right`. No key may mean
two things: a table in which one does is refused, with the names of both actions.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from textual.binding import Binding
from textual.keys import Keys, format_key

from bpdebug.tui.keys.action import Action

MODIFIERS = {"alt", "ctrl", "shift"}
NOT_OURS = {"ctrl+c": "copy", "ctrl+p": "the command palette", "ctrl+q": "quit", "ctrl+z": "put aside"}
"""Keys that the terminal library has taken for itself."""


def character_key(character: str) -> str:
    """Return Textual's name for the key that types a character: `question_mark`."""
    (binding,) = Binding.make_bindings([(character, "", "")])
    return binding.key


NAMED = {key.value for key in Keys if key.value.isalnum()} - {"return"}
"""Keys that type no character; what some call return is `enter`."""
SIGNS = {" ": "space", ",": "comma"} | {format_key(key): key for key in NAMED if len(format_key(key)) == 1}
"""What stands for a key, but is not what Textual takes for it: `→`."""
CHARACTERS = {*string.ascii_letters, *string.digits, "comma"} | {
    character_key(mark) for mark in string.punctuation if mark not in SIGNS
}


def key_named(text: str) -> str | None:
    """Return the key that a text means, as Textual names it; None if there is no such key.

    Examples
    --------
    `?` and `question_mark` are the same key; so are `N` and `shift+n`, `F5` and `f5`.
    """
    if len(text) == 1:
        return SIGNS.get(text) or (character_key(text) if text.isprintable() else None)
    *modifiers, base = text.lower().split("+")
    if base not in CHARACTERS | NAMED or not MODIFIERS.issuperset(modifiers):
        return None
    if modifiers == ["shift"] and base not in NAMED:
        return base.upper() if base.isalpha() and len(base) == 1 else None
    return "+".join([*sorted(set(modifiers)), base])


@dataclass(frozen=True, slots=True)
class Collision:
    """A key that would mean two things."""

    key: str
    first: str
    second: str


def with_keys(actions: Sequence[Action], keys: Mapping[str, str]) -> tuple[Action, ...]:
    """Return a table of actions with other keys.

    Parameters
    ----------
    actions : sequence of Action
        The table.
    keys : mapping
        For the name of an action, its keys, separated by commas.
    """
    return tuple(replace(action, keys=keys.get(action.name, action.keys)) for action in actions)


def collisions(actions: Sequence[Action]) -> Iterator[Collision]:
    """Yield each key of a table that has two meanings."""
    for first, second in combinations(actions, 2):
        for key in first.keys.split(","):
            if key in second.keys.split(","):
                yield Collision(key, first.name, second.name)
    for action in actions:
        for key in action.keys.split(","):
            if key in NOT_OURS:
                yield Collision(key, action.name, NOT_OURS[key])
