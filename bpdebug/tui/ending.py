"""What ends the app from outside: a signal, as a shell, a build server or a closed terminal sends it.

The app leaves as it does by its key, so that the terminal is as it was; where it cannot, the process ends
anyway.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from types import FrameType, MethodType

from textual.app import App

SIGNALS = ("SIGTERM", "SIGHUP", "SIGINT")
STATUS = 128
"""What a shell adds to the number of the signal that ended a process."""
PATIENCE = 3.0
"""Seconds after which the process ends, whatever still runs in it."""


def end_with_signals(app: App[None]) -> None:
    """End an app that is running where a signal asks for it."""
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        app.exit(return_code=STATUS + number)
        loop.call_later(PATIENCE, os._exit, STATUS + number)

    for name in SIGNALS:
        number = getattr(signal, name, None)
        # Windows has none of it, and a thread other than the first cannot.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            if number is not None:
                loop.add_signal_handler(number, end, number)


def come_back_once() -> None:
    """Let SIGCONT bring back an app that is running only where SIGTSTP has put it aside.

    What is stopped by SIGSTOP has not left the terminal: to begin there once more would leave it raw.
    """
    put_aside = signal.getsignal(getattr(signal, "SIGTSTP", signal.SIGINT))
    if isinstance(put_aside, MethodType):  # as the driver of a terminal sets it
        come_back = signal.signal(signal.SIGCONT, signal.SIG_DFL)

        def aside(number: int, frame: FrameType | None) -> None:
            signal.signal(signal.SIGCONT, come_back)
            put_aside(number, frame)
            signal.signal(signal.SIGCONT, signal.SIG_DFL)

        signal.signal(signal.SIGTSTP, aside)
