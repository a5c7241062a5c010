"""Which of many tensors a value is a multiple of: all of one size are looked at in one product.

The nearest multiple of a tensor t is (v . t) / (t . t) times it, and what is left of the value v then is,
squared, v . v - (v . t)^2 / (t . t). Where that is too large for every element to be near, t is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from bpdebug.sources.script.analysis.standard import multiple

FEW = 3
"""So few are compared one by one."""
ROUNDING = 1e-12
"""What rounding leaves of a square, relative to it."""


class Multiples:
    """Looks up which tensors a value is a multiple of.

    Parameters
    ----------
    tensors : mapping
        Their numbers -> arrays.
    tolerance : float
        How far an element may be off, relative to the largest.
    """

    def __init__(self, tensors: Mapping[int, Any], tolerance: float) -> None:
        self.tensors, self.tolerance = tensors, tolerance
        self._of_size: dict[int, list[int]] = defaultdict(list)
        for number, tensor in tensors.items():
            self._of_size[int(np.size(tensor))].append(number)
        self._rows: dict[int, tuple[Any, Any]] = {}

    def of(self, value: Any, among: Collection[int]) -> Iterator[tuple[int, float]]:
        """Yield the tensors of its size that an array is a multiple of, and how many times it is each.

        Parameters
        ----------
        value : array of float
            The value.
        among : collection of int
            The numbers of the tensors that are meant.
        """
        for number in among if len(among) <= FEW else self._near(value, among):
            tensor = np.asarray(self.tensors.get(number, 0.0), dtype=float)
            ratio = multiple(value, tensor, self.tolerance)
            if ratio is not None:
                yield number, ratio

    def _near(self, value: Any, among: Collection[int]) -> list[int]:
        """Return those that may be: what is left of the value beside its nearest multiple is small."""
        numbers = self._of_size.get(value.size, [])
        if not numbers:
            return []
        if value.size not in self._rows:
            rows = np.array([np.ravel(self.tensors[number]) for number in numbers], dtype=float)
            self._rows[value.size] = rows, np.einsum("ij,ij->i", rows, rows)
        rows, squares = self._rows[value.size]
        with np.errstate(all="ignore"):
            flat = np.ravel(value)
            square = flat @ flat
            left = square - (rows @ flat) ** 2 / squares
            allowed = value.size * (self.tolerance * np.max(np.abs(flat))) ** 2 + ROUNDING * square
        near = [numbers[row] for row in np.flatnonzero(left <= allowed)]
        return near if among is self.tensors else [number for number in near if number in among]
