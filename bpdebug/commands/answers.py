"""Answers as text: a table format -> function of the command's line and its answer."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from bpdebug.commands.command import Answer
from bpdebug.engine.language.functions.entry import Array
from bpdebug.export.json_trace import json_numbers
from bpdebug.plain import printable

MAX_SHOWN = 100
"""So much of a command is repeated where it failed, in characters."""
MAX_NUMBERS = 2**20
"""A larger tensor is not written into a line of JSON: its shape is, and `null` for its value."""


def text_answer(line: str, answer: Answer) -> Iterator[str]:
    """Yield what a person reads: the command that failed, or the lines of its answer."""
    if answer.failed:
        yield f"{shown(line)}: {answer.lines[0]}\n"
        return
    for one in answer.lines:
        yield f"{one}\n"


def json_answer(line: str, answer: Answer) -> Iterator[str]:
    """Yield one JSON object on one line."""
    document = {"command": line, "ok": not answer.failed, "text": "\n".join(answer.lines), **answer.data}
    yield json.dumps(_strict(document), allow_nan=False, default=numbers) + "\n"


def _strict(value: Any) -> Any:
    """Return data with words in the place of single numbers that JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else json_numbers(np.asarray(value))
    if isinstance(value, Mapping):
        return {key: _strict(one) for key, one in value.items()}
    return [_strict(one) for one in value] if isinstance(value, list | tuple) else value


def numbers(value: Array) -> Any:
    """Return the numbers of a tensor; nothing of one too large for a line: a part of it can be asked for."""
    return json_numbers(value) if value.size <= MAX_NUMBERS else None


def shown(line: str) -> str:
    """Return a command as a message repeats it."""
    return printable(line if len(line) <= MAX_SHOWN else f"{line[: MAX_SHOWN - 1]}…")


ANSWER_FORMATS: dict[str, Callable[[str, Answer], Iterator[str]]] = {"text": text_answer, "json": json_answer}
