"""The problems of a file: where each is, and how what was found there is shown.

Every line says what is wrong, what was found, and what is expected, in this order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from itertools import islice

from bpdebug.engine.language.nearest import nearest
from bpdebug.errors import Problem, ScenarioError
from bpdebug.plain import printable
from bpdebug.sources.files import ScenarioFolder

MAX_SHOWN = 40
"""How much of a text found in a file is repeated in a message, in characters."""
MAX_LISTED = 30
"""How many known names a message lists; the rest is counted."""
MAX_PROBLEMS = 100
"""More lines than this help nobody; the rest is counted."""

KeyPath = tuple[str | int, ...]


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word; empty if none is near."""
    near = nearest(word, known) if isinstance(word, str) else ""
    return f"did you mean {near}?" if near else ""


def listed(known: Collection[str], write: Callable[[str], str] = str) -> str:
    """Write the known names in a row, at most `MAX_LISTED` of them, and go over no others."""
    rest = len(known) - MAX_LISTED
    return ", ".join(map(write, islice(known, MAX_LISTED))) + (f" and {rest:,} more" if rest > 0 else "")


def described(value: object) -> str:
    """Say what was found in a file, shortly and in TOML's words."""
    match value:
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() if abs(value) >= 10**MAX_SHOWN:
            return f"an integer of more than {MAX_SHOWN} digits"
        case int() | float():
            return f"the number {value}"
        case str():
            return f'the text "{shortened(value)}"'
        case dict():
            return "a table"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case None:
            return "null"
        case _:
            return f"the date or time {value}"


def key_path(parts: KeyPath) -> str:
    """Write a key path as one would in code: `layers[1].w`."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            key = shortened(part) if bare else f'"{shortened(part)}"'
            text += f".{key}" if text else key
    return text


class RefusalError(Exception):
    """Why a tensor in a file is not read: the message and the hint of a problem, for who knows its place.

    Attributes
    ----------
    message, hint : str
        As in a `Problem`.
    path : tuple
        Where in the tensor.
    """

    def __init__(self, message: str, hint: str = "", path: KeyPath = ()) -> None:
        super().__init__(message)
        self.message, self.hint, self.path = message, hint, path


class ProblemReport:
    """Collects the problems of one file, each once.

    Parameters
    ----------
    file : str
        The file as the user named it.
    folder : ScenarioFolder, optional
        Where the tensor files may be that the file names. Without it none is looked at.
    """

    def __init__(self, file: str, folder: ScenarioFolder | None = None) -> None:
        self.file = printable(file)
        self.folder = folder
        self._problems: dict[Problem, None] = {}

    def add(self, path: KeyPath, message: str, hint: str = "") -> None:
        """Note a problem at a key path."""
        self._problems[Problem(self.file, key_path(path), message, hint)] = None

    def take(self, problems: Iterable[Problem]) -> None:
        """Note problems that were found elsewhere."""
        self._problems |= dict.fromkeys(problems)

    def refuse(self) -> None:
        """Raise a `ScenarioError` with all problems, if there are any."""
        if self._problems:
            raise ScenarioError(*self.problems)

    @property
    def is_full(self) -> bool:
        """Whether what is added now will only be counted, so that no effort on its wording is worth it."""
        return len(self._problems) >= MAX_PROBLEMS

    def did_you_mean(self, word: object, known: Iterable[str]) -> str:
        """Return a hint that names the nearest known word, where it will be read: that takes its time."""
        return "" if self.is_full else did_you_mean(word, known)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems in the order in which they were found; past `MAX_PROBLEMS` only their number."""
        problems = tuple(self._problems)
        rest = len(problems) - MAX_PROBLEMS
        if rest <= 0:
            return problems
        return (*problems[:MAX_PROBLEMS], Problem(self.file, "", f"and {rest:,} more problems"))


def shortened(text: str, limit: int = MAX_SHOWN) -> str:
    """Write as much of a text found in a file as a message repeats."""
    text = printable(text[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"
