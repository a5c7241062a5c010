"""`bpdebug check` of a person's own script: what was found, as a patch, and into the file after asking."""

from __future__ import annotations

from collections.abc import Callable

from bpdebug.cli.output import BAD_INPUT, RIGHT, WRONG, write
from bpdebug.cli.source import Source
from bpdebug.errors import BpdebugError
from bpdebug.export import script_report
from bpdebug.sources.script import Options
from bpdebug.verify.repair.check import SECONDS, check_script
from bpdebug.verify.repair.report import corrected


def check_own_code(
    source: Source,
    seconds: float | None,
    form: str,
    diff: bool,
    confirm: Callable[[str], bool] | None,
) -> int:
    """Check a script, print what was found, and return the exit status.

    Parameters
    ----------
    source : Source
        The script.
    seconds : float, optional
        How long to search for corrections.
    form : str
        A name of `script_report.CHECK_FORMATS`.
    diff : bool
        Whether to print the corrections, as a patch, instead.
    confirm : callable, optional
        Asks a question; given where the corrections are wanted in the file.
    """
    options = Options(source.until, source.iteration, source.function)
    report = check_script(source.name, source.arguments, options, SECONDS if seconds is None else seconds)
    files = {finding.source.file: read_text(finding.source.file) for finding in report.findings}
    if diff:
        write(script_report.diff(files, report.findings))
    else:
        write(script_report.CHECK_FORMATS[form](report))
    if confirm is not None:
        for file, text in files.items():
            own = tuple(one for one in report.findings if one.source.file == file)
            fixed = corrected(text, own)
            if fixed != text and confirm(f"write the corrections to {file}?"):
                write_corrected(file, text, fixed)
    if not report.is_judged:
        return BAD_INPUT
    return RIGHT if report.passed else WRONG


def write_corrected(file: str, text: str, fixed: str) -> None:
    """Write a corrected script, and keep what was there beside it."""
    try:
        with open(f"{file}.orig", "x", encoding="utf-8", newline="") as kept:
            kept.write(text)
        with open(file, "w", encoding="utf-8", newline="") as written:
            written.write(fixed)
    except FileExistsError:
        raise BpdebugError(f"{file}.orig: exists already, and is not replaced; nothing was written") from None
    except OSError as error:
        raise BpdebugError(f"--fix {file}: cannot be written: {error.strerror}") from None


def read_text(file: str) -> str:
    """Return the text of a script, its line ends as they are."""
    with open(file, encoding="utf-8", newline="") as opened:
        return opened.read()
