"""The forms of putting tensors one after the other along an axis, and of taking rows out by their numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bpdebug.engine.language.forms.element import Choice, Element
from bpdebug.engine.language.forms.form import TIME, Axes, Form, filled, like
from bpdebug.engine.language.forms.regions import (
    Index,
    Options,
    Region,
    Shape,
    first_index,
    is_empty,
    nothing,
    numbers_of,
    point,
    single_axis,
    whole,
    written,
)
from bpdebug.engine.language.forms.writing import NOTHING, Writer, Written, moved
from bpdebug.errors import ShapeError

SEQUENCE_AXIS = 1
"""Time comes after the examples, as in PyTorch with `batch_first`."""


def joining_axis(shape: Shape, options: Options) -> int:
    """Return the axis along which tensors lie one after the other, as a number from 0."""
    return single_axis(shape, options["axis"])


def _concatenated_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    x, y = shapes
    axis = joining_axis(x, options)
    if len(x) != len(y) or x[:axis] + x[axis + 1 :] != y[:axis] + y[axis + 1 :]:
        raise ShapeError(f"shapes {written(x)} and {written(y)} differ in more than axis {options['axis']}")
    return (*x[:axis], x[axis] + y[axis], *x[axis + 1 :])


def _concatenated_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    x, y = shapes
    axis = joining_axis(x, options)
    asked, first, second = region[axis], x[axis], y[axis]
    return (
        _with_part(region, axis, slice(min(asked.start, first), min(asked.stop, first))),
        _with_part(region, axis, slice(min(max(asked.start - first, 0), second), max(asked.stop - first, 0))),
    )


def _concatenated_written(element: Element, writer: Writer) -> Written:
    """Write an element of tensors one after the other: it is one of theirs."""
    argument = next(number for number, region in enumerate(element.regions) if not is_empty(region))
    return writer.write(argument, first_index(element.regions[argument]))


def _with_part(region: Region, axis: int, part: slice) -> Region:
    return (*region[:axis], part, *region[axis + 1 :])


def _part_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    x, y = shapes
    axis = joining_axis(x, options)
    if len(x) != len(y) or x[:axis] + x[axis + 1 :] != y[:axis] + y[axis + 1 :] or y[axis] > x[axis]:
        raise ShapeError(f"shape {written(y)} is no part of {written(x)} along axis {options['axis']}")
    return y


def _part_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    x, y = shapes
    axis = joining_axis(x, options)
    shift = x[axis] - y[axis] if options["last"] else 0
    part = slice(region[axis].start + shift, region[axis].stop + shift)
    return _with_part(region, axis, part), nothing(y)


def _taken_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    x, y = shapes
    if not x:
        raise ShapeError("a number has no rows to take")
    return (*y, *x[1:])


def _taken_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    x, y = shapes
    return (slice(0, x[0]), *region[len(y) :]), region[: len(y)]


def _taken_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], _: Options) -> Axes:
    table, numbers = operands
    return (*numbers, *table[1:])


def _row_taken(element: Element) -> Index | None:
    """Return the element of the table that was looked up; None if there is no such row."""
    row = float(element.value(1, element.regions[1]).item())
    exists = 0 <= row < element.shapes[0][0] and row.is_integer()
    return (int(row), *element.place[len(element.shapes[1]) :]) if exists else None


def _taken_written(element: Element, writer: Writer) -> Written:
    """Write an element of a row that was looked up: it is one of the table's."""
    cell = _row_taken(element)
    return NOTHING if cell is None else writer.write(0, cell)


def _taken_choices(element: Element) -> list[Choice]:
    cell, number = _row_taken(element), Choice(1, element.regions[1])
    return [number] if cell is None else [Choice(0, point(cell)), number]


def _row_sums_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    x, y, z = shapes
    if x != _taken_shape((z, y), options):
        raise ShapeError(f"shape {written(x)} is not that of rows {written(y)} of {written(z)}")
    return z


def _row_sums_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    y, z = shapes[1:]
    return (*whole(y), *region[1:]), whole(y), nothing(z)


def _uses_of_row(element: Element) -> list[Index]:
    """Return the places at which a row was taken."""
    return [tuple(int(i) for i in place) for place in np.argwhere(element.whole(1) == element.place[0])]


def _row_sums_written(element: Element, writer: Writer) -> Written:
    """Write the sum of what comes back to a row, from each time that it was taken."""
    return writer.sum_of(element, 0, [(*use, *element.place[1:]) for use in _uses_of_row(element)])


def _row_sums_choices(element: Element) -> list[Choice]:
    uses = _uses_of_row(element)
    summed = [Choice(0, point((*use, *element.place[1:]))) for use in uses]
    return summed + [Choice(1, point(use)) for use in uses]


def _sequence_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    first = shapes[0]
    other = next((shape for shape in shapes if shape != first), first)
    if other != first:
        raise ShapeError(f"shapes {written(first)} and {written(other)} are not those of one sequence")
    if not first:
        raise ShapeError("a number has no examples")
    return (first[0], len(shapes), *first[1:])


def _sequence_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    asked = numbers_of(region[SEQUENCE_AXIS])
    own = (*region[:SEQUENCE_AXIS], *region[SEQUENCE_AXIS + 1 :])
    return tuple(own if place in asked else nothing(shape) for place, shape in enumerate(shapes))


def _sequence_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], _: Options) -> Axes:
    batch, *features = operands[0]
    return (batch, TIME, *features)


TAKEN = Form(
    "taken rows",
    _taken_shape,
    _taken_reads,
    local=False,
    axes=_taken_axes,
    arithmetic=_taken_written,
    choices=_taken_choices,
)
ROW_SUMS = Form(
    "row sums",
    _row_sums_shape,
    _row_sums_reads,
    local=False,
    axes=like(2),
    arithmetic=_row_sums_written,
    choices=_row_sums_choices,
)
CONCATENATED = Form(
    "concatenated",
    _concatenated_shape,
    _concatenated_reads,
    axes=lambda operands, shapes, options: filled(*operands),
    arithmetic=_concatenated_written,
)
PART = Form("part", _part_shape, _part_reads, local=False, axes=like(1), arithmetic=moved)
SEQUENCE = Form(
    "sequence",
    _sequence_shape,
    _sequence_reads,
    local=False,
    axes=_sequence_axes,
    arithmetic=_concatenated_written,
)
