"""A person's own code on the screen: its lines, its names, and the keys that know of them."""

from __future__ import annotations

import pytest

from bpdebug.tui.screens.source_screen import SourceScreen
from tests.recorded import Ran, recorded
from tests.tui.conftest import LARGE, SMALL, Session, open_app

at_both_sizes = pytest.mark.parametrize("size", [LARGE, SMALL], ids=("160x48", "80x24"))


def marked(session: Session) -> str:
    """The line of the Program with the current statement."""
    (line,) = (line for line in session.text_at("#program").splitlines() if "▶" in line)
    return line.split("▶")[1].strip("│ ")


@at_both_sizes
async def test_stepping_through_a_persons_lines(size: tuple[int, int]) -> None:
    async with open_app(recorded(), size) as session:
        assert "parameters: self.W1 3×4, self.W2 4×2" in session.text_at("#operation")
        assert "out = network.forward(x)" in session.text_at("#program")
        seen = []
        for code in ("11     self.h = np.tanh(x", "12     return self.h @ self.W2", "21   loss = ((out"):
            await session.press("n")
            assert marked(session).startswith(code)
            seen.append(session.text)
        await session.press("p")
        assert session.text == seen[1]
        await session.press("g", *"net.py:17", "enter")
        assert marked(session) == "17     self.dW1 = self.x.T @ delta"
        assert "written" in session.panel_text("self.dW1")
        assert session.panel("self.dW1").place == session.panel("self.W1").place
        assert "self.dW1[0,0] = x[2,0]·delta ·2[2,0]" in session.text_at("#operation")


async def test_turns_and_calls() -> None:
    async with open_app(recorded()) as session:
        await session.press("g", *"25", "enter")
        assert marked(session).endswith("1/2")
        assert "iteration" in session.text_at("#keys")
        await session.press("i")
        assert session.moment == (11, 0)
        await session.press("I")
        assert session.moment == (9, 0)
        await session.press("g", *"11", "enter", "u")
        assert session.moment == (3, 0)
        assert "u out" in session.text_at("#keys")


async def test_folding_going_and_stopping_in_the_listing() -> None:
    async with open_app(recorded()) as session:
        program = session.screen.program
        await session.press("g", *"net.py:16", "enter")
        program.focus()
        await session.until(lambda: program.has_focus)
        await session.press("up", "up", "enter")
        await session.settle()
        assert "▸" in marked(session)
        assert session.moment == (6, 0)
        await session.press("s")
        assert marked(session).startswith("16")
        await session.press("down", "u")
        assert "▸" in marked(session)
        await session.press("enter")
        assert marked(session).startswith("16")
        assert session.moment == (6, 0)
        await session.press(*["down"] * 4, "b")
        assert [found.text for found in session.debugger.breakpoints] == ["net.py:25"]
        await session.until(lambda: "●" in session.text_at("#program"))
        await session.press("escape", "c", "c")
        assert session.moment == (11, 0)
        program.focus()
        await session.until(lambda: program.has_focus)
        await session.press("b")
        assert list(session.debugger.breakpoints) == []
        await session.press("down", "down", "enter")
        assert session.moment == (8, 0)


async def test_the_line_in_its_surroundings() -> None:
    async with open_app(recorded()) as session:
        await session.press("w")
        assert session.app.screen is session.screen
        await session.press("n", "w")
        assert isinstance(session.app.screen, SourceScreen)
        await session.settle()
        assert "▶ 11          self.h = np.tanh(x @ self.W1)" in session.text
        assert "class Network:" in session.text
        await session.press("escape", "n")
        assert session.moment == (2, 0)


async def test_names_with_brackets_are_no_markup() -> None:
    rows = [Ran("hs[t]", "tanh(x)", 11), Ran('p["red"]', "hs[t] + 1", 12)]
    async with open_app(recorded(rows)) as session:
        await session.press("n", "n")
        assert "hs[t] 5×3" in session.text_at("#ledger")
        assert 'p["red"] 5×3' in session.text_at("#ledger")


async def test_watches_over_a_persons_names() -> None:
    async with open_app(recorded()) as session:
        await session.press("colon", *"watch norm(self.dW1) > 10", "enter", "escape", "W")
        await session.press("escape", "end")
        assert "norm(self.dW1) > 10" in session.text_at("#watches")
        assert "true" in session.text_at("#watches")


async def test_a_scenario_has_no_key_for_the_source() -> None:
    async with open_app("two_layer") as session:
        await session.press("n", "w")
        assert session.app.screen is session.screen
        assert "k code" not in session.text_at("#keys")
