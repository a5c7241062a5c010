"""Every key, click and typed line that changes the session runs a command here.

So whatever one does can be saved as a script, and replayed without a terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Protocol

from bpdebug.commands.command import Answer
from bpdebug.commands.session import Session
from bpdebug.commands.table import execute
from bpdebug.errors import Interrupted
from bpdebug.present.replies import reply

PATIENCE = 0.1
"""Seconds that a command may compute iterations before it goes on in a thread."""


class SayLines(Protocol):
    """Shows an answer until the next key."""

    def __call__(self, *lines: str, failed: bool = False) -> None:
        """Show lines; `failed` says that they are a refusal."""


Passed = Callable[[int], None]
"""Called with each iteration that is computed; it may raise `Interrupted`."""
InBackground = Callable[[Callable[[Passed], Answer], Callable[[Answer | None], None]], None]
"""(run, done): runs a command in a thread with what it calls for each iteration, then calls `done`."""


class CommandRunner:
    """Runs the commands of a session, and lets a front show what has become of it.

    Parameters
    ----------
    session : Session
        What the commands work on.
    in_background : callable
        Runs what takes long, and lets it be stopped.
    show : callable
        Shows the session as it is.
    say : callable
        Shows an answer.
    """

    def __init__(
        self, session: Session, in_background: InBackground, show: Callable[[], None], say: SayLines
    ) -> None:
        self.session = session
        self.in_background = in_background
        self.show = show
        self.say = say
        self.is_computing = False

    def execute(self, line: str) -> Answer:
        """Run a command; what takes long goes on in a thread, and answers when it is done."""
        self.session.debugger.on_iteration = interrupt_after(PATIENCE)
        try:
            answer = execute(self.session, line)
        except Interrupted:
            self.compute(line)
            return Answer(())
        self.show()
        return answer

    def run(self, line: str) -> None:
        """Run the command of a key or a click, and say what the front does not show anyway."""
        self.reply(line, self.execute(line))

    def run_in_training(self, line: str) -> None:
        """Run the command of a key; the first and the last statement are those of the whole training."""
        debugger = self.session.debugger
        timeline, iteration = debugger.timeline, debugger.iteration
        if line == "restart" and iteration > 1:
            line = "goto 1:0"
        elif line == "end" and iteration < timeline.iterations:
            line = f"goto {timeline.iterations}:{timeline.last}"
        self.run(line)

    def go_to(self, place: int | str | None) -> None:
        """Go to a position, or to what `goto` takes: `12:dw1`; None changes nothing."""
        # In a person's own code a number alone is a line.
        is_step = isinstance(place, int) and self.session.debugger.program.is_recorded
        if place is not None:
            self.run(f"goto {'step ' * is_step}{place}")

    def reply(self, line: str, answer: Answer) -> None:
        """Say what the front does not show of an answer."""
        self.say(*reply(line, answer), failed=answer.failed)

    def compute(self, line: str) -> None:
        """Run a command in a thread; until it is done one can only stop it."""

        def run(passed: Passed) -> Answer:
            self.session.debugger.on_iteration = passed
            return execute(self.session, line)

        def done(answer: Answer | None) -> None:
            self.is_computing = False
            self.show()
            if answer is not None:
                self.reply(line, answer)

        self.is_computing = True
        self.in_background(run, done)


def interrupt_after(seconds: float) -> Passed:
    """Return what is called with each iteration that is computed, and stops that after some time."""
    end = perf_counter() + seconds

    def passed(iteration: int) -> None:
        if perf_counter() > end:
            raise Interrupted

    return passed
