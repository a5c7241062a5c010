"""A report as an error, for a person's own tests."""

from __future__ import annotations

import os
from typing import Any

from bpdebug.export.script_report import text_report
from bpdebug.verify.repair.check import check_script


def assert_gradients(script: str | os.PathLike[str], *arguments: Any, **options: Any) -> None:
    """Check the gradients in a script; the parameters are those of `check_script`.

    Raises
    ------
    AssertionError
        If one is wrong, or none could be checked; with the report.
    ScriptError
        If the script cannot be recorded.
    """
    report = check_script(script, *arguments, **options)
    if not report.passed:
        raise AssertionError("".join(text_report(report)))
