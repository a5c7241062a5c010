"""The table of actions, and the small texts that are made of it and of the place one is at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.actions import parse

from bpdebug.commands import movement
from bpdebug.commands.table import COMMANDS
from bpdebug.errors import BpdebugError
from bpdebug.tui.app import BpdebugApp
from bpdebug.tui.keys.action import Action, Needs, bindings, key_text
from bpdebug.tui.keys.debugger import ACTIONS
from bpdebug.tui.screens.action_screen import ActionScreen
from bpdebug.tui.screens.debugger_screen import DebuggerScreen
from bpdebug.tui.screens.go_to import read_place
from bpdebug.tui.screens.help import help_content
from bpdebug.tui.screens.tensor_viewer import TensorViewer
from bpdebug.tui.widgets.key_bar import bar_text, fitting
from bpdebug.tui.widgets.status_line import place_parts
from bpdebug.tui.widgets.tensor_panel import TensorPanel
from tests.examples import debugger_of, example

PROMISED_KEYS = {"n", "space", "p", "s", "u", "N", "P", "f", "g", "m", "l", "t", "q"} | {
    *("right", "left", "home", "end", "tab", "plus", "minus", "question_mark"),
    *("f10", "f11", "shift+f11", "f5", "shift+f5"),
    *("c", "r", "b", "B", "W", "e", "R", "d", "v", "colon", "slash", "exclamation_mark"),
}


VIEWER_KEYS = {
    *"gTrcafhdHnyYemqt",
    "left_square_bracket",
    "right_square_bracket",
    "plus",
    "minus",
    "space",
} | {
    *("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "escape", "question_mark"),
}
on_every_screen = pytest.mark.parametrize("screen", [DebuggerScreen, TensorViewer])


def all_keys(actions: Sequence[Action] = ACTIONS) -> list[str]:
    return [key for action in actions for key in action.keys.split(",")]


@on_every_screen
def test_no_key_is_bound_twice(screen: type[ActionScreen]) -> None:
    assert [key for key, count in Counter(all_keys(screen.ACTIONS)).items() if count > 1] == []


@pytest.mark.parametrize(("screen", "keys"), [(DebuggerScreen, PROMISED_KEYS), (TensorViewer, VIEWER_KEYS)])
def test_every_promised_key_is_there(screen: type[ActionScreen], keys: set[str]) -> None:
    assert set(all_keys(screen.ACTIONS)) >= keys


@on_every_screen
def test_every_action_exists(screen: type[ActionScreen]) -> None:
    # What the debugger's keys ask of another is known when it is there.
    there = DebuggerScreen(example("two_layer")) if screen is DebuggerScreen else screen
    for action in screen.ACTIONS:
        namespace, name, parameters = parse(action.action)
        owner = BpdebugApp if namespace == "app" else there
        assert hasattr(owner, f"action_{name}"), action.action
        if name == "run":
            assert parameters[0] in COMMANDS, action.action


def test_every_move_has_a_key() -> None:
    reached = {parse(action.action)[2][0] for action in ACTIONS if action.action.startswith("run(")}
    assert reached - {"reset"} == {command.name for command in movement.ENTRIES} - {"goto"}


@on_every_screen
def test_every_action_is_described(screen: type[ActionScreen]) -> None:
    for action in screen.ACTIONS:
        assert action.label, action
        assert action.help, action
        assert action.group, action
        assert action.needs in get_args(Needs)
    assert len({action.action for action in screen.ACTIONS}) == len(screen.ACTIONS)


@on_every_screen
def test_every_action_has_a_name_of_its_own(screen: type[ActionScreen]) -> None:
    names = [action.name for action in screen.ACTIONS]
    assert len(set(names)) == len(names)


def test_every_name_in_the_settings_is_a_bare_key_of_toml() -> None:
    assert [action.name for action in ACTIONS if not re.fullmatch("[a-z_]+", action.name)] == []


@on_every_screen
def test_bindings_are_the_table(screen: type[ActionScreen]) -> None:
    expected = [(action.keys, action.action) for action in screen.ACTIONS]
    assert [(binding.key, binding.action) for binding in screen.BINDINGS] == expected
    assert [(binding.key, binding.action) for binding in bindings(screen.ACTIONS)] == expected


def test_arrows_are_the_panels_own() -> None:
    own = {binding.key for binding in TensorPanel.BINDINGS}
    assert {"up", "down", "left", "right"} <= own
    assert own & set(all_keys()) == {"left", "right"}


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("n,space,f10", "n Space F10"),
        ("u,shift+f11,f23", "u Shift+F11"),
        ("question_mark", "?"),
        ("right", "→"),
        ("less_than_sign,at", "< @"),
        ("shift+enter", "Shift+Enter"),
    ],
)
def test_key_text(keys: str, text: str) -> None:
    assert key_text(keys) == text


@on_every_screen
def test_the_help_lists_every_action(screen: type[ActionScreen]) -> None:
    text = help_content(screen.HELP, screen.ACTIONS, 200).plain
    assert text.startswith(screen.HELP)
    for action in screen.ACTIONS:
        assert action.help in text
        assert key_text(action.keys) in text
        assert text.splitlines().count(action.group) == 1, "its group has one heading"


@on_every_screen
def test_in_a_narrow_window_what_a_key_does_stands_beside_it(screen: type[ActionScreen]) -> None:
    lines = help_content(screen.HELP, screen.ACTIONS, 72).plain.splitlines()
    assert max(map(len, lines)) <= 76  # a drawing stays as it is
    beginnings = {key_text(action.keys) for action in screen.ACTIONS} | {
        action.group for action in screen.ACTIONS
    }
    start = lines.index(screen.ACTIONS[0].group)
    for line in filter(None, lines[start:]):
        assert line.startswith((" " * 16, *beginnings, "Ctrl+P"))


@given(st.integers(0, 250))
def test_the_key_bar_fits(width: int) -> None:
    shown = fitting(ACTIONS, width)
    assert len(bar_text(shown)) <= width
    assert [ACTIONS.index(action) for action in shown] == sorted(ACTIONS.index(action) for action in shown)
    assert all(action.footer for action in shown)
    # What is left out would not have fitted.
    for action in ACTIONS:
        if action.footer and action not in shown:
            more = [entry for entry in ACTIONS if entry in shown or entry is action]
            assert len(bar_text(more)) > width


@pytest.mark.parametrize(
    ("screen", "width", "importance"),
    [(DebuggerScreen, 158, 2), (DebuggerScreen, 78, 1), (TensorViewer, 158, 2), (TensorViewer, 78, 1)],
)
def test_the_key_bar_shows_what_matters(screen: type[ActionScreen], width: int, importance: int) -> None:
    # In the viewer, axes and other values are rarely there both.
    actions = [action for action in screen.ACTIONS if screen is DebuggerScreen or action.needs != "view"]
    shown = fitting(actions, width)
    assert [action for action in actions if 0 < action.footer <= importance and action not in shown] == []


@pytest.mark.parametrize(
    "text", ["0", "6", "12", "006", "dw2", "da0", "1:", "1:6", "1:dw2", " 6 ", " da0 ", " 1: dw2"]
)
def test_places_to_go_to(text: str) -> None:
    assert read_place(debugger_of("two_layer"), text) == text.strip()


NOT_A_STEP = [
    "13",
    "-1",
    "1.0",
    "٣",
    "²",
    "9" * 5000,
    "",
    "dw9",
    "a0",
    "dw2 = dz2 @ a1.T",
    ":6",
    "1:13",
    "x:6",
]


@pytest.mark.parametrize("text", [*NOT_A_STEP, "0:6", "2:", "2:dw2"])
def test_no_places_to_go_to(text: str) -> None:
    missing = (
        "step: a number from 0 to 12, or a tensor such as da0"
        if text in NOT_A_STEP
        else ("iteration: a number from 1 to 1")
    )
    with pytest.raises(BpdebugError, match=f"There is no such {missing}"):
        read_place(debugger_of("two_layer"), text)


@pytest.mark.parametrize(
    ("position", "pinned", "text"),
    [
        (0, None, "step 0/12"),
        (0, 1, "layer 1 pinned · step 0/12"),
        (6, None, "backward · layer 2 dense sigmoid · step 6/12"),
        (12, 2, "backward · layer 1 dense relu · layer 2 pinned · step 12/12"),
    ],
)
def test_place_parts(position: int, pinned: int | None, text: str) -> None:
    assert " · ".join(place_parts(debugger_of("two_layer", position), pinned)) == text


def test_place_parts_inside_a_statement() -> None:
    debugger = debugger_of("two_layer", 2)
    debugger.into()
    assert " · ".join(place_parts(debugger, None)) == "forward · layer 2 dense sigmoid · step 2/12 + node 1"
