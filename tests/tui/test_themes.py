"""The themes: every text can be read, and colour-blind eyes tell negative from positive.

Contrast is that of WCAG 2.1. Colour blindness is simulated with the matrices of Machado, Oliveira and
Fernandes (2009), "A physiologically-based model for simulation of color vision deficiency", at full
severity; how far apart two colours then are is the distance in CIELAB, in which 2 can just be seen.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pytest
from rich._palettes import STANDARD_PALETTE
from rich.style import Style
from textual.color import Color
from textual.theme import Theme
from textual.widget import Widget

from bpdebug.present.cells import LEVELS
from bpdebug.tui.screens.tensor_viewer import TensorViewer
from bpdebug.tui.themes import THEMES, themes_in
from bpdebug.tui.user_files import UserFiles
from bpdebug.tui.widgets.ledger import Ledger
from bpdebug.tui.widgets.program_view import ProgramView
from bpdebug.tui.widgets.tensor_grid import TensorGrid
from tests.tiers import deep
from tests.tui.conftest import Session, open_app

Colour = tuple[int, int, int]
CLEARLY_APART = 30.0
FRAMES = set(" ─│╭╮╰╯━┃┏┓┗┛═║╔╗╚╝")

SEEN_BY = {
    "most people": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour: Colour) -> np.ndarray:
    """A colour of sRGB as light."""
    share = np.array(colour) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours, from 1 to 21."""
    dark, light = sorted(float(linear(colour) @ (0.2126, 0.7152, 0.0722)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(light: np.ndarray) -> np.ndarray:
    """Light in CIELAB."""
    share = TO_XYZ @ light / (TO_XYZ @ np.ones(3))
    x, y, z = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: Colour, other: Colour, eyes: str) -> float:
    """How far apart two colours are to someone."""
    seen = (lab(np.clip(SEEN_BY[eyes] @ linear(colour), 0, 1)) for colour in (one, other))
    return float(np.linalg.norm(next(seen) - next(seen)))


def colours(style: Style) -> tuple[Colour, Colour]:
    """The colours of a text and of its background."""
    assert style.color is not None
    assert style.bgcolor is not None
    return tuple(style.color.get_truecolor()), tuple(style.bgcolor.get_truecolor())


class Seen(NamedTuple):
    """What there is to see in a theme.

    Attributes
    ----------
    theme
        Which.
    texts, viewer_texts
        Every text on the screen and in the viewer, with its style.
    cells, viewer_cells
        The styles of the cells and lines by their names, on the screen and in the viewer.
    levels
        By sign, the colours of the cells from the weakest to the strongest.
    background
        What the cells lie on.
    """

    theme: str
    texts: list[tuple[str, Style]]
    viewer_texts: list[tuple[str, Style]]
    cells: dict[str, Style]
    viewer_cells: dict[str, Style]
    levels: dict[str, list[Colour]]
    background: Colour


@pytest.fixture(scope="module", params=[name if name in ("dark", "light") else deep(name) for name in THEMES])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Look at the app in each theme, once for all tests."""
    folder = tmp_path_factory.mktemp("theme")
    user = UserFiles(folder / "settings.toml", folder / "welcomed")
    assert user.welcome()
    user.settings.write_text(f'theme = "{request.param}"', encoding="utf-8")
    return asyncio.run(look(user, request.param))


async def look(user: UserFiles, theme: str) -> Seen:
    """Open the app at a wrong gradient, so that it shows every kind of text, and go through it."""
    async with open_app("find_the_bug", user=user) as session:
        assert session.app.theme == theme
        await session.until(lambda: session.screen.checking.check.verdicts.report is not None)
        cells = component_styles(session.ledger) | component_styles(session.screen.query_one(ProgramView))
        levels = {
            sign: [colours(cells[f"cell--{sign}-{level}"])[1] for level in range(1, LEVELS + 1)]
            for sign in ("negative", "positive")
        }
        background = session.screen.background_colors[1].rgb
        await session.press("n", "m")
        assert isinstance(session.app.screen, TensorViewer)
        viewer_cells = component_styles(session.app.screen.query_one(TensorGrid))
        await session.press("space", "right", "down", "d")
        viewer_texts = texts_on_the_screen(session)
        await session.press("escape", "home")
        texts = []
        for key in ("n", "right_square_bracket", "tab", "tab"):
            await session.press(key)
            texts += texts_on_the_screen(session)
        return Seen(theme, texts, viewer_texts, cells, viewer_cells, levels, background)


def component_styles(widget: Widget) -> dict[str, Style]:
    """The styles of the parts that a widget draws itself, by their names; frames are no text."""
    names = (name for name in widget.COMPONENT_CLASSES if not name.startswith("frame--"))
    return {name: widget.get_component_rich_style(name) for name in names}


def texts_on_the_screen(session: Session) -> list[tuple[str, Style]]:
    """Every text on the screen but the keys at the bottom, which may be disabled."""
    *lines, _ = session.app.screen._compositor.render_strips()
    segments = (segment for line in lines for segment in line)
    return [
        (one.text, one.style) for one in segments if one.style is not None and not set(one.text) <= FRAMES
    ]


def assert_can_be_read(theme: str, texts: Iterable[tuple[str, Style]]) -> None:
    enough = 7.0 if theme == "high-contrast" else 4.5
    for text, style in texts:
        found = contrast(*colours(style))
        assert found >= enough, f"{text}: {found:.2f}"


def test_the_yardsticks() -> None:
    black, white, red, green = (0, 0, 0), (255, 255, 255), (200, 60, 60), (110, 120, 40)
    assert contrast(black, white) == pytest.approx(21)
    assert contrast((118, 118, 118), white) == pytest.approx(4.54, abs=0.01)
    assert distance(black, white, "most people") == pytest.approx(100, abs=0.1)
    # What the scale must not be made of.
    assert distance(red, green, "deuteranopia") < CLEARLY_APART / 2 < distance(red, green, "most people")


def test_every_cell_and_line_can_be_read(seen: Seen) -> None:
    assert_can_be_read(seen.theme, seen.cells.items())
    assert_can_be_read(seen.theme, seen.viewer_cells.items())


def test_every_text_of_the_viewer_can_be_read(seen: Seen) -> None:
    assert seen.viewer_texts
    assert_can_be_read(seen.theme, seen.viewer_texts)


def test_every_text_on_the_screen_can_be_read(seen: Seen) -> None:
    assert seen.texts
    assert_can_be_read(seen.theme, seen.texts)


def test_everyone_tells_negative_from_positive(seen: Seen) -> None:
    negative, positive = seen.levels["negative"], seen.levels["positive"]
    for eyes in SEEN_BY:
        assert distance(negative[-1], positive[-1], eyes) > CLEARLY_APART, eyes
        apart = [distance(*pair, eyes) for pair in zip(negative, positive, strict=True)]
        assert apart == sorted(apart), eyes


def test_the_larger_a_number_the_stronger_its_colour(seen: Seen) -> None:
    for sign, eyes in itertools.product(("negative", "positive"), SEEN_BY):
        strengths = [distance(colour, seen.background, eyes) for colour in seen.levels[sign]]
        assert strengths == sorted(strengths), (sign, eyes)
        assert min(np.diff([0.0, *strengths])) > 2, (sign, eyes)


def test_the_ledger_has_a_style_for_every_level() -> None:
    assert {f"cell--{sign}-{level + 1}" for sign in ("negative", "positive") for level in range(LEVELS)} <= (
        Ledger.COMPONENT_CLASSES
    )


@pytest.mark.parametrize(
    "theme", [theme for theme in themes_in("standard") if theme.name in ("dark", "light")]
)
def test_sixteen_colours_are_those_of_the_terminal_and_can_be_read(theme: Theme) -> None:
    generated = theme.to_color_system().generate() | theme.variables
    found = {
        name: Color.parse(generated[name]).rgb for name in ("background", "foreground", *theme.variables)
    }
    palette = set(STANDARD_PALETTE._colors)
    assert {name for name, colour in found.items() if colour not in palette} == set()
    for name in ("foreground", *(name for name in theme.variables if name.startswith("text-"))):
        assert contrast(found[name], found["background"]) >= 4.5, name
    for name in ("positive", "negative"):
        assert contrast(found["foreground"], found[name]) >= 4.5, name
    current = Color.parse(theme.primary).rgb
    assert max(contrast(text, current) for text in ((0, 0, 0), (255, 255, 255))) >= 4.5
