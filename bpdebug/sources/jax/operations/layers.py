"""Products, and what whole layers are one primitive for: convolutions, pooling."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.libraries.terms import (
    Application,
    OperationEntry,
    UnknownFormError,
    language,
    shape_of,
    term,
)


def dot_general(x: Any, y: Any, dimension_numbers: Any, **options: Any) -> Application:
    """Sum products over axes; what is batched comes first, then what is left of x, then of y."""
    (summed_x, summed_y), (batch_x, batch_y) = dimension_numbers
    rank_x, rank_y, batched = len(shape_of(x)), len(shape_of(y)), len(batch_x)
    first = tuple(range(batched))
    if len(summed_x) == 1 and tuple(batch_x) == tuple(batch_y) == first:
        axis_x, axis_y = summed_x[0], summed_y[0]
        if rank_x == rank_y == 2 and not batched:
            left = x if axis_x == 1 else term(np.transpose, x)
            return term(np.matmul, left, y if axis_y == 0 else term(np.transpose, y))
        is_stack = rank_x == rank_y == batched + 2 or (not batched and rank_y == 2)
        if is_stack and axis_x == rank_x - 1 and axis_y == rank_y - 2:
            return term(np.matmul, x, y)
        if not batched and rank_y == 1 and axis_x == rank_x - 1:
            return term(np.matmul, x, y)
        if not batched and rank_x == 1 and rank_y == 2 and axis_y == 0:
            return term(np.matmul, x, y)
    return term(np.einsum, _letters(rank_x, rank_y, dimension_numbers), x, y)


def _letters(rank_x: int, rank_y: int, dimension_numbers: Any) -> str:
    """Return what `einsum` calls the axes."""
    (summed_x, summed_y), (batch_x, batch_y) = dimension_numbers
    if rank_x + rank_y > len(string.ascii_lowercase):
        raise UnknownFormError("so many axes")
    of_x = list(string.ascii_lowercase[:rank_x])
    of_y = list(string.ascii_lowercase[rank_x : rank_x + rank_y])
    for mine, theirs in (*zip(batch_x, batch_y, strict=True), *zip(summed_x, summed_y, strict=True)):
        of_y[theirs] = of_x[mine]
    out = [of_x[axis] for axis in batch_x]
    out += [letter for axis, letter in enumerate(of_x) if axis not in (*batch_x, *summed_x)]
    out += [letter for axis, letter in enumerate(of_y) if axis not in (*batch_y, *summed_y)]
    return f"{''.join(of_x)},{''.join(of_y)}->{''.join(out)}"


def one(values: Sequence[int]) -> int:
    """Return the number that is the same for all axes."""
    if len(set(values)) != 1:
        raise UnknownFormError("another number for each axis")
    return int(values[0])


def permuted(x: Any, order: Sequence[int]) -> Any:
    """Take the axes in another order, unless that is the one they have."""
    axes = tuple(int(axis) for axis in order)
    return x if axes == tuple(range(len(axes))) else language("permute", x, axes=axes)


def inverse(order: Sequence[int]) -> list[int]:
    """Return the order that undoes another."""
    return [list(order).index(axis) for axis in range(len(order))]


def convolution(
    x: Any,
    weight: Any,
    window_strides: Sequence[int],
    padding: Sequence[tuple[int, int]],
    lhs_dilation: Sequence[int],
    rhs_dilation: Sequence[int],
    dimension_numbers: Any,
    feature_group_count: int,
    batch_group_count: int,
    **options: Any,
) -> Any:
    """Lay filters over lines or images; where the axes have another order, they are turned."""
    rank = len(window_strides)
    if {*lhs_dilation} - {1} or batch_group_count != 1 or rank not in (1, 2):
        raise UnknownFormError("a convolution of this form")
    x = permuted(x, dimension_numbers.lhs_spec)
    weight = permuted(weight, dimension_numbers.rhs_spec)
    around = {width for pair in padding for width in pair}
    if len(around) > 1:
        if min(around) < 0:
            raise UnknownFormError("a convolution that cuts off")
        x, around = term(np.pad, x, ((0, 0), (0, 0), *padding)), {0}
    out = language(
        f"conv{rank}d",
        x,
        weight,
        stride=one(window_strides),
        padding=int(around.pop()),
        dilation=one(rhs_dilation),
        groups=int(feature_group_count),
    )
    return permuted(out, inverse(dimension_numbers.out_spec))


def pooled(name: str) -> OperationEntry:
    """Return the entry of a pooling over images, whose channels stand second or last."""

    def entry(
        x: Any,
        window_dimensions: Sequence[int],
        window_strides: Sequence[int],
        padding: Sequence[tuple[int, int]],
        base_dilation: Sequence[int],
        window_dilation: Sequence[int],
        **options: Any,
    ) -> Any:
        if len(window_dimensions) != 4 or {*base_dilation, *window_dilation} != {1}:
            raise UnknownFormError("a pooling of this form")
        order = (0, 1, 2, 3) if window_dimensions[1] == 1 else (0, 3, 1, 2)
        sizes, strides = ([values[axis] for axis in order] for values in (window_dimensions, window_strides))
        widths = [padding[axis] for axis in order]
        if {*sizes[:2], *strides[:2]} != {1} or any(widths[0]) or any(widths[1]):
            raise UnknownFormError("a pooling over other axes")
        around = one([width for pair in widths[2:] for width in pair])
        size = one(sizes[2:])
        out = language(name, permuted(x, order), size=size, stride=one(strides[2:]), padding=around)
        turned = permuted(out, inverse(order))
        return turned if name == "max_pool2d" else term(np.multiply, turned, size * size)

    return entry


LAYERS: Mapping[str, OperationEntry] = {
    "dot_general": dot_general,
    "conv_general_dilated": convolution,
    "reduce_window_max": pooled("max_pool2d"),
    "reduce_window_sum": pooled("avg_pool2d"),
}
