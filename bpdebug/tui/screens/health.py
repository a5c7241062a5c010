"""The Health panel: how each layer is, what is wrong, and what to do about it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from bpdebug.engine.health import HealthFinding, examine, layer_health
from bpdebug.engine.program.trace import Trace
from bpdebug.present.health_text import HealthText, summary
from bpdebug.tui.widgets.health_table import HealthTable

MOST_FINDINGS = 200
"""Findings that are listed; of a network of thousands of layers, the first ones tell enough."""


class HealthScreen(ModalScreen[int | None]):
    """Shown over the debugger; its result is the position of the finding that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,H,q", "dismiss", "close")]

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace
        self.listed: tuple[HealthFinding, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out the dialog, which is filled when the run has been examined."""
        with Vertical(id="health") as dialog:
            dialog.border_title = "Health · bars of sizes are logarithmic, of shares linear"
            dialog.border_subtitle = "Esc closes"
            yield Static("Examining the run …", id="summary")

    def on_mount(self) -> None:
        """Examine the run in the background: it takes a pass over every tensor."""
        self.run_worker(self.examine, thread=True)

    def examine(self) -> None:
        """Examine the run, in a thread, and show what was found."""
        text = HealthText(layer_health(self.trace), examine(self.trace))
        self.app.call_from_thread(self.show, text)

    def show(self, text: HealthText) -> None:
        """Fill the dialog."""
        if not self.is_attached:
            return  # it was closed in the meantime
        self.listed = text.chosen[:MOST_FINDINGS]
        dialog, said = self.query_one("#health", Vertical), summary(text.chosen)
        if len(text.chosen) > MOST_FINDINGS:
            said += f", the first {MOST_FINDINGS} of which are listed"
        self.query_one("#summary", Static).update(said)
        if text.layers:
            dialog.mount(HealthTable(text))
        if self.listed:
            dialog.border_subtitle = "Enter goes to the finding · Esc closes"
            options = OptionList(*(option(text, finding) for finding in self.listed), id="findings")
            options.highlighted = 0
            dialog.mount(options)
            options.focus()

    @on(OptionList.OptionSelected)
    def selected(self, message: OptionList.OptionSelected) -> None:
        """Close with the position of the chosen finding."""
        if self.is_current:  # a second Enter may have been typed before the first had closed the dialog
            self.dismiss(self.listed[message.option_index].position)


def option(text: HealthText, finding: HealthFinding) -> Option:
    """Write a finding as an entry of the list."""
    place, numbers, advice = text.finding(finding)
    return Option(Content("\n").join([Content.styled(place, "bold"), Content(numbers), Content(advice)]))
