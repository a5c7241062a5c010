"""The picker: the shipped scenarios, and those in the current folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from bpdebug.sources.scenario.summary import Summary
from bpdebug.tui.messages import ScenarioChosen


def summary_content(summary: Summary) -> Content:
    """Describe a scenario: its title, its layers, what it teaches, where it is, what is wrong with it."""
    blocks = [
        Content.styled(summary.title, "bold $text-primary"),
        Content.styled(summary.layers, "$text-secondary"),
        Content(summary.about),
        Content.styled(str(summary.path), "$text-muted"),
        Content.styled("\n".join(map(str, summary.problems)), "$text-error"),
    ]
    return Content("\n\n").join(block for block in blocks if block.plain)


def option(summary: Summary) -> Option:
    """Write a scenario's line in the list; one that cannot be used says so."""
    name = Content.styled(f"{summary.path.stem:<18}", "bold")
    if summary.problems:
        return Option(Content.assemble(name, ("cannot be used", "$text-error")))
    return Option(Content.assemble(name, summary.title))


class PickerScreen(Screen[None]):
    """A list of scenarios, and beside it what the highlighted one is about."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open"),
        Binding("q", "app.quit", "quit", id="quit"),
    ]

    def __init__(self, summaries: Sequence[Summary]) -> None:
        super().__init__()
        self.summaries = summaries

    def compose(self) -> ComposeResult:
        """Lay out the list and the description."""
        yield Static("bpdebug · choose a scenario", id="status")
        with Horizontal(id="picker"):
            options = OptionList(*map(option, self.summaries), id="scenarios")
            options.border_title = "Scenarios"
            yield options
            with VerticalScroll(id="about", can_focus=False) as about:
                about.border_title = "About"
                yield Static()
        yield Footer(show_command_palette=False)

    def action_open(self) -> None:
        """Open the highlighted scenario."""
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionHighlighted)
    def highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Describe the highlighted scenario."""
        self.query_one("#about Static", Static).update(summary_content(self.summaries[message.option_index]))

    @on(OptionList.OptionSelected)
    def selected(self, message: OptionList.OptionSelected) -> None:
        """Report the chosen scenario."""
        self.post_message(ScenarioChosen(self.summaries[message.option_index].path))
