"""Comma-separated numbers: every line is a row, and the tensor has two axes.

There is no header line: whether the first line is one would be a guess, and a wrong guess loses a row.
Empty lines are skipped. A number is what Python's `float` reads, `nan` and `inf` among them, without
underscores.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from functools import partial
from math import isfinite
from typing import BinaryIO

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.limits import LIMITS
from bpdebug.sources.declared import LARGEST, MAX_ELEMENTS
from bpdebug.sources.problems import RefusalError, described
from bpdebug.sources.tensors.stored import Member, StoredArray

MAX_LINE_BYTES = LIMITS.csv_line_bytes
"""Two hundred thousand numbers in full precision; as a list they need thirty times as much memory."""

HINTS = {
    ";": "commas stand between numbers",
    "\t": "commas stand between numbers",
    '"': "write it without quotes",
    "_": "write it without underscores",
}
"""What may help, by what is found in the place of a number."""


def members(file: BinaryIO) -> Iterator[Member]:
    """Yield the one tensor of a file, without a name.

    Its cells are counted and not yet read, but those of the first row: a header would seem to be a row too
    many.

    Raises
    ------
    RefusalError
        If there is no number, or the first row has a cell that is none.
    """
    rows = columns = 0
    for line_number, cells in _rows(file):
        if not rows:
            _check(cells, line_number)
        rows, columns = rows + 1, len(cells)
    if not rows:
        raise RefusalError("empty: found no number, expected at least one")
    stored = StoredArray((rows, columns), partial(_read, (rows, columns)))
    yield "", lambda file: stored


def _read(shape: Shape, file: BinaryIO) -> Array:
    numbers = np.empty(shape)
    for row, (line_number, cells) in zip(numbers, _rows(file), strict=True):
        try:
            row[:] = list(map(float, cells))
        except ValueError:
            row[:] = np.nan
        if not np.isfinite(row).all() or any(b"_" in cell for cell in cells):
            _check(cells, line_number)
    return numbers


def _rows(file: BinaryIO) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the cells of every row with the number of its line."""
    columns = count = 0
    for number, line in enumerate(_lines(file), start=1):
        if not line:
            continue
        cells = line.split(b",")
        columns = columns or len(cells)
        if len(cells) != columns:
            found = f"found a row of {len(cells)}, expected {columns} as in the first row"
            raise RefusalError(f"line {number}: ragged: {found}")
        count += columns
        if count > MAX_ELEMENTS:
            found = f"found more than {MAX_ELEMENTS:,}"
            raise RefusalError(
                f"too many elements: {found}, expected at most that in one tensor (the limit tensor_elements)"
            )
        yield number, cells


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield every line without what surrounds it."""
    file.seek(0)
    number, mark = 0, codecs.BOM_UTF8
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            found = f"found more than {MAX_LINE_BYTES:,} bytes"
            raise RefusalError(
                f"line {number}: too long: {found}, expected at most that (the limit csv_line_bytes)"
            )
        yield line.removeprefix(mark).strip()
        mark = b""


def _check(cells: Sequence[bytes], line_number: int) -> None:
    """Refuse the first cell of a line that is no number."""
    for column, cell in enumerate(cells, start=1):
        flaw, hint = _flaw(cell, line_number)
        if flaw:
            raise RefusalError(f"line {line_number}, column {column}: {flaw}", hint)


def _flaw(cell: bytes, line_number: int) -> tuple[str, str]:
    """Say what is wrong in the place of a number, and a hint; both are empty if nothing is."""
    text = cell.strip().decode(errors="replace")
    try:
        value = float(cell.replace(b"_", b"?"))
    except ValueError:
        header = "is it a header? delete the line" if line_number == 1 else ""
        hint = next((hint for mark, hint in HINTS.items() if mark in text), header)
        found = described(text) if text else "nothing"
        return f"not a number: found {found}, expected a number", hint
    if isfinite(value) or b"n" in cell.lower():  # the words inf and nan
        return "", ""
    return f"too large: found {described(text)}, expected at most {LARGEST!r}, which float64 holds", ""
