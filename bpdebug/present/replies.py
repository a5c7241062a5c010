"""What a key's command has to say: the reason of a stop, and nothing that the screen shows anyway."""

from __future__ import annotations

from collections.abc import Mapping

from bpdebug.commands.command import Answer

UNSTOPPED: Mapping[tuple[str, str], str] = {
    ("continue", "end"): "no breakpoint before the end",
    ("reverse-continue", "start"): "no breakpoint before the start",
}
"""What is said where a run met no breakpoint, by the command and the reason of its stop."""


def reply(line: str, answer: Answer) -> tuple[str, ...]:
    """Return what to say after a key has run a command.

    Parameters
    ----------
    line : str
        The command.
    answer : Answer
        What it answered.
    """
    if answer.failed or "reason" not in answer.data:
        return answer.lines
    reason = answer.data["reason"]
    words = answer.reason if reason in ("breakpoint", "nowhere") else UNSTOPPED.get((line, reason))
    return (words,) if words else ()
