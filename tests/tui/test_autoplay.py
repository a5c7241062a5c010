"""Autoplay: it goes on until the end, or until the user does something else."""

from __future__ import annotations

from functools import partialmethod

import pytest

from bpdebug.tui.autoplay import FASTEST, SLOWEST
from bpdebug.tui.screens.debugger_screen import DebuggerScreen
from tests.tiers import few
from tests.tui.conftest import at_both_sizes, open_app


@pytest.fixture
def no_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The timer stands still: on a busy machine it may step between two keys."""
    start = DebuggerScreen.set_interval
    monkeypatch.setattr(DebuggerScreen, "set_interval", partialmethod(start, pause=True))


@at_both_sizes
async def test_it_plays_to_the_end_and_stops(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("a")
        assert "playing 1/s" in session.text.splitlines()[0]
        session.screen.autoplay.change_speed(FASTEST)
        await session.until(lambda: not session.screen.autoplay.is_playing)
        await session.settle()
        assert session.moment == (12, 0)
        assert "playing" not in session.text
        assert "step 12/12" in session.text
        await session.press("a")
        assert not session.screen.autoplay.is_playing


@pytest.mark.usefixtures("no_ticks")
async def test_each_tick_is_one_step() -> None:
    async with open_app("two_layer") as session:
        await session.press("s", "a")
        session.screen.autoplay.step()
        assert session.moment == (1, 0)
        session.screen.autoplay.step()
        assert session.moment == (2, 0)
        assert session.screen.autoplay.is_playing


@pytest.mark.deep
@pytest.mark.usefixtures("no_ticks")
async def test_it_has_stopped_with_the_last_statement() -> None:
    async with open_app("two_layer") as session:
        await session.press("end", "p", "a")
        assert session.screen.autoplay.is_playing
        session.screen.autoplay.step()
        assert session.moment == (12, 0)
        assert not session.screen.autoplay.is_playing


@pytest.mark.usefixtures("no_ticks")
async def test_its_key_stops_it() -> None:
    async with open_app("two_layer") as session:
        await session.press("a")
        assert session.screen.autoplay.is_playing
        await session.press("a")
        assert not session.screen.autoplay.is_playing
        assert "playing" not in session.text


@pytest.mark.deep
@pytest.mark.usefixtures("no_ticks")
async def test_the_speed_is_doubled_and_halved() -> None:
    async with open_app("two_layer") as session:
        await session.press("greater_than_sign")
        assert session.screen.autoplay.speed == 1
        await session.press("a", "greater_than_sign")
        assert "playing 2/s" in session.text
        await session.press("less_than_sign", "less_than_sign")
        assert "playing 0.5/s" in session.text
        assert session.screen.autoplay.timer is not None
        assert session.screen.autoplay.timer._interval == 2
        await session.press(*["less_than_sign"] * 9)
        assert session.screen.autoplay.speed == SLOWEST
        await session.press(*["greater_than_sign"] * 19)
        assert session.screen.autoplay.speed == FASTEST


@pytest.mark.deep
@pytest.mark.usefixtures("no_ticks")
@pytest.mark.parametrize("key", few(["n", "p", "s", "f", "N", "P", "end", "home"]))
async def test_any_other_step_stops_it(key: str) -> None:
    async with open_app("two_layer") as session:
        await session.press("n", "n", "n", "a")
        assert session.screen.autoplay.is_playing
        await session.press(key)
        assert not session.screen.autoplay.is_playing
        assert "playing" not in session.text


@pytest.mark.deep
@pytest.mark.usefixtures("no_ticks")
async def test_looking_does_not_stop_it() -> None:
    async with open_app("two_layer") as session:
        await session.press("a", "tab", "plus", "t", "l")
        assert session.screen.autoplay.is_playing


@pytest.mark.deep
@pytest.mark.usefixtures("no_ticks")
@pytest.mark.parametrize("key", few(["g", "question_mark", "ctrl+p"]))
async def test_a_dialog_stops_it(key: str) -> None:
    async with open_app("two_layer") as session:
        await session.press("a", key)
        await session.until(lambda: not session.screen.autoplay.is_playing)
        assert session.app.screen is not session.screen
        await session.press("escape")
        assert "playing" not in session.text


@pytest.mark.deep
@pytest.mark.usefixtures("no_ticks")
async def test_a_click_on_a_statement_stops_it() -> None:
    async with open_app("two_layer") as session:
        await session.press("a")
        row = next(number for number, line in enumerate(session.text.splitlines()) if "dw2 = " in line)
        await session.pilot.click(offset=(10, row))
        await session.until(lambda: session.moment == (6, 0))
        assert not session.screen.autoplay.is_playing


async def test_one_can_leave_while_it_plays() -> None:
    async with open_app("two_layer") as session:
        session.screen.autoplay.speed = FASTEST
        await session.press("a", "q")
        assert not session.app.is_running
