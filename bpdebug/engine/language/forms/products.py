"""Forms of products of vectors, and of sums of products over named axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.forms.element import Element
from bpdebug.engine.language.forms.form import Axes, Cost, Form
from bpdebug.engine.language.forms.regions import Options, Region, Shape, nothing, whole, written
from bpdebug.engine.language.forms.writing import Writer, Written
from bpdebug.errors import ShapeError

MOST_OPERANDS = 12
"""`einsum` of so many at most: NumPy has a limit, too."""


# Vectors


def _check_vectors(function: str, shapes: tuple[Shape, ...]) -> None:
    if any(len(shape) != 1 for shape in shapes):
        found = " and ".join(map(written, shapes))
        raise ShapeError(f"{function} takes two vectors: found {found}")


def _outer_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    _check_vectors("outer", shapes)
    return (*shapes[0], *shapes[1])


def _outer_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    return region[:1], region[1:]


def _outer_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], _: Options) -> Axes:
    return (*operands[0], *operands[1])


def _outer_written(element: Element, writer: Writer) -> Written:
    row, column = element.place
    return writer.product(writer.write(0, (row,)), writer.write(1, (column,)))


def _dot_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    _check_vectors("dot", shapes)
    if shapes[0] != shapes[1]:
        found = " and ".join(map(written, shapes))
        raise ShapeError(f"dot takes vectors of one length: found {found}")
    return ()


def _dot_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    return whole(shapes[0]), whole(shapes[1])


def _dot_written(element: Element, writer: Writer) -> Written:
    terms = element.whole(0) * element.whole(1)
    return writer.sum(terms, lambda k: writer.product(writer.write(0, (k,)), writer.write(1, (k,))))


# Named axes


class Subscripts(NamedTuple):
    """The subscripts of `einsum`: a letter for each axis of each operand, and of the result."""

    operands: tuple[str, ...]
    result: str
    extents: dict[str, int]

    @property
    def summed(self) -> str:
        """The letters that the result does not have."""
        return "".join(letter for letter in self.extents if letter not in self.result)

    def shape(self, letters: str) -> Shape:
        """Return the extents of some letters."""
        return tuple(self.extents[letter] for letter in letters)


def subscripts_of(shapes: tuple[Shape, ...], options: Options) -> Subscripts:
    """Read the subscripts of `einsum`; without an arrow the result has the letters that stand there once.

    Raises
    ------
    ShapeError
        If they are none, or do not fit the operands.
    """
    text = str(options["subscripts"]).replace(" ", "")
    left, arrow, result = text.partition("->")
    operands = tuple(left.split(","))
    if not arrow:
        result = "".join(sorted(letter for letter in set(left) - {","} if left.count(letter) == 1))
    if not all((part.isascii() and part.isalpha()) or not part for part in (*operands, result)):
        raise ShapeError(f"the subscripts of einsum are letters, as in 'ij,jk->ik': found {text!r}")
    if len(operands) != len(shapes) or len(shapes) > MOST_OPERANDS:
        raise ShapeError(f"einsum of {text!r} takes {len(operands)} operands: found {len(shapes)}")
    extents: dict[str, int] = {}
    for letters, shape in zip(operands, shapes, strict=True):
        if len(letters) != len(shape):
            raise ShapeError(f"the subscripts {letters!r} do not fit the shape {written(shape)}")
        for letter, extent in zip(letters, shape, strict=True):
            if extents.setdefault(letter, extent) != extent:
                raise ShapeError(f"the axis {letter} of {text!r} has {extents[letter]} and {extent} places")
    if len(set(result)) < len(result) or not set(result) <= extents.keys():
        raise ShapeError(f"the result of {text!r} has each of the letters once at most, and no others")
    return Subscripts(operands, result, extents)


def _einsum_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    found = subscripts_of(shapes, options)
    return found.shape(found.result)


def _einsum_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    found = subscripts_of(shapes, options)
    asked = dict(zip(found.result, region, strict=True))
    return tuple(
        tuple(asked.get(letter, slice(0, found.extents[letter])) for letter in letters)
        for letters in found.operands
    )


def _einsum_cost(shapes: tuple[Shape, ...], options: Options) -> Cost:
    found = subscripts_of(shapes, options)
    return Cost(0, len(shapes) * prod(found.extents.values()))


def _einsum_gradient_cost(shapes: tuple[Shape, ...], options: Options) -> Cost:
    return Cost(2 * max(map(prod, shapes)), _einsum_cost(shapes[1:], options).products)


def _einsum_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    found = subscripts_of(shapes, options)
    names: dict[str, str] = {}
    for letters, axes in zip(found.operands, operands, strict=True):
        for letter, name in zip(letters, axes, strict=True):
            names[letter] = names.get(letter) or name
    return tuple(names[letter] for letter in found.result)


def _einsum_written(element: Element, writer: Writer) -> Written:
    """Write the sum of the products, one for each place along the axes that are summed."""
    found = subscripts_of(element.shapes, element.options)
    extents = found.shape(found.summed)
    count = prod(extents)
    along = np.indices(extents).reshape(len(extents), count)
    places = {letter: np.full(count, i) for letter, i in zip(found.result, element.place, strict=True)}
    places.update(zip(found.summed, along, strict=True))
    cells = [[places[letter] for letter in letters] for letters in found.operands]
    factors = [element.whole(number)[tuple(cell)] for number, cell in enumerate(cells)]

    def write_term(k: int) -> Written:
        term, *others = (
            writer.write(number, tuple(int(axis[k]) for axis in cell)) for number, cell in enumerate(cells)
        )
        for other in others:
            term = writer.product(term, other)
        return term

    return writer.sum(np.prod(factors, axis=0), write_term)


def place_of(shapes: tuple[Shape, ...], options: Options) -> int:
    """Return which operand of `einsum` a gradient is that of.

    Raises
    ------
    ShapeError
        If there is none of this number.
    """
    place = options["place"]
    if type(place) is not int or not 0 <= place < len(shapes) - 1:
        raise ShapeError(f"einsum has no operand {place!r}: it has {len(shapes) - 1}, counted from 0")
    return place


def _einsum_gradient_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    g, *operands = shapes
    place = place_of(shapes, options)
    result = _einsum_shape(tuple(operands), options)
    if g != result:
        raise ShapeError(f"einsum gives shape {written(result)}: found a gradient {written(g)}")
    return operands[place]


def _einsum_gradient_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    """Return what stands beside an element in the products; of the operand itself only the shape counts."""
    operands = shapes[1:]
    place = place_of(shapes, options)
    found = subscripts_of(operands, options)
    asked = dict(zip(found.operands[place], region, strict=True))

    def own(letters: str) -> Region:
        return tuple(asked.get(letter, slice(0, found.extents[letter])) for letter in letters)

    beside = (
        nothing(operands[number]) if number == place else own(letters)
        for number, letters in enumerate(found.operands)
    )
    return (own(found.result), *beside)


OUTER = Form(
    "outer product", _outer_shape, _outer_reads, local=False, axes=_outer_axes, arithmetic=_outer_written
)
DOT = Form("inner product", _dot_shape, _dot_reads, axes=lambda *_: (), arithmetic=_dot_written)
EINSUM = Form(
    "einsum",
    _einsum_shape,
    _einsum_reads,
    local=False,
    cost=_einsum_cost,
    axes=_einsum_axes,
    arithmetic=_einsum_written,
)
EINSUM_GRADIENT = Form(
    "gradient of einsum",
    _einsum_gradient_shape,
    _einsum_gradient_reads,
    local=False,
    cost=_einsum_gradient_cost,
)
