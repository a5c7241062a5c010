"""Iterations computed in the background while one looks at the first, so that any of them is soon at hand.

Only what a jump needs is kept, the checkpoints of the history. The work is done in short slices with pauses
as long between them, so that keys are answered as quickly as without it; a command that computes iterations
itself goes first.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, sleep

from textual.dom import DOMNode
from textual.worker import get_current_worker

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.program.history import History

SLICE = 0.002
"""Seconds of work between two pauses: less than Python lets a thread run before another may."""
BUDGET = 10.0
"""Seconds of work for one history: a small network has run 100,000 iterations by then."""


class RunAhead:
    """Computes the iterations of the history that is debugged.

    Parameters
    ----------
    screen : DOMNode
        Whose background work it is; it ends with the screen.
    debugger : Debugger
        Whose history it is: another one after a what-if.
    is_busy : callable
        () -> whether a command is computing iterations.
    """

    def __init__(self, screen: DOMNode, debugger: Debugger, is_busy: Callable[[], bool]) -> None:
        self.screen = screen
        self.debugger = debugger
        self.is_busy = is_busy
        self.history: History | None = None

    def follow(self) -> None:
        """Begin anew where the debugger has another history."""
        history = self.debugger.history
        if history is self.history or history.iterations == 1:
            return
        self.history = history
        self.screen.run_worker(lambda: self.compute(history), thread=True, group="ahead", exclusive=True)

    def compute(self, history: History) -> None:
        """Compute the iterations of a history, until all are done, the time is up, or another is wanted."""
        worker, spent = get_current_worker(), 0.0
        waiting = [history] if history.original is None else [history.original, history]
        while waiting and spent < BUDGET and not worker.is_cancelled:
            begun = perf_counter()
            if not self.is_busy():
                for _ in waiting[0].reach(history.iterations):
                    if perf_counter() - begun > SLICE:
                        break
                else:
                    del waiting[0]
                spent += perf_counter() - begun
            sleep(SLICE)
