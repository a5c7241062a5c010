"""A tensor written out: a nested list of numbers, as TOML and JSON have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.functions.entry import Array
from bpdebug.sources.declared import LARGEST, MAX_AXES, Flaw, tensor_error
from bpdebug.sources.floats import OverflowingFloat
from bpdebug.sources.problems import KeyPath, described


class LiteralTensor(NamedTuple):
    """A tensor whose numbers are written out."""

    shape: Shape
    numbers: Sequence[float]

    def array(self) -> Array:
        """Return the values in float64."""
        return np.array(self.numbers, dtype=np.float64).reshape(self.shape)


def read_numbers(value: object) -> LiteralTensor:
    """Check a nested list of numbers, or a single number, and tell its shape.

    Raises
    ------
    ValidationError
        With every flaw in it.
    """
    shape = _shape_of_first(value)
    flaws = list(_flaws(value, shape, ()))
    if flaws:
        raise tensor_error(flaws)
    rows: list[Any] = [value]
    for _ in shape:
        rows = [entry for row in rows for entry in row]
    return LiteralTensor(shape, rows)


def _shape_of_first(value: object) -> Shape:
    """Follow the first entries down: they say what shape the others must have."""
    shape: list[int] = []
    while isinstance(value, list) and len(shape) <= MAX_AXES:
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _flaws(value: object, shape: Shape, path: KeyPath) -> Iterator[Flaw]:
    if len(shape) > MAX_AXES:
        yield Flaw(
            (),
            f"too many dimensions: found more than {MAX_AXES}, expected at most that (the limit tensor_axes)",
        )
    elif isinstance(value, list) and not value:
        yield Flaw(path, "empty: found no element, expected at least one")
    elif not shape:
        yield from _number_flaws(value, path)
    elif not isinstance(value, list):
        yield Flaw(
            path, f"ragged: found {described(value)}, expected a list of {shape[0]} as in the first row"
        )
    elif len(value) != shape[0]:
        yield Flaw(path, f"ragged: found a row of {len(value)}, expected {shape[0]} as in the first row")
    elif len(shape) > 1 or not all(type(entry) is float for entry in value):
        for index, entry in enumerate(value):
            yield from _flaws(entry, shape[1:], (*path, index))


def _number_flaws(value: object, path: KeyPath) -> Iterator[Flaw]:
    if isinstance(value, list):
        yield Flaw(path, f"ragged: found {described(value)}, expected a number as at the start of the tensor")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        yield Flaw(path, f"not a number: found {described(value)}, expected a number", _number_hint(value))
    elif isinstance(value, OverflowingFloat) or (isinstance(value, int) and abs(value) > LARGEST):
        yield Flaw(
            path, f"too large: found {described(value)}, expected at most {LARGEST!r}, which float64 holds"
        )


def _number_hint(value: object) -> str:
    if isinstance(value, str):
        return "write it without quotes"
    return "write 1 or 0" if isinstance(value, bool) else ""
