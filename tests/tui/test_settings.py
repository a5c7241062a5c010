"""The user's settings: what they change, and what is said of a file that cannot be used."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bpdebug.tui.keys.debugger import ACTIONS
from bpdebug.tui.screens.help import HelpScreen
from bpdebug.tui.screens.tensor_viewer import TensorViewer
from bpdebug.tui.settings import UserSettings, read_settings
from bpdebug.tui.themes import DEFAULT_THEME
from bpdebug.tui.user_files import UserFiles, user_files
from tests.tui.conftest import at_both_sizes, open_app

GOOD = """
theme = "nord"
digits = 6
[keys]
next = ["j", "F6"]
back = "@"
quit = "Q"
"""


def problems(user: UserFiles, text: str) -> list[str]:
    """What is said of a file, without its name before each problem."""
    user.settings.write_text(text, encoding="utf-8")
    settings, found = read_settings(user)
    assert settings == UserSettings() or not found, "a file with a problem is not used at all"
    assert {problem.file for problem in found} <= {str(user.settings)}
    return [str(problem).removeprefix(f"{user.settings}: ") for problem in found]


def test_without_a_file_there_are_the_defaults(user: UserFiles) -> None:
    assert read_settings(user) == (UserSettings(), ())
    assert UserSettings().actions == ACTIONS


def test_all_that_can_be_set(user: UserFiles) -> None:
    assert problems(user, GOOD) == []
    assert read_settings(user)[0] == UserSettings("nord", 6, {"next": "j,f6", "back": "at", "quit": "Q"})


BROKEN = {
    "not TOML": ("theme = nord", ["line 1, column 9: not TOML: invalid value"]),
    "unknown key": (
        'thme = "nord"',
        ["thme: unknown key: found thme, expected one of theme, digits, keys (did you mean theme?)"],
    ),
    "unknown theme": (
        'theme = "nrd"',
        [
            'theme: unknown theme: found the text "nrd", expected one of dark, light, nord, gruvbox, '
            "high-contrast (did you mean nord?)"
        ],
    ),
    "theme is no text": (
        "theme = 3",
        [
            "theme: unknown theme: found the number 3, expected one of dark, light, nord, gruvbox, "
            "high-contrast"
        ],
    ),
    "too many digits": ("digits = 18", ["digits: wrong value: found the number 18, expected 17 or less"]),
    "too few digits": ("digits = 0", ["digits: wrong value: found the number 0, expected 1 or more"]),
    "digits are no number": (
        "digits = true",
        ["digits: wrong value: found the boolean true, expected a whole number"],
    ),
    "keys are no table": ("keys = 1", ["keys: wrong value: found the number 1, expected a table"]),
    "unknown action": (
        '[keys]\nnexd = "j"',
        ["keys.nexd: unknown action: found nexd, expected the name of one (did you mean next?)"],
    ),
    "an action like no other": (
        '[keys]\n"a\\u001bb" = "j"',
        [r'keys."a\x1bb": unknown action: found "a\x1bb", expected the name of one (the README lists them)'],
    ),
    "unknown key name": (
        '[keys]\nnext = "esc"',
        [
            'keys.next: unknown key: found the text "esc", expected a character, or a name such as "f5", '
            '"home" or "ctrl+right" (did you mean escape?)'
        ],
    ),
    "an entry of a list": (
        '[keys]\nnext = ["j", 3]',
        ["keys.next[1]: wrong value: found the number 3, expected a key in quotes"],
    ),
    "no keys": (
        "[keys]\nnext = []",
        ["keys.next: wrong value: found an empty list, expected a key or a list of keys"],
    ),
    "a key of another action": (
        '[keys]\nnext = "?"',
        [
            "keys.next: a key with two meanings: found ? for next and for help, "
            "expected a key of its own for each (give one of them another key)"
        ],
    ),
    "a key given twice": (
        '[keys]\nback = "j"\nnext = "j"',
        [
            "keys.back: a key with two meanings: found j for next and for back, "
            "expected a key of its own for each (give one of them another key)"
        ],
    ),
    "a key that is not ours": (
        '[keys]\nplay = "ctrl+p"',
        [
            "keys.play: a key with two meanings: found Ctrl+p for play and for the command palette, "
            "expected a key of its own for each (give one of them another key)"
        ],
    ),
    "all at once": (
        'digits = 99\ncolour = "red"\n[keys]\nfly = "j"\nback = "n"',
        [
            "digits: wrong value: found the number 99, expected 17 or less",
            "colour: unknown key: found colour, expected one of theme, digits, keys",
            "keys.fly: unknown action: found fly, expected the name of one (the README lists them)",
            "keys.back: a key with two meanings: found n for next and for back, "
            "expected a key of its own for each (give one of them another key)",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_used(user: UserFiles, text: str, expected: list[str]) -> None:
    assert problems(user, text) == expected


def test_a_folder_in_place_of_the_file(user: UserFiles) -> None:
    user.settings.mkdir()
    _, (problem,) = read_settings(user)
    assert str(problem) == f"{user.settings}: found a folder, expected a TOML file"


# In the app


async def test_the_settings_hold_in_the_app(user: UserFiles) -> None:
    user.settings.write_text(GOOD, encoding="utf-8")
    async with open_app("two_layer", user=user) as session:
        assert session.app.theme == "nord"
        assert session.screen.chosen.digits == 6
        await session.press("j", "f6")
        assert session.moment == (2, 0)
        await session.press("at")
        assert session.moment == (1, 0)
        await session.press("n", "p", "q")
        assert session.moment == (1, 0)
        assert session.app.is_running
        bar = session.text.splitlines()[-1]
        assert "j next  @ back  s into" in bar
        assert "Q quit" in bar
        commands = {
            command.title: command.help for command in session.app.get_system_commands(session.screen)
        }
        assert commands["Go back by one statement; in a panel, ← moves the cell"] == "Key: @"
        await session.press("question_mark")
        assert isinstance(session.app.screen, HelpScreen)
        assert "j F6            Run the next statement" in session.text
        await session.press("escape", "Q")
        assert not session.app.is_running


@pytest.mark.deep
async def test_the_viewers_keys_stay_as_they_are(user: UserFiles) -> None:
    user.settings.write_text('[keys]\nhelp = "T"\ntensor = "y"\ngo_to = "h"', encoding="utf-8")
    async with open_app("two_layer", user=user) as session:
        await session.press("n", "y")
        viewer = session.app.screen
        assert isinstance(viewer, TensorViewer)
        await session.press("T", "h")
        assert session.app.screen is viewer
        assert (viewer.title_text(), viewer.look) == ("z1.T", "numbers")
        await session.press("question_mark")
        assert isinstance(session.app.screen, HelpScreen)


@pytest.mark.deep
async def test_the_first_frame_has_the_users_colours(user: UserFiles) -> None:
    user.settings.write_text('theme = "light"', encoding="utf-8")
    async with open_app("two_layer", user=user) as session:
        opening = session.app.screen_stack[0]
        assert session.app.theme == "light"
        assert opening.background_colors[1].brightness > 0.5
    user.settings.write_text('theme = "no such"', encoding="utf-8")
    async with open_app("two_layer", user=user) as session:
        assert session.app.theme == DEFAULT_THEME


@at_both_sizes
async def test_a_broken_file_is_reported_and_ignored(user: UserFiles, size: tuple[int, int]) -> None:
    text, expected = BROKEN["all at once"]
    user.settings.write_text('theme = "light"\n' + text, encoding="utf-8")
    async with open_app("two_layer", size, user) as session:
        (shown,) = session.app._notifications
        assert shown.title == f"{user.settings} is not used"
        assert shown.message.splitlines() == expected
        await session.until(lambda: "keys.fly" in session.text)
        assert session.app.theme == DEFAULT_THEME
        assert session.screen.chosen.digits == 4
        await session.press("n")
        assert session.moment == (1, 0)
    assert user.settings.read_text(encoding="utf-8").endswith(text)


@pytest.mark.deep
async def test_the_app_never_writes_the_settings(user: UserFiles) -> None:
    user.settings.write_text(GOOD, encoding="utf-8")
    async with open_app("two_layer", user=user) as session:
        await session.press("t", "plus")
        assert session.app.theme != "nord"
    assert user.settings.read_text(encoding="utf-8") == GOOD


async def test_the_picker_has_the_settings_too(user: UserFiles) -> None:
    user.settings.write_text(GOOD, encoding="utf-8")
    async with open_app(None, user=user) as session:
        assert session.app.theme == "nord"
        await session.press("q")
        assert session.app.is_running
        await session.press("Q")
        assert not session.app.is_running


# Where the files are


@pytest.mark.skipif(sys.platform != "linux", reason="the folders of the XDG specification")
def test_where_the_files_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert user_files() == UserFiles(
        tmp_path / "config/bpdebug/settings.toml", tmp_path / "state/bpdebug/welcomed"
    )


def test_a_user_is_welcomed_once(tmp_path: Path) -> None:
    user = UserFiles(tmp_path / "settings.toml", tmp_path / "a" / "b" / "welcomed")
    assert [user.welcome(), user.welcome()] == [True, False]
    assert os.listdir(tmp_path) == ["a"]


def test_a_mark_that_cannot_be_left_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    user = UserFiles(tmp_path / "settings.toml", tmp_path / "file" / "welcomed")
    assert user.welcome()
