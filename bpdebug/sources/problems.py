"""How a problem is worded: one table from what the model check finds to what a person reads.

Every line says what is wrong, what was found, and what is expected, in this order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from bpdebug.engine.language.nearest import nearest
from bpdebug.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from bpdebug.sources.files import ScenarioFolder

MAX_SHOWN = 40
"""How much of a text found in a file is repeated in a message, in characters."""
MAX_LISTED = 30
"""How many known names a message lists; the rest is counted."""
MAX_PROBLEMS = 100
"""More lines than this help nobody; the rest is counted."""

KeyPath = tuple[str | int, ...]


def printable(text: str) -> str:
    """Write control characters as escapes, so that a file cannot move the cursor or break a line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word; empty if none is near."""
    near = nearest(word, known) if isinstance(word, str) else ""
    return f"did you mean {near}?" if near else ""


def listed(known: Sequence[str]) -> str:
    """Write the known names in a row, at most `MAX_LISTED` of them."""
    rest = len(known) - MAX_LISTED
    return ", ".join(known[:MAX_LISTED]) + (f" and {rest:,} more" if rest > 0 else "")


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


class Report:
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

    def add_finding(self, path: KeyPath, finding: ErrorDetails, known: Sequence[str]) -> None:
        """Note what pydantic found in the table at `path`; `known` are the keys it may have."""
        where = (*path, *finding["loc"])
        wording = WORDINGS.get(finding["type"], _expected(finding["msg"]))
        self.add(where, *wording(where[-1], finding["input"], finding.get("ctx", {}), known))

    def refuse(self) -> None:
        """Raise a `ScenarioError` with all problems, if there are any."""
        if self._problems:
            raise ScenarioError(*self.problems)

    @property
    def is_full(self) -> bool:
        """Whether what is added now will only be counted, so that no effort on its wording is worth it."""
        return len(self._problems) >= MAX_PROBLEMS

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


Wording = Callable[[Any, Any, dict[str, Any], Sequence[str]], tuple[str, str]]
"""(the key, its value, pydantic's details, the keys known beside it) -> (message, hint)."""


def _missing(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
    found = ", ".join(key_path((other,)) for other in list(value)[:10]) or "no keys"
    return f"missing key: found {found}, expected also {key}", ""


def _not_a_list(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
    hint = "write [[layers]] before each layer" if key == "layers" else ""
    return f"wrong value: found {described(value)}, expected a list", hint


def _unknown_key(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
    expected = f"one of {', '.join(known)}" if len(known) > 1 else known[0]
    return f"unknown key: found {key_path((key,))}, expected {expected}", did_you_mean(key, known)


def _unknown_choice(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
    choices = re.findall(r"'([^']*)'", details["expected"])
    expected = f"one of {', '.join(choices)}" if len(choices) > 1 else choices[0]
    return f"unknown {key}: found {described(value)}, expected {expected}", did_you_mean(value, choices)


def _expected(what: str, hint: str = "") -> Wording:
    def wording(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
        return f"wrong value: found {described(value)}, expected {what.format(**details)}", hint

    return wording


def _ready(key: Any, value: Any, details: dict[str, Any], known: Sequence[str]) -> tuple[str, str]:
    return details["message"], details["hint"]


READY = "ready"
"""The type of a finding of our own, which brings its wording with it."""

WORDINGS: dict[str, Wording] = {
    READY: _ready,
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "literal_error": _unknown_choice,
    "string_type": _expected("text in quotes"),
    "string_too_short": _expected("text that is not empty"),
    "int_type": _expected("a whole number"),
    "float_type": _expected("a number"),
    "finite_number": _expected("a finite number"),
    "greater_than_equal": _expected("{ge} or more"),
    "greater_than": _expected("more than {gt}"),
    "bool_type": _expected("true or false"),
    "less_than_equal": _expected("{le} or less"),
    "less_than": _expected("less than {lt}"),
    "too_short": _expected("{min_length} entry or more"),
    "too_long": _expected("at most {max_length} entries"),
    "list_type": _not_a_list,
    "dict_type": _expected("a table"),
    "model_type": _expected("a table"),
}
