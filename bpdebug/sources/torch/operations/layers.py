"""What whole layers are one operation for: normalisations, convolutions, pooling, attention."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bpdebug.sources.libraries.terms import (
    Application,
    OperationEntry,
    UnknownFormError,
    language,
    plus,
    shape_of,
    term,
    times,
)


def scaled(x: Any, weight: Any, bias: Any, shape: tuple[int, ...] | None = None) -> Any:
    """X · weight + bias, these in a shape that fits."""

    def fit(value: Any) -> Any:
        return value if value is None or shape is None else term(np.reshape, value, shape)

    return plus(x if weight is None else term(np.multiply, x, fit(weight)), fit(bias))


def layer_norm(x: Any, shape: Sequence[int], weight: Any, bias: Any, eps: float) -> tuple[Any, ...]:
    """Mean 0 and variance 1 along the last axes, then scaled; also the mean and 1/√ of the variance."""
    axis = -1 if len(shape) == 1 else tuple(range(-len(shape), 0))
    out = scaled(language("normalize", x, axis=axis, eps=float(eps)), weight, bias)
    return (
        out,
        term(np.mean, x, axis=axis, keepdims=True),
        language("inverse_deviation", x, axis=axis, eps=float(eps)),
    )


def batch_norm(
    x: Any, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, momentum: float, eps: float
) -> tuple[Any, ...]:
    """Mean 0 and variance 1 over the batch of each channel, or by what was kept of them."""
    shape = shape_of(x)
    axis = tuple(place for place in range(len(shape)) if place != 1)
    wide = (1, shape[1], *(1,) * (len(shape) - 2))
    if training:
        flat = {"axis": axis, "eps": float(eps)}
        saved = (
            term(np.mean, x, axis=axis),
            term(np.reshape, language("inverse_deviation", x, **flat), (shape[1],)),
        )
        return (scaled(language("normalize", x, **flat), weight, bias, wide), *saved)
    root = term(np.sqrt, term(np.add, term(np.reshape, variance, wide), eps))
    apart = term(np.divide, term(np.subtract, x, term(np.reshape, mean, wide)), root)
    return scaled(apart, weight, bias, wide), None, None


def group_norm(
    x: Any, weight: Any, bias: Any, examples: int, channels: int, area: int, groups: int, eps: float
) -> tuple[Any, ...]:
    """Normalise over groups of channels of each example."""
    shape = shape_of(x)
    rows = term(np.reshape, x, (examples, groups, -1))
    back = term(np.reshape, language("normalize", rows, axis=-1, eps=float(eps)), shape)
    wide = (1, shape[1], *(1,) * (len(shape) - 2))
    return scaled(back, weight, bias, wide), None, None


def one(values: Sequence[int]) -> int:
    """Return the number that is the same for all axes."""
    if len(set(values)) != 1:
        raise UnknownFormError("another number for each axis")
    return int(values[0])


def convolution(
    x: Any,
    weight: Any,
    bias: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> Any:
    """Lay filters over lines or images."""
    rank = len(shape_of(x)) - 2
    options = {"stride": one(stride), "padding": one(padding), "dilation": one(dilation), "groups": groups}
    if transposed:
        options["output_padding"] = one(output_padding)
    if rank > 2 or (transposed and rank != 2):
        raise UnknownFormError(f"a convolution over {rank} axes")
    name = "conv_transpose2d" if transposed else f"conv{rank}d"
    out = language(name, x, weight, **options)
    return plus(out, None if bias is None else term(np.reshape, bias, (1, -1, *(1,) * rank)))


def pooled(name: str) -> OperationEntry:
    """Return the entry of a pooling over images."""

    def entry(
        x: Any,
        size: Sequence[int],
        stride: Sequence[int] = (),
        padding: Sequence[int] = (0,),
        *more: Any,
        **options: Any,
    ) -> Any:
        dilation = more[0] if more and name == "max_pool2d" else (1,)
        if (name == "max_pool2d" and set(dilation) != {1}) or any(
            given is True for given in more[:1] if name == "avg_pool2d"
        ):
            raise UnknownFormError("a pooling of this form")
        out = language(name, x, size=one(size), stride=one(stride or size), padding=one(padding))
        return (out, None) if name == "max_pool2d" else out

    return entry


def upsampled(x: Any, size: Any, *scales: Any) -> Application:
    """Repeat each pixel."""
    height, width = shape_of(x)[2:]
    if size[0] % height or size[0] // height * width != size[1]:
        raise UnknownFormError("a scale that is no whole number")
    return language("upsample", x, scale=size[0] // height)


def turned(x: Any, rank: int | None = None) -> Application:
    """Exchange the last two axes."""
    rank = len(shape_of(x)) if rank is None else rank
    return language("swap_axes", x, first=rank - 2, second=rank - 1)


def attention_scores(query: Any, key: Any, dropout: float, causal: bool, mask: Any, scale: Any) -> Any:
    """Q kᵀ / √d + mask."""
    if dropout:
        raise UnknownFormError("attention with dropout")
    factor = 1 / math.sqrt(shape_of(key)[-1]) if scale is None else scale
    scores = times(term(np.matmul, query, turned(key)), factor)
    return plus(language("causal_mask", scores) if causal else scores, mask)


def attention_weights(*operands: Any) -> Any:
    """Return the softmax of that."""
    return language("softmax", attention_scores(*operands), axis=-1)


def attention(
    query: Any,
    key: Any,
    value: Any,
    dropout: float = 0.0,
    causal: bool = False,
    attn_mask: Any = None,
    scale: Any = None,
) -> tuple[Any, ...]:
    """softmax(q kᵀ / √d + mask) v, and the logarithms of the sums in the softmax."""
    given = (query, key, dropout, causal, attn_mask, scale)
    out = term(np.matmul, attention_weights(*given), value)
    return out, language("logsumexp", attention_scores(*given), axis=-1)


def mean_of_image(x: Any, size: Sequence[int]) -> Application:
    """Return the mean of each channel, where that is what is asked for."""
    if tuple(size) != (1, 1):
        raise UnknownFormError("a pooling to another size than 1")
    return term(np.mean, x, axis=(-2, -1), keepdims=True)
