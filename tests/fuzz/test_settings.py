"""Whatever stands in the settings, they are used as a whole, or not at all and all problems are said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.sources import problems as problems_of_files
from bpdebug.tui.keys.debugger import ACTIONS
from bpdebug.tui.settings import UserSettings, read_settings
from bpdebug.tui.themes import THEMES
from bpdebug.tui.user_files import UserFiles
from tests.fuzz.scratch import assert_printable, folder

KEYS = [
    "j",
    "F6",
    "@",
    "ctrl+c",
    "q",
    ",",
    "escape",
    "",
    "ctrl+shift+alt+x",
    "\u001b",
    "é",
    "space",
    "1",
    "jj",
]
VALUES = st.sampled_from(
    [*(f'"{key}"' for key in KEYS), "1", "-1", "99", "true", "[]", "{}", "nan", '["j", 1]']
)
TABLES = st.dictionaries(
    st.sampled_from([*(action.name for action in ACTIONS), "nothing", '"\\u001b[2J"']),
    VALUES | st.lists(st.sampled_from(KEYS), max_size=3).map(lambda keys: str(keys).replace("'", '"')),
    max_size=5,
)


@given(
    st.sampled_from(["", *(f'theme = "{name}"' for name in (*THEMES, "none")), "theme = 1"]),
    st.sampled_from(
        ["", "digits = 3", "digits = 1e9", 'digits = "4"', "digits = ", "a" + ".a" * 99 + " = 1"]
    ),
    TABLES,
)
def test_a_file(theme: str, digits: str, keys: dict[str, str]) -> None:
    files = UserFiles(folder() / "settings.toml", folder() / "welcomed")
    table = "".join(f"{name} = {value}\n" for name, value in keys.items())
    files.settings.write_text(f"{theme}\n{digits}\n[keys]\n{table}", encoding="utf-8")
    settings, problems = read_settings(files)
    assert settings == UserSettings() or not problems
    assert_printable(problems)
    assert settings.actions


def test_very_many_wrong_names_are_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(problems_of_files, "nearest", lambda word, known: asked.append(word) or "")
    files = UserFiles(folder() / "settings.toml", folder() / "welcomed")
    files.settings.write_text("[keys]\n" + "".join(f"k{number} = 1\n" for number in range(500)))
    assert str(read_settings(files)[1][-1]).endswith("and 400 more problems")
    assert len(asked) == 100
