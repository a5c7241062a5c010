"""The welcome: a newcomer meets it once, and it is in nobody's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.tui.screens.go_to import GoToScreen
from bpdebug.tui.user_files import UserFiles
from bpdebug.tui.widgets.ledger import Ledger
from bpdebug.tui.widgets.operation_card import OperationCard
from bpdebug.tui.widgets.program_view import ProgramView
from bpdebug.tui.widgets.welcome import CLOSING, HEADING, TAUGHT, Welcome
from tests.tiers import few
from tests.tui.conftest import Session, at_both_sizes, open_app


@pytest.fixture
def newcomer(tmp_path: Path) -> UserFiles:
    return UserFiles(tmp_path / "settings.toml", tmp_path / "state" / "welcomed")


def is_welcomed(session: Session) -> bool:
    return HEADING in session.text


@at_both_sizes
async def test_a_newcomer_meets_it_once(newcomer: UserFiles, size: tuple[int, int]) -> None:
    async with open_app("two_layer", size, newcomer) as session:
        for words in (HEADING, "values, forward", "gradients, backward", CLOSING):
            assert words in session.text
        await session.press("n")
        assert not is_welcomed(session)
    async with open_app("two_layer", size, newcomer) as session:
        assert not is_welcomed(session)
        assert "The forward pass runs through both layers" in session.text


@pytest.mark.deep
@at_both_sizes
async def test_it_has_the_place_of_the_operation_and_no_other(
    newcomer: UserFiles, size: tuple[int, int]
) -> None:
    async with open_app("two_layer", size, newcomer) as session:
        place = session.screen.query_one(Welcome).region
        others = [session.screen.query_one(kind).region for kind in (Ledger, ProgramView)]
        status, bar = session.text.splitlines()[0], session.text.splitlines()[-1]
        panel = session.panel_text("w1")
        assert place.height >= 6
        await session.press("escape")  # a key that does nothing
        assert not is_welcomed(session)
        card = session.screen.query_one(OperationCard).region
        assert (card.offset, card.width) == (place.offset, place.width)
        ledger, program = (session.screen.query_one(kind).region for kind in (Ledger, ProgramView))
        assert (ledger.x, ledger.width, ledger.bottom) == (others[0].x, others[0].width, others[0].bottom)
        assert program == others[1]
        assert (session.text.splitlines()[0], session.text.splitlines()[-1]) == (status, bar)
        assert "w · w1" in session.panel_text("w1")
        assert "w · w1" in panel


@pytest.mark.parametrize(
    ("key", "moment"),
    few([("n", (0, 0)), ("s", (0, 0)), ("f", (4, 0)), ("end", (12, 0)), ("escape", (0, 0))]),
)
async def test_any_key_closes_it_and_one_that_steps_does_no_more(
    newcomer: UserFiles, key: str, moment: tuple[int, int]
) -> None:
    async with open_app("two_layer", user=newcomer) as session:
        await session.press(key)
        assert session.moment == moment
        assert not is_welcomed(session)


@pytest.mark.deep
async def test_keys_typed_ahead_of_it_are_all_heard(newcomer: UserFiles) -> None:
    async with open_app("two_layer", user=newcomer) as session:
        session.type_ahead("n", "n", "n")
        await session.until(lambda: session.moment == (2, 0))  # the first one shows what it is about
        assert not is_welcomed(session)


@pytest.mark.deep
async def test_a_dialog_and_a_panel_close_it_too(newcomer: UserFiles, tmp_path: Path) -> None:
    async with open_app("two_layer", user=newcomer) as session:
        await session.press("g")
        assert isinstance(session.app.screen, GoToScreen)
        assert not is_welcomed(session)
    again = UserFiles(newcomer.settings, tmp_path / "again")
    async with open_app("two_layer", user=again) as session:
        await session.pilot.click(session.panel("w1"), offset=(4, 2))
        await session.until(lambda: not is_welcomed(session))
        assert "▸" in session.panel_text("w1")


@pytest.mark.deep
async def test_it_names_eight_keys_as_the_user_has_them(newcomer: UserFiles) -> None:
    newcomer.settings.write_text('[keys]\nnext = "j"\n', encoding="utf-8")
    async with open_app("two_layer", user=newcomer) as session:
        assert len(TAUGHT) == 8
        assert "j       Run the next statement" in session.text
    async with open_app(
        "two_layer", (80, 24), UserFiles(newcomer.settings, newcomer.settings / "x")
    ) as session:
        assert "j next  p back  s into  f finish  g go to  Tab next panel  ? help  q quit" in session.text


async def test_nobody_is_welcomed_by_an_app_without_user_files() -> None:
    async with open_app("two_layer") as session:
        assert not session.screen.query(Welcome)
