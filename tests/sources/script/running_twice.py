"""A source is run as it is and with hooks; what it prints, raises and leaves behind must be the same."""

from __future__ import annotations

import builtins
import contextlib
import io
import types
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.instrumentation import instrument
from bpdebug.sources.script.recorder.hooks import Hooks
from bpdebug.sources.script.recorder.limits import RecordingLimits
from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.recorder.tracebacks import without_own
from bpdebug.sources.script.running import hooks_in_place

FILE = "own.py"
UNSEEN = ("__builtins__", "__warningregistry__")
"""A warning of NumPy's is noted where the operation was carried out, and that is a hook."""


class Outcome(NamedTuple):
    printed: str
    error: str
    lines: tuple[int, ...]
    left: dict[str, str]


def plain(source: str) -> Outcome:
    return _run(compile(source, FILE, "exec", dont_inherit=True))


def instrumented(source: str, on: bool = True) -> tuple[Outcome, Recorder]:
    recorder = Recorder([], RecordingLimits(iteration=10**9, function="" if on else "nothing"))
    recorder.files.add(FILE)
    with hooks_in_place(Hooks(recorder).table()):
        return _run(instrument(source, FILE, recorder.sites)), recorder


def _run(code: types.CodeType) -> Outcome:
    space: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    printed, error, lines = io.StringIO(), "", []
    with contextlib.redirect_stdout(printed), np.errstate(all="ignore"):
        try:
            exec(code, space)
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
            here = without_own(raised.__traceback__)
            while here is not None:
                if here.tb_frame.f_code.co_filename == FILE:
                    lines.append(here.tb_lineno)
                here = here.tb_next
    left = {name: exact(value) for name, value in space.items() if name not in UNSEEN}
    return Outcome(printed.getvalue(), error, tuple(lines), left)


def exact(value: Any, depth: int = 0) -> str:
    """Write a value so that two are written alike only if they are the same, bit for bit."""
    if depth > 5:
        return "..."
    if isinstance(value, np.ndarray):
        elements = list(value) if value.dtype == object else value.tobytes().hex()
        return f"{value.dtype} {value.shape} {elements}"
    if isinstance(value, float | np.floating):
        return f"{type(value).__name__} {float(value).hex()}"
    if isinstance(value, list | tuple | set | frozenset):
        return f"{type(value).__name__}({', '.join(exact(part, depth + 1) for part in value)})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {exact(part, depth + 1)}' for key, part in value.items())}}}"
    if isinstance(value, int | str | bytes | type(None)):
        return repr(value)
    return type(value).__name__
