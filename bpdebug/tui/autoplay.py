"""Autoplay: the debugger steps on without a key, until it is stopped or there is nothing left to run."""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen
from textual.timer import Timer

from bpdebug.engine.debug.debugger import Debugger

SLOWEST, FASTEST = 0.25, 32.0


class Autoplay:
    """Steps on a timer of the app.

    Any other move ends it: whoever moves the debugger by hand wants to stay where that leads.

    Parameters
    ----------
    screen : Screen
        Has the timer.
    debugger : Debugger
        What is stepped.
    run : callable
        Runs a command of the debugger, and shows what it has done.
    """

    def __init__(self, screen: Screen[None], debugger: Debugger, run: Callable[[str], None]) -> None:
        self.screen = screen
        self.debugger = debugger
        self.run = run
        self.speed = 1.0
        self.timer: Timer | None = None
        self.moment = debugger.moment

    @property
    def is_playing(self) -> bool:
        """Whether it steps on."""
        return self.timer is not None

    @property
    def text(self) -> str:
        """Say how fast it plays, `playing 2/s`; empty while it does not."""
        return f"playing {self.speed:g}/s" if self.is_playing else ""

    def start(self) -> None:
        """Step at the current speed, from now on."""
        self.stop()
        self.moment = self.debugger.moment
        self.timer = self.screen.set_interval(1 / self.speed, self.step)

    def stop(self) -> None:
        """Play no further, and stay at the moment that is shown."""
        if self.timer is not None:
            self.timer.stop()
            self.timer = None

    def toggle(self) -> None:
        """Step on without a key, or stop."""
        (self.stop if self.is_playing else self.start)()

    def stop_if_moved(self) -> None:
        """Stop if someone else has moved the debugger."""
        if self.debugger.moment != self.moment:
            self.stop()

    def change_speed(self, factor: float) -> None:
        """Play faster or slower by a factor, within `SLOWEST` and `FASTEST`."""
        self.speed = min(max(self.speed * factor, SLOWEST), FASTEST)
        self.start()

    def step(self) -> None:
        """Run the next statement; stop at a breakpoint, and at the end."""
        debugger = self.debugger
        self.moment = debugger.timeline.neighbour(debugger.moment, 1, "statement")
        if not debugger.timeline.can_move(self.moment, 1):
            self.stop()
        self.run("step")
        if debugger.hits:
            self.stop()
