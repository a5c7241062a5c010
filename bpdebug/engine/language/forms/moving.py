"""Forms of what puts elements elsewhere along the axes: another order, a border, a turn, repetition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from bpdebug.engine.language.forms.element import Element
from bpdebug.engine.language.forms.form import Axes, Form, like
from bpdebug.engine.language.forms.regions import (
    Options,
    Region,
    Shape,
    first_index,
    is_empty,
    nothing,
    numbers_of,
    reduced_axes,
    single_axis,
    spanned,
    written,
)
from bpdebug.engine.language.forms.writing import ZERO, Writer, Written, moved
from bpdebug.engine.language.nodes import Option
from bpdebug.errors import ShapeError

Order = tuple[int, ...]
"""For each axis of a result, the axis of the argument that it is."""


# Another order of the axes


def order_of(shape: Shape, axes: Option) -> Order:
    """Return an order of all axes; the reverse one for None.

    Raises
    ------
    ShapeError
        If an axis is missing, named twice or does not exist.
    """
    if axes is None:
        return tuple(reversed(range(len(shape))))
    order = reduced_axes(shape, axes)
    if not isinstance(axes, tuple) or len(order) != len(shape):
        raise ShapeError(f"an order names all {len(shape)} axes of {written(shape)}: found {axes!r}")
    return order


def _permuted(shape: Shape, options: Options) -> Order:
    return order_of(shape, options["axes"])


def _permuted_back(shape: Shape, options: Options) -> Order:
    return _inverse(_permuted(shape, options))


def _swapped(shape: Shape, options: Options) -> Order:
    first, second = (single_axis(shape, options[name]) for name in ("first", "second"))
    order = list(range(len(shape)))
    order[first], order[second] = second, first
    return tuple(order)


def _inverse(order: Order) -> Order:
    return tuple(sorted(range(len(order)), key=order.__getitem__))


def _reordering(name: str, order_in: Callable[[Shape, Options], Order]) -> Form:
    """Return the form of a function that puts the axes in an order."""

    def shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
        return tuple(shapes[0][axis] for axis in order_in(shapes[0], options))

    def reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
        return (tuple(region[place] for place in _inverse(order_in(shapes[0], options))),)

    def axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
        return tuple(operands[0][axis] for axis in order_in(shapes[0], options))

    return Form(name, shape, reads, local=False, axes=axes, arithmetic=moved)


# A border


def borders(shape: Shape, width: Option) -> tuple[tuple[int, int], ...]:
    """Return how many places a padding adds before and after, for each axis.

    Raises
    ------
    ShapeError
        If there is not one pair for each axis or one for all, or a number is negative.
    """
    pairs = width if isinstance(width, tuple) else ()
    whole = all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs)
    if not whole or len(pairs) not in (1, len(shape)) or not pairs:
        raise ShapeError(
            f"width has a pair (before, after) for each of the {len(shape)} axes of {written(shape)}, "
            f"or one for all: found {width!r}"
        )
    found = cast("tuple[tuple[int, int], ...]", pairs)
    if any(type(number) is not int or number < 0 for pair in found for number in pair):
        raise ShapeError(f"a width has whole numbers of 0 or more: found {width!r}")
    return found * len(shape) if len(found) == 1 else found


def _padded_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    sides = zip(borders(shape, options["width"]), shape, strict=True)
    return tuple(before + extent + after for (before, after), extent in sides)


def _padded_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    (shape,) = shapes
    own = tuple(
        spanned([number - before for number in numbers_of(part) if 0 <= number - before < extent])
        for part, (before, _), extent in zip(region, borders(shape, options["width"]), shape, strict=True)
    )
    return (nothing(shape) if is_empty(own) else own,)


def _padded_written(element: Element, writer: Writer) -> Written:
    """Write an element, or a zero of the border."""
    return ZERO if is_empty(element.regions[0]) else writer.write(0, first_index(element.regions[0]))


def _cropped_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    sides = zip(borders(shape, options["width"]), shape, strict=True)
    kept = tuple(extent - before - after for (before, after), extent in sides)
    if any(extent < 0 for extent in kept):
        raise ShapeError(f"the border {options['width']!r} is wider than {written(shape)}")
    return kept


def _cropped_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    sides = zip(region, borders(shapes[0], options["width"]), strict=True)
    return (tuple(slice(part.start + n, part.stop + n, part.step) for part, (n, _) in sides),)


# A turn, and repetition


def _flipped_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    reduced_axes(shapes[0], options["axis"])
    return shapes[0]


def _flipped_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    (shape,) = shapes
    turned = reduced_axes(shape, options["axis"])
    return (
        tuple(
            spanned([extent - 1 - number for number in numbers_of(part)]) if axis in turned else part
            for axis, (part, extent) in enumerate(zip(region, shape, strict=True))
        ),
    )


def expanded_shape(shape: Shape, asked: Option) -> Shape:
    """Return the shape that a tensor is repeated to; -1 keeps an extent.

    Raises
    ------
    ShapeError
        If it cannot be repeated to that shape.
    """
    wanted = asked if isinstance(asked, tuple) else ()
    numbers = tuple(extent for extent in wanted if isinstance(extent, int))
    new = len(numbers) - len(shape)
    if new >= 0 and len(numbers) == len(wanted):
        own = (0,) * new + shape
        found = tuple(n if extent == -1 else extent for n, extent in zip(own, numbers, strict=True))
        fits = all(n in (1, extent) for n, extent in zip(shape, found[new:], strict=True))
        if fits and all(extent >= 1 for extent in found[:new]) and all(extent >= 0 for extent in found):
            return found
    raise ShapeError(f"{written(shape)} cannot be repeated to the shape {asked!r}")


def _expanded_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    return expanded_shape(shapes[0], options["shape"])


def _expanded_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    (shape,) = shapes
    own = zip(region[len(region) - len(shape) :], shape, strict=True)
    return (tuple(slice(0, 1) if extent == 1 else part for part, extent in own),)


def _expanded_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    new = len(expanded_shape(shapes[0], options["shape"])) - len(shapes[0])
    return ("",) * new + tuple(operands[0])


SWAPPED = _reordering("two axes exchanged", _swapped)
PERMUTED = _reordering("another order of axes", _permuted)
PERMUTED_BACK = _reordering("the order of axes restored", _permuted_back)
PADDED = Form("padded", _padded_shape, _padded_reads, local=False, axes=like(0), arithmetic=_padded_written)
CROPPED = Form("cropped", _cropped_shape, _cropped_reads, local=False, axes=like(0), arithmetic=moved)
FLIPPED = Form("flipped", _flipped_shape, _flipped_reads, local=False, axes=like(0), arithmetic=moved)
EXPANDED = Form(
    "expanded", _expanded_shape, _expanded_reads, local=False, axes=_expanded_axes, arithmetic=moved
)
