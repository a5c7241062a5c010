"""A monkey at the keyboard: thousands of keys and resizes, and nothing may break."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from textual.widgets import Input

from bpdebug.commands.session import Session as CommandSession
from bpdebug.commands.table import execute
from bpdebug.present.operation_text import operation_text
from bpdebug.sources.scenario import shipped_scenarios
from bpdebug.tui.app import BpdebugApp
from bpdebug.tui.keys.debugger import ACTIONS
from bpdebug.tui.screens.debugger_screen import DebuggerScreen
from tests.examples import fresh_at, opened
from tests.tiers import deep
from tests.tui.conftest import Session, open_app

FEW, MANY, TIMES = 100, 475, 2
SCENARIOS = [*(path.stem for path in shipped_scenarios()), "no_bias", "not_finite", "wide"]
"""With a person's own code and a capture twenty thousand keys, clicks and sizes in all, shared evenly."""
BATCH = 25
"""Keys typed ahead of the app, between two moments at which it has caught up."""
LEAVING = ("q",)
MOVING = ["up", "down", "left", "right", "pageup", "pagedown", "tab", "shift+tab"]
EDITING = ["enter", "escape", "backspace"]
ANY_KEY = [
    *(key for action in ACTIONS for key in action.keys.split(",") if key not in LEAVING),
    *MOVING,
    *EDITING,
    *"0123456789abcdwxz",
]
COMMANDS = ["break dw1", "tbreak da1", "watch z1", "break norm(z1) > 1", "set z1 = z1 * 2", "reset", "goto 3"]
PANELS = ["tab", "tab", "up", "down", "left", "right", "pageup", "pagedown", "m", "s"]
PALETTE = ["down", "up", "enter", "escape", "backspace", "a", "e", "g", "n", "o"]


async def stay(app: BpdebugApp) -> None:
    """Do not leave: a monkey that is asked what it wants may choose that."""


async def back_to_the_debugger(session: Session) -> None:
    """Close what lies over the debugger's screen, and what one types in."""
    for _ in range(6):
        screen, is_typing = session.app.screen, isinstance(session.app.focused, Input)
        if screen is session.screen and not is_typing:
            return
        if isinstance(screen, DebuggerScreen) and screen.checking.is_corrected and not is_typing:
            screen.action_toggle_corrected()  # a run with the corrections of a check lies over that without
        await session.press("escape")
    raise AssertionError(f"escape does not close {session.app.screen}, {session.app.focused}")


@pytest.mark.parametrize(
    ("name", "keys", "time"),
    [
        ("two_layer", FEW, 0),
        *(deep(name, MANY, 0) for name in SCENARIOS),
        # A person's own code is looked through for mistakes on the way: a key costs more.
        *(deep(name, MANY, time) for name in ("script", "capture") for time in range(TIMES)),
    ],
)
async def test_random_keys_and_sizes(
    name: str, keys: int, time: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # it takes screenshots, and exports tensors
    monkeypatch.setattr(BpdebugApp, "action_quit", stay)  # the palette offers it
    generator = random.Random(f"monkey {name} {keys} {time}")
    async with open_app(opened(name, tmp_path)) as session:
        for number in range(keys // BATCH):
            pool = ANY_KEY
            if number % 4 == 3:
                await back_to_the_debugger(session)
                pool = PANELS
            session.type_ahead(*generator.choices(pool, k=BATCH))
            await session.catch_up()
            assert session.app.is_running
            assert session.text  # all that is there can be drawn
            if generator.random() < 0.5:
                width, height = generator.randint(20, 250), generator.randint(5, 70)
                await session.pilot.resize_terminal(width, height)
            if generator.random() < 0.2:
                await session.press("ctrl+p", *generator.choices(PALETTE, k=6))
            if generator.random() < 0.3:
                await session.pilot.click(offset=(generator.randrange(20), generator.randrange(1, 4)))
            if generator.random() < 0.2:
                await back_to_the_debugger(session)
                await session.press("colon")
                session.type_ahead(*generator.choice(COMMANDS), "enter")
                await session.catch_up()
            if generator.random() < 0.5:
                await back_to_the_debugger(session)
        await back_to_the_debugger(session)
        await session.pilot.resize_terminal(160, 48)
        await assert_sane(session)
        assert opened(name, tmp_path).values.keys() == session.screen.case.values.keys()


async def assert_sane(session: Session) -> None:
    """The debugger's state is that of a fresh one at the same moment, and the screen shows it."""
    scenario, debugger = session.screen.case, session.debugger
    fresh = fresh_at(scenario, debugger)
    assert debugger.moment == fresh.moment
    for name in scenario.program.shapes:
        np.testing.assert_array_equal(debugger.value(name), fresh.value(name))
    assert operation_text(debugger, "", ()) == operation_text(fresh, "", ())
    place = f"step {debugger.position}/{debugger.last}"
    await session.until(lambda: place in session.text.splitlines()[0])
    replayed = CommandSession(scenario)
    assert not any(execute(replayed, line).failed for line in session.screen.session.recorded)
    assert replayed.debugger.moment == debugger.moment
    assert list(replayed.debugger.breakpoints) == list(debugger.breakpoints)
    assert list(replayed.debugger.watches) == list(debugger.watches)
    await session.press("home")
    assert session.moment == (0, 0)
    await session.press("end")
    assert session.moment == (debugger.last, 0)
