"""A number is followed to where it comes from, and asked where it goes."""

from __future__ import annotations

import re

import pytest

from tests.tui.conftest import LARGE, Session, open_app


async def at_dw2(session: Session) -> None:
    """Go to the statement that writes dw2, in a batch of seven."""
    session.screen.go_to("dw2")
    await session.until(lambda: session.moment == (12, 0))
    await session.settle()


async def test_enter_follows_a_bracket_and_backspace_returns() -> None:
    async with open_app("batch") as session:
        await at_dw2(session)
        await session.press("tab", "down", "right")
        assert "dw2[1,1] = " in session.text_at("#operation")
        await session.press("tab", "tab")  # what is written, then what is read
        panel = session.app.focused
        assert panel is session.panel("dz2")
        # It stands on the largest of the brackets, and the sum goes on being explained.
        row = session.debugger.trace.values["dz2"][1]
        assert panel.cell == (1, int(abs(row).argmax()))
        card = session.text_at("#operation")
        assert "dw2[1,1] = " in card
        assert f"⏎ follows dz2[1,{panel.cell[1]}]" in card
        place = panel.cell
        await session.press("enter")
        assert session.moment == (11, 0)
        await session.until(lambda: session.panel("dz2").has_focus)
        card = session.text_at("#operation")
        assert f"dz2[{place[0]},{place[1]}] = da2[" in card
        assert f"dw2[1,1] › dz2[{place[0]},{place[1]}]" in card
        await session.press("backspace")
        assert session.moment == (12, 0)
        await session.until(lambda: "dw2[1,1] = " in session.text_at("#operation"))
        assert "›" not in session.text_at("#operation").splitlines()[0]


@pytest.mark.deep
async def test_a_click_on_a_bracket_follows_it() -> None:
    async with open_app("batch") as session:
        await at_dw2(session)
        panel = session.panel("dz2")
        offset = (2 + panel.edge + 3 * panel.pitch, 1 + panel.header)
        await session.pilot.click(panel, offset=offset)
        await session.until(lambda: session.moment == (11, 0))
        await session.until(lambda: "dz2[0,3] = " in session.text_at("#operation"))


@pytest.mark.deep
async def test_stepping_moves_the_selection_to_what_was_written() -> None:
    async with open_app("two_layer", LARGE) as session:
        await session.press("f", "n")
        await session.focus("w2")
        assert "w2[0,0] is given" in session.text_at("#operation")
        await session.press("n")
        await session.until(lambda: session.panel("dw2").has_focus)
        assert "dw2[0,0] = " in session.text_at("#operation")
        await session.focus("z2")
        assert "z2[0,0] was written at step 3" in session.text_at("#operation")


async def test_f_marks_what_a_number_feeds() -> None:
    async with open_app("batch") as session:
        await at_dw2(session)
        await session.focus("z2")
        await session.press("F")
        assert "z2[0,0] feeds a2[0,0] (step 4), dz2[0,0] (step 11)" in session.text_at("#answer")
        assert re.search(r"\{-?[\d.]+\}", session.panel_text("a2"))
        assert re.search(r"\{-?[\d.]+\}", session.panel_text("dz2"))
        await session.press("F")
        assert "{" not in session.panel_text("a2")


@pytest.mark.deep
async def test_verdicts_are_hidden_until_they_are_revealed() -> None:
    async with open_app("find_the_bug") as session:
        await session.until(lambda: session.screen.checking.check.verdicts.report is not None)
        session.screen.checking.hides = True
        session.screen.show()
        await session.settle()
        assert "✗" not in session.text
        assert "verdicts hidden" in session.text
        await session.press("right_square_bracket")
        assert session.moment == (0, 0)
        assert "V reveals it" in session.text
        await session.press("V")
        await session.until(lambda: "✗ wrong: db2, dz1" in session.text_at("#operation"))
