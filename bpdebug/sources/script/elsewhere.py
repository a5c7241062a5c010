"""A script recorded in another process: there it may print, block and crash while the app has the terminal.

What comes back is a case, pickled: statements, values and texts, and nothing of the person's own objects.
"""

from __future__ import annotations

import contextlib
import copyreg
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bpdebug.errors import BpdebugError, Interrupted
from bpdebug.sources.case import Case
from bpdebug.sources.script.case import case_of
from bpdebug.sources.script.recording import Recording, record_script

PACKAGES = Path(__file__).resolve().parents[3]
"""The folder from which this package is imported."""
BETWEEN_LOOKS = 0.1
"""Seconds between two looks at whether it is still wanted."""
BEGIN = f"from {__name__} import answer; answer()"


def recorded_with(recording: Recording, texts: Mapping[str, str], goes_on: Callable[[], bool]) -> Case:
    """Record a script once more, as it was recorded, with other texts in the place of its files.

    Parameters
    ----------
    recording : Recording
        How it was recorded: its name, arguments and options.
    texts : mapping
        What runs in place of what stands in a file, by the name of the file.
    goes_on : callable
        () -> whether it is still wanted.

    Raises
    ------
    BpdebugError
        If nothing could be recorded, or the process ended without an answer.
    Interrupted
        If it is no longer wanted.
    """
    asked = pickle.dumps((recording.path, recording.arguments, recording.options, dict(texts)))
    path = os.pathsep.join(filter(None, (str(PACKAGES), os.environ.get("PYTHONPATH"))))
    process = subprocess.Popen(  # noqa: S603 (Python, and what stands above)
        [sys.executable, "-P", "-c", BEGIN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    )
    with process:
        try:
            answer = _answer_of(process, asked, goes_on)
        finally:
            process.kill()  # it has ended, unless it is not wanted any more
    try:
        found = pickle.loads(answer)  # noqa: S301 (of a process of our own)
    except (EOFError, pickle.UnpicklingError):
        raise BpdebugError(
            f"{recording.path}: it ended before it was recorded, with the correction"
        ) from None
    if isinstance(found, str):
        raise BpdebugError(found)
    assert isinstance(found, Case)
    return found


def _answer_of(process: subprocess.Popen[bytes], asked: bytes, goes_on: Callable[[], bool]) -> bytes:
    given: bytes | None = asked
    while goes_on():
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(given, timeout=BETWEEN_LOOKS)[0]
        given = None
    raise Interrupted


def answer() -> None:
    """Read what is asked for on standard input, and write the case, or what is wrong, to standard output."""
    path, arguments, options, texts = pickle.load(sys.stdin.buffer)  # noqa: S301 (of a process of our own)
    # What the script writes past Python's own streams must not come between.
    with os.fdopen(os.dup(1), "wb") as out, open(os.devnull, "r+b") as nothing:
        for stream in (0, 1):
            os.dup2(nothing.fileno(), stream)
        copyreg.pickle(MappingProxyType, _reduced)  # Python has no way of its own
        found: Case | str
        try:
            case = case_of(record_script(path, arguments, options, texts))
            assert case.script is not None
            script = case.script._replace(recorded=None, is_corrected=True)
            found = replace(case, title=f"{case.title}, corrected", script=script)
        except BpdebugError as error:
            found = str(error)
        pickle.dump(found, out)


def _reduced(mapping: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    return _read_only, (dict(mapping),)


def _read_only(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)
