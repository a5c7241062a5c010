"""Over the debugger while a command computes many iterations: which one it is at, and a key to stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker, get_current_worker

from bpdebug.commands.command import Answer
from bpdebug.errors import Interrupted

INTERVAL = 0.1
"""Seconds between two looks at how far it is."""
STOPPED = Answer(("stopped; you are where you were",))


class ComputingScreen(ModalScreen[Answer]):
    """Runs a command in a thread; its result is the answer.

    Parameters
    ----------
    run : callable
        Runs the command, and calls what it is given with each iteration, which may raise `Interrupted`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "stop", "stop")]

    def __init__(self, run: Callable[[Callable[[int], None]], Answer]) -> None:
        super().__init__()
        self.run_command = run
        self.iteration = 0

    def compose(self) -> ComposeResult:
        """Lay out the line that has the place of the status line."""
        yield Static("computing", id="computing")

    def on_mount(self) -> None:
        """Run the command in the background."""
        self.worker: Worker[None] = self.run_worker(self.compute, thread=True)
        self.set_interval(INTERVAL, self.show_iteration)

    def compute(self) -> None:
        """Run the command until it is done or stopped."""
        worker = get_current_worker()

        def passed(iteration: int) -> None:
            self.iteration = iteration
            if worker.is_cancelled:
                raise Interrupted

        try:
            answer = self.run_command(passed)
        except Interrupted:
            answer = STOPPED
        if self.app.is_running:
            self.app.call_from_thread(self.finish, answer)

    def finish(self, answer: Answer) -> None:
        """Close with the answer."""
        self.dismiss(answer)

    def show_iteration(self) -> None:
        """Say how far it is."""
        self.query_one(Static).update(f"computing iteration {self.iteration} · Esc stops")

    def action_stop(self) -> None:
        """Stop the command."""
        self.worker.cancel()
