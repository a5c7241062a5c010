"""The user's settings: a TOML file becomes checked settings, or all of its problems and the defaults.

The file is for always, the keys in the app are for now: bpdebug never writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from bpdebug.errors import Problem, ScenarioError
from bpdebug.present.cells import DEFAULT_DIGITS, FEWEST_DIGITS, MOST_DIGITS
from bpdebug.sources.problems import ProblemReport, described, key_path
from bpdebug.sources.scenario.model import STRICT, check
from bpdebug.tui.keys.action import Action, key_text
from bpdebug.tui.keys.debugger import ACTIONS
from bpdebug.tui.keys.keymap import NAMED, collisions, key_named, with_keys
from bpdebug.tui.themes import DEFAULT_THEME, THEMES
from bpdebug.tui.user_files import UserFiles

KEYS = "keys"


@dataclass(frozen=True, slots=True)
class UserSettings:
    """What a user can choose.

    Attributes
    ----------
    theme : str
        The name of a theme.
    digits : int
        Significant digits.
    keys : mapping
        For the name of an action, its keys, separated by commas; of those actions that have other keys.
    """

    theme: str = DEFAULT_THEME
    digits: int = DEFAULT_DIGITS
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def actions(self) -> tuple[Action, ...]:
        """The table of actions with the user's keys."""
        return with_keys(ACTIONS, self.keys)


class SettingsFile(BaseModel):
    """The whole file; its keys are checked one by one, later."""

    model_config = STRICT

    theme: Literal[*THEMES] = DEFAULT_THEME  # type: ignore[valid-type]
    digits: Annotated[int, Field(ge=FEWEST_DIGITS, le=MOST_DIGITS)] = DEFAULT_DIGITS
    keys: dict[str, Any] = Field(default_factory=dict)


def read_settings(files: UserFiles) -> tuple[UserSettings, tuple[Problem, ...]]:
    """Return a user's settings; where something is wrong with them, the defaults and every problem."""
    report = ProblemReport(str(files.settings))
    try:
        document = check(SettingsFile, files.read_settings(), (), report)
    except ScenarioError as error:
        return UserSettings(), error.problems
    keys = read_keys(document[KEYS], report)
    if report.problems:
        return UserSettings(), report.problems
    return UserSettings(document["theme"], document["digits"], keys), ()


def read_keys(table: Mapping[str, Any], report: ProblemReport) -> dict[str, str]:
    """Return for each action of a table its keys, separated by commas.

    Parameters
    ----------
    table : mapping
        For the name of an action, a key or a list of keys.
    report : ProblemReport
        Takes what is wrong with it.
    """
    names = [action.name for action in ACTIONS]
    found: dict[str, str] = {}
    for name, value in table.items():
        if name not in names:
            found_name = key_path((name,))
            hint = report.did_you_mean(name, names) or "the README lists them"
            report.add((KEYS, name), f"unknown action: found {found_name}, expected the name of one", hint)
        elif keys := read_key_list(name, value, report):
            found[name] = ",".join(keys)
    for collision in collisions(with_keys(ACTIONS, found)):
        named = collision.second if collision.second in found else collision.first
        report.add(
            (KEYS, named),
            f"a key with two meanings: found {key_text(collision.key)} for {collision.first} and for "
            f"{collision.second}, expected a key of its own for each",
            "give one of them another key",
        )
    return found


def read_key_list(name: str, value: object, report: ProblemReport) -> list[str]:
    """Return the keys that the entry of an action names, without those that are wrong."""
    texts = value if isinstance(value, list) else [value]
    if not texts:
        report.add((KEYS, name), "wrong value: found an empty list, expected a key or a list of keys")
    keys = []
    for place, text in enumerate(texts):
        path = (KEYS, name, place) if isinstance(value, list) else (KEYS, name)
        if not isinstance(text, str):
            report.add(path, f"wrong value: found {described(text)}, expected a key in quotes")
        elif key := key_named(text):
            keys.append(key)
        else:
            report.add(
                path,
                f'unknown key: found {described(text)}, expected a character, or a name such as "f5", "home" '
                'or "ctrl+right"',
                report.did_you_mean(text.lower(), NAMED),
            )
    return keys
