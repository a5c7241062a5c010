"""The check of a person's own code in the background, and the run as it would be with the corrections.

The check runs in a thread, and tells after every edit that it tries whether it is to go on: a key ends it,
and so does leaving the screen. The corrected run is recorded in another process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from textual.screen import Screen
from textual.worker import get_current_worker

from bpdebug.errors import BpdebugError, Interrupted
from bpdebug.present.code_verdicts import CodeVerdicts, code_verdicts
from bpdebug.sources.case import Case
from bpdebug.sources.script.case import Recorded

BETWEEN_SHOWN = 0.2
"""Seconds between two changes of what is said of its progress."""
PAUSE = 0.002
"""Seconds for which the check leaves the processor to a key."""
GROUP = "check"


class CodeCheck:
    """Checks the gradients of a person's own code, and keeps what it has found.

    Parameters
    ----------
    screen : Screen
        Whose background work it is; it ends with the screen.
    case : Case
        What was recorded of the code.
    is_busy : callable
        () -> whether a key is doing its work, which goes first.
    show : callable
        Shows how far it is, and what it has found.
    """

    def __init__(
        self, screen: Screen[None], case: Case, is_busy: Callable[[], bool], show: Callable[[], None]
    ) -> None:
        self.screen = screen
        self.is_busy = is_busy
        self.case = case
        self.show = show
        self.verdicts = CodeVerdicts(case.program)
        self.corrected: Case | None = None
        self.state = ""

    @property
    def starts_by_itself(self) -> bool:
        """Whether it is begun as soon as the case is there."""
        return self.recorded is not None

    @property
    def recorded(self) -> Recorded | None:
        """What there is to check; None for a run that is corrected already."""
        recorded = self.case.script.recorded if self.case.script is not None else None
        return recorded if isinstance(recorded, Recorded) else None

    def start(self) -> None:
        """Check all gradients; while that is being done, stop it."""
        if self.state:
            self.screen.workers.cancel_group(self.screen, GROUP)
        elif self.recorded is not None:
            self.run(self.check, "checking")

    def run(self, work: Callable[[], None], state: str) -> None:
        """Do something in a thread."""
        self.state = f"{state} · v stops"
        self.show()
        self.screen.run_worker(work, thread=True, exclusive=True, group=GROUP)

    def check(self) -> None:
        """Run the check that `bpdebug check` runs, and tell the screen what it finds."""
        from bpdebug.verify.repair.check import SECONDS, examine  # when first used: start-up is quicker

        worker, recorded = get_current_worker(), self.recorded
        assert recorded is not None
        shown = time.monotonic()

        def progress(line: int, tried: int) -> None:
            nonlocal shown
            if worker.is_cancelled:
                raise Interrupted
            while self.is_busy():
                time.sleep(PAUSE)
            if time.monotonic() - shown > BETWEEN_SHOWN:
                shown = time.monotonic()
                self.screen.app.call_from_thread(self.has_state, f"checking line {line} · v stops")

        examined = examine(recorded.recording, recorded.analysis, SECONDS, progress)
        verdicts = code_verdicts(self.case.program, recorded, examined)
        self.tell(lambda: self.has_found(verdicts))

    def correct(self, done: Callable[[Case], None], failed: Callable[[str], None]) -> None:
        """Record the run as it would be with the corrections, and give it to `done`."""
        recorded, texts = self.recorded, self.verdicts.texts
        if self.corrected is not None:
            done(self.corrected)
        elif not self.state and texts and recorded is not None:
            self.run(lambda: self.record(recorded, texts, done, failed), "running it with the correction")

    def record(
        self,
        recorded: Recorded,
        texts: Mapping[str, str],
        done: Callable[[Case], None],
        failed: Callable[[str], None],
    ) -> None:
        """Record the corrected text."""
        from bpdebug.sources.script.elsewhere import recorded_with

        worker = get_current_worker()
        try:
            case = recorded_with(recorded.recording, texts, lambda: not worker.is_cancelled)
        except Interrupted:
            self.tell(lambda: self.has_state(""))
        except BpdebugError as error:
            message = str(error)
            self.tell(lambda: self.has_state(""))
            self.tell(lambda: failed(message))
        else:
            self.tell(lambda: self.has_corrected(case, done))

    def tell(self, what: Callable[[], object]) -> None:
        """Do something in the app, if it is still there."""
        if self.screen.is_running:
            self.screen.app.call_from_thread(what)

    def has_state(self, state: str) -> None:
        """Say how far it is."""
        self.state = state
        self.show()

    def has_found(self, verdicts: CodeVerdicts) -> None:
        """Keep the verdicts."""
        self.verdicts, self.corrected = verdicts, None
        self.has_state("")

    def has_corrected(self, case: Case, done: Callable[[Case], None]) -> None:
        """Keep the corrected run, and show it."""
        self.corrected = case
        self.has_state("")
        done(case)
