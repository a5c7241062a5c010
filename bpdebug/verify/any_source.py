"""The check from Python, whatever it is given: a person's own script, a scenario, or a case."""

from __future__ import annotations

import os
from typing import Any

from bpdebug.sources.case import Case
from bpdebug.sources.opening import is_capture, is_script, open_case
from bpdebug.sources.script.case import RecordedCase
from bpdebug.verify.check import check_scenario
from bpdebug.verify.repair.check import check_recording, check_script
from bpdebug.verify.repair.report import ScriptReport
from bpdebug.verify.report import Report


def check(source: Case | str | os.PathLike[str], *arguments: Any, **options: Any) -> Report | ScriptReport:
    """Check gradients.

    Parameters
    ----------
    source : str or path, or Case
        A Python file or a notebook, which runs, is checked as `verify.repair.check.check_script` says, and
        a case that was recorded as `check_recording` says there; a scenario, or the case of one, as
        `verify.check.check_scenario` says. They say what else can be given.

    Returns
    -------
    Report or ScriptReport
        The same that `bpdebug check` prints; `passed` says whether nothing is wrong.
    """
    if isinstance(source, RecordedCase):
        return check_recording(source.recording, *arguments, **options)
    if not isinstance(source, Case) and is_script(source):
        return check_script(source, *arguments, **options)
    if not isinstance(source, Case) and is_capture(source):
        source = open_case(source)
    return check_scenario(source, *arguments, **options)
