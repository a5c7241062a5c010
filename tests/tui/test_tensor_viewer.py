"""The tensor viewer, key by key: what is shown, what is said, what is handed out."""

from __future__ import annotations

import math
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from rich.console import ColorSystem
from textual.widgets import Input

from bpdebug.engine.health.statistics import Statistics, statistics
from bpdebug.present.cells import NOTATIONS, Cell, CellFormat
from bpdebug.present.viewer.subject import Subject
from bpdebug.tui.screens import tensor_viewer
from bpdebug.tui.screens.ask import AskScreen
from bpdebug.tui.screens.chart import ChartScreen
from bpdebug.tui.screens.help import HelpScreen
from bpdebug.tui.widgets.tensor_grid import TensorGrid
from tests.tiers import few
from tests.tui.conftest import LARGE, SMALL, Session, at_both_sizes, open_app, open_viewer

MATRIX = np.arange(12.0).reshape(3, 4) - 5
BIG = np.arange(300.0 * 200).reshape(300, 200)
FOUR = np.arange(2.0 * 3 * 4 * 5).reshape(2, 3, 4, 5)


def title(session: Session) -> str:
    """What stands at the left of the first line."""
    return session.text_at("#status").split("  ")[0].strip()


def state(session: Session) -> str:
    """What stands at its right."""
    return session.text_at("#status").strip().split("  ")[-1].strip()


def element(session: Session) -> str:
    return session.text_at("#element").strip()


def grid(session: Session) -> list[list[str]]:
    """The words of the grid, line by line, without its border."""
    return [line[1:-1].split() for line in session.text_at("#grid").splitlines()[1:-1]]


def said(session: Session) -> str:
    """What the app has notified of."""
    return "\n".join(notification.message for notification in session.app._notifications)


async def answer(session: Session, text: str) -> None:
    """Type an answer into the dialog, in place of what it proposes."""
    assert isinstance(session.app.screen, AskScreen)
    session.app.screen.query_one(Input).value = text
    await session.press("enter")


# What is shown at first


@at_both_sizes
async def test_everything_is_in_its_place(size: tuple[int, int]) -> None:
    async with open_viewer(Subject("w2", MATRIX), size) as session:
        lines = session.text.splitlines()
        assert [len(line) for line in lines] == [size[0]] * size[1]
        assert title(session) == "w2"
        assert state(session) == "automatic, 4 digits"
        assert grid(session)[:4] == [
            ["0", "1", "2", "3"],
            ["0", "▸-5", "-4", "-3", "-2"],
            ["1", "-1", "0", "1", "2"],
            ["2", "3", "4", "5", "6"],
        ]
        assert element(session) == "w2[0, 0] = -5.0"
        said = session.text_at("#statistics").split()
        for name, figure in {"min": "-5", "max": "6", "mean": "0.5", "zero": "1", "negative": "5"}.items():
            assert said[said.index(name) + 1] == figure
        assert f"{np.linalg.norm(MATRIX):.6g}" in said
        assert {"3×4", "float64", "12"} <= set(said)
        assert "? help" in lines[-1]
        assert "q close" in lines[-1]


@pytest.mark.deep
@pytest.mark.parametrize(
    ("value", "shown", "said"),
    few(
        [
            (np.array(0.5), ["▸0.5000"], "x = 0.5"),
            (np.array([0.5, -1.0]), ["▸0.500", "-1.000"], "x[0] = 0.5"),
            (np.zeros((0, 3)), [], "x has no elements"),
            (np.float16([[math.nan, -math.inf]]), ["0", "▸NaN", "-inf"], "x[0, 0] = nan"),
            (np.array([[3, -4]]), ["0", "▸3", "-4"], "x[0, 0] = 3"),
        ]
    ),
    ids=("no axes", "one axis", "empty", "float16", "integers"),
)
async def test_tensors_of_every_kind(value: np.ndarray, shown: list[str], said: str) -> None:
    async with open_viewer(Subject("x", value)) as session:
        text = [words for words in grid(session) if words and "▸" in " ".join(words)]
        assert (text[0] if text else []) == shown
        assert element(session) == said
        # No key minds.
        for action in session.viewer.ACTIONS:
            if action.action not in ("help", "close", "go_to", "export", "histogram", "norms"):
                await session.press(*action.keys.split(","))
        assert session.app.screen is session.viewer


async def test_it_opens_at_an_element() -> None:
    async with open_viewer(Subject("w", BIG, index=(250, 150))) as session:
        await session.until(lambda: "▸" in session.text_at("#grid"))
        assert element(session) == f"w[250, 150] = {BIG[250, 150]}"


# Moving


@at_both_sizes
async def test_the_cursor_moves(size: tuple[int, int]) -> None:
    async with open_viewer(Subject("w", BIG), size) as session:
        height, width = session.viewer.query_one(TensorGrid).page
        for keys, index in [
            (("down", "down", "right"), (2, 1)),
            (("up", "left"), (1, 0)),
            (("left", "up", "up"), (0, 0)),
            (("pagedown",), (height, 0)),
            (("ctrl+right",), (height, width)),
            (("end",), (height, 199)),
            (("pageup",), (0, 199)),
            (("ctrl+left",), (0, 199 - width)),
            (("ctrl+end",), (299, 199)),
            (("home",), (299, 0)),
            (("end", "ctrl+home"), (0, 0)),
        ]:
            await session.press(*keys)
            assert session.viewer.slicing.index == index, keys
            assert element(session) == f"w[{index[0]}, {index[1]}] = {BIG[index]}"
            assert "▸" in session.text_at("#grid"), keys


@pytest.mark.deep
@at_both_sizes
async def test_the_edges_name_the_rows_and_columns_in_sight(size: tuple[int, int]) -> None:
    async with open_viewer(Subject("w", BIG), size) as session:
        for keys in [
            (),
            ("ctrl+end",),
            ("ctrl+left", "pageup", "up"),
            ("h", "h", "ctrl+end"),
            ("ctrl+home",),
        ]:
            await session.press(*keys)
            (top, left), (height, width) = (
                getattr(session.viewer.query_one(TensorGrid), name) for name in ("first_cell", "page")
            )
            frame = session.text_at("#grid").splitlines()
            assert f"rows {top}–{top + height - 1} of 300" in frame[-1]
            assert f"columns {left}–{left + width - 1} of 200" in frame[-1]
            assert [int(line[1:-1].split()[0]) for line in frame[2:-1]] == list(range(top, top + height))
            indices = [int(word) for word in frame[1][1:-1].split()]
            assert set(indices) <= set(range(left, left + width))
            if session.viewer.look == "both":
                assert indices == list(range(left, left + width))
                numbers = [float(word.strip("▸")) for word in frame[2][1:-1].split()[1:]]
                assert numbers == BIG[top, left : left + width].tolist()


async def test_an_index_stands_above_its_column() -> None:
    async with open_viewer(Subject("w", BIG)) as session:
        await session.press("ctrl+end", "h", "h")
        header, row = session.text_at("#grid").splitlines()[1:3]
        here = session.text_at("#grid").splitlines()[-2].index("[]")
        _, left = session.viewer.query_one(TensorGrid).first_cell
        assert "[]" not in row
        for index in header[1:-1].split():
            # The spot of the last column is where the cursor stands.
            assert header.index(f" {index}") + 1 == here - 2 * (199 - int(index)), (left, index)


async def test_a_click_chooses_a_cell() -> None:
    async with open_viewer(Subject("w", BIG)) as session:
        shown = session.viewer.query_one(TensorGrid)
        await session.pilot.click(shown, offset=(1 + shown.edge + 2 * shown.pitch, 2 + 5))
        await session.until(lambda: session.viewer.slicing.index == (5, 2))
        await session.pilot.click(shown, offset=(1, 2))
        await session.pilot.pause()
        assert session.viewer.slicing.index == (5, 2)


@at_both_sizes
@pytest.mark.parametrize("text", few(["250,150", "[250, 150]", "w[250, 150]", "-50 -50"]))
async def test_go_to(size: tuple[int, int], text: str) -> None:
    async with open_viewer(Subject("w", BIG), size) as session:
        await session.press("g", *text, "enter")
        await session.until(lambda: session.app.screen is session.viewer)
        assert element(session) == f"w[250, 150] = {BIG[250, 150]}"
        assert "▸" in session.text_at("#grid")


@pytest.mark.parametrize(
    ("text", "said"),
    few(
        [
            ("nonsense", "expected the index"),
            ("300, 0", "axis 0 has no index 300, only 0 to 299"),
            ("[red]", "[red]"),
        ]
    ),
)
async def test_go_to_nowhere_says_so_and_stays(text: str, said: str) -> None:
    async with open_viewer(Subject("w", BIG), SMALL) as session:
        await session.press("g", *text, "enter")
        await session.until(lambda: said in " ".join(session.text.split()))
        await answer(session, "7, 8")
        await session.until(lambda: session.app.screen is session.viewer)
        assert session.viewer.slicing.index == (7, 8)


@pytest.mark.parametrize("key", ["g", "e"])
async def test_a_dialog_can_be_left(key: str) -> None:
    async with open_viewer(Subject("w", MATRIX)) as session:
        await session.press(key, "escape")
        assert session.app.screen is session.viewer
        assert session.viewer.slicing.index == (0, 0)


# Slices


async def test_transpose() -> None:
    async with open_viewer(Subject("w", MATRIX)) as session:
        await session.press("right", "down", "right", "T")
        assert title(session) == "w.T"
        assert element(session) == "w[1, 2] = 1.0"
        assert grid(session)[3] == ["2", "-3", "▸1", "5"]
        await session.press("T")
        assert title(session) == "w"


@pytest.mark.deep
async def test_a_slice_of_four_axes() -> None:
    async with open_viewer(Subject("w3", FOUR)) as session:
        assert title(session) == "w3[0, 0, :, :]"
        await session.press("right_square_bracket")
        assert title(session) == "w3[1, 0, :, :]"
        assert state(session).startswith("axis 0 at 1 of 2")
        await session.press("a", "right_square_bracket", "right_square_bracket", "right_square_bracket")
        assert title(session) == "w3[1, 2, :, :]"
        assert element(session) == f"w3[1, 2, 0, 0] = {FOUR[1, 2, 0, 0]}"
        assert float(grid(session)[2][1]) == FOUR[1, 2, 1, 0]
        await session.press("left_square_bracket")
        assert title(session) == "w3[1, 1, :, :]"
        await session.press("c")
        assert title(session) == "w3[:, 1, :, 0].T"
        assert float(grid(session)[2][2]) == FOUR[1, 1, 1, 0]
        await session.press("r")
        assert title(session) == "w3[:, 1, 0, :].T"
        await session.press("g", *"0,2,3,4", "enter")
        assert title(session) == "w3[:, 2, 3, :].T"
        assert element(session) == f"w3[0, 2, 3, 4] = {FOUR[0, 2, 3, 4]}"


@pytest.mark.deep
async def test_keys_for_axes_are_there_where_there_are_axes() -> None:
    for value, words in [(MATRIX, ()), (FOUR[0], ("rows", "slice")), (FOUR, ("rows", "slice", "axis"))]:
        async with open_viewer(Subject("w", value)) as session:
            footer = session.text_at("#keys")
            assert [word for word in ("rows", "slice", "axis") if word in footer] == list(words)
            await session.press("r", "c", "a", "left_square_bracket", "right_square_bracket")
            assert (title(session) == "w") == (value.ndim == 2)


# Formats and looks


async def test_formats_come_round() -> None:
    async with open_viewer(Subject("w", np.array([[0.1, -12345.678]]))) as session:
        seen = []
        for _ in NOTATIONS:
            seen.append((state(session), grid(session)[1][1:]))
            await session.press("f")
        assert seen == [
            ("automatic, 4 digits", ["▸1e-01", "-12346"]),
            ("fixed, 4 digits", ["▸0.1000", "-12345.6780"]),
            ("scientific, 4 digits", ["▸1.000e-01", "-1.235e+04"]),
            ("significant, 4 digits", ["▸0.1", "-1.235e+04"]),
            ("exact", ["▸0.1", "-12345.678"]),
        ]
        assert state(session) == "automatic, 4 digits"


async def test_digits() -> None:
    async with open_viewer(Subject("w", np.array([[math.pi]]))) as session:
        await session.press("plus", "equals_sign")
        assert grid(session)[1] == ["0", "▸3.14159"]
        await session.press(*["minus"] * 6)
        assert (session.viewer.digits, grid(session)[1]) == (1, ["0", "▸3"])
        await session.press(*["plus"] * 17)
        assert session.viewer.digits == 17


async def test_looks_come_round() -> None:
    async with open_viewer(Subject("w", np.array([[4.0, -4.0, 1.0, 0.0, math.nan]]))) as session:
        await session.press("end")

        def background(column: int) -> object:
            shown = session.viewer.query_one(TensorGrid)
            strip = session.app.screen._compositor.render_strips()[3]
            place = 1 + shown.edge + column * shown.pitch
            return next(
                segment.style.bgcolor
                for start, segment in zip(
                    np.cumsum([0, *(part.cell_length for part in strip)]), strip, strict=False
                )
                if start <= place < start + segment.cell_length
            )

        assert background(0) != background(2) != background(1) != background(0)
        await session.press("h")
        assert state(session) == "numbers only · automatic, 4 digits"
        assert background(0) == background(1) == background(2)
        assert grid(session)[1] == ["0", "4.000", "-4.000", "1.000", "0", "▸NaN"]
        await session.press("h")
        assert state(session) == "heat map only · automatic, 4 digits"
        assert background(0) != background(2) != background(1)
        assert grid(session)[1] == ["0", "·[]"]
        await session.press("h", "home")
        assert grid(session)[1] == ["0", "▸4.000", "-4.000", "1.000", "0", "NaN"]


@pytest.mark.parametrize("colours", few([None, ColorSystem.STANDARD]))
async def test_a_heat_map_without_colours(
    colours: ColorSystem | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if colours is None:
        monkeypatch.setenv("NO_COLOR", "1")
    async with open_viewer(Subject("w", np.array([[4.0, -4.0, 1.0, -2.0, 0.0, -math.inf]]))) as session:
        if colours is not None:
            session.app.console._color_system = colours
        await session.press("T", "end", "down", "h", "h")
        assert [line[1] for line in grid(session)[1:7]] == ["██", "[]", "░░", "-▒", "·", "-∞"]


async def test_the_theme_changes() -> None:
    async with open_viewer(Subject("w", MATRIX)) as session:
        before = session.app.theme
        await session.press("t")
        assert session.app.theme != before


# Comparing


async def test_other_values_and_the_difference() -> None:
    mine = MATRIX.copy()
    mine[1, 2] += 0.5
    async with open_viewer(Subject("dw2", MATRIX, mine=mine)) as session:
        await session.press("down", "right", "right")
        assert title(session) == "dw2 · reference"
        assert element(session) == "dw2[1, 2] = 1.0   mine 1.5 · mine − reference 0.5"
        assert session.text_at("#grid").count("≠") == 1
        await session.press("d")
        assert title(session) == "dw2 · mine"
        assert element(session).startswith("dw2[1, 2] = 1.5 ")
        await session.press("d")
        assert title(session) == "dw2 · mine − reference"
        assert grid(session)[2] == ["1", "0", "0", "▸0.5000≠", "0"]
        assert "11" in session.text_at("#statistics").split()  # zeros
        await session.press("d")
        assert title(session) == "dw2 · reference"


async def test_values_of_another_shape() -> None:
    async with open_viewer(Subject("dw2", MATRIX, mine=MATRIX.T[:2])) as session:
        await session.press("ctrl+end", "space", "d")
        assert title(session) == "dw2 · mine"
        assert element(session) == "dw2[0, 0] = -5.0"
        assert "2×3" in session.text_at("#statistics")
        await session.press("d")
        assert title(session) == "dw2 · reference"


async def test_nothing_to_compare_with() -> None:
    async with open_viewer(Subject("dw2", MATRIX)) as session:
        assert "compare" not in session.text_at("#keys")
        await session.press("d")
        assert title(session) == "dw2"


# What reads the whole tensor


async def test_keys_work_while_statistics_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, release = threading.Event(), threading.Event()

    def slow(value: np.ndarray, minus: np.ndarray | None) -> Statistics:
        begun.set()
        assert release.wait(30)
        return statistics(value, minus)

    monkeypatch.setattr(tensor_viewer, "AT_ONCE", 10)
    monkeypatch.setattr(tensor_viewer, "statistics", slow)
    async with open_viewer(Subject("w", BIG)) as session:
        try:
            await session.until(begun.is_set)
            assert "computing" in session.text_at("#statistics")
            assert "300×200" in session.text_at("#statistics")
            await session.press("down", "pagedown", "f", "h", "T")
            assert title(session) == "w.T"
            assert "computing" in session.text_at("#statistics")
        finally:
            release.set()
        await session.until(lambda: "computing" not in session.text_at("#statistics"))
        assert "59999" in session.text_at("#statistics")
        assert title(session) == "w.T"


async def test_a_viewer_may_be_closed_before_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, release, done = threading.Event(), threading.Event(), threading.Event()

    def slow(value: np.ndarray, minus: np.ndarray | None) -> Statistics:
        begun.set()
        assert release.wait(30)
        done.set()
        return statistics(value, minus)

    monkeypatch.setattr(tensor_viewer, "AT_ONCE", 10)
    monkeypatch.setattr(tensor_viewer, "statistics", slow)
    async with open_viewer(Subject("w", BIG)) as session:
        await session.until(begun.is_set)
        await session.press("q")
        release.set()
        await session.until(done.is_set)
        await session.settle()
        assert session.app.is_running


@at_both_sizes
@pytest.mark.parametrize("close", few(["H", "escape", "q"]))
async def test_the_histogram(size: tuple[int, int], close: str) -> None:
    async with open_viewer(Subject("w", BIG), size) as session:
        await session.press("H")
        assert isinstance(session.app.screen, ChartScreen)
        await session.until(lambda: "60,000 elements from 0 to 59999" in session.text)
        await session.until(lambda: "██" in session.text)
        assert "w: how many elements have which value" in session.text
        assert "40000" in session.text
        await session.press(close)
        assert session.app.screen is session.viewer


async def test_a_histogram_of_nothing() -> None:
    async with open_viewer(Subject("w", np.full((2, 2), math.nan))) as session:
        await session.press("H")
        await session.until(lambda: "no element is finite" in session.text)
        assert "█" not in session.text


async def test_norms_of_the_layers() -> None:
    gradients = {f"dw{k}": MATRIX * 10.0**-k for k in (1, 2, 3, 4)}
    async with open_viewer(Subject("dw2", gradients["dw2"], gradients=gradients)) as session:
        await session.press("n")
        await session.until(lambda: "smallest dw4" in session.text and "██" in session.text)
        words = session.text.split()
        assert {"dw1", "dw2", "dw3", "dw4", "1e+00", "1e-02"} <= set(words)
        await session.press("n")
        assert session.app.screen is session.viewer


async def test_norms_are_for_gradients() -> None:
    async with open_viewer(Subject("w2", MATRIX)) as session:
        assert "norms" not in session.text_at("#keys")
        await session.press("n")
        assert session.app.screen is session.viewer


# Taking numbers along


async def test_copy_the_slice() -> None:
    async with open_viewer(Subject("w", MATRIX[:2])) as session:
        await session.press("y")
        assert session.app.clipboard == "array([[-5., -4., -3., -2.],\n       [-1.,  0.,  1.,  2.]])"
        await session.until(
            lambda: f"Copied 2×4 numbers, {len(session.app.clipboard)} bytes" in said(session)
        )
        await session.press("T", "Y")
        assert session.app.clipboard.splitlines()[0] == "-5.0,-1.0"


async def test_copy_a_selection() -> None:
    async with open_viewer(Subject("w", BIG)) as session:
        await session.press("down", "right", "right", "space", "down", "left")
        assert element(session).endswith("selected 2×2")
        await session.press("Y")
        assert session.app.clipboard == "201.0,202.0\n401.0,402.0\n"
        await session.press("space", "up")
        assert "selected" not in element(session)
        await session.press("space", "T")
        assert "selected" not in element(session)


async def test_what_is_too_much_to_copy_says_so() -> None:
    async with open_viewer(Subject("w", BIG), SMALL) as session:
        await session.press("y")
        await session.until(lambda: "too many to copy" in said(session))
        assert session.app.clipboard == ""


async def test_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_viewer(Subject("w2", MATRIX, mine=MATRIX + 1)) as session:
        await session.press("e")
        assert "w2.npy" in session.text
        await session.press("enter")
        await session.until(lambda: f"Wrote {tmp_path / 'w2.npy'}" in said(session))
        np.testing.assert_array_equal(np.load(tmp_path / "w2.npy"), MATRIX)
        await session.press("d", "d", "e", "enter")
        await session.until(lambda: "is not replaced" in " ".join(session.text.split()))
        await answer(session, "difference")
        await session.until((tmp_path / "difference.npy").exists)
        await session.until(lambda: f"Wrote {tmp_path / 'difference.npy'}" in said(session))
        np.testing.assert_array_equal(np.load(tmp_path / "difference.npy"), np.ones((3, 4)))
        np.testing.assert_array_equal(np.load(tmp_path / "w2.npy"), MATRIX)


async def test_what_cannot_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_viewer(Subject("w2", MATRIX)) as session:
        session.viewer.export(tmp_path / "gone" / "w.npy")
        await session.until(lambda: "cannot be written" in said(session))


# Help, leaving, sizes


@at_both_sizes
async def test_help(size: tuple[int, int]) -> None:
    async with open_viewer(Subject("w", MATRIX), size) as session:
        await session.press("question_mark")
        assert isinstance(session.app.screen, HelpScreen)
        assert "the element under the cursor" in session.text
        await session.press("escape")
        assert session.app.screen is session.viewer


@pytest.mark.parametrize("key", few(["escape", "q", "m"]))
async def test_it_closes(key: str) -> None:
    async with open_viewer(Subject("w", MATRIX)) as session:
        viewer = session.viewer
        await session.press(key)
        assert viewer not in session.app.screen_stack
        assert session.app.is_running


@pytest.mark.deep
async def test_the_palette_lists_its_actions() -> None:
    async with open_viewer(Subject("w", MATRIX)) as session:
        offered = {command.title for command in session.app.get_system_commands(session.viewer)}
        assert "Let rows be columns" in offered
        assert "Let the next axis run down (not now)" in offered
        assert "Run the next statement" not in offered


@pytest.mark.deep
async def test_resizing_keeps_the_cursor_in_sight() -> None:
    async with open_viewer(Subject("w", BIG), LARGE) as session:
        await session.press("ctrl+end")
        for size in (SMALL, (30, 12), (200, 60), (20, 5), LARGE):
            await session.pilot.resize_terminal(*size)
            await session.until(lambda size=size: session.app.size == size)
            await session.settle()
            assert session.viewer.slicing.index == (299, 199)
            assert {len(line) for line in session.text.splitlines()} == {size[0]}
            if size[1] > 10:
                assert "▸" in session.text_at("#grid"), size


@pytest.mark.deep
@pytest.mark.usefixtures("all_is_drawn")
async def test_only_the_cells_in_sight_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    write = CellFormat.cell

    def count_and_write(form: CellFormat, value: float) -> Cell:
        written.append(value)
        return write(form, value)

    # No memory lies behind it: to look at every element would take terabytes.
    endless = np.broadcast_to(np.array(0.5), (10**6, 10**6))
    monkeypatch.setattr(tensor_viewer, "statistics", lambda *_: statistics(MATRIX))
    async with open_viewer(Subject("w", endless)) as session:
        monkeypatch.setattr(CellFormat, "cell", count_and_write)
        await session.press("ctrl+end", "f", "h", "pageup", "T")
        assert element(session).startswith("w[999")
        assert 0 < len(written) < 20_000


# What feeds what


async def test_the_arithmetic_of_an_element_and_the_brackets_of_what_it_feeds() -> None:
    async with open_app("batch", (100, 30)) as session:
        await session.press("f", "n", "n", "m")
        assert session.viewer.subject.name == "dw3"
        await session.press("right", "down")
        values = session.debugger.trace.values
        said = session.text_at("#arithmetic")
        assert said.strip().startswith("dw3[1,1] = dz3[1,")
        # It breaks before its equals signs, each under the first, and never within a product.
        assert len({line.index("= ") for line in said.splitlines() if "= " in line}) == 1
        assert float(said.split("=")[-1]) == pytest.approx(values["dw3"][1, 1], rel=1e-3)
        assert "[" not in "".join(map("".join, grid(session)))
        await session.press("escape", "tab", "tab", "m")
        assert session.viewer.subject.name in ("a2", "dz3")
        fed = [re.findall(r"[▸\[]\s*(-?\d\S*)\]", " ".join(row)) for row in grid(session)]
        (row,) = (place for place, found in enumerate(fed[1:]) if found)
        expected = values[session.viewer.subject.name][row]
        np.testing.assert_allclose([float(text) for text in fed[row + 1]], expected, atol=1e-3)
        assert "feeds dw3[" in element(session)
