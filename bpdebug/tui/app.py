"""The app: it opens the debugger on a scenario, or the picker where none is given."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input

from bpdebug.errors import BpdebugError, ScenarioError
from bpdebug.present import course
from bpdebug.sources import case
from bpdebug.sources.scenario import loading, reading, summary
from bpdebug.tui import settings, user_files
from bpdebug.tui.ending import come_back_once, end_with_signals
from bpdebug.tui.keys import keymap
from bpdebug.tui.keys.action import key_text
from bpdebug.tui.keys.typed_ahead import TypedAhead
from bpdebug.tui.messages import ScenarioChosen
from bpdebug.tui.screens import action_screen, debugger_screen, picker
from bpdebug.tui.screens.opening import OpeningScreen
from bpdebug.tui.themes import DEFAULT_THEME, THEMES, themes_in

NO_SCENARIO = "pyproject.toml"
"""A file of this name is never one."""
PROBLEMS_STAY = 30
"""Seconds for which what is wrong with the settings stays on the screen, unless it is clicked."""


class BpdebugApp(App[None]):
    """bpdebug in the terminal.

    Its first frame needs Textual alone; NumPy, pydantic and the engine are imported behind it.

    Parameters
    ----------
    load : callable or None
        Gives the scenario to debug; None opens the picker. If it raises a `BpdebugError`, the app ends
        and has it as its `problem`.
    name, title : str
        What is shown of the scenario until it is there.
    user : UserFiles or None
        Where the user's files are; None for an app that has the defaults and welcomes nobody.
    hides_verdicts : bool
        Whether what a check finds is hidden until a key reveals it.
    """

    TITLE = "bpdebug"
    CSS_PATH = "styles.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit", show=False, id="quit"),
        Binding("ctrl+z", "suspend_process", "put aside", show=False, system=True),
    ]
    settings: settings.UserSettings

    def __init__(
        self,
        load: Callable[[], case.Case] | None = None,
        name: str = "",
        title: str = "",
        user: user_files.UserFiles | None = None,
        hides_verdicts: bool = False,
    ) -> None:
        super().__init__()
        self.load = load
        self.opening = name, title
        self.user = user
        self.hides_verdicts = hides_verdicts
        self.problem: BpdebugError | None = None
        self.typed = TypedAhead(self, self.handle_typed)
        # The first frame has the user's colours already; the rest of the settings is read behind it.
        self.start_with_theme(user.theme() if user is not None else DEFAULT_THEME)

    def start_with_theme(self, wanted: str) -> None:
        """Offer the themes of the table and no others (Textual's own have no scale); choose one."""
        for name in self.available_themes:
            self.unregister_theme(name)
        for theme in themes_in(self.console.color_system):
            self.register_theme(theme)
        # To assign it would have the styles read twice before the first frame.
        self.set_reactive(BpdebugApp.theme, wanted if wanted in THEMES else DEFAULT_THEME)
        self.stylesheet.set_variables(self.get_css_variables())

    async def on_event(self, event: events.Event) -> None:
        """Handle a key, or a pasted text, when all before it have done their work; the rest at once."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self.typed.take(event)
        else:
            await super().on_event(event)

    async def handle_typed(self, event: events.Event) -> None:
        """Handle a key or a pasted text; where no line is open to take a text, it may open one itself.

        So `:watch dw1` and Enter can be pasted; a text that opens no line is dropped, as its letters are no
        keys that someone pressed.
        """
        if isinstance(event, events.Paste) and not isinstance(self.focused, Input):
            key = keymap.key_named(event.text[:1])
            if isinstance(self.screen, action_screen.ActionScreen) and self.screen.opens_a_line(key):
                self.typed.type(event.text)
        else:
            await super().on_event(event)

    def get_default_screen(self) -> Screen[None]:
        """Return the first screen."""
        return OpeningScreen(*self.opening)

    def on_load(self) -> None:
        """Leave the terminal as it was, whatever ends the app."""
        end_with_signals(self)

    def on_ready(self) -> None:
        """Open the scenario or the picker as soon as the first frame is on the screen."""
        come_back_once()
        self.call_after_refresh(self.open_first)

    def open_first(self) -> None:
        """Open what the app was started with, as the user's settings will have it."""
        self.apply_settings()
        try:
            screen = self.picker() if self.load is None else self.debugger(self.load())
        except BpdebugError as error:
            self.problem = error
            self.exit(return_code=2)
            return
        self.push_screen(screen)
        # What start-up has made stays; left out of garbage collections, it costs them no time.
        gc.freeze()
        gc.enable()

    def apply_settings(self) -> None:
        """Read the user's settings; say what is wrong with them, and then leave all at the defaults."""
        self.settings, problems = (
            settings.read_settings(self.user) if self.user is not None else (settings.UserSettings(), ())
        )
        self.theme = self.settings.theme
        self.set_keymap(self.settings.keys)
        if problems:
            self.notify(
                "\n".join(problem.text for problem in problems),
                title=f"{problems[0].file} is not used",
                severity="error",
                timeout=PROBLEMS_STAY,
                markup=False,
            )

    def debugger(self, scenario: case.Case) -> Screen[None]:
        """Return the debugger's screen for a scenario."""
        newcomer = self.user is not None and self.user.welcome()
        return debugger_screen.DebuggerScreen(
            scenario, self.settings.actions, self.settings.digits, newcomer, self.hides_verdicts
        )

    def picker(self) -> Screen[None]:
        """Return the picker, with the shipped scenarios and those in this folder."""
        own = map(summary.summarise, sorted(set(Path.cwd().glob("*.toml")) - {Path.cwd() / NO_SCENARIO}))
        shipped = ((path.stem, summary.summarise(path)) for path in reading.shipped_scenarios())
        return picker.PickerScreen(course.in_order(own, shipped))

    @on(ScenarioChosen)
    def open_scenario(self, message: ScenarioChosen) -> None:
        """Open the chosen scenario over the picker, or say why it cannot be opened."""
        try:
            scenario = loading.load_scenario(message.path)
        except ScenarioError as error:
            self.notify(str(error), title="This scenario cannot be used", severity="error", markup=False)
        else:
            self.push_screen(self.debugger(scenario))

    def action_next_theme(self) -> None:
        """Change to the next theme, for now: the user's file stays as it is."""
        names = list(THEMES)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action of the screen in the command palette; what cannot be done now says so."""
        if isinstance(screen, action_screen.ActionScreen):
            for action in screen.actions:
                title = action.help if screen.can_run(action) else f"{action.help} (not now)"
                run = partial(screen.run_action, action.action)
                yield SystemCommand(title, f"Key: {key_text(action.keys)}", run)
        else:
            yield from super().get_system_commands(screen)
