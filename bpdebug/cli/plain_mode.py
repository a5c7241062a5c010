"""`bpdebug --plain`: each step is printed as text, and commands are read line by line.

The commands are those of `:` in the app and of `bpdebug run`. An empty line does the last one again, as in
pdb; the first time it goes on to the next statement.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import TextIOWrapper

from bpdebug.cli.loading import load
from bpdebug.cli.output import is_terminal, write
from bpdebug.cli.request import Request
from bpdebug.commands.session import Session
from bpdebug.commands.table import execute
from bpdebug.present.cells import DEFAULT_DIGITS
from bpdebug.present.operation_text import about_text
from bpdebug.present.plain_text import step_lines
from bpdebug.sources.scenario.reading import shipped_scenarios

PROMPT = "bpdebug> "
HINT = "n next, back, s into, c continue, p NAME print, x NAME[i,j] explain, help, q quit; Enter: again"


def read_commands(request: Request | None) -> None:
    """Step through what is named, or first ask what it is to be, until the commands end."""
    if request is None:
        names = sorted(path.stem for path in shipped_scenarios())
        say(["scenarios:", *names, "which one, or which file?"])
        name = next(lines(), "")
        if not name:
            return
        request = Request(name, False, 0, 1, "", ())
    session = Session(load(request))
    say(
        [
            f"{session.scenario.name}: {session.scenario.title}"
            if session.scenario.title
            else session.scenario.name
        ]
    )
    say([*step_lines(session.debugger, about_text(session.scenario), DEFAULT_DIGITS), HINT])
    last = "step"
    for line in lines():
        last = line or last
        before = session.debugger.moment
        answer = execute(session, last)
        if session.debugger.moment != before:
            say([*filter(None, [answer.reason]), *step_lines(session.debugger, "", DEFAULT_DIGITS)])
        else:
            say(answer.lines)
        if answer.ends:
            return


def lines() -> Iterator[str]:
    """Yield what is typed, line by line, until it ends; someone at a terminal is asked for each."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="backslashreplace")  # what is no text is no command either
    while sys.stdin is not None:
        if is_terminal(sys.stdin):
            write([PROMPT])
        line = sys.stdin.readline()
        if not line:
            return
        yield line.strip()


def say(said: Iterator[str] | list[str] | tuple[str, ...]) -> None:
    """Print some lines."""
    write(f"{line}\n" for line in said)
