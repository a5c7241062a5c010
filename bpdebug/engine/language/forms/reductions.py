"""Forms of what goes along axes: reductions, and what repeats along the axes that a reduction removed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np

from bpdebug.engine.language.forms.element import Element
from bpdebug.engine.language.forms.form import Axes, Form, like
from bpdebug.engine.language.forms.regions import (
    Options,
    Region,
    Shape,
    cell_of,
    first_index,
    nothing,
    numbers_of,
    reduced_axes,
    single_axis,
    written,
)
from bpdebug.engine.language.forms.writing import SHOWN_TERMS, Writer, Written, moved
from bpdebug.errors import ShapeError


def _reduction_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    axes = reduced_axes(shape, options.get("axis"))
    if options.get("keepdims"):
        return tuple(1 if axis in axes else extent for axis, extent in enumerate(shape))
    return tuple(extent for axis, extent in enumerate(shape) if axis not in axes)


def _reduction_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    (shape,) = shapes
    axes = reduced_axes(shape, options.get("axis"))
    kept = iter(part for axis, part in enumerate(region) if not options.get("keepdims") or axis not in axes)
    return (tuple(slice(0, extent) if axis in axes else next(kept) for axis, extent in enumerate(shape)),)


def _reduction_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    axes = () if options.get("keepdims") else reduced_axes(shapes[0], options.get("axis"))
    return tuple(name for place, name in enumerate(operands[0]) if place not in axes)


def _reduction_written(element: Element, writer: Writer) -> Written:
    """Write a sum or a mean as its terms."""
    if element.function not in ("sum", "mean"):
        return _listed(element, writer, 0)
    (region,) = element.regions
    block = element.value(0, region)
    terms = block.ravel()

    def write_term(k: int) -> Written:
        return writer.write(0, cell_of(region, np.unravel_index(k, block.shape)))

    total = writer.sum(terms, write_term)
    return total if element.function == "sum" else writer.mean(total, terms.size)


def _listed(element: Element, writer: Writer, argument: int) -> Written:
    """Write what a reduction that is no sum makes of its elements, the first few of them."""
    numbers = [numbers_of(part) for part in element.regions[argument]]
    return writer.listed(element.function, argument, product(*numbers), math.prod(map(len, numbers)))


def _paired_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    x, y = shapes
    if x != y:
        raise ShapeError(f"shapes {written(x)} and {written(y)} differ")
    return _reduction_shape((x,), {**options, "keepdims": True})


def _paired_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    (own,) = _reduction_reads(region, shapes[:1], {**options, "keepdims": True})
    return own, own


def _paired_written(element: Element, writer: Writer) -> Written:
    lines = [_listed(element, writer, argument) for argument in range(len(element.shapes))]
    start = len(element.function) + 1
    symbols, numbers = (
        f"{element.function}({'; '.join(text[start:-1] for text in texts)})"
        for texts in zip(*((line.symbols, line.numbers) for line in lines), strict=True)
    )
    return Written(symbols, numbers)


def _along_axis_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    reduced_axes(shape, options["axis"])
    return shape


def _along_axis_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    (shape,) = shapes
    axes = reduced_axes(shape, options["axis"])
    return (tuple(slice(0, n) if i in axes else region[i] for i, n in enumerate(shape)),)


def _along_axis_written(element: Element, writer: Writer) -> Written:
    """Write an element, and what it is taken together with."""
    line = element.value(0, element.regions[0]).ravel()
    shown = [writer.number(float(value)) for value in line[: SHOWN_TERMS + 1]]
    rest = [] if line.size == len(shown) else [f"… {line.size - len(shown)} more"]
    own = writer.write(0, element.place)
    numbers = f"{element.function}({own.numbers} among {', '.join(shown + rest)})"
    return Written(f"{element.function}({own.symbols} along its axis)", numbers)


def _cumulative_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    single_axis(shape, options["axis"])
    return shape


def _cumulative_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    axis = single_axis(shapes[0], options["axis"])
    return (tuple(slice(0, part.stop) if i == axis else part for i, part in enumerate(region)),)


def _cumulative_written(element: Element, writer: Writer) -> Written:
    """Write the sum of the elements up to this one."""
    return writer.sum_of(element, 0, list(product(*map(numbers_of, element.regions[0]))))


def _expansion_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    x, y = shapes
    if x != _reduction_shape((y,), options):
        raise ShapeError(f"shape {written(x)} is not {written(y)} summed over axis {options['axis']}")
    return y


def _expansion_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    _, y = shapes
    axes = reduced_axes(y, options.get("axis"))
    if options.get("keepdims"):
        own = tuple(slice(0, 1) if i in axes else part for i, part in enumerate(region))
    else:
        own = tuple(part for i, part in enumerate(region) if i not in axes)
    return own, nothing(y)


def _one_hot_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    single_axis(shapes[1], options["axis"])
    return _expansion_shape(shapes, options)


def _one_hot_written(element: Element, writer: Writer) -> Written:
    """Write a comparison in brackets: it is 1 where it holds."""
    place = element.place[single_axis(element.shapes[1], element.options["axis"])]
    own = writer.write(0, first_index(element.regions[0]))
    return Written(f"[{own.symbols} = {place}]", f"[{own.numbers} = {place}]")


def _count_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    reduced_axes(shapes[0], options["axis"])
    return ()


def _count_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    return (nothing(shapes[0]),)


def _count_written(element: Element, writer: Writer) -> Written:
    number = writer.number(element.result())
    return Written(number, number)


REDUCTION = Form(
    "reduction", _reduction_shape, _reduction_reads, axes=_reduction_axes, arithmetic=_reduction_written
)
PAIRED = Form("paired reduction", _paired_shape, _paired_reads, axes=like(0), arithmetic=_paired_written)
ALONG_AXIS = Form(
    "along an axis", _along_axis_shape, _along_axis_reads, axes=like(0), arithmetic=_along_axis_written
)
CUMULATIVE = Form(
    "cumulative",
    _cumulative_shape,
    _cumulative_reads,
    local=False,
    axes=like(0),
    arithmetic=_cumulative_written,
)
EXPANSION = Form("expansion", _expansion_shape, _expansion_reads, local=False, axes=like(1), arithmetic=moved)
ONE_HOT = Form(
    "one-hot", _one_hot_shape, _expansion_reads, local=False, axes=like(1), arithmetic=_one_hot_written
)
COUNT = Form("count", _count_shape, _count_reads, local=False, arithmetic=_count_written)
