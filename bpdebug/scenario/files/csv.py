"""Comma-separated numbers: every line is a row, and the tensor has two axes.

There is no header line: whether the first line is one would be a guess, and a wrong guess loses a row.
Empty lines are skipped. A number is what Python's `float` reads, `nan` and `inf` among them, without
underscores.
"""

from __future__ import annotations

import codecs
from array import array
from collections.abc import Iterator
from functools import partial
from math import isfinite
from typing import BinaryIO

import numpy as np

from bpdebug.engine.expression.forms import Shape
from bpdebug.engine.expression.functions.entry import Array
from bpdebug.scenario.files.stored import Member, StoredArray
from bpdebug.scenario.problems import RefusalError, described
from bpdebug.scenario.tensors import LARGEST, MAX_ELEMENTS

MAX_LINE_BYTES = 2**22
"""Two hundred thousand numbers in full precision; as a list they need thirty times as much memory."""

HINTS = {
    ";": "commas stand between numbers",
    "\t": "commas stand between numbers",
    '"': "write it without quotes",
    "_": "write it without underscores",
}
"""What may help, by what is found in the place of a number."""


def members(file: BinaryIO) -> Iterator[Member]:
    """Yield the one tensor of a file, without a name; its numbers are looked at and not kept."""
    rows = columns = 0
    for _, row in _rows(file):
        rows, columns = rows + 1, len(row)
    if not rows:
        raise RefusalError("empty: found no number, expected at least one")
    stored = StoredArray((rows, columns), partial(_read, (rows, columns)))
    yield "", lambda file: stored


def _read(shape: Shape, file: BinaryIO) -> Array:
    numbers = np.empty(shape)
    for index, (_, row) in enumerate(_rows(file)):
        numbers[index] = row
    return numbers


def _rows(file: BinaryIO) -> Iterator[tuple[int, array[float]]]:
    """Yield every row with the number of its line."""
    columns, count, number = 0, 0, 0
    file.seek(0)
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            found = f"found more than {MAX_LINE_BYTES:,} bytes"
            raise RefusalError(f"line {number}: too long: {found}, expected at most that")
        line = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip()
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
            raise RefusalError(f"too many elements: {found}, expected at most that in one tensor")
        yield number, _numbers(number, line, cells)


def _numbers(line_number: int, line: bytes, cells: list[bytes]) -> array[float]:
    try:
        row = array("d", map(float, cells))
    except ValueError:
        row = array("d")
    if row and b"_" not in line and all(map(isfinite, row)):
        return row
    for column, cell in enumerate(cells, start=1):  # one by one, to say which it is
        flaw, hint = _flaw(cell, line_number)
        if flaw:
            raise RefusalError(f"line {line_number}, column {column}: {flaw}", hint)
    return row


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
