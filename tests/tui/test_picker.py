"""The picker: the shipped scenarios, those in the current folder, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import OptionList

from bpdebug.sources.scenario import shipped_scenarios
from bpdebug.tui.screens.debugger_screen import DebuggerScreen
from bpdebug.tui.screens.picker import PickerScreen
from tests.tiers import few
from tests.tui.conftest import Session, at_both_sizes, open_app

BROKEN = (
    'title = "Not yet"\nlayout = "columns"\ncolour = "red"\n[inputs]\na0 = [[1.0], [2.0, 3.0]]\nlayers = 3\n'
)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def highlight(session: Session, name: str) -> None:
    """Move to the line of a scenario by the keys."""
    summaries = session.app.screen.summaries
    place = next(i for i, summary in enumerate(summaries) if summary.path.stem == name)
    options = session.app.screen.query_one(OptionList)
    while options.highlighted != place:
        await session.press("down")


@at_both_sizes
async def test_it_lists_the_shipped_scenarios(size: tuple[int, int]) -> None:
    async with open_app(None, size) as session:
        assert isinstance(session.app.screen, PickerScreen)
        listed = [summary.path.stem for summary in session.app.screen.summaries]
        assert {path.stem for path in shipped_scenarios()} <= {*listed}
        for name in listed:
            await highlight(session, name)
            await session.until(lambda name=name: name in session.text_at("#scenarios"))


@pytest.mark.deep
async def test_it_describes_the_highlighted_scenario() -> None:
    async with open_app(None) as session:
        await highlight(session, "two_layer")
        await session.until(lambda: "dense relu → dense sigmoid" in session.text_at("#about"))
        assert "Two dense layers" in session.text_at("#about")
        assert "two_layer.toml" in session.text_at("#about")


async def test_enter_opens_the_debugger() -> None:
    async with open_app(None) as session:
        await highlight(session, "two_layer")
        await session.press("enter")
        await session.until(lambda: isinstance(session.app.screen, DebuggerScreen))
        await session.press("n", "n")
        assert session.moment == (2, 0)
        assert "a1 = relu(z1)" in session.text_at("#operation")


async def test_typing_a_name_chooses_what_is_called_so() -> None:
    async with open_app(None) as session:
        await session.press(*"batch")
        options, screen = session.app.screen.query_one(OptionList), session.app.screen
        assert screen.summaries[0].path.stem != "batch", "others speak of it too"
        assert screen.summaries[options.highlighted].path.stem == "batch"


@pytest.mark.deep
async def test_a_click_opens_the_debugger() -> None:
    async with open_app(None) as session:
        await session.pilot.click(OptionList, offset=(5, 1))
        await session.until(lambda: isinstance(session.app.screen, DebuggerScreen))
        assert session.screen.case.name == "two_layer"  # with which the course begins


@pytest.mark.deep
async def test_scenarios_of_the_current_folder(tmp_path: Path) -> None:
    text = shipped_scenarios()[0].read_text()
    (tmp_path / "of_my_own.toml").write_text(text)
    async with open_app(None) as session:
        await highlight(session, "of_my_own")
        await session.press("enter")
        await session.until(lambda: isinstance(session.app.screen, DebuggerScreen))
        await session.until(lambda: "of_my_own" in session.text_at("#status"))


@pytest.mark.parametrize(
    ("content", "words"),
    few(
        [
            (BROKEN.encode(), "colour"),
            (b"title = ", "TOML"),
            (b"\xff\xfe\x00", "UTF-8"),
            (b"", "missing"),
            (b'title = "[/red] [bold"\nlayers = "[/]"\n', "layers"),
        ],
        1,
    ),
    ids=("keys", "syntax", "bytes", "empty", "markup"),
)
async def test_a_broken_file_says_what_is_wrong(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "broken.toml").write_bytes(content)
    async with open_app(None) as session:
        await highlight(session, "broken")
        await session.until(lambda: words in session.text)
        await session.press("enter")
        await session.until(lambda: "This scenario cannot be used" in session.text)
        assert isinstance(session.app.screen, PickerScreen)
        await session.press("up", "enter")
        await session.until(lambda: isinstance(session.app.screen, DebuggerScreen))


@pytest.mark.deep
async def test_a_folder_with_the_name_of_a_scenario(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    async with open_app(None) as session:
        await highlight(session, "folder")
        await session.press("enter")
        assert isinstance(session.app.screen, PickerScreen)


@pytest.mark.deep
async def test_a_file_that_has_gone_since(tmp_path: Path) -> None:
    file = tmp_path / "gone.toml"
    file.write_text(shipped_scenarios()[0].read_text())
    async with open_app(None) as session:
        await highlight(session, "gone")
        file.unlink()
        await session.press("enter")
        await session.until(lambda: "no such file" in session.text)
        assert isinstance(session.app.screen, PickerScreen)


async def test_q_leaves() -> None:
    async with open_app(None) as session:
        await session.press("q")
        assert session.app.return_code == 0
