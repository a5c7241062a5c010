"""A script runs as `python script.py` runs it, with the recorder watching.

Its name is `__main__`, its arguments and the folder of its imports are its own, the working folder stays;
what it prints is kept. A terminal is not asked for anything: `input()` finds the end of a file there, and
plots are drawn in memory. Whatever ends it - its last line, an exception, `exit()`, Ctrl-C, the end of an
iteration, the clock - what was recorded until then is there.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, NamedTuple

from bpdebug.sources.script.imports import OwnFiles
from bpdebug.sources.script.recorder.hooks import Hooks
from bpdebug.sources.script.recorder.limits import StopRecording
from bpdebug.sources.script.recorder.quiet import QUIET
from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.recorder.tracebacks import without_own


class Ending(NamedTuple):
    """How a script ended.

    Attributes
    ----------
    kind : str
        `stopped`: the recording was over. `finished`: its last line. `exited`: `exit()` or `SystemExit`.
        `raised`: an exception. `interrupted`: Ctrl-C. `timed out`: the clock. `asked`: it wanted an input.
    message : str
        What there is to say: why the recording was over, the last line of the exception.
    traceback : str
        As Python shows it; empty where nothing was raised.
    file, line : str, int
        Where an exception came from in the person's code; empty and 0 otherwise.
    """

    kind: str
    message: str = ""
    traceback: str = ""
    file: str = ""
    line: int = 0


class _TimedOut(StopRecording):
    """The seconds are over."""


def run(
    path: Path,
    parts: Sequence[CodeType],
    arguments: Sequence[str],
    recorder: Recorder,
    finder: OwnFiles,
    seconds: float,
    skipped: list[str] | None = None,
) -> tuple[Ending, str]:
    """Run the code of a script.

    Parameters
    ----------
    path : path
        The script, as the person named it.
    parts : sequence of code
        Its code; a notebook has a part for each cell.
    arguments : sequence of str
        What stands after its name.
    recorder : Recorder
        Watches.
    finder : OwnFiles
        Instruments what it imports.
    seconds : float
        How long it may run.
    skipped : list of str or None
        For a notebook: a part that raises is left out, and this takes a message about it.

    Returns
    -------
    (ending, output) : (Ending, str)
        How it ended, and what it wrote.
    """
    main = ModuleType("__main__")
    main.__dict__.update(__file__=str(path), __builtins__=builtins, __spec__=None, __package__=None)
    main.__dict__["__cached__"] = None
    written = _Written()
    output = io.TextIOWrapper(written, encoding="utf-8", errors="replace", write_through=True)
    with (
        _as_main(main, [str(path), *arguments], str(path.resolve().parent), finder),
        hooks_in_place(Hooks(recorder).table()),
        rare_collection(),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        ending = _run(parts, main, recorder, seconds, skipped)
    recorder.on, recorder.ended = False, ""
    written.close()
    return ending, written.whole.decode("utf-8", errors="replace")


class _Written(io.BytesIO):
    """What a script writes: it is kept where the script closes its output, or wraps it in one of its own."""

    whole = b""

    def close(self) -> None:
        self.whole = self.whole if self.closed else self.getvalue()
        super().close()


def _run(
    parts: Sequence[CodeType], main: ModuleType, recorder: Recorder, seconds: float, skipped: list[str] | None
) -> Ending:
    try:
        with _clock(seconds, recorder):
            for part in parts:
                try:
                    exec(part, main.__dict__)  # noqa: S102 (it is what running a script means)
                except Exception as error:
                    if skipped is None:
                        raise
                    ending = raised(error, recorder)
                    skipped.append(
                        f"{part.co_filename}:{ending.line} was left from here on: {ending.message}"
                    )
    except _TimedOut as stop:
        return Ending("timed out", str(stop))
    except StopRecording as stop:
        return Ending("stopped", str(stop))
    except SystemExit as error:
        code = "" if error.code is None else str(error.code)
        return Ending("exited", f"the script ended itself with exit({code})")
    except KeyboardInterrupt:
        return Ending("interrupted", "the script was interrupted")
    except EOFError as error:
        kind = "asked" if "EOF when reading a line" in str(error) else "raised"
        return raised(error, recorder, kind)
    except BaseException as error:
        return raised(error, recorder)
    finally:
        recorder.on = False
    return Ending("finished", "the script has come to its end")


def raised(error: BaseException, recorder: Recorder, kind: str = "raised") -> Ending:
    """Say what was raised, as Python shows it: from the script's first line on, without our own frames."""
    shown = without_own(error.__traceback__)
    lines = traceback.format_exception(type(error), error.with_traceback(shown), shown)
    places = [frame for frame in traceback.extract_tb(shown) if frame.filename in recorder.files]
    file, line = (places[-1].filename, places[-1].lineno or 0) if places else ("", 0)
    if isinstance(error, SyntaxError):
        file, line = error.filename or "", error.lineno or 0
    message = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()[-1]
    return Ending(kind, message, "".join(lines), file, line)


@contextlib.contextmanager
def _as_main(main: ModuleType, arguments: list[str], folder: str, finder: OwnFiles) -> Iterator[None]:
    """Let a module be the script: its name, its arguments, where it imports from."""
    before = dict(sys.modules)
    kept = sys.argv, sys.path[:], sys.meta_path[:], sys.stdin, os.environ.get("MPLBACKEND")
    sys.modules["__main__"] = main
    sys.argv, sys.path[:0] = arguments, [folder]
    sys.meta_path.insert(0, finder)
    folders = finder.folders()
    for name, module in before.items():
        if name != "__main__" and finder.is_own(getattr(module, "__file__", None), folders):
            del sys.modules[name]  # it is imported again, with hooks
    if sys.stdin is None or sys.stdin.isatty():
        sys.stdin = io.StringIO()
    os.environ["MPLBACKEND"] = "Agg"
    try:
        yield
    finally:
        sys.argv, sys.path[:], sys.meta_path[:], sys.stdin = kept[:4]
        if kept[4] is None:
            os.environ.pop("MPLBACKEND", None)
        else:
            os.environ["MPLBACKEND"] = kept[4]
        for name in finder.names:
            sys.modules.pop(name, None)
        sys.modules["__main__"] = before["__main__"]
        for name, module in before.items():
            sys.modules.setdefault(name, module)


@contextlib.contextmanager
def hooks_in_place(table: dict[str, Any]) -> Iterator[None]:
    """Put hooks among the builtins, then what was there, or quiet ones: what is left behind may still run."""
    kept = {name: getattr(builtins, name, QUIET[name]) for name in table}
    for name, hook in table.items():
        setattr(builtins, name, hook)
    try:
        yield
    finally:
        for name, hook in kept.items():
            setattr(builtins, name, hook)


@contextlib.contextmanager
def rare_collection() -> Iterator[None]:
    """Look for cycles less often: a recording is kept anyway, and going over it takes its time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextlib.contextmanager
def _clock(seconds: float, recorder: Recorder) -> Iterator[None]:
    """Stop the script when its time is over, also where no hook is met."""
    in_main = threading.current_thread() is threading.main_thread()
    if not hasattr(signal, "setitimer") or not in_main:
        yield
        return

    def over(number: int, frame: FrameType | None) -> None:
        recorder.ended, recorder.on = f"{seconds:g} seconds are over", False
        raise _TimedOut(recorder.ended)

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
