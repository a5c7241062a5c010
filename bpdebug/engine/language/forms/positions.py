"""The forms of reading and writing elements by their positions, and of what was only recorded."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.forms.element import Choice, Element
from bpdebug.engine.language.forms.form import Form, like
from bpdebug.engine.language.forms.regions import (
    Index,
    Options,
    Region,
    Shape,
    element_count,
    nothing,
    point,
    whole,
    written,
)
from bpdebug.engine.language.forms.writing import NOTHING, ZERO, Writer, Written, element_text
from bpdebug.errors import ShapeError


def _gathered_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    return shapes[1]


def _gathered_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    return whole(shapes[0]), region


def _check_part(part: Shape, positions: Shape) -> None:
    """Raise an error where a part cannot be repeated to have an element for each position."""
    fits = all(one in (1, other) for one, other in zip(part[::-1], positions[::-1], strict=False))
    if len(part) > len(positions) or not fits:
        raise ShapeError(f"shape {written(part)} does not fit positions of shape {written(positions)}")


def _replaced_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    x, part, positions = shapes
    _check_part(part, positions)
    return x


def _scattered_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    part, positions, like = shapes
    _check_part(part, positions)
    return like


def _scattered_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    part, positions, like = shapes
    return whole(part), whole(positions), nothing(like)


def _first_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    return shapes[0]


def _first_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    return (region, *map(whole, shapes[1:]))


# The values of the positions choose


def _element_read(element: Element) -> Index | None:
    """Return the element that was read at a position; None if there is no such element."""
    position = float(element.value(1, point(element.place)).item())
    shape = element.shapes[0]
    if not (0 <= position < element_count(shape) and position.is_integer()):
        return None
    return tuple(int(i) for i in np.unravel_index(int(position), shape)) if shape else ()


def _uses(element: Element, positions: int, of: int) -> list[Index]:
    """Return where among the positions an element of a tensor is named."""
    shape = element.shapes[of]
    wanted = np.ravel_multi_index(element.place, shape) if shape else 0
    return [tuple(int(i) for i in place) for place in np.argwhere(element.whole(positions) == wanted)]


def _part_of(place: Index, shape: Shape) -> Index:
    """Return the element of a part that broadcasting puts at a place."""
    own = place[len(place) - len(shape) :]
    return tuple(i if extent > 1 else 0 for i, extent in zip(own, shape, strict=True))


def _gathered_written(element: Element, writer: Writer) -> Written:
    """Write an element that was read at its position."""
    source = _element_read(element)
    return NOTHING if source is None else writer.write(0, source)


def _gathered_choices(element: Element) -> list[Choice]:
    source, position = _element_read(element), Choice(1, point(element.place))
    return [position] if source is None else [Choice(0, point(source)), position]


def _replaced_written(element: Element, writer: Writer) -> Written:
    """Write an element that was put in, the last one of several, or that was left."""
    uses = _uses(element, 2, of=0)
    return writer.write(1, _part_of(uses[-1], element.shapes[1])) if uses else writer.write(0, element.place)


def _replaced_choices(element: Element) -> list[Choice]:
    uses = _uses(element, 2, of=0)
    if not uses:
        return [Choice(0, point(element.place))]
    return [Choice(1, point(_part_of(uses[-1], element.shapes[1]))), Choice(2, point(uses[-1]))]


def _scattered_written(element: Element, writer: Writer) -> Written:
    """Write the sum of what was added at a position."""
    return writer.sum_of(element, 0, [_part_of(use, element.shapes[0]) for use in _uses(element, 1, of=2)])


def _scattered_choices(element: Element) -> list[Choice]:
    uses = _uses(element, 1, of=2)
    added = [Choice(0, point(_part_of(use, element.shapes[0]))) for use in uses]
    return added + [Choice(1, point(use)) for use in uses]


def _cleared_written(element: Element, writer: Writer) -> Written:
    """Write an element that was set to 0, or that was left."""
    return ZERO if _uses(element, 1, of=0) else writer.write(0, element.place)


def _cleared_choices(element: Element) -> list[Choice]:
    uses = _uses(element, 1, of=0)
    return [Choice(1, point(use)) for use in uses] or [Choice(0, point(element.place))]


def _opaque_written(element: Element, writer: Writer) -> Written:
    """Write what was recorded, by the text that it was computed with."""
    text = element_text(str(element.options["text"]), element.place)
    return Written(text, writer.write(0, element.place).numbers)


GATHERED = Form(
    "gathered",
    _gathered_shape,
    _gathered_reads,
    local=False,
    axes=like(1),
    arithmetic=_gathered_written,
    choices=_gathered_choices,
)
REPLACED = Form(
    "replaced",
    _replaced_shape,
    _first_reads,
    local=False,
    axes=like(0),
    arithmetic=_replaced_written,
    choices=_replaced_choices,
)
SCATTERED = Form(
    "scattered",
    _scattered_shape,
    _scattered_reads,
    local=False,
    axes=like(2),
    arithmetic=_scattered_written,
    choices=_scattered_choices,
)
CLEARED = Form(
    "cleared",
    _first_shape,
    _first_reads,
    local=False,
    axes=like(0),
    arithmetic=_cleared_written,
    choices=_cleared_choices,
)
OPAQUE = Form("opaque", _first_shape, _first_reads, axes=like(0), arithmetic=_opaque_written)
