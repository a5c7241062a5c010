"""Convolutions over one or two axes, their gradients, and the transposed convolution.

All windows of the input are laid out side by side, copied by one strided slice for each place in a
window; what is left is one matrix product for each example. The gradient of the input goes the same way
back. A bias is added by broadcasting: its shape is (outputs, 1, 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from bpdebug.engine.language.forms.convolution_shapes import Convolution, convolution, transposed
from bpdebug.engine.language.forms.convolutions import (
    CONVOLUTION,
    INPUT_GRADIENT,
    TRANSPOSED_CONVOLUTION,
    WEIGHT_GRADIENT,
)
from bpdebug.engine.language.forms.regions import Shape, element_count
from bpdebug.engine.language.functions.entry import Array, Function, Sample
from bpdebug.engine.language.nodes import Option
from bpdebug.engine.language.precedence import PRODUCT

OPTIONS: dict[str, Option] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def conv(x: Array, w: Array, **options: Any) -> Array:
    """out[n, o, q] = Σ x[n, c, i] · w[o, c, k] over the channels and the window of q."""
    geometry = convolution("conv", x.shape, w.shape, options)
    result: Array = np.matmul(_filters(w, geometry), _windows(x, geometry)).reshape(geometry.out)
    return result


def conv_input_gradient(g: Array, w: Array, x: Array, **options: Any) -> Array:
    """Send each g[n, o, q] back to the window of q, times the weights; in the shape of `x`."""
    return _scattered(g, w, convolution("conv", x.shape, w.shape, options))


def conv_transpose(x: Array, w: Array, **options: Any) -> Array:
    """Add x[n, o, q] · w[o] to the window of q, for every q."""
    return _scattered(x, w, transposed("conv_transpose", x.shape, w.shape, options))


def conv_weight_gradient(x: Array, g: Array, w: Array, **options: Any) -> Array:
    """dw[o, c, k] = Σ g[n, o, q] · x[n, c, i] over the examples and all windows; in the shape of `w`."""
    geometry = convolution("conv", x.shape, w.shape, options)
    examples = np.matmul(_grouped(g, geometry), _windows(x, geometry).swapaxes(-1, -2))
    total: Array = examples.sum(axis=0).reshape(w.shape)
    return total


def _filters(w: Array, geometry: Convolution) -> Array:
    """Return the weights as (groups, outputs of a group, numbers of a window)."""
    return w.reshape(geometry.groups, geometry.w[0] // geometry.groups, element_count(geometry.w[1:]))


def _grouped(g: Array, geometry: Convolution) -> Array:
    """Return what has the shape of the result as (batch, groups, outputs of a group, windows)."""
    return g.reshape(
        geometry.out[0], geometry.groups, geometry.out[1] // geometry.groups, element_count(geometry.out[2:])
    )


def _windows(x: Array, geometry: Convolution) -> Array:
    """Return all windows as (batch, groups, numbers of a window, windows)."""
    padded = any(axis.padding for axis in geometry.axes)
    laid_out = (np.zeros if padded else np.empty)(
        (*geometry.x[:2], *geometry.w[2:], *geometry.out[2:]), x.dtype
    )
    for windows, inputs in _places(geometry):
        laid_out[windows] = x[inputs]
    return laid_out.reshape(
        geometry.x[0], geometry.groups, element_count(geometry.w[1:]), element_count(geometry.out[2:])
    )


def _scattered(g: Array, w: Array, geometry: Convolution) -> Array:
    """Return the sum of all windows, each in its place."""
    windows = np.matmul(_filters(w, geometry).swapaxes(-1, -2), _grouped(g, geometry))
    laid_out = windows.reshape(*geometry.x[:2], *geometry.w[2:], *geometry.out[2:])
    result: Array = np.zeros(geometry.x, g.dtype)
    for windows, inputs in _places(geometry):
        result[inputs] += laid_out[windows]
    return result


def _places(geometry: Convolution) -> Iterator[tuple[Any, Any]]:
    """For each place within a window, yield where it lies in all windows, and where in the input."""
    for place in product(*map(range, geometry.w[2:])):
        visits = [axis.visits(k) for axis, k in zip(geometry.axes, place, strict=True)]
        yield (..., *place, *(outputs for outputs, _ in visits)), (..., *(inputs for _, inputs in visits))


def _sample(*shapes: tuple[int, ...], **options: Option) -> Sample:
    """Return a sample of few different numbers in tensors of these shapes."""
    numbers = np.array([0.5, -1.0, 2.0, 0.25, -1.5])
    tensors = (np.resize(numbers[start:], shape).tolist() for start, shape in enumerate(shapes))
    return Sample(tuple(tensors), options)


SAME = ", ".join(f"{option}={option}" for option in OPTIONS)
_product = partial(Function, options=OPTIONS, precedence=PRODUCT)


def _entries(axes: int, *samples: tuple[Shape, Shape, Shape, dict[str, Option]]) -> tuple[Function, ...]:
    """Return the convolution over so many axes and its gradients, with samples of (x, w, out, options)."""
    name = f"conv{axes}d"

    def with_arguments(order: str) -> tuple[Sample, ...]:
        """Return the samples of what takes input `x`, weights `w` and gradient `g` in this order."""
        shapes = ((dict(zip("xwg", sample[:3], strict=True)), sample[3]) for sample in samples)
        return tuple(_sample(*(own[argument] for argument in order), **options) for own, options in shapes)

    return (
        _product(
            name,
            conv,
            (f"{name}_input_gradient(g, y, x, {SAME})", f"{name}_weight_gradient(x, g, y, {SAME})"),
            "Lays each filter over every window of the input and adds up the products.",
            with_arguments("xw"),
            form=CONVOLUTION[axes],
            notation="{x} ⋆ {y}",
        ),
        _product(
            f"{name}_input_gradient",
            conv_input_gradient,
            (f"{name}(g, y, {SAME})", f"{name}_weight_gradient(g, x, y, {SAME})", None),
            "Sends each output's gradient back to its window, times the filter; windows that overlap add up.",
            with_arguments("gwx"),
            form=INPUT_GRADIENT[axes],
            notation="{x} ⋆ᵀ {y}",
        ),
        _product(
            f"{name}_weight_gradient",
            conv_weight_gradient,
            (f"{name}_input_gradient(y, g, x, {SAME})", f"{name}(x, g, {SAME})", None),
            "Each weight met one element in every window: it adds up these elements, times the gradients.",
            with_arguments("xgw"),
            form=WEIGHT_GRADIENT[axes],
            notation="{x} ⋆ {y}",
        ),
    )


ENTRIES = (
    *_entries(
        1,
        ((2, 2, 4), (3, 2, 2), (2, 3, 3), {}),
        ((1, 2, 6), (2, 1, 3), (1, 2, 2), {"stride": 3, "padding": 1, "groups": 2}),
    ),
    *_entries(
        2,
        ((1, 2, 3, 3), (2, 2, 2, 2), (1, 2, 2, 2), {}),
        ((1, 1, 4, 3), (1, 1, 3, 3), (1, 1, 2, 3), {"stride": (2, 1), "padding": 1}),
        ((1, 1, 3, 5), (1, 1, 2, 2), (1, 1, 2, 2), {"stride": (1, 2), "dilation": (1, 2)}),
        ((1, 2, 2, 5), (2, 1, 1, 2), (1, 2, 2, 4), {"padding": (0, 1), "dilation": 3, "groups": 2}),
    ),
    _product(
        "conv_transpose2d",
        conv_transpose,
        (f"conv2d(g, y, {SAME})", f"conv2d_weight_gradient(g, x, y, {SAME})"),
        "Adds each element times the filter to its window: the way back of a convolution, taken forwards.",
        (
            _sample((1, 2, 2, 2), (2, 1, 2, 2)),
            _sample((1, 1, 2, 2), (1, 2, 3, 2), stride=2, padding=(1, 0), output_padding=(0, 1)),
            _sample((1, 2, 2, 1), (2, 1, 2, 2), dilation=2, groups=2),
        ),
        form=TRANSPOSED_CONVOLUTION[2],
        options={**OPTIONS, "output_padding": 0},
        notation="{x} ⋆ᵀ {y}",
    ),
)
