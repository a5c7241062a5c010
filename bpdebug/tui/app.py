"""The app: it opens the debugger on a scenario, or the picker where none is given."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from bpdebug.errors import BpdebugError, ScenarioError
from bpdebug.tui.actions import key_text
from bpdebug.tui.messages import ScenarioChosen
from bpdebug.tui.screens.opening import OpeningScreen

if TYPE_CHECKING:
    from bpdebug.scenario import Scenario

THEMES = ("textual-dark", "textual-light", "nord", "gruvbox")


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
    """

    TITLE = "bpdebug"
    CSS_PATH = "styles.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit", "quit", show=False)]

    def __init__(self, load: Callable[[], Scenario] | None = None, name: str = "", title: str = "") -> None:
        super().__init__()
        self.load = load
        self.opening = name, title
        self.problem: BpdebugError | None = None

    def get_default_screen(self) -> Screen[None]:
        """Return the first screen."""
        return OpeningScreen(*self.opening)

    def on_ready(self) -> None:
        """Open the scenario or the picker as soon as the first frame is on the screen."""
        self.call_after_refresh(self.open_first)

    def open_first(self) -> None:
        """Open what the app was started with."""
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

    def debugger(self, scenario: Scenario) -> Screen[None]:
        """Return the debugger's screen for a scenario."""
        from bpdebug.tui.screens.debugger_screen import DebuggerScreen

        return DebuggerScreen(scenario)

    def picker(self) -> Screen[None]:
        """Return the picker, with the shipped scenarios and those in this folder."""
        from bpdebug.scenario import shipped_scenarios, summarise
        from bpdebug.tui.screens.picker import PickerScreen

        own = sorted(Path.cwd().glob("*.toml"))
        return PickerScreen([summarise(path) for path in (*shipped_scenarios(), *own)])

    @on(ScenarioChosen)
    def open_scenario(self, message: ScenarioChosen) -> None:
        """Open the chosen scenario over the picker, or say why it cannot be opened."""
        from bpdebug.scenario import load_scenario

        try:
            scenario = load_scenario(message.path)
        except ScenarioError as error:
            self.notify(str(error), title="This scenario cannot be used", severity="error", markup=False)
        else:
            self.push_screen(self.debugger(scenario))

    def action_next_theme(self) -> None:
        """Change to the next theme."""
        place = THEMES.index(self.theme) if self.theme in THEMES else -1
        self.theme = THEMES[(place + 1) % len(THEMES)]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action of the screen in the command palette; what cannot be done now says so."""
        from bpdebug.tui.screens.action_screen import ActionScreen

        if isinstance(screen, ActionScreen):
            for action in screen.ACTIONS:
                title = action.help if screen.can_run(action) else f"{action.help} (not now)"
                run = partial(screen.run_action, action.action)
                yield SystemCommand(title, f"Key: {key_text(action.keys)}", run)
        yield from super().get_system_commands(screen)
