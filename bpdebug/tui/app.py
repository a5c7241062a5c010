"""The app: it opens the debugger on a scenario, or the picker where none is given."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from bpdebug.errors import ScenarioError
from bpdebug.scenario import Scenario, load_scenario, shipped_scenarios, summarise
from bpdebug.tui.actions import ACTIONS, key_text
from bpdebug.tui.messages import ScenarioChosen
from bpdebug.tui.screens.debugger_screen import DebuggerScreen

THEMES = ("textual-dark", "textual-light", "nord", "gruvbox")


class BpdebugApp(App[None]):
    """bpdebug in the terminal.

    Parameters
    ----------
    scenario : Scenario or None
        What to debug; None opens the picker.
    """

    TITLE = "bpdebug"
    CSS_PATH = "styles.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit", "quit", show=False)]

    def __init__(self, scenario: Scenario | None = None) -> None:
        super().__init__()
        self.scenario = scenario

    def get_default_screen(self) -> Screen[None]:
        """Return the first screen."""
        if self.scenario is not None:
            return DebuggerScreen(self.scenario)
        # Imported when first used: start-up need not wait for it.
        from bpdebug.tui.screens.picker import PickerScreen

        own = sorted(Path.cwd().glob("*.toml"))
        return PickerScreen([summarise(path) for path in (*shipped_scenarios(), *own)])

    def on_ready(self) -> None:
        """Leave what start-up has made out of garbage collections, which then take no time."""
        gc.freeze()
        gc.enable()

    @on(ScenarioChosen)
    def open_scenario(self, message: ScenarioChosen) -> None:
        """Open the chosen scenario over the picker, or say why it cannot be opened."""
        try:
            scenario = load_scenario(message.path)
        except ScenarioError as error:
            self.notify(str(error), title="This scenario cannot be used", severity="error", markup=False)
        else:
            self.push_screen(DebuggerScreen(scenario))

    def action_next_theme(self) -> None:
        """Change to the next theme."""
        place = THEMES.index(self.theme) if self.theme in THEMES else -1
        self.theme = THEMES[(place + 1) % len(THEMES)]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action of the table in the command palette."""
        if isinstance(screen, DebuggerScreen):
            for action in ACTIONS:
                if screen.can_run(action):
                    yield SystemCommand(
                        action.help,
                        f"Key: {key_text(action.keys)}",
                        lambda text=action.action: screen.run_action(text),
                    )
        yield from super().get_system_commands(screen)
