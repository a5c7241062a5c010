"""Programs in a pseudo-terminal, and how long they take to show something."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

import pexpect

ROWS, COLUMNS = 48, 160
TIMEOUT = 120


def start(arguments: Sequence[str]) -> pexpect.spawn:
    """Start Python with arguments in a terminal of 160×48."""
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    child = pexpect.spawn(
        sys.executable, list(arguments), dimensions=(ROWS, COLUMNS), timeout=TIMEOUT, env=environment
    )
    child.delaybeforesend = None
    return child


def seconds_to(child: pexpect.spawn, text: str) -> float:
    """Return how long it takes until a text is on its way to the screen."""
    begin = time.perf_counter()
    child.expect_exact(text)
    return time.perf_counter() - begin


def stop(child: pexpect.spawn) -> None:
    """End a program."""
    child.close(force=True)
