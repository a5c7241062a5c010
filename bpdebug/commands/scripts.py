"""Scripts: commands in a file, or on standard input, one a line; a line that begins with # is a comment."""

from __future__ import annotations

import sys

from bpdebug.commands.session import COMMENT
from bpdebug.errors import BpdebugError
from bpdebug.limits import LIMITS, at_most

STANDARD_INPUT = "-"
MAX_SCRIPT = LIMITS.script_characters


def read_script(path: str) -> list[str]:
    """Return the commands of a script.

    Raises
    ------
    BpdebugError
        If it cannot be read, is not text, or is too long.
    """
    try:
        if path == STANDARD_INPUT:
            text = sys.stdin.read(MAX_SCRIPT + 1) if sys.stdin else ""
        else:
            with open(path, encoding="utf-8-sig") as file:
                text = file.read(MAX_SCRIPT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise BpdebugError(f"--script {path}: cannot be read: {reason}") from None
    if len(text) > MAX_SCRIPT:
        raise BpdebugError(
            f"--script {path}: too long, expected {at_most('script_characters', 'characters')}"
        )
    return script_lines(text)


def script_lines(text: str) -> list[str]:
    """Return the commands of a script: a line each, without empty ones and comments."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(COMMENT)]
