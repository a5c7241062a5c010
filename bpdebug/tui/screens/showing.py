"""What a screen shows of a session: each of its widgets refreshed, and which keys can do something now."""

from __future__ import annotations

from dataclasses import dataclass

from bpdebug.present.card import card_text
from bpdebug.present.entries import gutter_marks
from bpdebug.present.panels import read_pairs
from bpdebug.tui.checking import Checking
from bpdebug.tui.keys.action import Needs
from bpdebug.tui.screens.overlays import Overlays
from bpdebug.tui.widgets.operation_card import OperationCard
from bpdebug.tui.widgets.program_view import ProgramView
from bpdebug.tui.widgets.status_line import StatusLine, place_parts


@dataclass(frozen=True)
class Showing:
    """Refreshes the widgets; one that shows the same already does nothing.

    Attributes
    ----------
    overlays : Overlays
        Knows the case, what is chosen in it and what is followed.
    checking : Checking
        What has been found.
    status, program, operation
        What is refreshed, beside the ledger and the lists.
    """

    overlays: Overlays
    checking: Checking
    status: StatusLine
    program: ProgramView
    operation: OperationCard

    def show(self, playing: str) -> None:
        """Refresh every widget; `playing` says how fast the program goes on by itself."""
        debugger, verdicts = self.overlays.debugger, self.checking.verdicts
        chosen, following = self.overlays.chosen, self.overlays.following
        chosen.follow_run()
        chosen.trail.keep(debugger.moment)
        selection = following.selection()
        origin = chosen.origin(selection)
        sight = chosen.sight(selection, origin)
        pairs = read_pairs(debugger, chosen.pairs(), verdicts, chosen.views, chosen.view, sight)
        chosen.beside = ()
        beside = (
            (read_pairs(debugger, names, verdicts, chosen.views, chosen.view, sight, says_dtype=False), side)
            for names, side in chosen.neighbours()
        )
        following.ledger.show(pairs, selection.name, chosen.digits, following.cursor_name, beside)
        following.ledger.mark_fed(following.fed_by(selection) or {})
        hides = self.checking.hides
        text = card_text(self.overlays.case, debugger, chosen, verdicts, selection, origin, hides)
        self.operation.show(text, chosen.trail.text(selection), following.enter_text())
        following.follow_focus()
        self.program.show(debugger.position, inside=debugger.moment.node > 0)
        self.program.show_stops(gutter_marks(debugger.breakpoints))
        self.program.show_verdicts(verdicts)
        self.overlays.lists.show()
        state = self.checking.state(chosen.views.status(chosen.view))
        self.status.show(place_parts(debugger, chosen.pinned, playing, state))

    def enabled(self, is_playing: bool) -> dict[Needs, bool]:
        """Say what can be done now."""
        checking, overlays = self.checking, self.overlays
        debugger, chosen, following = overlays.debugger, overlays.chosen, overlays.following
        name = following.selection().name
        return {
            "later": debugger.can_move(1),
            "earlier": debugger.can_move(-1),
            "before": debugger.can_move(-1) or debugger.iteration > 1,
            "after": debugger.can_move(1) or debugger.iteration < debugger.timeline.iterations,
            "inside": debugger.is_inside,
            "playing": is_playing,
            "panel": overlays.screen.focused is not None,
            "layers": chosen.layer is not None,
            "element": debugger.is_known(name),
            "trail": bool(chosen.trail.visits),
            "finding": overlays.may_have_findings,
            "view": len(chosen.views.offered) > 1,
            "set": bool(debugger.history.replaced),
            "iterations": debugger.has_turns,
            "curve": overlays.quantity() is not None,
            "hidden": checking.hides,
            "wrong": bool(checking.verdicts.wrong_positions),
            "corrected": checking.is_corrected or checking.verdicts.corrected is not None,
            "source": overlays.case.script is not None and debugger.line is not None,
            **following.ledger.slices_to_see(name),
        }
