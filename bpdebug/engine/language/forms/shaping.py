"""Forms of what only moves or repeats elements: another shape, and a larger image."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import cast

from bpdebug.engine.language.forms.element import Element
from bpdebug.engine.language.forms.form import Axes, Form, like, signature
from bpdebug.engine.language.forms.regions import (
    Options,
    Region,
    Shape,
    element_count,
    nothing,
    numbers_of,
    spanned,
    written,
)
from bpdebug.engine.language.forms.windows import whole_numbers
from bpdebug.engine.language.forms.writing import Writer, Written, moved
from bpdebug.errors import ShapeError


def _parted(function: str, shape: Shape, options: Options) -> tuple[Shape, Shape]:
    """Return the extents that stay, and those from the axis `start` on, which do not."""
    start = options["start"]
    if type(start) is not int or not 0 <= start < max(1, len(shape)):
        raise ShapeError(f"{function} starts at an axis of {written(shape)}: found start={start!r}")
    return shape[:start], shape[start:]


def _flatten_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    kept, own = _parted("flatten", shapes[0], options)
    return (*kept, element_count(own))


def _flatten_axes(operands: Sequence[Axes], shapes: tuple[Shape, ...], options: Options) -> Axes:
    start = cast("int", options["start"])
    kept, laid = operands[0][:start], operands[0][start:]
    return (*kept, laid[0] if len(laid) == 1 else "")


def reshaped(shape: Shape, options: Options) -> Shape:
    """Return the shape that the axes from `start` on are given.

    Raises
    ------
    ShapeError
        If the elements do not fill it.
    """
    kept, own = _parted("reshape", shape, options)
    asked = options["shape"]
    if not isinstance(asked, tuple) or any(type(n) is not int or n < -1 or n == 0 for n in asked):
        raise ShapeError(f"a shape has whole numbers of 1 or more, and -1 for what is left: found {asked!r}")
    wanted = tuple(number for number in asked if isinstance(number, int))
    count, known = element_count(own), element_count(tuple(n for n in wanted if n != -1))
    if wanted.count(-1) > 1:
        raise ShapeError(f"a shape leaves one extent open at most: found {written(wanted)}")
    if count % known or (-1 not in wanted and count != known):
        needed = f"a multiple of {known}" if -1 in wanted else f"{known}"
        raise ShapeError(
            f"the {count} elements of {written(own)} do not fill the shape {written(wanted)}, "
            f"which takes {needed}"
        )
    return (*kept, *(count // known if number == -1 else number for number in wanted))


def _reshape_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    return reshaped(shapes[0], options)


def _reshape_like_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    x, y = shapes
    if element_count(x) != element_count(y):
        raise ShapeError(f"shapes {written(x)} and {written(y)} do not have the same number of elements")
    return y


def _moved(region: Region, result: Shape, shape: Shape) -> Region:
    """Return the smallest region of a tensor that holds what a region of it in another shape holds."""
    if 0 in shape:
        return nothing(shape)
    first, last = 0, 0
    for part, extent in zip(region, result, strict=True):
        numbers = numbers_of(part)
        if not numbers:
            return nothing(shape)
        first, last = first * extent + numbers[0], last * extent + numbers[-1]
    moved: list[slice] = []
    for extent in reversed(shape):
        if first // extent == last // extent:
            moved.append(slice(first % extent, last % extent + 1))
        else:
            moved.append(slice(0, extent))
        first, last = first // extent, last // extent
    return tuple(reversed(moved))


def _flatten_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    return (_moved(region, _flatten_shape(shapes, options), shapes[0]),)


def _reshape_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    return (_moved(region, _reshape_shape(shapes, options), shapes[0]),)


def _reshape_like_reads(region: Region, shapes: tuple[Shape, ...], _: Options) -> tuple[Region, ...]:
    x, y = shapes
    return _moved(region, y, x), nothing(y)


def _as_rows_shape(shapes: tuple[Shape, ...], _: Options) -> Shape:
    (shape,) = shapes
    if not shape:
        raise ShapeError("a number has no rows")
    return element_count(shape[:-1]), shape[-1]


def _as_rows_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    return (_moved(region, _as_rows_shape(shapes, options), shapes[0]),)


def scales(shape: Shape, options: Options) -> tuple[int, int]:
    """Return how many times each of the last two axes is repeated.

    Raises
    ------
    ShapeError
        If the tensor does not have four axes, or the scale is no whole number.
    """
    if len(shape) != 4:
        raise ShapeError(f"upsample takes a tensor of batch, channels, height, width: found {written(shape)}")
    height, width = whole_numbers("upsample", "scale", options["scale"], 2, 1)
    return height, width


def _upsample_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    height, width = scales(shape, options)
    return (*shape[:2], shape[2] * height, shape[3] * width)


def _upsample_reads(region: Region, shapes: tuple[Shape, ...], options: Options) -> tuple[Region, ...]:
    (shape,) = shapes
    places = (
        spanned([number // scale for number in numbers_of(part)])
        for part, scale in zip(region[2:], scales(shape, options), strict=True)
    )
    return ((*region[:2], *places),)


def _upsample_gradient_shape(shapes: tuple[Shape, ...], options: Options) -> Shape:
    (shape,) = shapes
    height, width = scales(shape, options)
    if shape[2] % height or shape[3] % width:
        raise ShapeError(f"shape {written(shape)} is not one that is enlarged {height} and {width} times")
    return (*shape[:2], shape[2] // height, shape[3] // width)


def _upsample_gradient_reads(
    region: Region, shapes: tuple[Shape, ...], options: Options
) -> tuple[Region, ...]:
    places = (
        spanned([number * scale + k for number in numbers_of(part) for k in range(scale)])
        for part, scale in zip(region[2:], scales(shapes[0], options), strict=True)
    )
    return ((*region[:2], *places),)


def _copies_written(element: Element, writer: Writer) -> Written:
    """Write the sum of all copies of an element."""
    return writer.sum_of(element, 0, list(product(*map(numbers_of, element.regions[0]))))


IMAGES = "batch channel height width"

AS_ROWS = Form("rows", _as_rows_shape, _as_rows_reads, local=False, arithmetic=moved)
FLATTEN = Form(
    "flattening", _flatten_shape, _flatten_reads, local=False, axes=_flatten_axes, arithmetic=moved
)
RESHAPE = Form("another shape", _reshape_shape, _reshape_reads, local=False, arithmetic=moved)
RESHAPE_LIKE = Form(
    "the shape of another",
    _reshape_like_shape,
    _reshape_like_reads,
    local=False,
    axes=like(1),
    arithmetic=moved,
)
UPSAMPLE = Form(
    "upsampling",
    _upsample_shape,
    _upsample_reads,
    local=False,
    signature=signature(IMAGES, IMAGES),
    arithmetic=moved,
)
UPSAMPLE_GRADIENT = Form(
    "gradient of upsampling",
    _upsample_gradient_shape,
    _upsample_gradient_reads,
    local=False,
    arithmetic=_copies_written,
)
