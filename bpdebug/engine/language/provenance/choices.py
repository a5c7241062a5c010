"""Where numbers choose: of all that a function reads, the elements that decide on one element of its result.

A form says what may feed an element, whatever the numbers are. Of a window the largest number wins, and a
gradient flows back through the windows that an element has won; of a table one row is looked up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from bpdebug.engine.language import forms
from bpdebug.engine.language.forms import Form, Region, Shape
from bpdebug.engine.language.forms.pooling import pooling_axes
from bpdebug.engine.language.forms.windows import Sliding
from bpdebug.engine.language.nodes import Call, Expression
from bpdebug.engine.language.provenance.regions import Choice, Index, RegionReader, point
from bpdebug.engine.language.shapes import options_of, shape_of

# Windows


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a pooling, and which elements win them.

    Attributes
    ----------
    reader : RegionReader
        Reads the numbers.
    pooled : Expression
        What is pooled.
    axes : tuple of Sliding
        How the windows slide.
    """

    reader: RegionReader
    pooled: Expression
    axes: tuple[Sliding, Sliding]

    def held_by(self, output: Index) -> list[Index]:
        """Return the elements that the window of an output holds, row by row."""
        n, channel, *place = output
        windows = (axis.window(o) for axis, o in zip(self.axes, place, strict=True))
        return [(n, channel, *(i for i, _ in pairs)) for pairs in product(*windows)]

    def around(self, element: Index) -> Iterator[Index]:
        """Yield the outputs whose windows hold an element."""
        n, channel, *place = element
        for pairs in product(*(axis.windows_of(i) for axis, i in zip(self.axes, place, strict=True))):
            yield (n, channel, *(o for o, _ in pairs))

    def winner(self, output: Index) -> Index:
        """Return the largest element of a window, the first one of several."""
        cells = self.held_by(output)
        return cells[int(np.argmax(self.reader.elements(self.pooled, cells)))]

    def won_by(self, element: Index) -> list[Index]:
        """Return the outputs whose windows an element has won."""
        return [output for output in self.around(element) if self.winner(output) == element]


def windows_of(reader: RegionReader, call: Call) -> Windows:
    """Return the windows of a pooling or of its gradient: the last argument is what is pooled."""
    pooled = call.arguments[-1]
    return Windows(reader, pooled, pooling_axes(shape_of(pooled, reader.shapes), options_of(call)))


def _largest(reader: RegionReader, call: Call, index: Index) -> list[Choice]:
    (window,) = reader.operand_regions(call, point(index))
    winner = windows_of(reader, call).winner(index)
    return [Choice(0, window), Choice(0, point(winner), wins=True)]


def _gradient_of_largest(reader: RegionReader, call: Call, index: Index) -> list[Choice]:
    """Return the windows that an element has won; if none, all that it is in, with those who won them."""
    windows = windows_of(reader, call)
    won = windows.won_by(index)
    choices = [Choice(0, point(output)) for output in won]
    for output in won or windows.around(index):
        cells = windows.held_by(output)
        choices += [Choice(1, _block(cells)), Choice(1, point(windows.winner(output)), wins=True)]
    return choices


def _block(cells: Sequence[Index]) -> Region:
    """Return the region of a window, from its first element to its last."""
    return tuple(slice(first, last + 1) for first, last in zip(cells[0], cells[-1], strict=True))


# Rows of a table


def row_taken(reader: RegionReader, call: Call, index: Index) -> int | None:
    """Return the row of the table in which an element was looked up; None if there is no such row."""
    table, numbers = call.arguments
    depth = len(shape_of(numbers, reader.shapes))
    row = float(reader.value(numbers, point(index[:depth])).item())
    count = shape_of(table, reader.shapes)[0]
    return int(row) if 0 <= row < count and row.is_integer() else None


def uses_of_row(reader: RegionReader, call: Call, row: int) -> list[Index]:
    """Return the places at which a row was taken."""
    numbers = call.arguments[1]
    found = reader.value(numbers, forms.whole(shape_of(numbers, reader.shapes))) == row
    return [tuple(int(i) for i in place) for place in np.argwhere(found)]


def _taken(reader: RegionReader, call: Call, index: Index) -> list[Choice]:
    depth = len(shape_of(call.arguments[1], reader.shapes))
    row, place = row_taken(reader, call, index), Choice(1, point(index[:depth]))
    return [place] if row is None else [Choice(0, point((row, *index[depth:]))), place]


def _row_sums(reader: RegionReader, call: Call, index: Index) -> list[Choice]:
    uses = uses_of_row(reader, call, index[0])
    summed = [Choice(0, point((*use, *index[1:]))) for use in uses]
    return summed + [Choice(1, point(use)) for use in uses]


# Positions


def element_read(reader: RegionReader, call: Call, index: Index) -> Index | None:
    """Return the element that was read at a position; None if there is no such element."""
    x, positions = call.arguments
    position = float(reader.value(positions, point(index)).item())
    shape = shape_of(x, reader.shapes)
    if not (0 <= position < math.prod(shape) and position.is_integer()):
        return None
    return _unravelled(int(position), shape)


def elements_at(reader: RegionReader, positions: Expression, of: Expression, index: Index) -> list[Index]:
    """Return the places of the positions that name an element."""
    shape = shape_of(of, reader.shapes)
    wanted = np.ravel_multi_index(index, shape) if shape else 0
    found = reader.value(positions, forms.whole(shape_of(positions, reader.shapes))) == wanted
    return [tuple(int(i) for i in place) for place in np.argwhere(found)]


def element_put(reader: RegionReader, call: Call, index: Index) -> Index | None:
    """Return the element of the part that replaced another; None if none did."""
    x, part, positions = call.arguments
    places = elements_at(reader, positions, x, index)
    return _repeated(places[-1], shape_of(part, reader.shapes)) if places else None


def elements_added(reader: RegionReader, call: Call, index: Index) -> list[Index]:
    """Return the elements of the part that were added at an element."""
    part, positions, like = call.arguments
    shape = shape_of(part, reader.shapes)
    return [_repeated(place, shape) for place in elements_at(reader, positions, like, index)]


def _unravelled(position: int, shape: Shape) -> Index:
    return tuple(int(i) for i in np.unravel_index(position, shape)) if shape else ()


def _repeated(place: Index, shape: Shape) -> Index:
    """Return the element that broadcasting puts at a place."""
    own = place[len(place) - len(shape) :]
    return tuple(i if extent > 1 else 0 for i, extent in zip(own, shape, strict=True))


def _gathered(reader: RegionReader, call: Call, index: Index) -> list[Choice]:
    source, place = element_read(reader, call, index), Choice(1, point(index))
    return [place] if source is None else [Choice(0, point(source)), place]


def _replaced(reader: RegionReader, call: Call, index: Index) -> list[Choice]:
    put = element_put(reader, call, index)
    if put is None:
        return [Choice(0, point(index))]
    last = elements_at(reader, call.arguments[2], call.arguments[0], index)[-1]
    return [Choice(1, point(put)), Choice(2, point(last))]


def _scattered(reader: RegionReader, call: Call, index: Index) -> list[Choice]:
    places = elements_at(reader, call.arguments[1], call.arguments[2], index)
    added = [Choice(0, point(cell)) for cell in elements_added(reader, call, index)]
    return added + [Choice(1, point(place)) for place in places]


def _cleared(reader: RegionReader, call: Call, index: Index) -> list[Choice]:
    places = elements_at(reader, call.arguments[1], call.arguments[0], index)
    return [Choice(1, point(place)) for place in places] or [Choice(0, point(index))]


CHOICES: Mapping[Form, Callable[[RegionReader, Call, Index], list[Choice]]] = {
    forms.MAX_POOLING: _largest,
    forms.MAX_POOLING_GRADIENT: _gradient_of_largest,
    forms.TAKEN: _taken,
    forms.ROW_SUMS: _row_sums,
    forms.GATHERED: _gathered,
    forms.REPLACED: _replaced,
    forms.SCATTERED: _scattered,
    forms.CLEARED: _cleared,
}
"""For each form whose numbers choose: (reader, call, element of its result) -> what decides on it."""
