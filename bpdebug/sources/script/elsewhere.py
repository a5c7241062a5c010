"""A function run in another process: there a script may print, block and crash, and the app goes on.

What is sent and what comes back is pickled: names, texts, values and statements, nothing of the person's own
objects. The process ends with the one that asked, and all that the script has started with it.
"""

from __future__ import annotations

import contextlib
import copyreg
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bpdebug.errors import BpdebugError

Say = Callable[[object], None]
"""What a function is given to say how far it is."""
PACKAGES = Path(__file__).resolve().parents[3]
"""The folder from which this package is imported."""
BEGIN = f"from {__name__} import answer; answer()"


class Elsewhere:
    """A function that runs in another process.

    Parameters
    ----------
    function : callable
        A function of a module: `(*arguments, say) -> result`.
    *arguments
        What it is given.
    """

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        path = os.pathsep.join(filter(None, (str(PACKAGES), os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(  # noqa: S603 (Python, and what stands above)
            [sys.executable, "-P", "-c", BEGIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # what it says, or does not, is read anyway
            pickle.dump((function, arguments), self.process.stdin)
            self.process.stdin.flush()

    def result(self, hear: Say) -> Any:
        """Wait for the result.

        Parameters
        ----------
        hear : callable
            Is given what the function says.

        Raises
        ------
        BpdebugError
            If the function raises one, or the process ends before there is a result.
        """
        assert self.process.stdout is not None
        with self.process:
            try:
                while True:
                    kind, found = pickle.load(self.process.stdout)  # noqa: S301 (of a process of our own)
                    if kind == "result":
                        return found
                    if kind == "error":
                        raise BpdebugError(found)
                    hear(found)
            except (EOFError, pickle.UnpicklingError):
                raise BpdebugError("its process ended in the middle") from None
            finally:
                self.end()

    def interrupt(self) -> None:
        """Stop it as Ctrl+C does: it may still have a result."""
        self.process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)

    def end(self) -> None:
        """End it, and what the script has started: that would hold the pipe open on which one waits."""
        if os.name != "posix":
            self.process.kill()
        elif self.process.returncode is None:  # nobody has waited for it, so its number is still its own
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def answer() -> None:
    """Run what is asked for on standard input, and write what comes of it to standard output."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    function, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 (of a process of our own)
    copyreg.pickle(MappingProxyType, _reduced)  # Python has no way of its own
    threading.Thread(target=_end_with, args=(os.dup(0),), daemon=True).start()
    # What a script reads and writes past Python's own streams must not come between.
    with os.fdopen(os.dup(1), "wb") as out, open(os.devnull, "r+b") as nothing:
        for stream in (0, 1):
            os.dup2(nothing.fileno(), stream)

        def write(kind: str, found: object) -> None:
            out.write(pickle.dumps((kind, found)))
            out.flush()

        try:
            result = function(*arguments, lambda said: write("said", said))
        except BpdebugError as error:
            write("error", str(error))
        else:
            write("result", result)
        os._exit(0)  # whatever the script has left running


def _end_with(stream: int) -> None:
    """End this process when nobody is left at the other end of a stream."""
    while os.read(stream, 1):
        pass
    if os.name == "posix":
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _reduced(mapping: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    return _read_only, (dict(mapping),)


def _read_only(mapping: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)
