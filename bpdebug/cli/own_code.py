"""`bpdebug check` of a person's own script: what was found, as a patch, and into the file after asking."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from bpdebug.cli.output import (
    BAD_INPUT,
    RIGHT,
    WRONG,
    is_terminal,
    running_text,
    say,
    show_progress,
    shown_meanwhile,
    write,
)
from bpdebug.cli.request import Request
from bpdebug.export import script_report
from bpdebug.export.corrections import SourceFile, source_files, write_corrected
from bpdebug.sources.script import RecordingOptions
from bpdebug.sources.script.analysis.told import Told, read_gradients
from bpdebug.verify.repair.check import SECONDS, check_script

BETWEEN_PROGRESS = 0.1
"""Seconds between two looks at how far the search is."""


def read_told(
    loss: str, gradients: Sequence[str], parameters: Sequence[str], intended: Sequence[str]
) -> Told:
    """Read what a person says in place of what would be found."""
    return Told(loss, read_gradients(gradients), tuple(parameters), tuple(intended))


def check_own_code(
    request: Request,
    told: Told,
    seconds: float | None,
    form: str,
    diff: bool,
    confirm: Callable[[str], bool] | None,
) -> int:
    """Check a script, print what was found, and return the exit status.

    Parameters
    ----------
    request : Request
        The script.
    told : Told
        What is not to be found but told.
    seconds : float, optional
        How long to search for corrections.
    form : str
        A name of `script_report.CHECK_FORMATS`.
    diff : bool
        Whether to print the corrections, as a patch, instead.
    confirm : callable, optional
        Asks a question; given where the corrections are wanted in the file.
    """
    options = RecordingOptions(request.until, request.iteration, request.function)
    if seconds is not None:  # who has the patience for a longer search has it for the script as well
        options = options._replace(seconds=max(options.seconds, seconds))
    with progress_line(running_text(request.name)) as progress:
        report = check_script(
            request.name,
            request.arguments,
            options,
            SECONDS if seconds is None else seconds,
            **told._asdict(),
            progress=progress,
        )
    if diff:
        write(script_report.diff(list(source_files(report.findings))), exact=True)
    else:
        write(script_report.CHECK_FORMATS[form](report))
    if confirm is not None:
        fix_files(list(source_files(report.findings)), confirm)
    if not report.is_judged:
        return BAD_INPUT
    return RIGHT if report.passed else WRONG


@contextmanager
def progress_line(first: str) -> Iterator[Callable[[int, int], None]]:
    """Give what says how far a search is, on one line of a terminal that is gone afterwards."""
    shown = monotonic()
    stream = sys.stderr  # what the script writes there meanwhile goes elsewhere

    def show(line: int, tried: int) -> None:
        nonlocal shown
        if monotonic() - shown > BETWEEN_PROGRESS:
            show_progress(f"looking at line {line}, {tried} edits tried ...", stream)
            shown = monotonic()

    with shown_meanwhile(first):
        yield show if is_terminal(stream) else lambda line, tried: None


def fix_files(files: Sequence[SourceFile], confirm: Callable[[str], bool]) -> None:
    """Write corrected files, each after asking, and keep what was there beside it."""
    changed = [file for file in files if file.corrected != file.text]
    if files and not changed:
        say("nothing is written: no correction is verified")
    for file in changed:
        if confirm(f"write the corrections to {file.name}?"):
            write_corrected(file)
            say(f"written; what was there is in {file.name}.orig")
        else:
            say(f"{file.name} is as it was")
