"""Numbers as cells: one format for a tensor, so that its columns align and its cells compare.

A format is chosen from a sample of the tensor (all of a small one), so it costs the same for a 4×3
and for a 4096×4096 tensor. A number that the sample did not foresee still fits its cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, get_args

import numpy as np

from bpdebug.engine.language.forms import Shape

FEWEST_DIGITS, DEFAULT_DIGITS, MOST_DIGITS = 1, 4, 17
"""Significant digits; 17 tell any two float64 numbers apart."""
SAMPLE_SIZE = 4096
"""About how many elements decide on the format and the colour scale of a tensor."""
LEVELS = 4
"""How many strengths of colour tell sizes apart."""
NARROWEST = 7
"""No cell is narrower, so that any number that the sample did not foresee has room: `-1e-300`."""
UNDER_1 = len("-0.")
"""Where all numbers have been seen, no cell is narrower than one of a number under 1 with all its digits:
training moves numbers across 1 and across 0, and columns are to stay where they are. Whole numbers are what
they are: a label, a pixel."""

LONGEST_EXACT = len("-2.2250738585072014e-308")
"""No number of float64, or of a smaller dtype, needs more characters to be written exactly."""
FLOAT64 = np.dtype(np.float64)

NOT_A_NUMBER = "NaN"

CellKind = Literal["positive", "negative", "zero", "nan", "infinite", "masked"]
Style = Literal["fixed", "scientific", "significant", "exact"]
Notation = Literal["automatic", "fixed", "scientific", "significant", "exact"]
NOTATIONS: tuple[Notation, ...] = get_args(Notation)
STYLE_CODES = {"fixed": "f", "scientific": "e", "significant": "g"}
"""How Python's formatting calls each style."""


class Tensor(Protocol):
    """What has elements to write: an array, or a difference that is computed where one looks."""

    @property
    def shape(self) -> Shape:
        """The extent of each axis."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the elements are."""
        ...

    def __getitem__(self, key: Any, /) -> Any:
        """Return some of the elements."""
        ...


@dataclass(frozen=True, slots=True)
class Cell:
    """One number as it is shown: its text, what kind of number it is, and how large (0 to 4)."""

    text: str
    kind: CellKind
    level: int = 0


@dataclass(frozen=True, slots=True)
class CellFormat:
    """How the numbers of one tensor are written.

    Attributes
    ----------
    width : int
        Characters of a number.
    digits : int
        Digits after the point; where the style is `significant`, digits in all.
    style : str
        How each number is written.
    largest : float
        The size that has the strongest colour.
    dtype : numpy.dtype
        What the numbers are, which `exact` writes so that no two of them look the same.
    masks : bool
        Whether −∞ is meant here, and no sign of anything wrong.
    """

    width: int = 0
    digits: int = 0
    style: Style = "fixed"
    largest: float = 1.0
    dtype: np.dtype[Any] = FLOAT64
    masks: bool = False

    def cell(self, value: float) -> Cell:
        """Write one number."""
        if math.isnan(value):
            return Cell(NOT_A_NUMBER.rjust(self.width), "nan")
        if math.isinf(value):
            kind: CellKind = "masked" if self.masks and value < 0 else "infinite"
            return Cell(("+inf" if value > 0 else "-inf").rjust(self.width), kind)
        if value == 0:
            # An exact zero has no decimals: it is told from a number that is only small.
            after_the_point = self.digits + 1 if self.style == "fixed" and self.digits else 0
            return Cell(("0" + " " * after_the_point).rjust(self.width), "zero")
        text = self.text(value)
        if len(text) > self.width or (self.style == "fixed" and not text.strip("-0.")):
            text = self.brief_text(value)
        level = max(1, math.ceil(LEVELS * min(1.0, abs(value) / self.largest)))
        return Cell(text.rjust(self.width), "positive" if value > 0 else "negative", level)

    def brief_text(self, value: float) -> str:
        """Write with one digit what is too large for its cell, or so small that all its decimals are 0.

        Where even this has no room, decimals that are all 0 have no sign: `-0.0` would be taken for a number.
        """
        brief, text = f"{value:.0e}", self.text(value)
        return brief if len(brief) <= self.width or text.strip("-0.") else self.text(abs(value))

    def text(self, value: float) -> str:
        """Write a finite number as long as it is."""
        if self.style == "exact":
            return exact_text(value, self.dtype)
        return f"{value:.{self.digits}{STYLE_CODES[self.style]}}"


def cell_format(value: Tensor, digits: int, notation: Notation = "automatic") -> CellFormat:
    """Choose how to write a tensor.

    Parameters
    ----------
    value : array
        Any number of axes; or what can be asked for its elements like one.
    digits : int
        `automatic`: significant digits of its largest number, written with an exponent where decimals
        would not be read, and without a point where all numbers are whole. `scientific` and
        `significant`: significant digits of each number. `fixed`: digits after the point. `exact`: not used.
    notation : str
        How numbers are to be written.
    """
    steps = _steps(value.shape)
    sample = np.asarray(value[tuple(slice(None, None, step) for step in steps)], dtype=float)
    # A sign needs room unless all numbers have been seen, and none has one.
    all_seen = max(steps, default=1) == 1
    sign = int(not all_seen or bool((sample < 0).any()))
    sizes = np.abs(sample[np.isfinite(sample)])
    largest = float(sizes.max(initial=0.0)) or 1.0
    exponent = math.floor(math.log10(largest))
    if notation == "automatic":
        readable = -4 <= exponent < 6
        whole = readable and all_seen and _are_whole(sample)
        style: Style = "fixed" if readable else "scientific"
        decimals = max(0, digits - 1 - exponent) * (not whole) if readable else digits - 1
    else:
        whole = False
        style, decimals = notation, digits - (notation == "scientific")
    form = CellFormat(0, decimals, style, largest, value.dtype)
    if style == "exact" and not all_seen:
        return replace(form, width=LONGEST_EXACT)
    # Exponents differ in length: 1e+300, 1e-05; and where digits are not counted from the point, all do.
    positive = sizes[sizes > 0]
    ends = (largest, float(positive.min(initial=largest)))
    written = ends if style in ("fixed", "scientific") else positive.tolist()
    width = sign + max((len(form.text(size)) for size in written), default=1)
    narrowest = min(NARROWEST, digits + UNDER_1) if all_seen else NARROWEST
    return replace(form, width=min(max(len(NOT_A_NUMBER) if whole else narrowest, width), LONGEST_EXACT))


def exact_text(value: float, dtype: np.dtype[Any]) -> str:
    """Write a number as Python reads it back: the shortest text that no other number of its dtype has."""
    return str(dtype.type(value))


def _are_whole(numbers: np.ndarray) -> bool:
    """Whether all numbers are whole and finite; zeros alone may be the beginning of something else."""
    return bool(numbers.any() and np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all())


def _steps(shape: Shape) -> tuple[int, ...]:
    for_each_axis = max(1, int(SAMPLE_SIZE ** (1 / max(1, len(shape)))))
    return tuple(max(1, extent // for_each_axis) for extent in shape)
