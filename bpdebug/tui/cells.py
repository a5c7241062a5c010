"""Numbers as cells: one format for a tensor, so that its columns align and its cells compare.

A format is chosen from a sample of the tensor (all of a small one), so it costs the same for a 4×3
and for a 4096×4096 tensor. A number that the sample did not foresee still fits its cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bpdebug.engine.expression.forms import Shape
from bpdebug.engine.expression.functions.entry import Array

FEWEST_DIGITS, DEFAULT_DIGITS, MOST_DIGITS = 1, 4, 17
"""Significant digits; 17 tell any two float64 numbers apart."""
SAMPLE_SIZE = 4096
"""About how many elements decide on the format and the colour scale of a tensor."""
LEVELS = 4
"""How many strengths of colour tell sizes apart."""
NARROWEST = 7
"""No cell is narrower, so that any number that the sample did not foresee has room: `-1e-300`."""

Kind = Literal["positive", "negative", "zero", "nan", "infinite"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One number as it is shown: its text, what kind of number it is, and how large (0 to 4)."""

    text: str
    kind: Kind
    level: int = 0


@dataclass(frozen=True, slots=True)
class CellFormat:
    """How the numbers of one tensor are written.

    Attributes
    ----------
    width : int
        Characters of a number.
    decimals : int
        Digits after the point.
    scientific : bool
        Whether numbers carry an exponent.
    largest : float
        The size that has the strongest colour.
    """

    width: int = 0
    decimals: int = 0
    scientific: bool = False
    largest: float = 1.0

    def cell(self, value: float) -> Cell:
        """Write one number."""
        if math.isnan(value):
            return Cell("NaN".rjust(self.width), "nan")
        if math.isinf(value):
            return Cell(("+inf" if value > 0 else "-inf").rjust(self.width), "infinite")
        if value == 0:
            # An exact zero has no decimals: it is told from a number that is only small.
            after_the_point = 0 if self.scientific or not self.decimals else self.decimals + 1
            return Cell(("0" + " " * after_the_point).rjust(self.width), "zero")
        text = f"{value:.{self.decimals}{'e' if self.scientific else 'f'}}"
        if len(text) > self.width:
            text = f"{value:.0e}"
        level = max(1, math.ceil(LEVELS * min(1.0, abs(value) / self.largest)))
        return Cell(text.rjust(self.width), "positive" if value > 0 else "negative", level)


def cell_format(value: Array, digits: int) -> CellFormat:
    """Choose how to write a tensor.

    Parameters
    ----------
    value : array
        Any number of axes.
    digits : int
        Significant digits of its largest number.
    """
    steps = _steps(value.shape)
    sample = np.asarray(value[tuple(slice(None, None, step) for step in steps)], dtype=float)
    # A sign needs room unless all numbers have been seen, and none has one.
    sign = int(max(steps, default=1) > 1 or bool((sample < 0).any()))
    sizes = np.abs(sample[np.isfinite(sample)])
    largest = float(sizes.max(initial=0.0))
    if largest == 0:
        return CellFormat(max(NARROWEST, sign + digits + 1), digits - 1, False, 1.0)
    exponent = math.floor(math.log10(largest))
    scientific = not -4 <= exponent < 6
    decimals = digits - 1 if scientific else max(0, digits - 1 - exponent)
    written = f".{decimals}{'e' if scientific else 'f'}"
    # Exponents differ in length: 1e+300, 1e-05.
    width = sign + max(len(f"{size:{written}}") for size in (largest, float(sizes[sizes > 0].min())))
    return CellFormat(max(NARROWEST, width), decimals, scientific, largest)


def matrix_shape(shape: Shape) -> tuple[int, int]:
    """Return the rows and columns in which a tensor is shown: a vector is one row."""
    return math.prod(shape[:-1]), shape[-1] if shape else 1


def matrix_view(value: Array) -> Array:
    """Return a tensor as the matrix in which it is shown."""
    return value if value.ndim == 2 else value.reshape(matrix_shape(value.shape))


def element_at(row: int, column: int, shape: Shape) -> tuple[int, ...]:
    """Return the index in the tensor of the cell of its matrix nearest to a row and a column."""
    rows, columns = matrix_shape(shape)
    row, column = min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)
    leading = (int(i) for i in np.unravel_index(row, shape[:-1])) if len(shape) > 1 else ()
    return (*leading, column) if shape else ()


def _steps(shape: Shape) -> tuple[int, ...]:
    for_each_axis = max(1, int(SAMPLE_SIZE ** (1 / max(1, len(shape)))))
    return tuple(max(1, extent // for_each_axis) for extent in shape)
