"""Tensors of more than two axes in the panels: which slice is in sight, what feeds it, and who won."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from bpdebug.present.viewer.subject import Subject
from tests.examples import example
from tests.tui.conftest import LARGE, SMALL, Session, at_both_sizes, open_app, open_viewer


async def go_to(session: Session, name: str) -> None:
    """Go to the statement that writes a tensor, and select its first element."""
    session.screen.go_to(session.debugger.program.positions[name])
    await session.settle()


def title(session: Session, name: str) -> str:
    return session.panel(name).above


def subtitle(session: Session, name: str) -> str:
    return session.panel(name).below


def between(session: Session, name: str, marks: str) -> list[str]:
    """The cells of a panel that stand between a pair of marks."""
    first, last = marks
    numbers = "\n".join(line[1:-1] for line in session.panel_text(name).splitlines()[1:-1])
    return [piece.split(last)[0].strip() for piece in numbers.split(first)[1:] if last in piece]


async def test_a_slice_is_named_by_its_axes() -> None:
    async with open_app("pictures", LARGE) as session:
        await go_to(session, "z1")
        assert title(session, "z1") == "z · z1 · batch 0 · channel 0"
        assert "height ↓ width →" in subtitle(session, "z1")
        assert len(session.panel_text("z1").splitlines()[1].split()) == 3 + len("││")
        await session.press("full_stop")
        assert "batch 0 · channel 1" in title(session, "z1")
        assert "z1[0,1,0,0] = " in session.text_at("#operation")
        await session.press("comma", "comma")
        assert "batch 0 · channel 0" in title(session, "z1")


@pytest.mark.deep
@at_both_sizes
async def test_what_feeds_a_weight_can_be_walked_through_the_batch(size: tuple[int, int]) -> None:
    async with open_app("pictures", size) as session:
        await go_to(session, "dw1")
        a0, dz1 = session.panel("a0").panel, session.panel("dz1").panel
        assert (a0.slicing.place, dz1.slicing.place) == ((0, 0), (0, 0))
        assert "+ 1" in subtitle(session, "a0")
        assert "+ 1" in subtitle(session, "dz1")
        await session.press("o")
        assert session.panel("a0").panel.slicing.place == (1, 0)
        assert session.panel("da0").panel.slicing.place == (1, 0), "cell under cell"
        assert session.panel("dz1").panel.slicing.place == (1, 0)
        assert session.panel("dw1").panel.slicing.place == (0, 0)
        assert between(session, "a0", "[]")
        await session.press("O")
        assert session.panel("a0").panel.slicing.place == (0, 0)
        # Another element begins anew: the filter of output 1, in channel 0.
        await session.press("o", "full_stop", "full_stop")
        assert session.panel("dw1").panel.slicing.place == (1, 0)
        assert session.panel("a0").panel.slicing.place == (0, 0)
        assert session.panel("dz1").panel.slicing.place == (0, 1)


async def test_the_window_of_an_output_is_marked() -> None:
    async with open_app("pictures", LARGE) as session:
        await go_to(session, "z1")
        await session.focus("z1")
        await session.press("right", "down")
        value = session.debugger.trace.values["a0"][0, 0, 1:3, 1:3]
        shown = [float(text) for text in between(session, "a0", "[]")]
        np.testing.assert_allclose(shown, value.ravel(), atol=0.01)
        assert len(between(session, "w1", "[]")) == 4
        assert "+ 1 more slice" in subtitle(session, "a0"), "the other channel"


@at_both_sizes
async def test_the_winner_of_a_window_is_marked_by_characters(size: tuple[int, int]) -> None:
    async with open_app("pictures", size) as session:
        await go_to(session, "a2")
        window = session.debugger.trace.values["a1"][0, 0, :2, :2]
        (winner,) = (float(text) for text in between(session, "a1", "«»"))
        assert winner == pytest.approx(window.max(), abs=0.01)
        assert len(between(session, "a1", "[]")) == 3
        text = " ".join(session.text_at("#operation").split())
        assert "a2[0,0,0,0] = max(a1[0,0,0:2,0:2]) = a1[0,0," in text


@pytest.mark.deep
async def test_an_element_that_wins_no_window_shows_who_did() -> None:
    async with open_app("pictures", LARGE) as session:
        await go_to(session, "da1")
        gradient = session.debugger.trace.values["da1"][0, 0]
        row, column = (int(i) for i in np.argwhere(gradient == 0)[0])
        await session.focus("da1")
        await session.press(*["down"] * row, *["right"] * column)
        assert f"da1[0,0,{row},{column}] = 0" in session.text_at("#operation")
        assert between(session, "a1", "«»")
        assert between(session, "da2", "[]") == []
        row, column = (int(i) for i in np.argwhere(gradient != 0)[-1])
        await session.press(*["up"] * 9, *["left"] * 9, *["down"] * row, *["right"] * column)
        assert between(session, "da2", "[]")
        assert session.panel("a1").cell == session.panel("da1").cell


@pytest.mark.deep
async def test_the_focus_goes_to_the_slice_that_is_in_sight() -> None:
    async with open_app("pictures", LARGE) as session:
        await go_to(session, "dw1")
        await session.press("o")
        panel = await session.focus("a0")
        assert panel.slicing.place == (1, 0)
        assert re.search(r"⏎ follows a0\[1,0,\d,\d\]", session.text_at("#operation"))


@pytest.mark.deep
async def test_tensors_of_any_number_of_axes() -> None:
    async with open_app("many_axes", SMALL) as session:
        for _ in session.debugger.program.statements:
            await session.press("n", "full_stop", "full_stop", "o", "down", "s")
            for panel in session.ledger.panels:
                if panel.display and panel.panel.name:
                    await session.focus(panel.panel.name)
                    await session.press("down", "right", "full_stop", "comma", "o", "escape")
        await go_to(session, "y")
        assert session.panel("y").panel.axes == tuple(f"axis {number}" for number in range(5))
        assert title(session, "y").startswith("y")
        await session.press("full_stop")
        assert session.panel("y").panel.slicing.count == 4


@pytest.mark.deep
async def test_what_feeds_is_scrolled_to() -> None:
    """The errors that the last pixel comes from lie beyond what is in sight at first."""
    async with open_app("pictures", SMALL) as session:
        await go_to(session, "da0")
        await session.focus("da0")
        await session.press("down", "down", "down", "right", "right", "right")
        await session.settle()
        assert between(session, "dz1", "[]")


async def test_no_key_for_slices_where_there_are_none() -> None:
    async with open_app("two_layer", LARGE) as session:
        await session.press("n")
        before = session.text
        await session.press("full_stop", "o")
        assert "one slice" in session.text_at("#answer")
        session.screen.say()
        await session.until(lambda: session.text == before)
        assert "slice" not in session.text_at("#keys")


async def test_the_viewer_names_the_axes() -> None:
    axes = ("batch", "channel", "height", "width")
    async with open_viewer(Subject("z1", np.zeros((2, 3, 4, 5)), axes=axes)) as session:
        assert "height ↓ width →" in session.text_at("#grid").splitlines()[0]
        assert "batch 0 of 2" in session.text
        await session.press("a", "right_square_bracket", "c")
        assert "channel" not in session.text_at("#grid").splitlines()[0]
        assert "batch →" in session.text_at("#grid").splitlines()[0]


@pytest.mark.deep
async def test_the_viewer_opens_on_the_numbers_of_the_panel() -> None:
    scenario = example("two_layer")
    mine = {"dw2": np.full((2, 4), 7.5)}
    async with open_app(replace(scenario, mine=mine)) as session:
        await go_to(session, "dw2")
        await session.press("d", "m")
        assert "dw2 · mine" in session.text.splitlines()[0]
        assert "7.500" in session.text_at("#grid")
