"""The forms of reading and writing elements by their positions, and of what was only recorded."""

from __future__ import annotations

from bpdebug.engine.language.forms.form import Form, Options, Region, Shape, nothing, whole, written
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


GATHERED = Form("gathered", _gathered_shape, _gathered_reads, local=False)
REPLACED = Form("replaced", _replaced_shape, _first_reads, local=False)
SCATTERED = Form("scattered", _scattered_shape, _scattered_reads, local=False)
CLEARED = Form("cleared", _first_shape, _first_reads, local=False)
OPAQUE = Form("opaque", _first_shape, _first_reads)
