"""The check behind the debugger's screen: it runs in a thread, and the screen shows what it has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from bpdebug.present.verdicts import Verdicts
from bpdebug.sources.case import Case
from bpdebug.tui.keys.action import Action
from bpdebug.tui.screens.session_screen import SessionScreen
from bpdebug.tui.widgets.program_view import ProgramView
from bpdebug.verify.report import Report, TensorReport
from bpdebug.verify.upstream import evaluate_mine


class CheckingScreen(SessionScreen):
    """Checks the gradients of a session's original run, whatever is set in it.

    Parameters
    ----------
    scenario : Case
        What is debugged; the user's numbers that it brings are what is checked, else the derived gradients.
    actions : sequence of Action
        The table of actions, with the user's keys.
    """

    def __init__(self, scenario: Case, actions: Sequence[Action]) -> None:
        super().__init__(scenario, actions)
        values = self.debugger.original.values
        mine = evaluate_mine(scenario.program, values, scenario.mine) if scenario.mine else {}
        self.verdicts = Verdicts(scenario.program, values, mine)
        self.checking = ""

    def action_run_check(self) -> None:
        """Check all gradients in the background; the keys go on working."""
        if not self.checking:
            self.checking = "checking"
            self.show()
            self.run_worker(self.check, thread=True, exclusive=True, group="check")

    def action_go_to_wrong(self, direction: Literal[1, -1]) -> None:
        """Go to the nearest wrong statement in a direction."""
        self.go_to(self.verdicts.next_wrong(self.debugger.position, direction))

    def check(self) -> None:
        """Run the check that `bpdebug check` runs, and tell the screen what it finds."""
        from bpdebug.verify.check import check  # when first used: start-up is quicker

        def progress(tensor: TensorReport) -> None:
            self.app.call_from_thread(self.show_progress, tensor.name)

        program, values = self.scenario.program, self.scenario.values
        report = check(program, values, self.verdicts.mine, progress=progress)
        self.app.call_from_thread(self.show_report, report)

    def show_progress(self, name: str) -> None:
        """Say which tensor has been checked."""
        self.checking = f"checked {name}"
        self.show()

    def show_report(self, report: Report) -> None:
        """Show the verdicts."""
        self.checking = ""
        self.verdicts = replace(self.verdicts, report=report)
        self.query_one(ProgramView).show_verdicts(self.verdicts)
        self.show()
