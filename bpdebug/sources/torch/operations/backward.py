"""The table goes on: what torch's own backward pass calls, `g` the incoming gradient first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bpdebug.sources.libraries.terms import OperationEntry, UnknownFormError, language, shape_of, term, times
from bpdebug.sources.script.recorder.operations import InPlace, put
from bpdebug.sources.torch.operations.layers import attention_weights, one, turned
from bpdebug.sources.torch.operations.losses import picked


def times_slope(name: str, *options: str) -> OperationEntry:
    """Return the entry of g · f′(x)."""

    def entry(g: Any, x: Any, *values: Any) -> Any:
        given = {option: float(value) for option, value in zip(options, values, strict=False)}
        return term(np.multiply, g, language(name, x, **given))

    return entry


def threshold(g: Any, x: Any, limit: Any) -> Any:
    """Pass on where x is larger."""
    return term(np.multiply, g, term(np.greater, x, limit))


def sigmoid(g: Any, out: Any) -> Any:
    """G · a (1 − a)."""
    return term(np.multiply, g, term(np.multiply, out, term(np.subtract, 1, out)))


def tanh(g: Any, out: Any) -> Any:
    """G · (1 − a²)."""
    return term(np.multiply, g, term(np.subtract, 1, term(np.power, out, 2)))


def softmax(g: Any, out: Any, dim: int, dtype: Any = None) -> Any:
    """P (g − Σ g p)."""
    held = term(np.sum, term(np.multiply, g, out), axis=dim, keepdims=True)
    return term(np.multiply, out, term(np.subtract, g, held))


def log_softmax(g: Any, out: Any, dim: int, dtype: Any = None) -> Any:
    """G − eᵒᵘᵗ Σ g."""
    total = term(np.sum, g, axis=dim, keepdims=True)
    return term(np.subtract, g, term(np.multiply, term(np.exp, out), total))


def leaky_relu(g: Any, x: Any, slope: float, is_result: bool) -> Any:
    """g, or slope · g."""
    return term(np.multiply, g, language("leaky_relu_prime", x, slope=float(slope)))


def gelu(g: Any, x: Any, approximate: str = "none") -> Any:
    """G · gelu′(x)."""
    return term(np.multiply, g, language("gelu_prime" if approximate == "none" else "gelu_tanh_prime", x))


def softplus(g: Any, x: Any, beta: float, limit: float) -> Any:
    """G · σ(x)."""
    if beta != 1:
        raise UnknownFormError("softplus with a factor")
    return term(np.multiply, g, language("sigmoid", x))


def _shared(g: Any, reduction: int, x: Any) -> Any:
    """Return the gradient of each element's loss: a mean divides by how many there are."""
    return term(np.divide, g, int(np.prod(shape_of(x)))) if reduction == 1 else g


def mse_loss(g: Any, x: Any, y: Any, reduction: int) -> Any:
    """2 (x − y) g."""
    apart = term(np.multiply, 2, term(np.subtract, x, y))
    return term(np.multiply, apart, _shared(g, reduction, x))


def binary_cross_entropy(g: Any, x: Any, y: Any, weight: Any = None, reduction: int = 1) -> Any:
    """(x − y) / (x (1 − x)) g."""
    if weight is not None:
        raise UnknownFormError("weights")
    return term(np.multiply, language("binary_cross_entropy_prime", x, y), _shared(g, reduction, x))


def huber(g: Any, x: Any, y: Any, reduction: int, delta: float) -> Any:
    """huber′(x − y) g."""
    slope = language("huber_prime", term(np.subtract, x, y), delta=float(delta))
    return term(np.multiply, slope, _shared(g, reduction, x))


def smooth_l1(g: Any, x: Any, y: Any, reduction: int, beta: float) -> Any:
    """Divide that by δ."""
    return term(np.divide, huber(g, x, y, reduction, beta), float(beta))


def attention(
    g: Any,
    query: Any,
    key: Any,
    value: Any,
    out: Any,
    sums: Any,
    dropout: float,
    causal: bool,
    attn_mask: Any = None,
    scale: Any = None,
) -> tuple[Any, ...]:
    """P = softmax(q kᵀ / √d); dv = pᵀ g, ds = p (g vᵀ − Σ g vᵀ p), dq = ds k / √d, dk = dsᵀ q / √d."""
    factor = 1 / math.sqrt(shape_of(key)[-1]) if scale is None else scale
    weights = attention_weights(query, key, dropout, causal, attn_mask, scale)
    scores = softmax(term(np.matmul, g, turned(value)), weights, -1)
    return (
        times(term(np.matmul, scores, key), factor),
        times(term(np.matmul, turned(scores, len(shape_of(key))), query), factor),
        term(np.matmul, turned(weights, len(shape_of(key))), g),
    )


def nll_loss(g: Any, scores: Any, target: Any, weight: Any, reduction: int, ignored: int, total: Any) -> Any:
    """−g at each example's class, 0 elsewhere."""
    if weight is not None:
        raise UnknownFormError("weights of classes")
    index = picked(scores, target, ignored)
    count = int(np.prod(shape_of(target)))
    each = term(np.negative, term(np.divide, g, count) if reduction == 1 else g)
    zeros = np.zeros(shape_of(scores), scores.like.dtype)
    return term(put, zeros, index, each)


def embedding(g: Any, indices: Any, count: int, *options: Any) -> Any:
    """Add up what comes back for each row."""
    zeros = np.zeros((count, shape_of(g)[-1]), g.like.dtype)
    return term(InPlace(np.add.at), zeros, indices, g)


def slice_back(g: Any, shape: Sequence[int], dim: int, start: int, end: int, step: int) -> Any:
    """Put a part back into zeros."""
    start, end, _ = slice(start, end).indices(shape[dim])
    index = (*(slice(None),) * (dim % len(shape)), slice(start, end, step))
    return term(put, np.zeros(tuple(shape), g.like.dtype), index, g)


def select_back(g: Any, shape: Sequence[int], dim: int, index: int) -> Any:
    """Put one place along an axis back into zeros."""
    places = (*(slice(None),) * (dim % len(shape)), index)
    return term(put, np.zeros(tuple(shape), g.like.dtype), places, g)


def convolution(
    g: Any,
    x: Any,
    weight: Any,
    bias_sizes: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
    mask: Sequence[bool],
) -> tuple[Any, ...]:
    """Return the gradients of the input, of the filters, and of the bias."""
    rank = len(shape_of(x)) - 2
    if rank > 2 or (transposed and rank != 2):
        raise UnknownFormError("a convolution of this form")
    options = {"stride": one(stride), "padding": one(padding), "dilation": one(dilation), "groups": groups}
    name = f"conv{rank}d"
    first = language(f"{name}_input_gradient", g, weight, x, **options)
    found = (
        language(name, g, weight, **options) if transposed else first,
        language(f"{name}_weight_gradient", *((g, x) if transposed else (x, g)), weight, **options),
        term(np.sum, g, axis=(0, *range(2, rank + 2))),
    )
    return tuple(one if wanted else None for one, wanted in zip(found, mask, strict=True))


def max_pool(
    g: Any, x: Any, size: Any, stride: Any, padding: Any, dilation: Any, ceil: bool, indices: Any
) -> Any:
    """Send each window's gradient to its largest element."""
    if ceil or set(dilation) != {1}:
        raise UnknownFormError("a pooling of this form")
    options = {"size": one(size), "stride": one(stride or size), "padding": one(padding)}
    return language("max_pool2d_gradient", g, x, **options)


def average_pool(g: Any, x: Any, size: Any, stride: Any, padding: Any, *more: Any) -> Any:
    """Send each window's gradient to all of its elements, in equal parts."""
    options = {"size": one(size), "stride": one(stride or size), "padding": one(padding)}
    return language("avg_pool2d_gradient", g, x, **options)


def upsampled(g: Any, size: Any, shape: Sequence[int], *scales: Any) -> Any:
    """Add the gradients of all copies of a pixel up."""
    if size[0] % shape[2] or size[0] // shape[2] * shape[3] != size[1]:
        raise UnknownFormError("a scale that is no whole number")
    return language("upsample_gradient", g, scale=size[0] // shape[2])


def elu(g: Any, alpha: float, scale: float, input_scale: float, is_result: bool, x: Any) -> Any:
    """G · elu′(x)."""
    if is_result or scale != 1 or input_scale != 1:
        raise UnknownFormError("elu with a scale")
    return term(np.multiply, g, language("elu_prime", x, alpha=float(alpha)))


def _normalised(g: Any, x_hat: Any, rstd: Any, axis: Any) -> Any:
    """Rstd · (g − mean(g) − x̂ · mean(g x̂))."""
    mean = term(np.mean, g, axis=axis, keepdims=True)
    along = term(np.mean, term(np.multiply, g, x_hat), axis=axis, keepdims=True)
    apart = term(np.subtract, term(np.subtract, g, mean), term(np.multiply, x_hat, along))
    return term(np.multiply, rstd, apart)


def layer_norm(
    g: Any, x: Any, shape: Sequence[int], mean: Any, rstd: Any, weight: Any, bias: Any, mask: Any
) -> tuple[Any, ...]:
    """Return the gradients of x, of the scale, and of the shift."""
    axis = tuple(range(-len(shape), 0))
    before = tuple(range(len(shape_of(x)) - len(shape)))
    x_hat = term(np.multiply, term(np.subtract, x, mean), rstd)
    inner = g if weight is None else term(np.multiply, g, weight)
    found = (
        _normalised(inner, x_hat, rstd, axis),
        term(np.sum, term(np.multiply, g, x_hat), axis=before),
        term(np.sum, g, axis=before),
    )
    return tuple(one if wanted else None for one, wanted in zip(found, mask, strict=True))


def batch_norm(
    g: Any,
    x: Any,
    weight: Any,
    running_mean: Any,
    running_variance: Any,
    mean: Any,
    rstd: Any,
    training: bool,
    eps: float,
    mask: Any,
) -> tuple[Any, ...]:
    """Return the same for a normalisation over the batch."""
    if not training:
        raise UnknownFormError("a normalisation by what was kept")
    shape = shape_of(x)
    axis = tuple(place for place in range(len(shape)) if place != 1)
    wide = (1, shape[1], *(1,) * (len(shape) - 2))
    width = term(np.reshape, rstd, wide)
    x_hat = term(np.multiply, term(np.subtract, x, term(np.reshape, mean, wide)), width)
    inner = g if weight is None else term(np.multiply, g, term(np.reshape, weight, wide))
    found = (
        _normalised(inner, x_hat, width, axis),
        term(np.sum, term(np.multiply, g, x_hat), axis=axis),
        term(np.sum, g, axis=axis),
    )
    return tuple(one if wanted else None for one, wanted in zip(found, mask, strict=True))


BACKWARD: Mapping[str, OperationEntry] = {
    "threshold_backward": threshold,
    "sigmoid_backward": sigmoid,
    "tanh_backward": tanh,
    "_softmax_backward_data": softmax,
    "_log_softmax_backward_data": log_softmax,
    "leaky_relu_backward": leaky_relu,
    "gelu_backward": gelu,
    "silu_backward": times_slope("silu_prime"),
    "elu_backward": elu,
    "mish_backward": times_slope("mish_prime"),
    "hardtanh_backward": times_slope("hardtanh_prime", "lowest", "highest"),
    "softplus_backward": softplus,
    "mse_loss_backward": mse_loss,
    "huber_loss_backward": huber,
    "smooth_l1_loss_backward": smooth_l1,
    "_scaled_dot_product_flash_attention_for_cpu_backward": attention,
    "binary_cross_entropy_backward": binary_cross_entropy,
    "nll_loss_backward": nll_loss,
    "nll_loss2d_backward": nll_loss,
    "embedding_dense_backward": embedding,
    "slice_backward": slice_back,
    "select_backward": select_back,
    "max_pool2d_with_indices_backward": max_pool,
    "avg_pool2d_backward": average_pool,
    "upsample_nearest2d_backward": upsampled,
    "convolution_backward": convolution,
    "native_layer_norm_backward": layer_norm,
    "native_batch_norm_backward": batch_norm,
}
"""The operation's name -> its entry."""
