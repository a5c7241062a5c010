"""The check of a screen's case: what it has found, how much of that is to be seen, and which run this is."""

from __future__ import annotations

from textual.screen import Screen

from bpdebug.engine.program.trace import Trace
from bpdebug.present.code_verdicts import CodeVerdicts
from bpdebug.present.command_runner import CommandRunner
from bpdebug.present.verdicts import CheckVerdicts
from bpdebug.sources.case import Case
from bpdebug.tui.background_check import BackgroundCheck
from bpdebug.tui.code_check import CodeCheck
from bpdebug.tui.keys.action import Needs

CORRECTED = "this is the run with the corrections, which the check has verified: x goes back"
HIDDEN = "what the check finds is hidden: V reveals it"


class Checking:
    """Knows what has been found, and what one may know of it.

    Parameters
    ----------
    screen : Screen
        Whose background work the check is; it ends with the screen.
    case : Case
        What is checked: a person's own code, or a scenario.
    original : Trace
        Its run, whatever is set in it.
    runner : CommandRunner
        Shows how far the check is, and what it has found.
    hides : bool
        Whether what it finds is hidden until a key reveals it: for a class that is to find the bug.
    """

    def __init__(
        self, screen: Screen[None], case: Case, original: Trace, runner: CommandRunner, hides: bool
    ) -> None:
        self.case, self.runner = case, runner
        check = BackgroundCheck if case.script is None else CodeCheck
        self.check: BackgroundCheck | CodeCheck = check(screen, case, original, runner.show)
        self.hides = hides

    def run(self) -> None:
        """Check all gradients in the background."""
        if self.is_corrected:
            self.runner.say(CORRECTED)
        else:
            self.check.start()

    @property
    def verdicts(self) -> CheckVerdicts | CodeVerdicts:
        """What has been found, as far as it is to be seen."""
        return self.check.verdicts.hidden if self.hides else self.check.verdicts

    @property
    def is_corrected(self) -> bool:
        """Whether this is a run with the corrections of a check."""
        return self.case.script is not None and self.case.script.is_corrected

    def state(self, view: str) -> str:
        """Say how far the check is, or what it has found; where other values are looked at, which."""
        if self.hides:
            return "verdicts hidden"
        return self.check.state or view or self.check.problem or self.verdicts.summary

    def reason(self, needs: Needs) -> str:
        """Say why what an action needs is not there, if it is only hidden."""
        return HIDDEN if self.hides and needs in ("wrong", "corrected") else ""
