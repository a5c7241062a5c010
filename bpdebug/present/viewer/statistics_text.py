"""The statistics of a tensor in words and figures, for the side of the viewer."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpdebug.engine.health.statistics import Statistics
from bpdebug.engine.language.forms import Shape, element_count
from bpdebug.engine.language.printing import shape_text

LabelledText = tuple[str, str]
"""What is said, and its figure."""
COMPUTING = "computing"


def shape_entries(shape: Shape, dtype: np.dtype[Any]) -> list[LabelledText]:
    """Say what is known without looking at the numbers."""
    return [("shape", shape_text(shape)), ("dtype", dtype.name), ("elements", f"{element_count(shape):,}")]


def size_entries(found: Statistics | None) -> list[LabelledText]:
    """Say how large the numbers are; None while they are being read."""
    names = {"min": "minimum", "max": "maximum", "mean": "mean", "std": "std", "norm": "norm"}
    return [
        (name, COMPUTING if found is None else f"{getattr(found, field):.6g}")
        for name, field in names.items()
    ]


def count_entries(found: Statistics | None) -> list[LabelledText]:
    """Say how many numbers are zero, negative or none; None while they are being read."""
    names = {"zero": "zero", "negative": "negative", "NaN": "nan", "infinite": "infinite"}
    return [
        (name, COMPUTING if found is None else count_text(getattr(found, field), found.size))
        for name, field in names.items()
    ]


def count_text(count: int, size: int) -> str:
    """Write how many of the elements are meant, and their share where it says more: `1,024 (25 %)`."""
    if not count or count == size or size < 100:
        return f"{count:,}"
    share = 100 * count / size
    return f"{count:,} ({share:.0f} %)" if share >= 1 else f"{count:,} (<1 %)"


def finite_note(found: Statistics | None) -> str:
    """Say over which elements the sizes are, where it is not all of them."""
    if found is None or found.finite == found.size:
        return ""
    return f"of {found.finite:,} finite elements" if found.finite else "no element is finite"
