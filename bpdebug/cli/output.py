"""What the process says and ends with: text on stdout, progress and errors on stderr, the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from bpdebug.errors import BpdebugError
from bpdebug.plain import plain

RIGHT = 0
WRONG = 1
"""The exit status of a check that found something wrong, and of a command that could not be done."""
BAD_INPUT = 2
"""The exit status for input and usage that cannot be used."""
CLEAR_LINE = "\r\x1b[K"


def write(pieces: Iterable[str], exact: bool = False) -> None:
    """Write to stdout, for as long as there is someone who reads.

    Parameters
    ----------
    pieces : iterable of str
        The text.
    exact : bool
        Whether a file or a pipe gets every character as it is, as `patch` needs them.
    """
    if sys.stdout is None:  # it was closed when the process began
        return
    if not (exact and not is_terminal(sys.stdout)):
        pieces = map(plain, pieces)
    try:
        sys.stdout.writelines(pieces)
        sys.stdout.flush()
    except BrokenPipeError:
        # `head` has seen enough. What is still buffered must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise BpdebugError(f"cannot write: {error.strerror}") from None


def say(text: str) -> None:
    """Write a line to stderr, if there is someone who reads."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(plain(text), file=sys.stderr, flush=True)


def show_progress(text: str, stream: TextIO | None = None) -> None:
    """Put a text on stderr, or on what was stderr, in the place of the one before."""
    print(f"{CLEAR_LINE}{plain(text)}", end="", file=stream or sys.stderr, flush=True)


@contextmanager
def shown_meanwhile(text: str) -> Iterator[None]:
    """Show a text on one line of a terminal that is gone afterwards."""
    stream = sys.stderr  # what a script writes there meanwhile goes elsewhere
    if not text or not is_terminal(stream):
        yield
        return
    show_progress(text, stream)
    try:
        yield
    finally:
        show_progress("", stream)


def running_text(name: str) -> str:
    """Say that a script runs, and how that is ended."""
    return f"running {name} until it has updated what it trains; Ctrl+C ends that ..."


def is_terminal(stream: Any) -> bool:
    """Whether a stream is there and is a terminal."""
    return stream is not None and not stream.closed and stream.isatty()


def fail(message: str) -> int:
    """Print a message on stderr and return the exit status for it."""
    say(message)
    return BAD_INPUT
