"""The debugger's screen, key by key: what the debugger does, and what can then be read."""

from __future__ import annotations

import random

import pytest

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.present.cells import Cell, CellFormat
from bpdebug.tui.keys.debugger import ACTIONS
from bpdebug.tui.screens.go_to import GoToScreen
from bpdebug.tui.screens.help import HelpScreen
from bpdebug.tui.screens.tensor_viewer import TensorViewer
from bpdebug.tui.themes import THEMES
from bpdebug.tui.widgets.program_view import ProgramView
from tests.examples import debugger_of, example
from tests.tiers import deep, few
from tests.tui.conftest import LARGE, SMALL, Session, at_both_sizes, open_app

MOVES = [
    # keys to get there, the key, the position and node after it
    ((), "n", (1, 0)),
    ((), "space", (1, 0)),
    ((), "f10", (1, 0)),
    ((), "right", (1, 0)),
    (("n", "n"), "p", (1, 0)),
    (("n", "n"), "left", (1, 0)),
    ((), "s", (0, 1)),
    ((), "f11", (0, 1)),
    (("s",), "s", (1, 0)),
    (("s",), "u", (1, 0)),
    (("s",), "shift+f11", (1, 0)),
    (("s",), "n", (1, 0)),
    (("s",), "p", (0, 0)),
    (("n",), "N", (3, 0)),
    (("f", "n"), "N", (9, 0)),
    (("f",), "P", (3, 0)),
    ((), "f", (4, 0)),
    (("f",), "f", (12, 0)),
    (("f",), "home", (0, 0)),
    ((), "end", (12, 0)),
]


async def test_every_key_moves_the_debugger() -> None:
    async with open_app("two_layer") as session:
        for before, key, (position, node) in MOVES:
            session.screen.go_to(0)
            await session.press(*before, key)
            assert session.moment == (position, node), (before, key)
            place = f"step {position}/12" + (f" + node {node}" if node else "")
            assert session.text_at("#status").rstrip().endswith(place), (before, key)


VERBS = {
    "n": Debugger.step,
    "p": Debugger.back,
    "s": Debugger.into,
    "u": Debugger.out,
    "N": Debugger.next_layer,
    "P": Debugger.previous_layer,
    "f": Debugger.finish_phase,
    "home": Debugger.restart,
    "end": Debugger.end,
    "c": Debugger.continue_,
    "r": Debugger.reverse_continue,
}


@pytest.mark.deep
async def test_any_keys_go_where_the_verbs_go() -> None:
    async with open_app("batch", SMALL) as session:
        beside = debugger_of("batch")
        for key in random.Random("verbs").choices([*VERBS], k=150):
            VERBS[key](beside)
            await session.press(key)
            assert session.debugger.moment == beside.moment, key


@pytest.mark.deep
@pytest.mark.parametrize(
    ("before", "keys"),
    few(
        [
            ((), ("p", "u", "P", "home", "left", "shift+f11")),
            (("end",), ("n", "s", "f", "N", "end", "right", "u")),
        ]
    ),
    ids=("start", "end"),
)
async def test_what_cannot_be_done_does_nothing(before: tuple[str, ...], keys: tuple[str, ...]) -> None:
    async with open_app("two_layer") as session:
        await session.press(*before)
        moment, text = session.moment, session.text
        for key in keys:
            await session.press(key)
            await session.until(lambda: session.text_at("#answer").strip())  # it says why
        session.screen.say()
        await session.until(lambda: session.text == text)
        assert session.moment == moment


@pytest.mark.parametrize("key", few(["j", "down", "pageup"]))
async def test_a_key_of_the_panels_says_that_none_has_the_focus(key: str) -> None:
    async with open_app("two_layer") as session:
        await session.press("n", key)
        assert "Tab goes to one" in session.text_at("#answer")
        await session.press("tab", key)
        assert not session.screen.prompt.answers.display


async def test_what_cannot_be_done_is_shown_disabled() -> None:
    async with open_app("two_layer") as session:

        def disabled() -> set[str]:
            return {
                action.action for action in ACTIONS if session.screen.check_action(action.action, ()) is None
            }

        assert {"run('back')", "run('restart')", "run('out')", "leave_panels"} <= disabled()
        assert "run('step')" not in disabled()
        able, unable = (key_style(session, key) for key in "np")
        assert able != unable
        await session.press("end")
        assert {"run('step')", "run('into')", "run('end')", "run('out')"} <= disabled()
        assert "run('back')" not in disabled()
        assert (key_style(session, "p"), key_style(session, "n")) == (able, unable)


def key_style(session: Session, key: str) -> str:
    """How the key bar writes a key."""
    strip = session.app.screen._compositor.render_strips()[-1]
    segment = next(segment for segment in strip if segment.text.strip() == key)
    return str(segment.style.without_color) if segment.style else ""


@at_both_sizes
async def test_everything_is_in_its_place(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("f", "n", "n")
        lines = session.text.splitlines()
        assert [len(line) for line in lines] == [size[0]] * size[1]
        assert "two_layer" in lines[0]
        assert "backward · layer 2 dense sigmoid · step 6/12" in lines[0]
        assert "n next" in lines[-1]
        assert "▶ dw2 = dz2 @ a1.T" in session.text
        for text in ("(2,4) = (2,1) @ (1,4)", "dw₂ = dz₂ · a₁ᵀ", "∂L/∂w₂ = ∂L/∂z₂ · ∂z₂/∂w₂ = ∂L/∂z₂ · a₁ᵀ"):
            assert text in session.text_at("#operation")
        assert "dw2[0,0] = dz2[0,0]·a1[0,0]" in session.text_at("#operation")
        for name in ("a1", "w2", "b2", "z2", "da1", "dw2", "db2", "dz2"):
            assert name in session.panel_text(name)
        for name in ("a2", "da2"):
            assert name in session.panel_text(name) or "no room: a2" in session.text_at("#ledger")


@at_both_sizes
async def test_each_gradient_lies_under_its_tensor(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("end")
        for name in ("a0", "w1", "b1", "z1", "a1"):
            above, below = session.panel(name).region, session.panel(f"d{name}").region
            assert above.area or f"no room: {name}" in session.text_at("#ledger")
            if not above.area:
                continue
            assert (above.x, above.width, above.height) == (below.x, below.width, below.height)
            assert above.bottom == below.y
        regions = [panel.region for panel in session.ledger.panels if panel.region.area]
        for region in regions:
            assert not any(region.overlaps(other) for other in regions if other is not region)
            assert session.ledger.region.contains_region(region)


@pytest.mark.deep
@at_both_sizes
async def test_panels_say_what_happens_to_them(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("f", "n", "n")
        assert "written" in session.panel_text("dw2")
        assert "read" in session.panel_text("dz2")
        assert "read" in session.panel_text("a1")
        assert "incoming" in session.panel_text("da2") or "no room: a2" in session.text_at("#ledger")
        waiting = " ".join(session.panel_text("db2").replace("│", " ").split())
        assert "not computed yet" in waiting
        assert "0.02817" in session.panel_text("dz2")
        await session.press("n")
        assert "written" not in session.panel_text("dw2")
        assert "written" in session.panel_text("db2")


@pytest.mark.parametrize(("name", "keys"), few([("xor", "fnnn"), ("conv_by_hand", "f")]))
async def test_the_card_takes_no_line_that_a_number_needs_and_all_that_is_free(name: str, keys: str) -> None:
    async with open_app(name, (100, 30)) as session:
        await session.press(*keys)
        await session.settle()
        card, lying = session.screen.operation, session.ledger.lying[0]
        assert lying.complete
        assert "…" not in session.text_at("#operation").replace("+ … +", "")
        assert session.ledger.size.height - lying.height < 2 or card.size.height >= 10


@pytest.mark.deep
async def test_the_shape_of_every_panel_and_the_dtype_once() -> None:
    async with open_app("two_layer", LARGE) as session:
        await session.press("end")
        assert session.text_at("#ledger").count("f64") == 1
        for name, shape in {"a0": "3×1", "dw1": "4×3", "db1": "4×1", "z1": "4×1"}.items():
            assert shape in session.panel_text(name).splitlines()[0]


async def test_stepping_into_a_statement_shows_its_nodes() -> None:
    async with open_app("two_layer") as session:
        await session.press("s")
        panel = session.panel_text("z1")
        assert "w1 @ a0" in panel
        assert "in part" in panel
        assert "0.487" in panel  # without the bias
        assert "(w1 @ a0)[0,0] = " in session.text_at("#operation")
        await session.press("u")
        panel = session.panel_text("z1")
        assert "written" in panel
        assert "0.670" in panel


@pytest.mark.deep
@at_both_sizes
async def test_there_and_back_again_looks_the_same(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        seen = [session.text]
        for _ in range(session.debugger.last):
            await session.press("n")
            seen.append(session.text)
        assert len(set(seen)) == len(seen)
        for text in seen[-2::-1]:
            await session.press("p")
            assert session.text == text


# The focus and the cell cursor


@pytest.mark.deep
async def test_tab_goes_through_all_panels_and_back() -> None:
    async with open_app("two_layer") as session:

        async def visited(key: str) -> list[str]:
            places = []
            for _ in range(len(session.ledger.panels) + 2):
                await session.press(key)
                places.append(session.app.focused.id)
            return places

        panels = {panel.id for panel in session.ledger.panels}
        count = len(panels) + 1
        forwards = await visited("tab")
        assert set(forwards[:count]) == panels | {"program"}
        assert forwards[count] == forwards[0]
        assert await visited("shift+tab") == [*reversed(forwards[:count]), forwards[count - 1]]


@at_both_sizes
async def test_arrows_move_the_cell_inside_a_panel_and_step_outside(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("f", "n", "n")
        await session.focus("dw2")
        await session.press("right", "down", "right", "left", "up")
        assert session.moment == (6, 0)
        assert session.panel("dw2").cell == (0, 1)
        assert "▸0.00658" in session.panel_text("dw2")
        await session.press("escape")
        assert session.app.focused is None
        await session.press("right")
        assert session.moment == (7, 0)
        await session.press("left", "left")
        assert session.moment == (5, 0)


@pytest.mark.deep
async def test_arrows_in_the_program_do_not_step() -> None:
    async with open_app("two_layer") as session:
        session.screen.query_one(ProgramView).focus()
        await session.press("down", "down", "up")
        assert session.moment == (0, 0)


@pytest.mark.deep
async def test_the_cell_stays_inside_the_tensor() -> None:
    async with open_app("two_layer") as session:
        await session.focus("w1")
        await session.press("up", "left")
        assert session.panel("w1").cell == (0, 0)
        await session.press(*["down"] * 5, *["right"] * 4, "pagedown")
        assert session.panel("w1").cell == (3, 2)
        await session.press("pageup")
        assert session.panel("w1").cell == (0, 2)


@pytest.mark.deep
async def test_a_pair_shares_its_cell() -> None:
    async with open_app("two_layer") as session:
        await session.press("f", "n", "n")
        await session.focus("w2")
        await session.press("down", "right", "right")
        assert session.panel("w2").cell == session.panel("dw2").cell == (1, 2)
        assert "w2[1,2] is given" in session.text_at("#operation")
        await session.focus("dw2")
        assert "dw2[1,2] = dz2[1,0]·a1[2,0] = 0.02817 · 1.519 = 0.0428" in session.text_at("#operation")


@at_both_sizes
async def test_the_origin_of_the_chosen_element(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("f", "n", "n")
        await session.focus("dw2")
        await session.press("right")
        assert "dw2[0,1] = dz2[0,0]·a1[1,0] = 0.004141 · 1.589 = 0.006582" in session.text_at("#operation")
        assert bracketed(session, "dz2") == ["0.00414"]
        assert bracketed(session, "a1") == ["1.589"]
        assert bracketed(session, "z2") == []
        # An element of an earlier result is explained from where it came.
        await session.focus("z2")
        assert "z2[0,0] = w2[0,0]·a1[0,0] + " in " ".join(session.text_at("#operation").split())
        assert len(bracketed(session, "a1")) == 4
        assert bracketed(session, "b2") == ["0.5142"]


def bracketed(session: Session, name: str) -> list[str]:
    """The cells that a panel shows as sources."""
    panel = session.panel(name)
    texts = [piece.split("]")[0] for piece in session.panel_text(name).split("[")[1:]]
    assert panel.panel.sources or not texts
    return texts


@pytest.mark.deep
@pytest.mark.parametrize(("presses", "position"), few([(("f", "n", "n"), 6), (("n", "n", "n"), 3)]))
async def test_the_marked_cell_is_the_explained_one_in_a_layer_of_another_shape(
    presses: tuple[str, ...], position: int
) -> None:
    async with open_app("two_layer") as session:
        await session.focus("w1")
        await session.press("down", "down", "down", "right", "right")
        await session.focus("b1")
        await session.press("down", "down", "down", "escape", *presses)
        assert session.moment == (position, 0)
        for name in ("w2", "b2", "z2", "dw2"):
            panel = await session.focus(name)
            if panel.panel.value is not None:
                assert "▸" in session.panel_text(name), f"{name} shows no chosen cell"
                row, column = panel.cell
                assert f"{name}[{row},{column}]" in session.text_at("#operation")


async def test_a_click_on_a_cell() -> None:
    async with open_app("two_layer") as session:
        await session.press("end")
        panel = session.panel("dw1")
        await session.pilot.click(panel, offset=(2 + panel.edge + 2 * panel.pitch, 3 + panel.header))
        await session.until(lambda: panel.has_focus and panel.cell == (2, 2))
        assert "dw1[2,2] = " in session.text_at("#operation")


@pytest.mark.deep
async def test_a_click_beside_the_numbers_takes_the_nearest_cell() -> None:
    async with open_app("two_layer") as session:
        panel = session.panel("b1")
        await session.pilot.click(panel, offset=(panel.outer_size.width - 2, 2 + panel.header))
        await session.until(lambda: panel.cell == (1, 0))


@pytest.mark.deep
async def test_more_and_fewer_digits() -> None:
    async with open_app("two_layer") as session:
        assert "0.5987" in session.panel_text("w1")
        await session.press("plus")
        assert "0.59866" in session.panel_text("w1")
        await session.press("minus", "minus")
        assert "0.599" in session.panel_text("w1")
        assert "0.5987" not in session.panel_text("w1")
        await session.press("equals_sign")
        assert "0.5987" in session.panel_text("w1")
        await session.press(*["plus"] * 15)
        assert "0.5986584841970366" in " ".join(session.panel_text("w1").split())
        digits = session.screen.chosen.digits
        await session.press("plus")
        assert session.screen.chosen.digits == digits
        await session.press(*["minus"] * 20)
        assert session.screen.chosen.digits == 1
        assert "0.6" in session.panel_text("w1")


# The program


@pytest.mark.deep
@at_both_sizes
async def test_the_current_statement_is_always_in_view(size: tuple[int, int]) -> None:
    async with open_app("batch", size) as session:
        while session.debugger.can_move(1):
            await session.press("n")
            assert f"▶ {session.debugger.statement.name} =" in session.text_at("#program")
        while session.debugger.can_move(-1):
            assert f"▶ {session.debugger.statement.name} =" in session.text_at("#program")
            await session.press("P")


async def test_done_current_and_coming_differ_by_a_character() -> None:
    async with open_app("two_layer") as session:
        await session.press("n", "n", "n")
        program = session.text_at("#program")
        for line in ("✓ z1 =", "✓ a1 =", "▶ z2 =", "› a2 =", "  da0 ="):
            assert line in program
        assert program.count("▶") == 1


@pytest.mark.deep
@pytest.mark.parametrize(("line", "position"), few([(2, 1), (5, 3), (10, 6), (17, 12), (0, 1), (8, 5)]))
async def test_a_click_on_a_line_goes_there(line: int, position: int) -> None:
    async with open_app("two_layer") as session:
        await session.pilot.click("#program", offset=(8, line + 1))
        await session.until(lambda: session.moment == (position, 0))
        assert f"▶ {session.debugger.statement.name} =" in session.text_at("#program")


@pytest.mark.deep
async def test_a_click_below_the_program_changes_nothing() -> None:
    async with open_app("two_layer") as session:
        await session.pilot.click("#program", offset=(8, 30))
        await session.pilot.pause()
        assert session.moment == (0, 0)


@pytest.mark.deep
@at_both_sizes
async def test_enter_in_the_program_goes_there(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        session.screen.query_one(ProgramView).focus()
        await session.press(*["down"] * 10, "enter")
        assert session.moment == (6, 0)
        assert "written" in session.panel_text("dw2")
        await session.press("pageup", "pageup", "enter")
        assert session.moment == (1, 0)


# The view


@pytest.mark.deep
async def test_a_pinned_layer_stays_in_sight() -> None:
    async with open_app("two_layer") as session:
        await session.press("n", "l", "f")
        assert session.moment == (4, 0)
        assert "layer 1 pinned" in session.text_at("#status")
        assert "w1" in session.panel_text("w1")
        await session.press("l")
        assert "pinned" not in session.text_at("#status")
        assert "w2" in session.panel_text("w2")


@at_both_sizes
@pytest.mark.parametrize("opening", few(["m", "enter"]))
@pytest.mark.parametrize("close", few(["m", "escape", "q"]))
async def test_a_panel_opens_in_the_viewer_and_one_comes_back_to_it(
    size: tuple[int, int], opening: str, close: str
) -> None:
    async with open_app("two_layer", size) as session:
        panel = await session.focus("w1")
        await session.press("down", "right")
        before = session.text
        await session.press(opening)
        viewer = session.app.screen
        assert isinstance(viewer, TensorViewer)
        assert viewer.subject.name == "w1"
        assert viewer.slicing.index == (1, 1)
        assert f"w1[1, 1] = {example('two_layer').values['w1'][1, 1]}" in session.text
        await session.press("n", close)
        assert session.app.screen is session.screen
        assert panel.has_focus
        assert (session.moment, session.text) == ((0, 0), before)


@pytest.mark.deep
async def test_without_a_focus_the_viewer_shows_the_current_result() -> None:
    async with open_app("two_layer") as session:
        await session.press("f", "n", "n", "l", "end", "m")
        assert session.app.screen.subject.name == "da0"
        await session.press("escape", "home", "s", "m")
        assert session.app.screen.subject.name == "w1 @ a0"


@pytest.mark.deep
@pytest.mark.parametrize("opening", few(["m", "enter"]))
async def test_what_has_no_value_yet_is_not_viewed(opening: str) -> None:
    async with open_app("two_layer") as session:
        await session.press(opening)
        await session.until(lambda: "no statement has run yet" in session.text_at("#answer"))
        await session.focus("dw1")
        await session.press(opening)
        await session.until(lambda: "not computed yet" in session.text_at("#answer"))
        assert session.app.screen is session.screen
        await session.press("n")
        assert session.moment == (1, 0)


@pytest.mark.deep
async def test_the_viewer_has_the_digits_of_the_panels_and_the_norms_of_the_layers() -> None:
    async with open_app("two_layer") as session:
        await session.press("end", "plus")
        await session.focus("dw1")
        await session.press("m")
        viewer = session.app.screen
        assert viewer.digits == 5
        assert list(viewer.subject.gradients) == ["dw1", "dw2"]
        await session.press("escape")
        await session.focus("w1")
        await session.press("m")
        assert session.app.screen.subject.gradients == {}


@pytest.mark.deep
async def test_your_numbers_are_in_the_viewer() -> None:
    async with open_app("find_the_bug") as session:
        await session.press("end")
        name = next(iter(session.screen.checking.check.verdicts.mine))
        await session.press("g", *name, "enter")
        await session.until(lambda: session.app.screen is session.screen)
        await session.press("m", "d")
        assert f"{name} · mine" in session.text.splitlines()[0]
        assert session.app.screen.subject.mine is session.screen.checking.check.verdicts.mine[name]


@pytest.mark.deep
async def test_what_was_set_is_in_the_viewer_beside_the_original_run() -> None:
    async with open_app("two_layer") as session:
        await session.press("n", "colon", *"set z1[0,0] = 3", "enter", "escape", "end")
        await session.focus("z1")
        await session.press("d", "m")
        titles = []
        for _ in range(4):
            titles.append(session.app.screen.title_text())
            await session.press("d")
        # It opens on what the panel shows.
        assert titles == ["z1 · original", "z1 · what if − original", "z1 · what if", "z1 · original"]
        await session.press("escape")
        await session.until(lambda: session.app.screen is session.screen)
        await session.focus("w1")
        await session.press("m")
        await session.until(lambda: session.app.screen is not session.screen)
        assert session.app.screen.title_text() == "w1"


@pytest.mark.deep
async def test_themes_come_round() -> None:
    async with open_app("two_layer") as session:
        text, seen = session.text, []
        for _ in THEMES:
            seen.append(session.app.theme)
            await session.press("t")
            assert session.text == text
        assert sorted(seen) == sorted(THEMES)
        assert session.app.theme == seen[0]


@at_both_sizes
@pytest.mark.parametrize("close", few(["escape", "question_mark", "q"]))
async def test_help_opens_and_closes(size: tuple[int, int], close: str) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("n")
        before = session.text
        await session.press("question_mark")
        assert isinstance(session.app.screen, HelpScreen)
        assert "every gradient" in session.text.lower()
        await session.press("n", close)
        assert session.app.screen is session.screen
        assert (session.moment, session.text) == ((1, 0), before)
        assert session.app.is_running


@at_both_sizes
@pytest.mark.parametrize(("answer", "position"), few([("6", 6), ("dw2", 6), ("0", 0), ("da0", 12)]))
async def test_go_to(size: tuple[int, int], answer: str, position: int) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("n", "g", *answer, "enter")
        await session.until(lambda: session.app.screen is session.screen)
        assert session.moment == (position, 0)
        assert f"step {position}/12" in session.text_at("#status")


@pytest.mark.parametrize("answer", few(["13", "dw9", "", "-1", "z", "[red]x", "💥"]))
async def test_go_to_nowhere_says_so_and_stays(answer: str) -> None:
    async with open_app("two_layer", SMALL) as session:
        await session.press("n", "g", *answer, "enter")
        assert isinstance(session.app.screen, GoToScreen)
        await session.until(lambda: "no such step" in " ".join(session.text.split()))
        await session.press(*["backspace"] * len(answer), "4", "enter")
        assert session.moment == (4, 0)


@pytest.mark.deep
async def test_go_to_can_be_left() -> None:
    async with open_app("two_layer") as session:
        await session.press("n", "g", "6", "escape")
        assert session.app.screen is session.screen
        assert session.moment == (1, 0)
        await session.press("n")
        assert session.moment == (2, 0)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("opening", "close", "position"),
    few([(("g", "6"), "enter", 6), (("g", "6"), "escape", 0), (("question_mark",), "escape", 0)]),
)
async def test_a_dialog_closes_once(opening: tuple[str, ...], close: str, position: int) -> None:
    async with open_app("two_layer") as session:
        await session.press(*opening)
        session.type_ahead(close, close, close)
        await session.catch_up()
        assert session.app.is_running
        assert session.app.screen is session.screen
        assert session.moment == (position, 0)
        await session.press("n")
        assert session.moment == (position + 1, 0)


# Commands, sizes, leaving


@pytest.mark.deep
async def test_the_palette_lists_what_can_be_done() -> None:
    async with open_app("two_layer") as session:

        def offered() -> set[str]:
            return {command.title for command in session.app.get_system_commands(session.screen)}

        helps = {action.help: action.needs for action in ACTIONS}
        assert offered() & set(helps) == {
            text for text, needs in helps.items() if needs in ("", "later", "after", "layers", "finding")
        }
        assert {text.removesuffix(" (not now)") for text in offered()} >= set(helps)
        await session.press("end")
        able = ("", "earlier", "before", "element", "layers", "finding")
        assert offered() & set(helps) == {text for text, needs in helps.items() if needs in able}


@at_both_sizes
async def test_the_palette_runs_a_command(size: tuple[int, int]) -> None:
    async with open_app("two_layer", size) as session:
        await session.press("ctrl+p", *"end of this pass")
        await session.until(lambda: "Run to the end of this pass" in session.text)
        await session.press("enter")
        await session.until(lambda: session.moment == (4, 0))
        assert session.app.screen is session.screen


async def test_a_click_on_the_key_bar_does_what_the_key_does() -> None:
    async with open_app("two_layer") as session:
        line = session.text.splitlines()[-1]
        await session.pilot.click(offset=(line.index("n next"), LARGE[1] - 1))
        await session.until(lambda: session.moment == (1, 0))
        await session.pilot.click(offset=(line.index("p back"), LARGE[1] - 1))
        await session.until(lambda: session.moment == (0, 0))


@pytest.mark.deep
async def test_resizing_keeps_the_position_and_the_focus() -> None:
    async with open_app("two_layer", LARGE) as session:
        await session.press("f", "n", "n")
        panel = await session.focus("dw2")
        await session.press("down", "right")
        before = session.text
        for size in (SMALL, (20, 5), (200, 60), (45, 12), LARGE):
            await session.pilot.resize_terminal(*size)
            await session.until(lambda size=size: session.app.size == size)
            assert session.moment == (6, 0)
            assert panel.has_focus
            assert panel.cell == (1, 1)
            assert {len(line) for line in session.text.splitlines()} == {size[0]}
        await session.until(lambda: session.text == before)


async def test_q_leaves() -> None:
    async with open_app("two_layer") as session:
        await session.press("q")
        assert session.app.return_code == 0
        assert not session.app._running


# Other scenarios


@pytest.mark.deep
@at_both_sizes
async def test_numbers_that_are_none_crash_nothing(size: tuple[int, int]) -> None:
    async with open_app("not_finite", size) as session:
        while session.debugger.can_move(1):
            await session.press("s")
        for layer in ("end", "P"):
            await session.press(layer)
            for panel in list(session.ledger.panels):
                await session.focus(panel.panel.name)


@pytest.mark.deep
async def test_numbers_that_are_none_stand_out() -> None:
    async with open_app("not_finite") as session:
        assert "NaN" in session.panel_text("a0")
        assert "+inf" in session.panel_text("a0")
        assert "-inf" in session.panel_text("b1")
        await session.press("end")
        assert "NaN" in session.panel_text("dw1")
        await session.focus("dw1")
        assert "NaN" in session.text_at("#operation")


@pytest.mark.deep
async def test_a_forward_only_scenario_has_no_gradients() -> None:
    async with open_app("forward_pass") as session:
        await session.press("end")
        assert session.moment == (2, 0)
        assert "0.5523" in session.panel_text("a1")
        for name in ("da0", "dw1", "db1", "dz1", "da1"):
            assert "no gradient" in session.panel_text(name)
            await session.focus(name)
            await session.press("down", "right", "m", "escape")


@pytest.mark.deep
async def test_a_layer_without_bias() -> None:
    async with open_app("no_bias") as session:
        await session.focus("a1")
        assert session.panel("a1").place == 4
        await session.press("N", "N")
        assert session.moment == (3, 0)
        assert session.ledger.panel_of("b2") is None
        assert "b2" not in session.text_at("#ledger")
        assert [panel.panel.name for panel in session.ledger.panels if panel.region.area][:8] == [
            "a1", "da1", "w2", "dw2", "z2", "dz2", "a2", "da2",
        ]  # fmt: skip
        await session.press("tab", "down", "end")
        assert "db1" in session.panel_text("db1")


@pytest.mark.deep
async def test_the_gradient_may_come_in_at_the_sums() -> None:
    async with open_app("hidden_delta") as session:
        await session.press("N", "N")
        assert "incoming" in session.panel_text("dz2")
        assert "no gradient" in " ".join(session.panel_text("da2").replace("│", " ").split())


@pytest.mark.deep
async def test_sixteen_bits() -> None:
    async with open_app("half") as session:
        assert "f16" in session.panel_text("w1")
        await session.press("end")
        # 300 · 300 is more than float16 can hold.
        assert "+inf" in session.panel_text("z1")


@pytest.mark.deep
@at_both_sizes
async def test_a_layer_of_300_units(size: tuple[int, int]) -> None:
    async with open_app("wide", size) as session:
        await session.press("end")
        for name in ("w1", "dw1", "da0", "a0"):
            assert session.panel_text(name).splitlines()[2].strip("│║ ▸")
        panel = await session.focus("w1")
        panel.choose(250, 200)
        await session.until(lambda: panel.cell == (250, 200))
        await session.until(lambda: "▸" in session.panel_text("w1"))
        partner = session.panel("dw1")
        await session.until(lambda: partner.scroll_offset == panel.scroll_offset)
        assert panel.scroll_offset.x > 0
        assert panel.scroll_offset.y > 0
        # Cell under cell, also for those that have been scrolled to.
        number = example("wide").values["w1"][250, 200]
        assert f"{number:.4f}" in session.panel_text("w1") or f"{number:.3f}" in session.panel_text("w1")
        await session.focus("dw1")
        assert "dw1[250,200] = " in session.text_at("#operation")


@pytest.mark.deep
async def test_only_the_cells_in_sight_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    write = CellFormat.cell

    def count_and_write(form: CellFormat, value: float) -> Cell:
        written.append(value)
        return write(form, value)

    async with open_app("wide") as session:
        panel = await session.focus("w1")
        monkeypatch.setattr(CellFormat, "cell", count_and_write)
        panel.choose(250, 200)
        await session.until(lambda: "▸" in session.panel_text("w1") and panel.scroll_offset.x > 0)
        assert 0 < len(written) < 2000  # of 90,000


@pytest.mark.deep
async def test_a_gradient_appears_where_its_tensor_has_been_scrolled_to() -> None:
    async with open_app("wide") as session:
        panel = await session.focus("w1")
        panel.choose(250, 200)
        await session.until(lambda: panel.scroll_offset.x > 0 and panel.scroll_offset.y > 0)
        await session.press("end")
        partner = session.panel("dw1")
        assert partner.panel.value is not None
        await session.until(lambda: partner.scroll_offset == panel.scroll_offset)


@pytest.mark.deep
@pytest.mark.parametrize("count", [30, deep(1000)])
async def test_many_layers(tmp_path: object, count: int) -> None:
    layer = '[[layers]]\nkind = "dense"\nactivation = "tanh"\nw = [[0.5]]\nb = [[0.25]]\n'
    file = tmp_path / "deep.toml"
    file.write_text(
        'title = "Deep"\nlayout = "columns"\n[inputs]\na0 = [[1.0]]\n'
        + count * layer
        + f"[gradient]\nda{count} = [[1.0]]\n"
    )
    from bpdebug.sources.scenario import load_scenario

    async with open_app(load_scenario(file)) as session:
        last = session.debugger.last
        await session.press("end")
        assert session.moment == (last, 0)
        assert "▶ da0 =" in session.text_at("#program")
        await session.press("g", *f"z{count // 2}", "enter")
        assert f"▶ z{count // 2} =" in session.text_at("#program")
        assert f"{count // 2} dense tanh" in session.text_at("#program")
        assert f"w{count // 2}" in session.panel_text(f"w{count // 2}")
        await session.press("home")
        assert "1 dense tanh" in session.text_at("#program")


async def test_a_key_without_an_action_says_so() -> None:
    async with open_app("two_layer") as session:
        await session.press("z")
        await session.until(lambda: "z does nothing here: ? shows all keys" in session.text_at("#answer"))
        await session.press("n")
        assert session.moment == (1, 0)
        assert "nothing" not in session.text_at("#answer")
