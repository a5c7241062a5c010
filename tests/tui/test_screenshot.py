"""Screenshots: where they go, and what is on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.conftest import open_app

pytestmark = pytest.mark.usefixtures("_here")


@pytest.fixture
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def test_a_key_saves_the_screen(tmp_path: Path) -> None:
    async with open_app("two_layer") as session:
        await session.press("f", "n", "n", "S")
        path = tmp_path / "bpdebug-two_layer-6.svg"
        await session.until(path.exists)
        picture = path.read_text(encoding="utf-8")
        assert picture.startswith("<svg")
        assert "sigmoid_prime" in picture
        await session.until(lambda: path.name in session.text)


@pytest.mark.deep
async def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "bpdebug-two_layer-0.svg").write_text("mine", encoding="utf-8")
    (tmp_path / "bpdebug-two_layer-0-2.svg").symlink_to(tmp_path / "nowhere")
    async with open_app("two_layer") as session:
        await session.press("S")
        await session.until((tmp_path / "bpdebug-two_layer-0-3.svg").exists)
        await session.until(lambda: "bpdebug-two_layer-0-3.svg" in session.text)
        await session.press("S")
        await session.until((tmp_path / "bpdebug-two_layer-0-4.svg").exists)
    assert (tmp_path / "bpdebug-two_layer-0.svg").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "nowhere").exists()
    # What was said of the first is not on the second.
    assert "saved" not in (tmp_path / "bpdebug-two_layer-0-4.svg").read_text(encoding="utf-8")


@pytest.mark.deep
async def test_a_folder_that_is_not_there_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = Path("/gone")  # not there, and short: a long name would break the message's lines anywhere
    assert not gone.exists()
    async with open_app("two_layer") as session:
        monkeypatch.setattr(Path, "cwd", lambda: gone)
        await session.press("S")
        await session.until(lambda: "cannot be written" in session.text)
        await session.press("n")
        assert session.moment == (1, 0)


@pytest.mark.deep
async def test_the_palette_saves_the_screen_without_itself(tmp_path: Path) -> None:
    async with open_app("two_layer") as session:
        await session.press("ctrl+p", *"save the screen")
        await session.until(lambda: "Save the screen" in session.text)
        await session.press("enter")
        path = tmp_path / "bpdebug-two_layer-0.svg"
        await session.until(path.exists)
        assert "Key:" not in path.read_text(encoding="utf-8").replace("&#160;", " ")
