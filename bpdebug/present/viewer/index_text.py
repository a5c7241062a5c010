"""Reads the index of an element, as a person types it or copies it from elsewhere."""

from __future__ import annotations

import re

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.printing import shape_text
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.errors import BpdebugError

LONGEST_NUMBER = 18
"""No index has more digits."""


def parse_index(text: str, shape: Shape, name: str = "") -> Index:
    """Read the index of an element: `3, 17`, `[3, 17]`, `w2[3, 17]`; -1 is the last one, as in NumPy.

    Raises
    ------
    BpdebugError
        If it is no index, or there is no such element; every axis that is wrong is named.
    """
    if not shape:
        raise BpdebugError("a tensor that has no axes is a single number: there is nowhere to go")
    inner = text.strip().removeprefix(name).strip()
    if inner[:1] + inner[-1:] in ("[]", "()"):
        inner = inner[1:-1].strip()
    words = inner.removesuffix(",").split(",") if "," in inner else inner.split()
    example = ", ".join(str(extent // 2) for extent in shape)
    if not all(re.fullmatch(rf"\s*-?[0-9]{{1,{LONGEST_NUMBER}}}\s*", word) for word in words) or not words:
        raise BpdebugError(f"found {_shortened(text)!r}, expected the index of an element, such as {example}")
    index = tuple(map(int, words))
    if len(index) != len(shape):
        raise BpdebugError(
            f"found {_count(len(index))}, expected {_count(len(shape))}, one for each axis of"
            f" {shape_text(shape)}, such as {example}"
        )
    wrong = [
        f"axis {axis} has no index {place}, only 0 to {extent - 1}" if extent else f"axis {axis} is empty"
        for axis, (place, extent) in enumerate(zip(index, shape, strict=True))
        if not -extent <= place < extent
    ]
    if wrong:
        raise BpdebugError("; ".join(wrong))
    return tuple(place % extent for place, extent in zip(index, shape, strict=True))


def _count(number: int) -> str:
    return f"{number} number" + "s" * (number != 1)


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
