"""The check of a person's own code in the background: it runs in another process, and can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.screen import Screen

from bpdebug.engine.program.trace import Trace
from bpdebug.errors import BpdebugError
from bpdebug.present.code_verdicts import CodeVerdicts, code_verdicts
from bpdebug.sources.case import Case
from bpdebug.sources.script.case import RecordedCase
from bpdebug.sources.script.elsewhere import Elsewhere
from bpdebug.verify.repair.check import SECONDS
from bpdebug.verify.repair.corrected_run import check_and_correct

STOPS = " · v stops"


class CodeCheck:
    """Checks the gradients of a person's own code, and keeps what it has found.

    Parameters
    ----------
    screen : Screen
        Whose background work it is; it ends with the screen.
    case : Case
        What was recorded of the code.
    original : Trace
        The run as it was recorded.
    show : callable
        Shows how far it is, and what it has found.
    """

    def __init__(self, screen: Screen[None], case: Case, original: Trace, show: Callable[[], None]) -> None:
        self.screen, self.case, self.original, self.show = screen, case, original, show
        self.verdicts = CodeVerdicts(case.program)
        self.state = ""
        self.problem = ""
        self.is_stopped = False
        self.elsewhere: Elsewhere | None = None

    @property
    def starts_by_itself(self) -> bool:
        """Whether it is begun as soon as the case is there: where it can be recorded again."""
        return isinstance(self.case, RecordedCase)

    def start(self) -> None:
        """Check all gradients; while that is being done, stop it: what was found until then is shown."""
        if self.state:
            if self.elsewhere is not None:
                self.is_stopped = True
                self.elsewhere.interrupt()
        elif isinstance(self.case, RecordedCase):
            self.is_stopped = False
            self.has_state(f"checking{STOPS}")
            recording = self.case.recording
            asked = (recording.path, recording.arguments, recording.options, SECONDS)
            # Here, not in the thread: a screen that is left at once must find what it is to end.
            self.elsewhere = Elsewhere(check_and_correct, *asked)
            check = partial(self.check, self.elsewhere, self.case)
            # Without a description Textual writes out what it is given: all tensors of the recording.
            self.screen.run_worker(check, description="check", thread=True, exclusive=True, group="check")

    def end(self) -> None:
        """End the process, when the screen is left."""
        if self.elsewhere is not None:
            self.elsewhere.end()

    def check(self, elsewhere: Elsewhere, case: RecordedCase) -> None:
        """Wait for the check that `bpdebug check` runs, and tell the screen what it finds."""
        try:
            checked = elsewhere.result(lambda line: self.tell(self.has_state, f"checking line {line}{STOPS}"))
            self.tell(self.has_found, code_verdicts(case, self.original.values, checked))
        except BpdebugError as error:
            self.tell(self.has_ended, str(error))

    def tell(self, what: Callable[..., None], *said: object) -> None:
        """Do something in the app, if it is still there."""
        if self.screen.is_running and self.screen.app.is_running:
            self.screen.app.call_from_thread(what, *said)

    def has_state(self, state: str) -> None:
        """Say how far it is."""
        self.state = state
        self.show()

    def has_ended(self, problem: str) -> None:
        """Say why it has found nothing."""
        self.elsewhere = None
        self.problem = "not checked: it was stopped" if self.is_stopped else f"not checked: {problem}"
        self.has_state("")

    def has_found(self, verdicts: CodeVerdicts) -> None:
        """Keep the verdicts."""
        self.elsewhere, self.verdicts, self.problem = None, verdicts, ""
        self.has_state("")
