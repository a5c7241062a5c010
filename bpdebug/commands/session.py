"""A session: a scenario under the debugger, and a record of what was done with it.

The keys of the app are commands too, so that a session by keyboard is a script like any other.
"""

from __future__ import annotations

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.sources.case import Case

COMMENT = "#"
MAX_DIGITS = 9
"""A count has no more: there is no program so long."""
COUNTED = ("step", "back", "into", "next-iteration", "previous-iteration")
"""The commands that take a count: repeated, they are recorded as one."""


class Session:
    """What commands work on.

    Parameters
    ----------
    scenario : Case
        What is debugged; the breakpoints and watches that it brings are set.
    """

    def __init__(self, scenario: Case) -> None:
        self.scenario = scenario
        self.debugger = Debugger(scenario.history())
        self.recorded: list[str] = []
        for text in scenario.breakpoints:
            self.debugger.breakpoints.add(text)
        for text in scenario.watches:
            self.debugger.watches.add(text)

    def record(self, line: str) -> None:
        """Keep a line for `save`; steps in a row become one line."""
        word, _, count = line.partition(" ")
        before, _, times = self.recorded[-1].partition(" ") if self.recorded else ("", "", "")
        if word in COUNTED and before == word:
            total = int(times or 1) + int(count or 1)
            if len(str(total)) <= MAX_DIGITS:
                self.recorded[-1] = f"{word} {total}"
                return
        self.recorded.append(line)

    def script(self) -> str:
        """Return what was done as a script that does it again."""
        head = f"{COMMENT} bpdebug run {self.scenario.source} --script THIS_FILE\n"
        return head + "".join(f"{line}\n" for line in self.recorded)
