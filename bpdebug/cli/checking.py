"""`bpdebug check` of a scenario: the user's gradients, or those that bpdebug derives."""

from __future__ import annotations

import sys
import time

from bpdebug.cli.loading import load_with_mine
from bpdebug.cli.output import RIGHT, WRONG, is_terminal, show_progress, write
from bpdebug.cli.request import Request
from bpdebug.errors import BpdebugError
from bpdebug.export.reports import CHECK_FORMATS
from bpdebug.sources.case import Case
from bpdebug.sources.files import written_whole
from bpdebug.verify.check import SECONDS, check_scenario
from bpdebug.verify.comparison import Tolerance
from bpdebug.verify.report import TensorReport
from bpdebug.verify.suggestion import suggested_scenario

LEAST_SECONDS = 1.0
"""So long derived gradients are checked, however long it took to load them."""


def check_gradients(
    request: Request, form: str, rtol: float | None, atol: float, suggest: str | None, seconds: float | None
) -> int:
    """Check a scenario, print the report, and return the exit status.

    Parameters
    ----------
    request : Request
        The scenario, and the user's files.
    form : str
        A name of `CHECK_FORMATS`.
    rtol, atol : float
        How near is right; see `Tolerance`.
    suggest : str, optional
        A new file for a scenario that tells more mistakes apart.
    seconds : float, optional
        How long the derived gradients may be checked; by default all takes so long, with the loading.
    """
    began = time.thread_time()
    case, renamed = load_with_mine(request)
    if suggest is not None:
        write_suggested(suggest, case)
    has_terminal = is_terminal(sys.stderr)

    def say(tensor: TensorReport) -> None:
        if has_terminal:  # a large network takes its time
            show_progress(f"checked {tensor.name} ...")

    if seconds is None:
        seconds = max(LEAST_SECONDS, round(SECONDS - (time.thread_time() - began), 1))
    report = check_scenario(case, None, Tolerance(rtol, atol), renamed, say, seconds)
    if has_terminal:
        show_progress("")
    write(CHECK_FORMATS[form](report))
    return RIGHT if report.passed else WRONG


def write_suggested(path: str, case: Case) -> None:
    """Write a suggested scenario to a file that is not there yet."""
    text = suggested_scenario(case.program, case.title, case.images)
    try:
        with written_whole(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise BpdebugError(f"--suggest {path}: cannot be written: {error.strerror}") from None
