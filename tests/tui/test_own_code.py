"""A person's own code on the screen: its lines, its names, its check, and the keys that know of them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from bpdebug.sources.case import Case
from bpdebug.sources.script import record_script
from bpdebug.sources.script.case import case_of
from bpdebug.tui.screens.source_screen import SourceScreen
from bpdebug.verify.repair import check
from tests.recorded import Ran, recorded
from tests.tiers import deep
from tests.tui.conftest import LARGE, PATIENCE, SMALL, Session, open_app
from tests.two_layers import TWO_LAYERS

at_both_sizes = pytest.mark.parametrize("size", [LARGE, deep(SMALL)], ids=("160x48", "80x24"))


def marked(session: Session) -> str:
    """The line of the Program with the current statement."""
    (line,) = (line for line in session.text_at("#program").splitlines() if "▶" in line)
    return line.split("▶")[1].strip("│ ")


@pytest.mark.deep
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
        assert "self.dW1[0,0] = x[0,0]·delta ·2[0,0] + … + x[" in session.text_at("#operation")


@pytest.mark.deep
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


async def test_at_the_start_the_next_turn_is_that_of_the_first_line() -> None:
    rows = [Ran("h", "tanh(x)", 11, turns=(1,)), Ran("h ·2", "tanh(h)", 11, turns=(2,))]
    async with open_app(recorded(rows)) as session:
        await session.press("I")
        assert session.moment == (0, 0)
        assert "the line runs no other time before" in session.text
        await session.press("i")
        assert session.moment == (2, 0)
        assert marked(session).endswith("2/2")


@pytest.mark.deep
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
        await session.press("w", "n")
        assert session.moment == (2, 0)


async def test_names_with_brackets_are_no_markup() -> None:
    rows = [Ran("hs[t]", "tanh(x)", 11), Ran('p["red"]', "hs[t] + 1", 12)]
    async with open_app(recorded(rows)) as session:
        await session.press("n", "n")
        assert "hs[t] 5×3" in session.text_at("#ledger")
        assert 'p["red"] 5×3' in session.text_at("#ledger")


@pytest.mark.deep
async def test_watches_over_a_persons_names() -> None:
    async with open_app(recorded()) as session:
        await session.press("colon", *"watch norm(self.dW1) > 10", "enter", "escape", "W")
        await session.press("escape", "end")
        assert "norm(self.dW1) > 10" in session.text_at("#watches")
        assert "true" in session.text_at("#watches")


@pytest.mark.deep
async def test_a_scenario_has_no_key_for_the_source() -> None:
    async with open_app("two_layer") as session:
        await session.press("n", "w")
        assert session.app.screen is session.screen
        assert "k code" not in session.text_at("#keys")


WRONG = TWO_LAYERS.replace("h.T @", "(h ** 2).T @")
ONCE = """\
import os, time
if os.path.exists("once"):
    open("again", "w").close()
    time.sleep(600)
open("once", "w").close()
"""


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A script with two faults, and all the time that it takes to find them beside other tests."""
    monkeypatch.setattr(check, "SECONDS", 600.0)
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(WRONG, encoding="utf-8")
    return case_of(record_script("net.py"))


async def checked(session: Session) -> None:
    """Wait until nothing is done in the background."""
    deadline = time.monotonic() + PATIENCE
    while session.screen.checking.check.state or session.screen.checking.check.verdicts.report is None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)  # not a pause of the pilot's, which asks every widget
    await session.settle()


@pytest.mark.deep
@at_both_sizes
async def test_the_findings_of_a_check(wrong: Case, size: tuple[int, int]) -> None:
    async with open_app(wrong, size) as session:
        await checked(session)
        card = session.text_at("#operation")
        assert "✗ 2 of 2 gradients wrong: w1, w2. 2 lines to mend." in card
        assert "line 9: " in card
        assert "line 10: `h` should be squared" in card
        assert "2 wrong" in session.text
        await session.press("right_square_bracket")
        assert marked(session).startswith("9 ")
        await session.press("right_square_bracket")
        assert "✗▶ 10" in session.text_at("#program")
        card = session.text_at("#operation")
        assert "yours      x.T @ (d_out @ w2.T * (1 - h))" in card
        assert "should be  x.T @ (d_out @ w2.T * (1 - h ** 2))    (verified on fresh values)" in card
        assert "dw1[0,0]: yours -30.5477, should be -2.41339, off by -28.1343" in card
        assert card.count("x.T @ (d_out @ w2.T * (1 - h))") == (2 if size == LARGE else 1)
        assert "✗" in session.panel_text("dw1")
        await session.focus("dw1")
        await session.press("right")
        card = session.text_at("#operation")
        own, right = (held["dw1"][0, 1] for held in vars_of(session))
        assert f"dw1[0,1]: yours {own:.6g}, should be {right:.6g}" in card
        await session.press("escape", "n")
        assert "~▶ 11" in session.text_at("#program")
        # What the check said is of the run as it was, and of no number that follows from what is set.
        await session.press("colon", *"set dw1 = 0", "enter", "escape")
        assert "wrong because of" not in session.text_at("#operation")
        await session.press("R")
        assert "wrong because of line 10" in session.text_at("#operation")
        await session.press("left_square_bracket", "left_square_bracket")
        assert marked(session).startswith("9 ")
        if size == LARGE:
            await shows_the_run_as_it_would_be(session)


def vars_of(session: Session) -> tuple[dict[str, object], dict[str, object]]:
    verdicts = session.screen.checking.check.verdicts
    return verdicts.values, verdicts.reference


async def shows_the_run_as_it_would_be(session: Session) -> None:
    """From the first wrong line: `x` shows the run with the corrections, at the same place, and goes back."""
    await session.press("right_square_bracket")
    place = session.moment
    yours = session.panel_text("dw1")
    await session.press("x")
    await session.until(lambda: "corrected" in session.text.splitlines()[0])
    await session.settle()
    there = session.app.screen
    assert there.debugger.moment.position == place[0]
    assert "10   dw1 = x.T @ (d_out @ w2.T * (1 - h ** 2))" in session.text_at("#program")
    assert "-2.413" in session.text_at("#ledger")
    assert "yours" not in session.text_at("#operation")
    await session.press("v")
    assert "x goes back" in session.text
    await session.press("n", "p", "p")
    await session.press("x")
    await session.settle()
    assert session.app.screen is session.screen
    assert session.moment == (place[0] - 1, 0)
    await session.press("n")
    assert session.panel_text("dw1") == yours


async def test_a_check_leaves_the_keys_alone_and_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # Where it runs a second time, it takes as long as it may.
    Path("net.py").write_text(ONCE + WRONG, encoding="utf-8")
    async with open_app(case_of(record_script("net.py"))) as session:
        await session.press("n", "n")
        assert session.moment == (2, 0)
        assert "v stops" in session.text
        assert "x corrected" not in session.text_at("#keys")
        await session.until(lambda: Path("again").exists())
        await session.press("v", "home")
        deadline = time.monotonic() + PATIENCE
        while session.screen.checking.check.state:
            assert time.monotonic() < deadline
            await session.pilot.pause(0.01)
        await session.press("n")
        assert session.moment == (1, 0)


async def test_a_right_script_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    right = WRONG.replace("(h ** 2).T @ d_out", "h.T @ d_out")
    Path("net.py").write_text(right.replace("(1 - h)", "(1 - h ** 2)"), encoding="utf-8")
    async with open_app(case_of(record_script("net.py"))) as session:
        await checked(session)
        assert "= All right: 2 gradients." in session.text_at("#operation")
        assert "checked: all right" in session.text
        await session.press("x", "right_square_bracket")
        assert session.moment == (0, 0)
        assert session.app.screen is session.screen
