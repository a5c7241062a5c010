"""The check in the background: it runs in a thread while the keys go on working."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from textual.screen import Screen

from bpdebug.engine.program.trace import Trace
from bpdebug.errors import Interrupted
from bpdebug.present.verdicts import CheckVerdicts
from bpdebug.sources.case import Case
from bpdebug.verify import check as checking
from bpdebug.verify.report import Report, TensorReport
from bpdebug.verify.upstream import evaluate_mine


class BackgroundCheck:
    """Checks the gradients of a case, and keeps what it has found.

    Parameters
    ----------
    screen : Screen
        Whose background work it is; it ends with the screen.
    case : Case
        The user's values that it brings are what is checked, else the derived gradients.
    original : Trace
        The run that is checked, whatever is set in it.
    show : callable
        Shows how far it is, and what it has found.
    """

    def __init__(self, screen: Screen[None], case: Case, original: Trace, show: Callable[[], None]) -> None:
        self.screen = screen
        self.case = case
        self.show = show
        mine = evaluate_mine(case.program, original.values, case.mine) if case.mine else {}
        self.verdicts = CheckVerdicts(case.program, original.values, mine)
        self.state = ""
        self.problem = ""
        self.is_left = False

    @property
    def starts_by_itself(self) -> bool:
        """Whether it is begun as soon as the case is there: where the user has given values."""
        return bool(self.verdicts.mine)

    def start(self) -> None:
        """Check all gradients, unless that is being done."""
        if not self.state:
            self.state = "checking"
            self.show()
            self.screen.run_worker(self.check, thread=True, exclusive=True, group="check")

    def end(self) -> None:
        """End the check behind the tensor that it is at, when the screen is left."""
        self.is_left = True

    def check(self) -> None:
        """Run the check that `bpdebug check` runs, and tell the screen what it finds."""
        app, case = self.screen.app, self.case

        def progress(tensor: TensorReport) -> None:
            if self.is_left:
                raise Interrupted
            app.call_from_thread(self.has_checked, tensor.name)

        with suppress(Interrupted):
            report = checking.check(case.program, case.values, self.verdicts.mine, progress=progress)
            if not self.is_left:
                app.call_from_thread(self.has_found, report)

    def has_checked(self, name: str) -> None:
        """Say which tensor has been checked."""
        self.state = f"checked {name}"
        self.show()

    def has_found(self, report: Report) -> None:
        """Keep the verdicts."""
        self.state = ""
        self.verdicts = replace(self.verdicts, report=report)
        self.show()
