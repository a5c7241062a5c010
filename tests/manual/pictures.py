"""Images of the manual: `python -m tests.manual.pictures [FOLDER]` draws them all.

The app runs on a shipped scenario or script without a terminal, some keys are pressed, and Chromium draws the
SVG that `S` saves. Needs `chromium`, pngquant and the font Fira Code.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bpdebug.sources.opening import open_case
from tests.manual.pages import DOCS, ROOT
from tests.tui.conftest import LARGE, open_app

COLOURS = 48
"""A screen has few colours; a third of the bytes tell them apart."""
NEXT_WRONG = "right_square_bracket"
PICTURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "debugger": ("batch", ("f", *"nnnnnn", "tab", "down", "right", "right", "right")),
    "find_the_bug": ("find_the_bug", (NEXT_WRONG, NEXT_WRONG)),
    "convolution": ("conv_by_hand", ("end", "tab", "down", "right")),
    "session": ("two_layer", ("colon", *"break norm(dw1) > 0.001", "enter", "escape", "c", "W", "B")),
    "class_with_lists": ("seasons.py", ("g", *"27", "enter", "i", "i")),
    "char_rnn": ("melody.py", ("g", *"44", "enter", *"iiiiiii")),
    "wrong_line": ("seasons.py", (NEXT_WRONG,)),
}
"""The name of an image -> the scenario or script, and the keys that are pressed. What is checked by itself
(own code is) is drawn when the check is over."""
SIZES = ((160, 48), (120, 36), (100, 30), (80, 24))
AT_ALL_SIZES: dict[str, tuple[str, tuple[str, ...]]] = {
    "batch": PICTURES["debugger"],
    "xor": ("xor", ("g", *"500:dw1", "enter")),
    "convolution": PICTURES["convolution"],
    "transformer_block": ("transformer_block", ("f", *"n" * 14)),
    "find_the_bug": PICTURES["find_the_bug"],
    "class_with_lists": PICTURES["class_with_lists"],
    "wrong_line": PICTURES["wrong_line"],
}
"""The same, for images at each of these sizes, in the folder `screens`."""


async def svg_of(name: str, keys: tuple[str, ...], size: tuple[int, int]) -> str:
    """Return the screen as SVG."""
    case = open_case(ROOT / "scenarios" / "scripts" / name) if name.endswith(".py") else name
    async with open_app(case, size) as session:
        if name.endswith(".py") or NEXT_WRONG in keys:
            await session.until(lambda: "wrong · step" in session.text)
        await session.press(*keys)
        await session.settle()
        return session.app.export_screenshot()


def draw(svg: str, path: Path) -> None:
    """Write an SVG as PNG."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert box is not None
    width, height = (round(float(extent)) for extent in box.groups())
    local = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # the font of this machine, not the net's
    page = f"<style>body {{ margin: 0 }} svg {{ display: block; width: {width}px }}</style>{local}"
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "screen.html"
        source.write_text(page, encoding="utf-8")
        words = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", f"--screenshot={path}"]
        subprocess.run(
            [*words, f"--window-size={width},{height}", source.as_uri()], check=True, capture_output=True
        )
    words = ["pngquant", "--force", "--nofs", str(COLOURS), "--output", str(path), str(path)]
    subprocess.run(words, check=True)


def main() -> None:
    """Draw all pictures; of some, one at each size."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    (folder / "screens").mkdir(parents=True, exist_ok=True)
    for name, (script, keys) in PICTURES.items():
        draw(asyncio.run(svg_of(script, keys, LARGE)), folder / f"{name}.png")
    for name, (script, keys) in AT_ALL_SIZES.items():
        for width, height in SIZES:
            svg = asyncio.run(svg_of(script, keys, (width, height)))
            draw(svg, folder / "screens" / f"{name}_{width}x{height}.png")


if __name__ == "__main__":
    main()
