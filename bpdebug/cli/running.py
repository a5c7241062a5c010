"""`bpdebug run`: the commands of the debugger, without a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from bpdebug.cli.loading import load
from bpdebug.cli.output import RIGHT, WRONG, write
from bpdebug.cli.request import Request
from bpdebug.commands.answers import ANSWER_FORMATS
from bpdebug.commands.scripts import read_script
from bpdebug.commands.session import Session
from bpdebug.commands.table import execute


def run_lines(request: Request, script: str | None, commands: Sequence[str], form: str) -> int:
    """Run the commands of a file, and then the others; print what they answer, and return the exit status."""
    lines = [*(read_script(script) if script else ()), *commands]
    session = Session(load(request))
    for line in lines:
        answer = execute(session, line)
        write(ANSWER_FORMATS[form](line, answer))
        if answer.failed:
            return WRONG
        if answer.ends:
            break
    return RIGHT
