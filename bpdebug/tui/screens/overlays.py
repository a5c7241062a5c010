"""The screens that lie over the debugger's for a while: what each shows, and where one goes from there."""

from __future__ import annotations

from textual.screen import Screen

from bpdebug.engine.program.trace import Trace
from bpdebug.present.curves import Quantity, loss_of, watch_of
from bpdebug.present.explaining import Selection
from bpdebug.present.health_text import next_finding
from bpdebug.present.subjects import read_subject
from bpdebug.sources.case import Case
from bpdebug.tui.following import Following
from bpdebug.tui.screens import curve, go_to, health, source_screen, tensor_viewer
from bpdebug.tui.widgets.entry_lists import EntryLists


class Overlays:
    """Opens them over a screen.

    Parameters
    ----------
    screen : Screen
        Over which they lie.
    case : Case
        What is debugged.
    following : Following
        Which number is explained, and what is looked at.
    lists : EntryLists
        The watches: of the one in focus a curve can be drawn.
    """

    def __init__(self, screen: Screen[None], case: Case, following: Following, lists: EntryLists) -> None:
        self.screen, self.case, self.following, self.lists = screen, case, following, lists
        self.chosen, self.runner = following.chosen, following.runner
        self.debugger, self.go_to = self.chosen.debugger, self.runner.go_to
        self.examined: Trace | None = None

    def ask_where(self) -> None:
        """Ask for a step, and go there."""
        self.screen.app.push_screen(go_to.GoToScreen(self.debugger), self.go_to)

    def follow(self) -> None:
        """Follow the bracketed cell under the cursor; elsewhere, open the tensor."""
        if not self.following.follow_bracketed():
            self.view_tensor()

    def view_tensor(self) -> None:
        """Show the tensor of the panel in focus, or else the current result, in the viewer."""
        chosen, name = self.chosen, self.following.cursor_name
        explained = self.following.selection()
        # What is explained may be another tensor, which the one in focus feeds.
        selection = Selection(name, chosen.cell(name)) if name else explained
        subject = read_subject(self.debugger, chosen.views, selection, chosen.digits, chosen.view, explained)
        if subject is None:
            panel = self.following.ledger.panel_of(selection.name)
            note = panel.panel.note if panel is not None else ""
            self.runner.say(note or "no statement has run yet: Tab goes to a panel")
            return
        self.screen.app.push_screen(tensor_viewer.TensorViewer(subject))

    def source(self) -> None:
        """Show the current line of a person's own code in its file."""
        script, statement = self.case.script, self.debugger.statement
        if script is None or statement is None or statement.source is None:
            return  # the program has just moved, and the keys do not know it yet
        window = source_screen.SourceScreen(statement.source, script.files[statement.source.file])
        self.screen.app.push_screen(window)

    def health(self) -> None:
        """Show the health of the run, and go to the finding that is chosen there."""
        self.screen.app.push_screen(health.HealthScreen(self.debugger.trace), self.go_to)

    @property
    def may_have_findings(self) -> bool:
        """Whether something may be wrong with the run's health; certain once it has been asked for."""
        return self.examined is not self.debugger.trace or bool(self.debugger.findings)

    def go_to_finding(self) -> None:
        """Go to the first bad tensor, and say what is wrong with it and what to do."""
        finding = next_finding(self.debugger.findings, self.debugger.position)
        self.examined = self.debugger.trace
        if finding is None:
            self.runner.show()
            self.runner.say("nothing is wrong with the health of this run")
        else:
            self.go_to(finding.position)
            self.runner.say(f"{finding.condition} {finding.text}. {finding.advice}")

    def quantity(self) -> Quantity | None:
        """Return what there is to draw over the iterations: the watch in focus, or else the loss."""
        if self.debugger.timeline.iterations == 1:
            return None
        rows, watches = self.lists.watches, self.debugger.watches
        # Keys that are typed ahead come before the list shows that a watch has gone.
        if rows.has_focus and rows.entry is not None and rows.entry.number in watches.numbers:
            return watch_of(self.debugger, rows.entry.number)
        return loss_of(self.debugger.program)

    def curve(self) -> None:
        """Draw a quantity over all iterations, and go to the iteration that is chosen there."""
        if (quantity := self.quantity()) is not None:
            window = curve.CurveScreen(self.debugger.history, quantity, self.debugger.iteration)
            self.screen.app.push_screen(window, self.go_to_iteration)

    def go_to_iteration(self, iteration: int | None) -> None:
        """Go to the same statement of an iteration; None changes nothing."""
        self.go_to(None if iteration is None else f"{iteration}:")
