"""A check together with the run as it would be: the script recorded once more, with the corrections in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields
from typing import NamedTuple

from bpdebug.errors import BpdebugError
from bpdebug.sources.case import Case
from bpdebug.sources.script import RecordingOptions, record_script
from bpdebug.sources.script.case import case_of
from bpdebug.verify.repair.check import check_recording
from bpdebug.verify.repair.report import ScriptReport
from bpdebug.verify.repair.running_again import corrected_texts

BETWEEN_SAID = 0.2
"""Seconds between two words on how far it is."""


class Checked(NamedTuple):
    """What came out.

    Attributes
    ----------
    report : ScriptReport
        What was found.
    corrected : Case or None
        The run with the corrections; None where there are none.
    """

    report: ScriptReport
    corrected: Case | None


def check_and_correct(
    path: str,
    arguments: tuple[str, ...],
    options: RecordingOptions,
    seconds: float,
    say: Callable[[int], object],
) -> Checked:
    """Record a script, check it, and record it with the corrections.

    Parameters
    ----------
    path, arguments, options
        As `record_script` takes them.
    seconds : float
        How long corrections are searched for.
    say : callable
        Is given the line that is looked at.

    Raises
    ------
    ScriptError
        If the script cannot be recorded.
    """
    said = 0.0

    def progress(line: int, tried: int) -> None:
        nonlocal said
        if time.monotonic() - said > BETWEEN_SAID:
            said = time.monotonic()
            say(line)

    recording = record_script(path, arguments, options)
    report = check_recording(recording, seconds, progress=progress)
    texts = corrected_texts(recording, report.findings)
    if not texts:
        return Checked(report, None)
    try:
        case = case_of(record_script(path, arguments, options, texts))
    except BpdebugError:
        return Checked(report, None)
    assert case.script is not None
    # Without the recording, which stays here.
    held = {one.name: getattr(case, one.name) for one in fields(Case)}
    held |= {"title": f"{case.title}, corrected", "script": case.script._replace(is_corrected=True)}
    return Checked(report, Case(**held))
