"""Completion: how a line that is being typed could go on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bpdebug.commands.command import Completes
from bpdebug.commands.looking import TOPICS
from bpdebug.commands.session import Session
from bpdebug.commands.table import COMMANDS, find_command
from bpdebug.engine.debug.places import roles_of
from bpdebug.engine.health import HEALTH_CONDITIONS
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.parsing import WRITTEN_AS_OPERATOR
from bpdebug.errors import BpdebugError

WORD = re.compile(r"\w*$")
WHOLE = ("commands", "topics")
"""What is completed from its beginning: the name of a command may have a hyphen."""


def completions(session: Session, line: str) -> list[str]:
    """Return the lines that this one may become, the last word completed, in alphabetical order."""
    word, blank, rest = line.lstrip().partition(" ")
    if not blank:
        return [f"{name} " for name in sorted(COMMANDS) if name.startswith(word)]
    try:
        command = find_command(word)
    except BpdebugError:
        return []
    begun = rest if command.completes in WHOLE else WORD.findall(rest)[0]
    head = line.lstrip().removesuffix(begun)
    words = _WORDS[command.completes](session)
    return sorted(head + candidate for candidate in words if candidate.startswith(begun))


def _tensors(session: Session) -> set[str]:
    return set(session.debugger.program.shapes)


def _expressions(session: Session) -> set[str]:
    return _tensors(session) | {f"{name}(" for name in set(FUNCTIONS) - WRITTEN_AS_OPERATOR}


def _places(session: Session) -> set[str]:
    program = session.debugger.program
    words = {statement.phase for statement in program.statements} | roles_of(program).keys()
    return _expressions(session) | words | set(HEALTH_CONDITIONS) | {"layer ", "role ", "health"}


_WORDS: Mapping[Completes, Callable[[Session], set[str]]] = {
    "": lambda _: set(),
    "files": lambda _: set(),
    "tensors": _tensors,
    "expressions": _expressions,
    "places": _places,
    "commands": lambda _: set(COMMANDS),
    "topics": lambda _: set(TOPICS),
}
