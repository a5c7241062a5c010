"""The keys that a settings file can name."""

from __future__ import annotations

import pytest

from bpdebug.tui.keys.debugger import ACTIONS
from bpdebug.tui.keys.keymap import Collision, collisions, key_named, with_keys


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("n", "n"),
        ("N", "N"),
        ("é", "é"),
        ("?", "question_mark"),
        ("question_mark", "question_mark"),
        ("+", "plus"),
        (",", "comma"),
        (" ", "space"),
        ("→", "right"),
        ("F5", "f5"),
        ("PageUp", "pageup"),
        ("shift+n", "N"),
        ("Shift+F11", "shift+f11"),
        ("shift+ctrl+right", "ctrl+shift+right"),
        ("alt+x", "alt+x"),
    ],
)
def test_a_key_by_its_name(text: str, key: str) -> None:
    assert key_named(text) == key


@pytest.mark.parametrize(
    "text", ["", "foo", "ctrl+", "+n", "shift+?", "f25", "ctrl+foo", "n,p", "\x1b", "hyper+n"]
)
def test_no_key(text: str) -> None:
    assert key_named(text) is None


def test_every_key_of_the_table_can_be_named() -> None:
    for action in ACTIONS:
        assert [key_named(key) for key in action.keys.split(",")] == action.keys.split(",")


def test_the_table_has_no_collisions() -> None:
    assert list(collisions(ACTIONS)) == []


def test_two_actions_can_change_places() -> None:
    assert list(collisions(with_keys(ACTIONS, {"next": "p", "back": "n"}))) == []


def test_other_keys_take_the_place_of_all_there_were() -> None:
    table = {action.name: action.keys for action in with_keys(ACTIONS, {"next": "j,enter"})}
    assert table["next"] == "j,enter"
    assert table["back"] == "p,left"


def test_a_collision_names_both() -> None:
    found = list(collisions(with_keys(ACTIONS, {"next": "j,t", "quit": "ctrl+p"})))
    assert found == [Collision("t", "next", "theme"), Collision("ctrl+p", "quit", "the command palette")]
