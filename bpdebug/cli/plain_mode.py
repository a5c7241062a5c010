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
from bpdebug.engine.program.trace import Trace
from bpdebug.errors import BpdebugError
from bpdebug.present.cells import DEFAULT_DIGITS
from bpdebug.present.code_verdicts import CodeVerdicts, code_verdicts
from bpdebug.present.operation_text import about_text
from bpdebug.present.plain_text import step_lines
from bpdebug.present.verdicts import CheckVerdicts
from bpdebug.sources.case import Case
from bpdebug.sources.scenario.reading import shipped_scenarios
from bpdebug.sources.script.case import RecordedCase
from bpdebug.verify import check
from bpdebug.verify.repair.check import SECONDS
from bpdebug.verify.repair.corrected_run import check_and_correct
from bpdebug.verify.upstream import evaluate_mine

PROMPT = "bpdebug> "
HINT = "n next, back, s into, c continue, p NAME print, x NAME[i,j] explain, help, q quit; Enter: again"


def read_commands(request: Request | None, hides_verdicts: bool) -> None:
    """Step through what is named, or first ask what it is to be, until the commands end.

    The user's own values, or code, are checked first, unless what that finds is to be hidden.
    """
    if request is None:
        names = sorted(path.stem for path in shipped_scenarios())
        say(["scenarios:", *names, "which one, or which file?"])
        name = next(lines(), "")
        if not name:
            return
        request = Request(name, False, 0, 1, "", None, ())
    case = load(request)
    session = Session(case)
    say([f"{case.name}: {case.title}" if case.title else case.name])
    verdicts = None if hides_verdicts else checked(case, session.debugger.original)
    say([*step_lines(session.debugger, about_text(case, hides_verdicts), DEFAULT_DIGITS, verdicts), HINT])
    last = "step"
    for line in lines():
        last = line or last
        before = session.debugger.moment
        answer = execute(session, last)
        if session.debugger.moment != before:
            said = step_lines(session.debugger, "", DEFAULT_DIGITS, verdicts)
            say([*filter(None, [answer.reason]), *said])
        else:
            say(answer.lines)
        if answer.ends:
            return


def checked(case: Case, original: Trace) -> CheckVerdicts | CodeVerdicts | None:
    """Check the user's own values, or code, against those of a run; None where there are none."""
    if isinstance(case, RecordedCase):
        say([f"checking its gradients, for at most {SECONDS:g} seconds ..."])
        recording = case.recording
        asked = (recording.path, recording.arguments, recording.options, SECONDS)
        try:
            return code_verdicts(case, original.values, check_and_correct(*asked, say=lambda line: None))
        except BpdebugError as error:
            say([f"not checked: {error}"])
            return None
    if not case.mine:
        return None
    mine = evaluate_mine(case.program, original.values, case.mine)
    report = check.check(case.program, case.values, mine)
    return CheckVerdicts(case.program, original.values, mine, report)


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
