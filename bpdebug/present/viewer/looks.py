"""How the viewer draws a cell: as a number, as a spot of a heat map, or both at once."""

from __future__ import annotations

from typing import Literal, get_args

from bpdebug.present.cells import LEVELS, Cell

Look = Literal["both", "numbers", "heat map"]
LOOKS: tuple[Look, ...] = get_args(Look)
LOOK_WORDS = {"both": "", "numbers": "numbers only", "heat map": "heat map only"}
SPOT_WIDTH = 2
"""Two characters side by side are about as wide as high."""
SHADES = "░▒▓█"
assert len(SHADES) == LEVELS


def spot_text(cell: Cell, colourful: bool) -> str:
    """Write a cell of the heat map; without colours its characters say sign and size.

    Parameters
    ----------
    cell : Cell
        The number.
    colourful : bool
        Whether the background can say sign and size.
    """
    if cell.kind == "nan":
        return "??"
    if cell.kind in ("infinite", "masked"):
        return f"{cell.text.strip()[0]}∞"
    if cell.kind == "zero":
        return " ·"
    if colourful:
        return " " * SPOT_WIDTH
    shade = SHADES[cell.level - 1]
    return shade * SPOT_WIDTH if cell.kind == "positive" else f"-{shade}"
