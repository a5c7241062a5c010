"""Answers as text: a table format -> function of the command's line and its answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from bpdebug.commands.command import Answer


def text_answer(line: str, answer: Answer) -> Iterator[str]:
    """Yield what a person reads: the command that failed, or the lines of its answer."""
    if answer.failed:
        yield f"{line}: {answer.lines[0]}\n"
        return
    for one in answer.lines:
        yield f"{one}\n"


def json_answer(line: str, answer: Answer) -> Iterator[str]:
    """Yield one JSON object on one line."""
    document = {"command": line, "ok": not answer.failed, "text": "\n".join(answer.lines), **answer.data}
    yield json.dumps(document, allow_nan=False) + "\n"


ANSWER_FORMATS: dict[str, Callable[[str, Answer], Iterator[str]]] = {"text": text_answer, "json": json_answer}
