"""What feeds the selected element, as a panel shows it: in which slices of a tensor, and in which cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice, product

import numpy as np

from bpdebug.engine.language.forms import Array, Region, numbers_of
from bpdebug.engine.language.provenance.regions import FeedingRegion, Index
from bpdebug.present.slicing import Slicing

MOST_SLICES = 10_000
"""More than these nobody walks through, and they would take longer to list than a key may."""


def fed_places(slicing: Slicing, sources: Sequence[FeedingRegion]) -> tuple[Index, ...]:
    """Return the slices of a tensor in which lies what feeds an element, each once.

    First those of the smallest source: where an element is compared with a mean over many slices, its own.

    Parameters
    ----------
    slicing : Slicing
        Which axes are shown.
    sources : sequence of FeedingRegion
        The regions of the tensor that feed the element.
    """
    projections = [[numbers_of(source.region[axis]) for axis in slicing.others] for source in sources]
    projections.sort(key=lambda ranges: [len(numbers) for numbers in ranges])
    places = chain.from_iterable(product(*ranges) for ranges in projections)
    return tuple(dict.fromkeys(islice(places, MOST_SLICES)))


def fed_cells(slicing: Slicing, source: FeedingRegion) -> tuple[range, range]:
    """Return the rows and columns of a slice that a source covers; none where it lies in other slices."""
    region = source.region
    if any(
        place not in numbers_of(region[axis])
        for axis, place in zip(slicing.others, slicing.place, strict=True)
    ):
        return range(0), range(0)
    return _along(region, slicing.rows), _along(region, slicing.columns)


def marked_columns(
    slicing: Slicing, sources: Sequence[FeedingRegion], row: int, columns: range
) -> dict[int, FeedingRegion]:
    """Return, for the columns of a row that are fed, what feeds them; a winner before the others."""
    marked: dict[int, FeedingRegion] = {}
    for source in sources:
        rows, own = fed_cells(slicing, source)
        if row in rows:
            for column in columns:
                if column in own and (column not in marked or source.wins):
                    marked[column] = source
    return marked


def fed_window(slicing: Slicing, sources: Sequence[FeedingRegion]) -> tuple[range, range] | None:
    """Return the rows and columns from the first fed cell of a slice to the last; None without any."""
    found = [cells for cells in (fed_cells(slicing, source) for source in sources) if all(cells)]
    if not found:
        return None
    rows, columns = (
        range(min(part[0] for part in parts), max(part[-1] for part in parts) + 1)
        for parts in zip(*found, strict=True)
    )
    return rows, columns


def in_slice(slicing: Slicing, sources: Sequence[FeedingRegion]) -> list[FeedingRegion]:
    """Return what feeds an element, as far as it lies in a slice."""
    held = dict(zip(slicing.others, slicing.place, strict=True))

    def narrowed(source: FeedingRegion) -> FeedingRegion:
        parts = (
            slice(held[axis], held[axis] + 1) if axis in held else part
            for axis, part in enumerate(source.region)
        )
        return replace(source, region=tuple(parts))

    return [narrowed(source) for source in sources if all(fed_cells(slicing, source))]


def largest_fed(value: Array, sources: Sequence[FeedingRegion]) -> Index | None:
    """Return the largest of the elements that feed the selected one; a NaN is larger than any number."""
    found: list[tuple[float, Index]] = []
    for source in sources:
        sizes = np.abs(value[source.region])
        if sizes.size:
            sizes = np.where(np.isnan(sizes), np.inf, sizes)
            place = np.unravel_index(int(sizes.argmax()), sizes.shape)
            index = tuple(numbers_of(part)[i] for part, i in zip(source.region, place, strict=True))
            found.append((float(sizes[place]), index))
    return max(found, key=lambda one: one[0])[1] if found else None


def first_to_see(
    window: tuple[range, range],
    slicing: Slicing,
    sources: Sequence[FeedingRegion],
    value: Array | None,
    page: tuple[int, int],
) -> tuple[int, int]:
    """Return the row and column of the first cell to have in sight of what feeds an element.

    Where all of that has no room, the largest says the most, and stands in the middle.

    Parameters
    ----------
    window : tuple of range
        The rows and columns from the first fed cell of the slice to the last.
    slicing, sources
        As `fed_window` takes them.
    value : array or None
        The tensor.
    page : tuple of int
        For how many rows and columns there is room.
    """
    rows, columns = window
    if value is None or (len(rows) <= page[0] and len(columns) <= page[1]):
        return rows.start, columns.start
    largest = slicing.to(largest_fed(value, in_slice(slicing, sources)) or slicing.index).cell
    row, column = (
        max(0, min(part.stop - room, place - room // 2))
        for part, room, place in zip(window, page, largest, strict=True)
    )
    return row, column


def _along(region: Region, axis: int | None) -> range:
    return range(1) if axis is None else numbers_of(region[axis])
