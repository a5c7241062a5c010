"""Keys that reach the app before it has done what the keys before them ask for, and pasted texts."""

from __future__ import annotations

import pytest
from textual import events

from bpdebug.tui.keys.keymap import key_named
from tests.tiers import deep, few
from tests.tui.conftest import Session, open_app


def keys_of(text: str) -> list[tuple[str, str | None]]:
    """The keys that type a text, in which `⏎` and `⎋` stand for themselves."""
    special = {"⏎": ("enter", "\r"), "⎋": ("escape", "\x1b")}
    return [special.get(character, (str(key_named(character)), character)) for character in text]


async def write(session: Session, text: str) -> None:
    """Put a text into the app's queue all at once, as a terminal does, and wait until it has been taken."""
    for key, character in keys_of(text):
        session.app.post_message(events.Key(key, character))
    await session.catch_up()


def watched(session: Session) -> list[str]:
    return [watch.text for watch in session.debugger.watches]


async def test_a_command_in_one_write() -> None:
    async with open_app("two_layer") as session:
        await write(session, ":watch norm(dz2)⏎")
        assert watched(session) == ["norm(dz2)"]
        assert session.moment == (0, 0), "a letter of the command has been taken for a key"
        assert session.screen.session.recorded == ["watch norm(dz2)"]


@pytest.mark.deep
async def test_keys_before_and_after_a_command() -> None:
    async with open_app("two_layer") as session:
        await write(session, "nn:watch norm(dz2)⏎break dw1⏎⎋nb")
        assert watched(session) == ["norm(dz2)"]
        assert session.moment == (3, 0)
        assert [found.text for found in session.debugger.breakpoints] == ["dw1", "z2"]


@pytest.mark.parametrize(
    ("text", "position"), few([("gdw2⏎", 6), ("gdw2⏎n", 7), ("/dz1⏎⏎", 9), ("ng3⏎p", 2)], 1)
)
async def test_a_place_in_one_write(text: str, position: int) -> None:
    async with open_app("two_layer") as session:
        await write(session, text)
        assert session.moment == (position, 0)


@pytest.mark.deep
async def test_keys_for_a_screen_that_is_being_opened_and_for_what_lies_under_it() -> None:
    async with open_app("two_layer") as session:
        await write(session, "fm⎋n?⎋n")
        assert session.app.screen is session.screen
        assert session.moment == (6, 0)


@pytest.mark.deep
async def test_a_key_that_closes_a_dialog_twice_closes_it_once() -> None:
    async with open_app("two_layer") as session:
        await write(session, "gdw2⏎⏎n")
        assert session.app.screen is session.screen
        assert session.moment == (7, 0)


@pytest.mark.parametrize("pairs", [20, deep(100)])
async def test_many_keys_at_once(pairs: int) -> None:
    async with open_app("two_layer") as session:
        await write(session, "np" * pairs + "nnn")
        assert session.moment == (3, 0)


@pytest.mark.parametrize("end", few(["\n", "\r\n"]))
async def test_a_pasted_command(end: str) -> None:
    async with open_app("two_layer") as session:
        session.app.post_message(events.Paste(f":watch norm(dz2){end}:watch max(abs(dw1)){end}"))
        await session.catch_up()
        assert watched(session) == ["norm(dz2)", "max(abs(dw1))"]


@pytest.mark.deep
async def test_a_pasted_place() -> None:
    async with open_app("two_layer") as session:
        await session.focus("w1")
        session.app.post_message(events.Paste("gdw2\n"))
        await session.catch_up()
        assert session.moment == (6, 0)


async def test_a_paste_into_an_open_line_waits_for_enter() -> None:
    async with open_app("two_layer") as session:
        session.type_ahead("colon")
        session.app.post_message(events.Paste("watch norm(dz2)\n"))
        await session.catch_up()
        assert watched(session) == []
        await write(session, "⏎")
        assert watched(session) == ["norm(dz2)"]


@pytest.mark.deep
async def test_a_pasted_text_that_opens_no_line_is_no_key() -> None:
    async with open_app("two_layer") as session:
        session.app.post_message(events.Paste("nnn\nq"))
        session.app.post_message(events.Paste(""))
        await session.catch_up()
        assert session.moment == (0, 0)
        assert session.app.is_running
