"""The picker: the scenarios in the current folder, and the shipped ones as a course."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
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


def option(summary: Summary, heading: str) -> Option:
    """Write a scenario's line in the list, under its heading, if it is the first there."""
    name = Content.styled(f"{summary.path.stem:<21} ", "bold")
    said = Content.styled("cannot be used", "$text-error") if summary.problems else Content(summary.title)
    above = Content.styled(f"{heading}\n", "$text-accent") if heading else Content("")
    return Option(Content.assemble(above, "  ", name, said))


def has_words(heading: str, summary: Summary, text: str) -> bool:
    """Whether all words of a text are somewhere in what is said of a scenario."""
    said = f"{heading} {summary.path.stem} {summary.title} {summary.about} {summary.layers}".lower()
    return all(word in said for word in text.lower().split())


class PickerScreen(Screen[None]):
    """A list of scenarios, and beside it what the highlighted one is about; what is typed filters it.

    Parameters
    ----------
    lessons : sequence of (str, Summary)
        The scenarios in their order, each with its heading.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "quit", id="quit")]
    KEYS = "⏎ open  ↑ ↓ choose  type to filter  Esc all again  q quit"

    def __init__(self, lessons: Sequence[tuple[str, Summary]]) -> None:
        super().__init__()
        self.lessons = lessons
        self.shown = [*lessons]
        self.text = ""

    @property
    def summaries(self) -> list[Summary]:
        """The scenarios in sight."""
        return [summary for _, summary in self.shown]

    def compose(self) -> ComposeResult:
        """Lay out the list and the description."""
        yield Static("bpdebug · choose a scenario", id="status")
        with Horizontal(id="picker"):
            yield OptionList(*self.options(), id="scenarios")
            with VerticalScroll(id="about", can_focus=False) as about:
                about.border_title = "About"
                yield Static()
        yield Static(self.KEYS, id="keys", markup=False)

    def on_mount(self) -> None:
        """Say above the list what it is."""
        self.filter("")

    def options(self) -> list[Option]:
        """Write the lines of the list; a heading stands above the first line of its group."""
        before = ["", *(heading for heading, _ in self.shown)]
        return [
            option(summary, heading if heading != above else "")
            for (heading, summary), above in zip(self.shown, before, strict=False)
        ]

    def filter(self, text: str) -> None:
        """Show what has some words; Enter opens the one that is called so."""
        options = self.query_one(OptionList)
        options.border_title = Content(f"Scenarios with: {text}" if text else "Scenarios")
        if text != self.text:
            self.text = text
            self.shown = [lesson for lesson in self.lessons if has_words(*lesson, text)]
            options.clear_options().add_options(self.options())
            named = [summary.path.stem.startswith(text.strip().lower()) for summary in self.summaries]
            options.highlighted = named.index(True) if any(named) else 0 if self.shown else None
            if not self.shown:
                self.query_one("#about Static", Static).update(f"nothing has these words: {text}")

    @on(events.Key)
    def typed(self, event: events.Key) -> None:
        """Filter by what is typed; the letter of a key is one only while nothing has been typed."""
        character = event.character or ""
        if event.key == "backspace":
            self.filter(self.text[:-1])
        elif event.key == "escape":
            self.filter("")
        elif character.isprintable() and character and self.is_text(event.key):
            if self.text or not character.isspace():
                self.filter(self.text + character)
        else:
            return
        event.stop()

    def is_text(self, key: str) -> bool:
        """Whether a key is a letter of the filter; while that is empty, or for a capital, it is a key."""
        return key not in self.active_bindings or (bool(self.text) and not key.isupper())

    @on(OptionList.OptionHighlighted)
    def highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Describe the highlighted scenario."""
        if message.option_index < len(self.shown):
            summary = self.summaries[message.option_index]
            self.query_one("#about Static", Static).update(summary_content(summary))

    @on(OptionList.OptionSelected)
    def selected(self, message: OptionList.OptionSelected) -> None:
        """Report the chosen scenario."""
        self.post_message(ScenarioChosen(self.summaries[message.option_index].path))
