"""A part of a tensor as text for the clipboard, every number exact, and never more than a terminal takes."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from bpdebug.errors import BpdebugError
from bpdebug.present.cells import Tensor, exact_text
from bpdebug.present.slicing import Slicing

COPY_LIMIT = 74_994
"""Bytes of text. Terminals take OSC 52 sequences of 100,000 characters, in which three bytes take four."""
FEWEST_BYTES = 2
"""A number and what parts it from the next one take at least so many bytes."""

CopyForm = Literal["numpy", "csv"]


def array_text(part: np.ndarray) -> str:
    """Write an array as NumPy does: `array([[0.5, 1. ]], dtype=float32)`."""
    with np.printoptions(threshold=sys.maxsize, floatmode="unique", linewidth=100):
        return repr(part)


def csv_text(part: np.ndarray) -> str:
    """Write a matrix as comma-separated values, a line a row, without a heading."""
    text = io.StringIO()
    rows = ([exact_text(value, part.dtype) for value in row] for row in part.tolist())
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


COPY_FORMS: Mapping[CopyForm, Callable[[np.ndarray], str]] = {"numpy": array_text, "csv": csv_text}


def copied_text(tensor: Tensor, slicing: Slicing, rows: range, columns: range, form: CopyForm) -> str:
    """Write a part of a slice for the clipboard.

    Parameters
    ----------
    tensor : Tensor
        Where the numbers are.
    slicing : Slicing
        The slice of it.
    rows, columns : range
        The part of the slice.
    form : str
        How to write it; `numpy` keeps a vector a vector.

    Raises
    ------
    BpdebugError
        If the text would be longer than terminals take.
    """
    found = f"{len(rows):,}×{len(columns):,} numbers"
    smaller = "Space and the arrows select a part of it, e exports all of it"
    # What cannot fit is not even looked at.
    if len(rows) * len(columns) * FEWEST_BYTES > COPY_LIMIT:
        raise BpdebugError(
            f"{found} are too many to copy: at most {COPY_LIMIT // FEWEST_BYTES:,} fit. {smaller}."
        )
    part = slicing.part(tensor, slice(rows.start, rows.stop), slice(columns.start, columns.stop))
    if form == "numpy":
        sides = (len(rows), slicing.rows), (len(columns), slicing.columns)
        part = part.reshape([extent for extent, axis in sides if axis is not None])
    text = COPY_FORMS[form](part)
    size = len(text.encode())
    if size > COPY_LIMIT:
        raise BpdebugError(
            f"{found} take {size:,} bytes, which is too much to copy: at most {COPY_LIMIT:,} fit. {smaller}."
        )
    return text
