"""Which matrix of a tensor is in sight: two of its axes are shown, the others are held at an index.

One full index says it all: the cursor stands on that element, and the slice is the same index with `:`
for the axes that are shown, `w3[0, :, :, 2]`. With the names of the axes it is said in words: `output 0 of
8 · width 2 of 3`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.provenance.regions import Index
from bpdebug.present.cells import Tensor


@dataclass(frozen=True, slots=True)
class Slicing:
    """A matrix of a tensor, and the element in it on which the cursor stands.

    Attributes
    ----------
    shape : tuple of int
        The shape of the tensor.
    rows, columns : int or None
        The axes that run down and across; None for one row, or one column, of a tensor that has no
        axis for it.
    index : tuple of int
        The element under the cursor.
    held : int or None
        Of the axes that are not shown, the one whose index is stepped; None if there is none.
    """

    shape: Shape
    rows: int | None
    columns: int | None
    index: Index
    held: int | None

    @property
    def matrix_shape(self) -> tuple[int, int]:
        """The rows and columns of the slice; none at all if the tensor has no elements."""
        if not math.prod(self.shape):
            return 0, 0
        return self._extent(self.rows), self._extent(self.columns)

    @property
    def others(self) -> tuple[int, ...]:
        """The axes that are not shown."""
        return tuple(axis for axis in range(len(self.shape)) if axis not in (self.rows, self.columns))

    @property
    def place(self) -> Index:
        """The index at which each of the other axes is held: which slice this is."""
        return tuple(self.index[axis] for axis in self.others)

    def like(self, other: Slicing) -> bool:
        """Whether another is of the same matrix, wherever the cursor is."""
        axes, others = (self.shape, self.rows, self.columns), (other.shape, other.rows, other.columns)
        return axes == others and self.place == other.place

    @property
    def count(self) -> int:
        """How many such slices there are."""
        return math.prod(self.shape[axis] for axis in self.others)

    @property
    def cell(self) -> tuple[int, int]:
        """The row and column of the cursor."""
        return (
            0 if self.rows is None else self.index[self.rows],
            0 if self.columns is None else self.index[self.columns],
        )

    @property
    def is_transposed(self) -> bool:
        """Whether the axes run down and across in the order that is not the tensor's."""
        if len(self.shape) == 1:
            return self.rows is not None
        return self.rows is not None and self.columns is not None and self.rows > self.columns

    # Other matrices, other cursors

    def at(self, row: int, column: int) -> Slicing:
        """Put the cursor on the cell nearest to a row and a column."""
        index = list(self.index)
        for axis, place in ((self.rows, row), (self.columns, column)):
            if axis is not None:
                index[axis] = _nearest(place, self.shape[axis])
        return replace(self, index=tuple(index))

    def to(self, index: Index) -> Slicing:
        """Put the cursor on an element, in whichever slice it lies."""
        return replace(self, index=index)

    def transposed(self) -> Slicing:
        """Let rows be columns."""
        return replace(self, rows=self.columns, columns=self.rows)

    def next_rows(self) -> Slicing:
        """Let the next axis run down; if it ran across, the two change places."""
        return self.transposed().next_columns().transposed()

    def next_columns(self) -> Slicing:
        """Let the next axis run across; if it ran down, the two change places."""
        if self.columns is None or self.rows is None:
            return self
        columns = (self.columns + 1) % len(self.shape)
        rows = self.columns if columns == self.rows else self.rows
        return _with_held(replace(self, rows=rows, columns=columns))

    def next_held(self) -> Slicing:
        """Let the next one of the axes that are not shown be the one that is stepped."""
        others = self.others
        if self.held is None:
            return self
        return replace(self, held=others[(others.index(self.held) + 1) % len(others)])

    def stepped(self, change: int) -> Slicing:
        """Step the index of the held axis; at its ends it stays."""
        if self.held is None:
            return self
        index = list(self.index)
        index[self.held] = _nearest(index[self.held] + change, self.shape[self.held])
        return replace(self, index=tuple(index))

    def placed(self, place: Index) -> Slicing:
        """Show the slice at which the other axes are held so, the cursor on the same cell."""
        index = list(self.index)
        for axis, own in zip(self.others, place, strict=True):
            index[axis] = own
        return replace(self, index=tuple(index))

    def turned(self, change: int) -> Slicing:
        """Turn to the slice so many later, through all that there are; at the ends it stays."""
        if not self.count:
            return self
        extents = tuple(self.shape[axis] for axis in self.others)
        number = (
            _nearest(int(np.ravel_multi_index(self.place, extents)) + change, self.count) if extents else 0
        )
        return self.placed(tuple(int(i) for i in np.unravel_index(number, extents)))

    # What it takes from a tensor, and how it is written

    def part(self, tensor: Tensor, rows: slice, columns: slice) -> np.ndarray:
        """Return some rows and columns of the slice, as a matrix."""
        return self.as_matrix(np.asarray(tensor[self.key(rows, columns)]))

    def key(self, rows: slice, columns: slice) -> tuple[int | slice, ...]:
        """Return the index of some rows and columns in the tensor."""
        key: list[int | slice] = list(self.index)
        for axis, places in ((self.rows, rows), (self.columns, columns)):
            if axis is not None:
                key[axis] = places
        return tuple(key)

    def as_matrix(self, part: np.ndarray) -> np.ndarray:
        """Return what a tensor gives for a key as a matrix, rows running down."""
        if self.rows is None:
            return part.reshape(1, -1)
        if self.columns is None:
            return part.reshape(-1, 1)
        return part.T if self.is_transposed else part

    def text(self, name: str) -> str:
        """Write the slice as NumPy does: `w3[0, :, :, 2]`, and `w2` or `w2.T` where it is all."""
        if len(self.shape) > 2:
            places = (
                ":" if axis in (self.rows, self.columns) else str(place)
                for axis, place in enumerate(self.index)
            )
            name = f"{name}[{', '.join(places)}]"
        elif len(self.shape) == 1 and self.is_transposed:
            return f"{name}[:, np.newaxis]"
        return f"{name}.T" if self.is_transposed else name

    def element(self, name: str) -> str:
        """Write the element under the cursor as NumPy does: `w3[0, 4, 7, 2]`."""
        return f"{name}[{', '.join(map(str, self.index))}]" if self.index else name

    def brief_text(self, name: str) -> str:
        """Write the slice as short as NumPy takes it: `w3[0, 2]`; `w3` where it is all there is."""
        if self.count == 1:
            return name
        if self.others == tuple(range(len(self.others))):
            return f"{name}[{', '.join(map(str, self.place))}]"
        return self.text(name)

    def place_text(self, axes: Sequence[str], of: bool = True) -> str:
        """Say which slice it is, with the names of the axes: `batch 0 of 2 · channel 2 of 3`."""
        return " · ".join(self.axis_text(axes, axis, of) for axis in self.others if self.shape[axis] != 1)

    def axis_text(self, axes: Sequence[str], axis: int, of: bool = True) -> str:
        """Say at which place an axis is held: `channel 2 of 3`, and `axis 1 at 2 of 3` without a name."""
        at = " at" if axes[axis][-1].isdigit() else ""
        return f"{axes[axis]}{at} {self.index[axis]}" + f" of {self.shape[axis]}" * of

    def axes_text(self, axes: Sequence[str]) -> str:
        """Say which axes are shown: `height ↓ width →`; of more than two, those with more than one place."""
        shown = ((self.rows, "↓"), (self.columns, "→"))
        return " ".join(
            f"{axes[axis]} {arrow}"
            for axis, arrow in shown
            if axis is not None and (self.shape[axis] != 1 or len(self.shape) < 3)
        )

    def _extent(self, axis: int | None) -> int:
        return 1 if axis is None else self.shape[axis]


def whole(shape: Shape) -> Slicing:
    """Return how a tensor is first shown: its last two axes, at the first index of the others.

    Where there are more than two, an axis along which there is only one place is passed over.
    """
    by_use = sorted(range(len(shape)), key=lambda axis: (shape[axis] == 1, -axis))
    shown = sorted(by_use[:2])
    rows, columns = (shown[0] if len(shown) > 1 else None), (shown[-1] if shown else None)
    return _with_held(Slicing(shape, rows, columns, (0,) * len(shape), None))


def written_axes(axes: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each axis: one that has none is called by its number, `axis 0`."""
    return tuple(name or f"axis {number}" for number, name in enumerate(axes))


def nearest(index: Index, shape: Shape) -> Index:
    """Return the element of a tensor nearest to an index, which may be one of another shape.

    The last axes are taken to be the same ones.
    """
    own = ((0,) * len(shape) + index)[len(index) :]
    return tuple(_nearest(place, extent) for place, extent in zip(own, shape, strict=True))


def _with_held(slicing: Slicing) -> Slicing:
    others = slicing.others
    if slicing.held in others:
        return slicing
    return replace(slicing, held=others[0] if others else None)


def _nearest(place: int, extent: int) -> int:
    return min(max(place, 0), max(extent - 1, 0))
