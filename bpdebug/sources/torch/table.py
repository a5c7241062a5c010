"""The table: an operation of torch's forward pass -> what it computes, in functions of NumPy's.

An entry takes the arguments of the operation, tensors as nodes, and returns a term, or one for each result;
None stands for a result that nothing is derived through. An operation in place has the entry of the other,
`add_` that of `add`. What is not here is computed by torch itself where it has to be computed again, and is
opaque to the derivation; so is every form that an entry does not know: it raises `UnknownFormError`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bpdebug.sources.script.recorder.operations import InLanguage, InPlace, put
from bpdebug.sources.script.recorder.records import Node


class Application(NamedTuple):
    """`function(*operands, **options)`, where an operand may be a term itself."""

    function: Callable[..., Any]
    operands: tuple[Any, ...]
    options: Mapping[str, Any]


OperationEntry = Callable[..., Any]


class UnknownFormError(Exception):
    """An operation is known, but not with these arguments."""


def term(function: Callable[..., Any], *operands: Any, **options: Any) -> Application:
    """Write a term."""
    return Application(function, operands, options)


def language(name: str, *operands: Any, **options: Any) -> Application:
    """Write a function of the tensor language."""
    return Application(InLanguage(name, tuple(options.items())), operands, {})


def of(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of an operation that takes what a function of NumPy's takes."""
    return lambda *operands: term(function, *operands)


def named(name: str) -> OperationEntry:
    """Return the entry of an operation that is a function of the language."""
    return lambda *operands: language(name, *operands)


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of an operand."""
    return value.shape if type(value) is Node else np.shape(value)


def times(x: Any, factor: Any) -> Any:
    """Multiply by a number, unless it is 1."""
    return x if type(factor) is not Node and factor == 1 else term(np.multiply, x, factor)


def plus(x: Any, y: Any) -> Any:
    """Add, unless there is nothing to add."""
    return x if y is None else term(np.add, x, y)


# ---- arithmetic


def add(x: Any, y: Any, alpha: Any = 1) -> Application:
    """X + α y."""
    return term(np.add, x, times(y, alpha))


def subtract(x: Any, y: Any, alpha: Any = 1) -> Application:
    """X − α y."""
    return term(np.subtract, x, times(y, alpha))


def divide(x: Any, y: Any, rounding_mode: str | None = None) -> Application:
    """X / y."""
    if rounding_mode is not None:
        raise UnknownFormError("a division that rounds")
    return term(np.divide, x, y)


def power(x: Any, y: Any) -> Application:
    """X ** y."""
    if type(y) is not Node and y == 1:
        return term(np.copy, x)
    return term(np.power, x, float(y) if type(y) is int and y < 0 else y)


def clamp(x: Any, low: Any = None, high: Any = None) -> Any:
    """Cut off at bounds."""
    bounds = {"lowest": low, "highest": high}
    if any(type(bound) is Node for bound in bounds.values()):
        raise UnknownFormError("bounds that are tensors")
    return language("clamp", x, **{name: float(one) for name, one in bounds.items() if one is not None})


def lerp(x: Any, y: Any, weight: Any) -> Application:
    """X + weight (y − x)."""
    return term(np.add, x, term(np.multiply, weight, term(np.subtract, y, x)))


def addcmul(x: Any, y: Any, z: Any, value: Any = 1) -> Application:
    """X + value · y z."""
    return term(np.add, x, times(term(np.multiply, y, z), value))


def addcdiv(x: Any, y: Any, z: Any, value: Any = 1) -> Application:
    """X + value · y / z."""
    return term(np.add, x, times(term(np.divide, y, z), value))


def addmm(bias: Any, x: Any, y: Any, beta: Any = 1, alpha: Any = 1) -> Application:
    """β bias + α x @ y."""
    return term(np.add, times(term(np.matmul, x, y), alpha), times(bias, beta))


def logic(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of `&`, `|`, `~`, which are those of logic where they are given truths."""

    def entry(*operands: Any) -> Application:
        if any(type(one) is Node and one.like.dtype.kind != "b" for one in operands):
            raise UnknownFormError("bits of integers")
        return term(function, *operands)

    return entry


# ---- reductions


def axes(dims: Any) -> Any:
    """Return what NumPy calls `axis`."""
    if isinstance(dims, int):
        return dims
    return None if not dims else dims[0] if len(dims) == 1 else tuple(dims)


def reduced(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of a sum, a mean, a largest or smallest element."""

    def entry(x: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Application:
        options = {"keepdims": True} if keepdim else {}
        return term(function, x, axis=axes(dim), **options)

    return entry


def extreme(function: Callable[..., Any]) -> OperationEntry:
    """Return the entry of `max` and `min`, which along an axis also say where."""

    def entry(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if type(dim) is Node:
            return term(np.maximum if function is np.max else np.minimum, x, dim)
        found = term(function, x, axis=dim, **({"keepdims": True} if keepdim else {}))
        return found if dim is None else (found, None)

    return entry


def variance(x: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Application:
    """Σ (x − mean)² / (n − correction)."""
    correction = 1 if correction is None else int(correction)
    shape, along = shape_of(x), axes(dim)
    over = range(len(shape)) if along is None else along if isinstance(along, tuple) else (along,)
    count = math.prod(shape[axis] for axis in over)
    apart = term(np.subtract, x, term(np.mean, x, axis=along, keepdims=True))
    squares = term(np.sum, term(np.power, apart, 2), axis=along, keepdims=keepdim)
    return term(np.divide, squares, count - correction)


def deviation(*operands: Any, **options: Any) -> Application:
    """√ of the variance."""
    return term(np.sqrt, variance(*operands, **options))


def variance_and_mean(x: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Any:
    """Both."""
    mean = term(np.mean, x, axis=axes(dim), keepdims=keepdim)
    return variance(x, dim, correction, keepdim), mean


def norm(x: Any, order: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Application:
    """√ of the sum of squares."""
    if order != 2:
        raise UnknownFormError("another norm")
    return term(np.sqrt, term(np.sum, term(np.multiply, x, x), axis=axes(dim), keepdims=keepdim))


# ---- moving elements


def transposed(x: Any, *dims: int) -> Application:
    """Exchange two axes."""
    rank = len(shape_of(x))
    if rank <= 2:
        moved = rank == 2 and len({dim % rank for dim in dims or (0, 1)}) == 2
        return term(np.transpose, x) if moved else term(np.copy, x)
    first, second = (dim % rank for dim in dims)
    return language("swap_axes", x, first=first, second=second)


def permuted(x: Any, dims: Sequence[int]) -> Application:
    """Take the axes in another order."""
    order = tuple(dim % len(dims) for dim in dims)
    return term(np.transpose, x) if order == (1, 0) else language("permute", x, axes=order)


def at_axis(x: Any, dim: int, index: Any) -> Application:
    """Take a part along one axis."""
    return term(operator.getitem, x, (*(slice(None),) * (dim % len(shape_of(x))), index))


def sliced(x: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Application:
    """`x[start:end:step]` along one axis."""
    extent = shape_of(x)[dim]
    start, end, _ = slice(start, end).indices(extent)
    return at_axis(x, dim, slice(start, end, None if step == 1 else step))


def unbound(x: Any, dim: int = 0) -> tuple[Application, ...]:
    """Take each part along one axis."""
    return tuple(at_axis(x, dim, place) for place in range(shape_of(x)[dim]))


def split(x: Any, sizes: Any, dim: int = 0) -> tuple[Application, ...]:
    """Take parts of some lengths, one after the other."""
    extent = shape_of(x)[dim]
    lengths = sizes
    if isinstance(sizes, int):
        lengths = [min(sizes, extent - start) for start in range(0, extent, sizes)]
    ends = [sum(lengths[: number + 1]) for number in range(len(lengths))]
    return tuple(at_axis(x, dim, slice(end - length, end)) for end, length in zip(ends, lengths, strict=True))


def indexed(x: Any, indices: Sequence[Any]) -> Application:
    """`x[i, j]`, with tensors as indices."""
    return term(operator.getitem, x, tuple(slice(None) if one is None else one for one in indices))


def index_put(x: Any, indices: Sequence[Any], value: Any, accumulate: bool = False) -> Application:
    """`x[i, j] = v`, or `+= v` for each time that a place is named."""
    places = tuple(slice(None) if one is None else one for one in indices)
    return term(InPlace(np.add.at) if accumulate else put, x, places, value)


def joined(tensors: Sequence[Any], dim: int = 0) -> Application:
    """One tensor after the other."""
    parts = [one for one in tensors if shape_of(one) != (0,)]
    return term(np.concatenate, parts, axis=dim) if len(parts) > 1 else term(np.copy, parts[0])


def padded(x: Any, widths: Sequence[int], value: Any = 0) -> Application:
    """Zeros around; the last axis comes first."""
    if value or any(width < 0 for width in widths):
        raise UnknownFormError("padding with other values than 0")
    pairs = [tuple(widths[at : at + 2]) for at in range(0, len(widths), 2)][::-1]
    return term(np.pad, x, ((0, 0),) * (len(shape_of(x)) - len(pairs)) + tuple(pairs))


def expanded(x: Any, shape: Sequence[int], implicit: bool = False) -> Application:
    """Repeat what has the extent 1."""
    own = shape_of(x)
    new = (1,) * (len(shape) - len(own)) + own
    full = tuple(extent if extent != -1 else was for extent, was in zip(shape, new, strict=True))
    return language("expand", x if new == own else term(np.reshape, x, new), shape=full)


def embedded(weight: Any, indices: Any, *options: Any) -> Application:
    """Look rows up."""
    return term(operator.getitem, weight, indices)


def masked_fill(x: Any, mask: Any, value: Any) -> Application:
    """Write a value where a mask is true."""
    if type(value) is Node:
        return term(np.where, mask, value, x)
    return language("masked", x, mask, value=float(value))


# ---- activations


def gelu(x: Any, approximate: str = "none") -> Application:
    """X Φ(x), or its approximation."""
    return language("gelu" if approximate == "none" else "gelu_tanh", x)


def elu(x: Any, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Any:
    """x, or scale · α (eˣ − 1)."""
    if input_scale != 1:
        raise UnknownFormError("elu with a scale")
    return times(language("elu", x, alpha=float(alpha)), scale)


def leaky_relu(x: Any, slope: float = 0.01) -> Application:
    """x, or a small multiple of it."""
    return language("leaky_relu", x, slope=float(slope))


def hardtanh(x: Any, low: float = -1, high: float = 1) -> Application:
    """x, cut off."""
    return language("hardtanh", x, lowest=float(low), highest=float(high))


def softplus(x: Any, beta: float = 1, threshold: float = 20) -> Application:
    """log(1 + eˣ)."""
    if beta != 1:
        raise UnknownFormError("softplus with a factor")
    return language("softplus", x)


def softmax(name: str) -> OperationEntry:
    """Return the entry of a softmax, or of its logarithm."""
    return lambda x, dim, to_float=False: language(name, x, axis=dim)


def threshold(x: Any, limit: Any, value: Any) -> Application:
    """X where it is larger, else a value."""
    return term(np.where, term(np.greater, x, limit), x, value)


# ---- losses


def over(reduction: int, x: Any) -> Any:
    """Take no mean (0), the mean (1), or the sum (2)."""
    return x if reduction == 0 else term(np.mean if reduction == 1 else np.sum, x)


def mse_loss(x: Any, y: Any, reduction: int = 1) -> Any:
    """(x − y)²."""
    return over(reduction, term(np.power, term(np.subtract, x, y), 2))


def binary_cross_entropy(x: Any, y: Any, weight: Any = None, reduction: int = 1) -> Any:
    """−y log x − (1 − y) log(1 − x)."""
    each = language("binary_cross_entropy", x, y)
    return over(reduction, each if weight is None else term(np.multiply, each, weight))


def with_logits(x: Any, y: Any, weight: Any = None, positive: Any = None, reduction: int = 1) -> Any:
    """Write the same of σ(x)."""
    if positive is not None:
        raise UnknownFormError("a weight of the positive class")
    each = language("binary_cross_entropy_with_logits", x, y)
    return over(reduction, each if weight is None else term(np.multiply, each, weight))


def huber(x: Any, y: Any, reduction: int = 1, delta: float = 1.0) -> Any:
    """½ x² near 0, a straight line beyond δ."""
    return over(reduction, language("huber", term(np.subtract, x, y), delta=float(delta)))


def smooth_l1(x: Any, y: Any, reduction: int = 1, beta: float = 1.0) -> Any:
    """Divide that by δ."""
    each = language("huber", term(np.subtract, x, y), delta=float(beta))
    return over(reduction, times(each, 1 / beta))


def picked(scores: Any, target: Any, ignored: int = -100) -> Any:
    """Return the index of each example's class."""
    if type(target) is not Node or np.any(target.value == ignored):
        raise UnknownFormError("classes that are left out")
    examples = np.arange(shape_of(scores)[0])
    if len(shape_of(scores)) == 2:
        return (examples, target)
    if len(shape_of(scores)) == 4:
        _, _, height, width = shape_of(scores)
        rows = np.arange(height)[None, :, None]
        return (examples[:, None, None], target, rows, np.arange(width)[None, None, :])
    return (target,)


def nll_loss(
    scores: Any, target: Any, weight: Any = None, reduction: int = 1, ignored: int = -100
) -> tuple[Any, None]:
    """Minus the score of each example's class."""
    if weight is not None:
        raise UnknownFormError("weights of classes")
    own = term(operator.getitem, scores, picked(scores, target, ignored))
    return term(np.negative, over(reduction, own)), None


# ---- layers


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
    x: Any,
    weight: Any,
    bias: Any,
    mean: Any,
    variance: Any,
    training: bool,
    momentum: float,
    eps: float,
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


FORWARD: Mapping[str, OperationEntry] = {
    "add": add,
    "sub": subtract,
    "rsub": lambda x, y, alpha=1: term(np.subtract, y, times(x, alpha)),
    "mul": of(np.multiply),
    "div": divide,
    "true_divide": divide,
    "neg": of(np.negative),
    "pow": power,
    "reciprocal": lambda x: term(np.divide, 1, x),
    "sqrt": of(np.sqrt),
    "rsqrt": lambda x: term(np.divide, 1, term(np.sqrt, x)),
    "exp": of(np.exp),
    "log": of(np.log),
    "log1p": of(np.log1p),
    "expm1": of(np.expm1),
    "sin": of(np.sin),
    "cos": of(np.cos),
    "tan": named("tan"),
    "atan": named("arctan"),
    "erf": named("erf"),
    "floor": named("floor"),
    "round": named("round"),
    "abs": of(np.abs),
    "sign": of(np.sign),
    "sgn": of(np.sign),
    "square": of(np.square),
    "tanh": of(np.tanh),
    "sigmoid": named("sigmoid"),
    "relu": lambda x: term(np.maximum, x, 0),
    "silu": named("silu"),
    "mish": named("mish"),
    "gelu": gelu,
    "elu": elu,
    "leaky_relu": leaky_relu,
    "hardtanh": hardtanh,
    "softplus": softplus,
    "threshold": threshold,
    "clamp": clamp,
    "clamp_min": lambda x, low: clamp(x, low),
    "clamp_max": lambda x, high: clamp(x, None, high),
    "maximum": of(np.maximum),
    "minimum": of(np.minimum),
    "lerp": lerp,
    "addcmul": addcmul,
    "addcdiv": addcdiv,
    "gt": of(np.greater),
    "ge": of(np.greater_equal),
    "lt": of(np.less),
    "le": of(np.less_equal),
    "eq": of(np.equal),
    "ne": of(np.not_equal),
    "logical_and": of(np.logical_and),
    "logical_or": of(np.logical_or),
    "logical_not": of(np.logical_not),
    "bitwise_and": logic(np.logical_and),
    "bitwise_or": logic(np.logical_or),
    "bitwise_not": logic(np.logical_not),
    "isnan": of(np.isnan),
    "isinf": of(np.isinf),
    "where": of(np.where),
    "masked_fill": masked_fill,
    "mm": of(np.matmul),
    "bmm": of(np.matmul),
    "mv": of(np.matmul),
    "dot": of(np.dot),
    "addmm": addmm,
    "addmv": addmm,
    "baddbmm": addmm,
    "sum": reduced(np.sum),
    "mean": reduced(np.mean),
    "amax": reduced(np.max),
    "amin": reduced(np.min),
    "max": extreme(np.max),
    "min": extreme(np.min),
    "any": reduced(np.any),
    "all": reduced(np.all),
    "var": variance,
    "std": deviation,
    "var_mean": variance_and_mean,
    "linalg_vector_norm": norm,
    "norm": norm,
    "logsumexp": lambda x, dim, keepdim=False: language("logsumexp", x, axis=axes(dim), keepdims=keepdim),
    "cumsum": lambda x, dim, dtype=None: term(np.cumsum, x, axis=dim),
    "_softmax": softmax("softmax"),
    "_safe_softmax": lambda x, dim, dtype=None: language("softmax", x, axis=dim),
    "_log_softmax": softmax("log_softmax"),
    "t": transposed,
    "transpose": transposed,
    "permute": permuted,
    "select": at_axis,
    "slice": sliced,
    "unbind": unbound,
    "split": split,
    "split_with_sizes": split,
    "unsafe_split": split,
    "unsafe_split_with_sizes": split,
    "index": indexed,
    "index_put": index_put,
    "_index_put_impl": index_put,
    "index_select": lambda x, dim, index: term(np.take, x, index, axis=dim),
    "gather": lambda x, dim, index, sparse_grad=False: term(np.take_along_axis, x, index, axis=dim),
    "cat": joined,
    "stack": lambda tensors, dim=0: term(np.stack, list(tensors), axis=dim),
    "constant_pad_nd": padded,
    "expand": expanded,
    "repeat": lambda x, times: term(np.tile, x, tuple(times)),
    "flip": lambda x, dims: term(np.flip, x, axis=axes(dims)),
    "roll": lambda x, shifts, dims=(): term(np.roll, x, axes(shifts), axis=axes(dims)),
    "tril": lambda x, diagonal=0: term(np.tril, x, diagonal),
    "triu": lambda x, diagonal=0: term(np.triu, x, diagonal),
    "diagonal": lambda x, offset=0, dim1=0, dim2=1: term(np.diagonal, x, offset, dim1, dim2),
    "embedding": embedded,
    "clone": lambda x, memory_format=None: term(np.copy, x),
    "mse_loss": mse_loss,
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_with_logits": with_logits,
    "huber_loss": huber,
    "smooth_l1_loss": smooth_l1,
    "nll_loss_forward": nll_loss,
    "nll_loss2d_forward": nll_loss,
    "native_layer_norm": layer_norm,
    "native_batch_norm": batch_norm,
    "native_group_norm": group_norm,
    "convolution": convolution,
    "max_pool2d_with_indices": pooled("max_pool2d"),
    "avg_pool2d": pooled("avg_pool2d"),
    "_adaptive_avg_pool2d": lambda x, size: _mean_of_image(x, size),
    "upsample_nearest2d": upsampled,
    "_scaled_dot_product_flash_attention_for_cpu": attention,
}
"""The operation's name without `aten.` and overload -> its entry."""
RESHAPES = frozenset(
    {"view", "_unsafe_view", "reshape", "_reshape_alias", "squeeze", "unsqueeze", "unflatten", "flatten"}
)
"""What gives the same elements in the same order, in the shape that comes out."""
SAME = frozenset({"copy", "detach", "alias", "lift_fresh", "lift", "contiguous", "_to_copy", "view_as"})
"""What gives the same elements again."""
LOST = {"native_batch_norm": (3, 4), "_native_batch_norm_legit": (3, 4)}
"""What an operation changes without saying so: the numbers of its arguments."""


def _mean_of_image(x: Any, size: Sequence[int]) -> Application:
    if tuple(size) != (1, 1):
        raise UnknownFormError("a pooling to another size than 1")
    return term(np.mean, x, axis=(-2, -1), keepdims=True)
