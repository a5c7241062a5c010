"""A session of the app for tests: it presses keys, waits for conditions, and reads the screen as text."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rich.console import ColorSystem
from rich.segment import Segment
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual import events
from textual._compositor import Compositor
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.present.viewer.subject import Subject
from bpdebug.sources.case import Case
from bpdebug.tui.app import BpdebugApp
from bpdebug.tui.run_ahead import RunAhead
from bpdebug.tui.screens.debugger_screen import DebuggerScreen
from bpdebug.tui.screens.opening import OpeningScreen
from bpdebug.tui.screens.tensor_viewer import TensorViewer
from bpdebug.tui.user_files import UserFiles, user_files
from bpdebug.tui.widgets.ledger import Ledger
from bpdebug.tui.widgets.tensor_panel import TensorPanel
from tests.examples import example
from tests.tiers import FAST, deep

LARGE, SMALL = (160, 48), (80, 24)
at_both_sizes = pytest.mark.parametrize("size", [LARGE, deep(SMALL)], ids=("160x48", "80x24"))
PATIENCE = 120.0
"""Seconds after which what has not come will not come, however busy the machine is."""


def screen_text(app: App[None], part: Region | None = None) -> str:
    """What is on the screen, or on a part of it, a line for each row; nothing else is drawn."""
    compositor = app.screen._compositor
    whole = compositor.size.region
    seen = whole if part is None else part.intersection(whole)
    rows = compositor._render_chops(seen, lambda y: seen.y <= y < seen.bottom)
    lines = (
        "".join(
            strip.text if (strip := rows[y][x]) else " " * (end - x)
            for x, end in pairwise(compositor.cuts[y])
        )
        for y in range(seen.y, seen.bottom)
    )
    # Cut by cells: a sign over a letter takes none.
    return "\n".join(Strip([Segment(line)]).crop(seen.x, seen.right).text for line in lines)


@dataclass(frozen=True)
class Session:
    """A running app, and what a test asks of it."""

    app: BpdebugApp
    pilot: Pilot[None]

    @property
    def screen(self) -> DebuggerScreen:
        """The debugger's screen, which may have a dialog over it."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, DebuggerScreen))

    @property
    def viewer(self) -> TensorViewer:
        """The tensor viewer, which may have a dialog over it."""
        return next(screen for screen in self.app.screen_stack if isinstance(screen, TensorViewer))

    @property
    def debugger(self) -> Debugger:
        return self.screen.debugger

    @property
    def moment(self) -> tuple[int, int]:
        return self.debugger.moment.position, self.debugger.moment.node

    @property
    def text(self) -> str:
        return screen_text(self.app)

    @property
    def ledger(self) -> Ledger:
        return self.screen.query_one(Ledger)

    def panel(self, name: str) -> TensorPanel:
        """The panel that shows a tensor."""
        panel = self.ledger.panel_of(name)
        assert panel is not None, f"no panel shows {name}"
        return panel

    def text_at(self, selector: str) -> str:
        """What is on the screen where a widget is, its border included."""
        return screen_text(self.app, self.app.screen.query_one(selector).region)

    def panel_text(self, name: str) -> str:
        """What is on the screen where the panel of a tensor is."""
        return self.text_at(f"#{self.panel(name).id}")

    async def press(self, *keys: str) -> None:
        """Press keys, each when the app has done what those before ask for; the letters of a text at once."""
        for key, after in zip(keys, (*keys[1:], ""), strict=False):
            assert self.app.is_running, f"the app had ended before {key} was pressed"
            is_in_a_text = len(key) == len(after) == 1 and isinstance(self.app.focused, Input)
            self.type_ahead(key)
            if not is_in_a_text:
                await self.catch_up()

    async def catch_up(self) -> None:
        """Wait until the app has done what all keys ask for that were typed."""
        await self.pilot.pause()
        await self.until(lambda: not (self.app.is_running and self.app.typed.is_under_way))

    def type_ahead(self, *keys: str) -> None:
        """Put keys into the app's queue, as a terminal does, without waiting for what they do."""
        for key in keys:
            self.app.post_message(events.Key(key, key if len(key) == 1 else None))

    async def settle(self) -> None:
        """Wait until the screen has all its widgets, has been laid out and stays as it is."""
        seen = ""

        def stays() -> bool:
            nonlocal seen
            return self.app.screen.is_mounted and seen == (seen := self.text)

        await self.until(stays)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, (
                f"what was waited for never came; the screen shows\n{self.text}"
            )
            await self.pilot.pause()

    async def focus(self, name: str) -> TensorPanel:
        """Give the focus to the panel of a tensor."""
        panel = self.panel(name)
        panel.focus()
        await self.until(lambda: panel.has_focus)
        await self.pilot.pause()
        return panel


@asynccontextmanager
async def open_app(
    scenario: Case | str | None, size: tuple[int, int] = LARGE, user: UserFiles | None = None
) -> AsyncIterator[Session]:
    """Run the app without a terminal, on a scenario or its name; None opens the picker."""
    loaded = example(scenario) if isinstance(scenario, str) else scenario
    async with running(BpdebugApp(None if loaded is None else lambda: loaded, user=user), size) as session:
        yield session


@asynccontextmanager
async def open_viewer(subject: Subject, size: tuple[int, int] = LARGE) -> AsyncIterator[Session]:
    """Run the tensor viewer alone, without a debugger behind it."""
    app = BpdebugApp()
    app.open_first = lambda: app.push_screen(TensorViewer(subject))
    async with running(app, size) as session:
        yield session


@asynccontextmanager
async def running(app: BpdebugApp, size: tuple[int, int]) -> AsyncIterator[Session]:
    """Run an app without a terminal, but with all colours."""
    app.console._color_system = ColorSystem.TRUECOLOR
    app.start_with_theme(app.theme)
    async with app.run_test(size=size, notifications=True) as pilot:
        session = Session(app, pilot)
        await session.until(lambda: not isinstance(app.screen, OpeningScreen) or not app.is_running)
        await session.until(lambda: session.text.strip() or not app.is_running)
        await session.settle()
        yield session
        if app.is_running:
            screen_text(app)  # what a test leaves behind can be drawn


@pytest.fixture
def all_is_drawn() -> None:
    """Let Textual draw every change, as it does for a terminal."""


@pytest.fixture(autouse=True)
def _drawn_when_looked_at(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw what a test looks at, and what it leaves behind, and nothing in between.

    Without a terminal, Textual draws every change and throws the drawing away: a third of all that an app
    computes.
    """
    if "all_is_drawn" in request.fixturenames and request.config.option.markexpr != FAST:
        return
    draw = Compositor.render_update

    def drawn(self: Compositor, full: bool = False, **options: Any) -> Any:
        return draw(self, full, **options) if full else self._dirty_regions.clear()

    monkeypatch.setattr(Compositor, "render_update", drawn)


@pytest.fixture(autouse=True, scope="session")
def _styles_are_read_once() -> Iterator[None]:
    """Read a style sheet once for all apps of a process: a tenth of what it takes to open one."""
    read = Stylesheet._parse_rules
    known: dict[Any, Any] = {}

    def read_once(self: Stylesheet, *what: Any, **how: Any) -> Any:
        key = (frozenset(self._variables.items()), what, frozenset(how.items()))
        if key not in known:
            known[key] = read(self, *what, **how)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", read_once)
        yield


@pytest.fixture(autouse=True)
def _cursors_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no cursor blink: the screen is not to depend on the half second in which one looks at it."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the files of whoever runs the tests out of them: no settings, and a user who has been welcomed."""
    folder = str(tmp_path_factory.mktemp("home"))
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "APPDATA"):
        monkeypatch.setenv(variable, folder)
    assert user_files().welcome()


@pytest.fixture
def user(tmp_path: Path) -> UserFiles:
    """The files of a user who has been welcomed and has no settings yet."""
    files = UserFiles(tmp_path / "settings.toml", tmp_path / "welcomed")
    assert files.welcome()
    return files


@pytest.fixture(autouse=True)
def _nothing_is_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let garbage be collected after an app: a process has one app, but the tests have many."""
    monkeypatch.setattr(gc, "freeze", lambda: None)


class SvgExtension(SingleFileSnapshotExtension):
    """One picture a test, as text."""

    _write_mode = WriteMode.TEXT
    file_extension = "svg"


@pytest.fixture
def picture(snapshot: SnapshotAssertion) -> Callable[[Session], None]:
    """Compare the screen with the picture of it that is kept."""

    def compare(session: Session) -> None:
        svg = session.app.export_screenshot()
        # The names of the styles begin with a number of the run; the fonts are not ours.
        svg = re.sub(r"terminal-\d+", "terminal", re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL))
        assert svg == snapshot(extension_class=SvgExtension)

    return compare


@pytest.fixture
def nothing_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """No iteration is computed in the background."""
    monkeypatch.setattr(RunAhead, "follow", lambda self: None)
