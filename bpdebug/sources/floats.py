"""Floats as a file writes them: one that float64 has no place for stays known as such."""

from __future__ import annotations

import math


class OverflowingFloat(float):
    """A literal such as 1e400: Python reads it as infinity, which is not what was written."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __format__(self, spec: str) -> str:
        return self.text


def read_float(text: str) -> float:
    """Read a number as written in a file; one that is too large for float64 stays known as such."""
    value = float(text)
    return OverflowingFloat(text) if math.isinf(value) and "inf" not in text else value
