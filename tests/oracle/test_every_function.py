"""Every function that has a derivative, against torch: its result, and the gradient of each argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bpdebug.engine.language.derivation.derive import derive
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.forms import ALONG_AXIS, ELEMENTWISE, REDUCTION
from bpdebug.engine.language.functions import FUNCTIONS, Function, Sample
from bpdebug.engine.language.nodes import PLACES, Call, Name, Statement, numpy_index

RTOL = 1e-9
SEEDS = range(6)
ANY_SHAPE = (ELEMENTWISE, ALONG_AXIS, REDUCTION)
DERIVED = sorted(name for name, function in FUNCTIONS.items() if any(function.derivatives or ()))
NOT_DIFFERENTIATED = {
    "cleared": (1,),
    "gather": (1,),
    "masked": (1,),
    "replaced": (2,),
    "row_sums": (1, 2),
    "scatter_sum": (1, 2),
    "take": (1,),
    "where": (0,),
}
"""The arguments that are positions or numbers of rows, or lend their shape alone."""


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a reduction that takes every axis where none is named, as NumPy does."""

    def reduced(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        axes = tuple(range(x.ndim)) if axis is None else axis
        return function(x, axes, keepdims)

    return reduced


def theirs() -> dict[str, Callable[..., Any]]:
    """Return for each function what torch computes instead."""
    import torch
    from torch.nn import functional as f

    def slope(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda x: torch.autograd.grad(function(x).sum(), x, create_graph=True)[0]

    def pulled_back(function: Callable[..., Any], place: int) -> Callable[..., Any]:
        """Return the gradient of one argument as a function of the others and what comes in."""

        def gradient(*arguments: Any, **options: Any) -> Any:
            (incoming, *given), like = _incoming_first(place, arguments[:-1]), arguments[-1]
            own = torch.ones_like(like, requires_grad=True)
            operands = [own, *given] if place == 0 else [*given, own]
            result = function(*operands, **options)
            return torch.autograd.grad(result, own, incoming, create_graph=True)[0]

        return gradient

    def broadcast_like(x: Any, y: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if axis is not None and not keepdims:
            x = x.unsqueeze(axis)
        return x.expand(y.shape)

    def placed(x: Any, y: Any, index: Any) -> Any:
        result = torch.zeros_like(y)
        result[numpy_index(index)] = x
        return result

    def split_heads(x: Any, heads: int) -> Any:
        return x.reshape(*x.shape[:-1], heads, -1).transpose(-3, -2)

    def merge_heads(x: Any, heads: int) -> Any:
        return x.transpose(-3, -2).flatten(-2)

    def causal_mask(x: Any) -> Any:
        above = torch.ones(x.shape[-2:]).triu(1).bool()
        return x.masked_fill(above, -torch.inf)

    def pooled(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, size, stride, padding: function(x, size, stride=stride, padding=padding)

    def upsample(x: Any, scale: Any) -> Any:
        height, width = (scale, scale) if isinstance(scale, int) else scale
        return x.repeat_interleave(height, 2).repeat_interleave(width, 3)

    def upsample_gradient(x: Any, scale: Any) -> Any:
        size = (scale, scale) if isinstance(scale, int) else scale
        return f.avg_pool2d(x, size) * (size[0] * size[1])

    def torch_widths(x: Any, width: Any) -> tuple[int, ...]:
        """Return the widths of a border as torch has them: from the last axis to the first."""
        pairs = width * x.ndim if len(width) == 1 else width
        return tuple(number for pair in reversed(pairs) for number in pair)

    def normalize(x: Any, axis: int, eps: float) -> Any:
        return (x - x.mean(axis, keepdim=True)) / (x.var(axis, keepdim=True, correction=0) + eps).sqrt()

    return {
        "abs": torch.abs,
        "add": torch.add,
        "arccos": torch.arccos,
        "arcsin": torch.arcsin,
        "arcsinh": torch.arcsinh,
        "arctan": torch.arctan,
        "arctanh": torch.arctanh,
        "as_rows": lambda x: x.reshape(-1, x.shape[-1]),
        "avg_pool2d": pooled(f.avg_pool2d),
        "avg_pool2d_gradient": pulled_back(pooled(f.avg_pool2d), 0),
        "binary_cross_entropy": lambda x, y: -(y * x.log() + (1 - y) * (1 - x).log()),
        "binary_cross_entropy_with_logits": lambda x, y: f.softplus(x) - x * y,
        "broadcast_like": broadcast_like,
        "cbrt": lambda x: x.sign() * x.abs() ** (1 / 3),
        "causal_mask": causal_mask,
        "clamp": lambda x, lowest, highest: torch.clamp(x, lowest, highest),
        "cleared": lambda x, y: x.flatten().index_fill(0, y.long().flatten(), 0).reshape(x.shape),
        "concatenate": lambda x, y, axis: torch.cat([x, y], axis),
        "conv1d": f.conv1d,
        "conv1d_input_gradient": pulled_back(f.conv1d, 0),
        "conv1d_weight_gradient": pulled_back(f.conv1d, 1),
        "conv2d": f.conv2d,
        "conv2d_input_gradient": pulled_back(f.conv2d, 0),
        "conv2d_weight_gradient": pulled_back(f.conv2d, 1),
        "conv_transpose2d": f.conv_transpose2d,
        "cos": torch.cos,
        "cosh": torch.cosh,
        "crop": lambda x, width: f.pad(x, tuple(-n for n in torch_widths(x, width))),
        "cross_entropy": lambda x, y, axis: x.logsumexp(axis, True) - (x * y).sum(axis, True),
        "cumsum": torch.cumsum,
        "divide": torch.div,
        "dot": torch.dot,
        "einsum": lambda *tensors, subscripts: torch.einsum(subscripts, *tensors),
        "elu": f.elu,
        "erf": torch.erf,
        "exp": torch.exp,
        "exp2": torch.exp2,
        "expand": lambda x, shape: x.expand(shape),
        "expm1": torch.expm1,
        "flatten": lambda x, start: x.flatten(start),
        "flip": lambda x, axis: x.flip(tuple(range(x.ndim)) if axis is None else axis),
        "floor": torch.floor,
        "gather": lambda x, y: torch.take(x, y.long()),
        "gelu": f.gelu,
        "gelu_tanh": lambda x: f.gelu(x, approximate="tanh"),
        "half_square": lambda x: (x**2).sum() / 2,
        "hardtanh": lambda x, lowest, highest: f.hardtanh(x, lowest, highest),
        "huber": lambda x, delta: f.huber_loss(x, torch.zeros_like(x), delta=delta, reduction="none"),
        "identity": lambda x: x * 1,
        "leaky_relu": lambda x, slope: f.leaky_relu(x, slope),
        "log": torch.log,
        "log1p": torch.log1p,
        "log_softmax": lambda x, axis: f.log_softmax(x, axis),
        "logit": torch.logit,
        "logsumexp": _reduced(torch.logsumexp),
        "masked": lambda x, y, value: x.masked_fill(y.bool(), value),
        "matmul": torch.matmul,
        "max": _reduced(torch.amax),
        "max_pool2d": pooled(f.max_pool2d),
        "maximum": torch.maximum,
        "mean": _reduced(torch.mean),
        "merge_heads": merge_heads,
        "min": _reduced(torch.amin),
        "minimum": torch.minimum,
        "mish": f.mish,
        "multiply": torch.mul,
        "negative": torch.neg,
        "norm": _reduced(lambda x, axes, keepdims: torch.linalg.vector_norm(x, 2, axes, keepdims)),
        "normalize": normalize,
        "outer": torch.outer,
        "pad": lambda x, width: f.pad(x, torch_widths(x, width)),
        "permute": lambda x, axes: x.permute(axes or tuple(reversed(range(x.ndim)))),
        "permute_back": lambda x, axes: x.permute(_inverse(axes, x.ndim)),
        "placed": placed,
        "power": torch.pow,
        "relu": f.relu,
        "relu6": f.relu6,
        "replaced": lambda x, y, z: (
            x.flatten().index_put((z.long().flatten(),), y.expand(z.shape).flatten()).reshape(x.shape)
        ),
        "reshape": lambda x, shape, start: x.reshape(*x.shape[:start], *shape),
        "reshape_like": lambda x, y: x.reshape(y.shape),
        "rms_normalize": lambda x, axis, eps: x / ((x**2).mean(axis, keepdim=True) + eps).sqrt(),
        "round": torch.round,
        "row_sums": lambda x, y, z: torch.zeros_like(z).index_add(
            0, y.long().flatten(), x.reshape(-1, *z.shape[1:])
        ),
        "scatter_sum": lambda x, y, z: (
            torch.zeros_like(z)
            .flatten()
            .index_put((y.long().flatten(),), x.expand(y.shape).flatten(), accumulate=True)
            .reshape(z.shape)
        ),
        "selu": f.selu,
        "sequence": lambda *tensors: torch.stack(tensors, 1),
        "sigmoid": torch.sigmoid,
        "sigmoid_prime": slope(torch.sigmoid),
        "silu": f.silu,
        "silu_prime": slope(f.silu),
        "sin": torch.sin,
        "sinh": torch.sinh,
        "softmax": lambda x, axis: f.softmax(x, axis),
        "softplus": f.softplus,
        "softsign": f.softsign,
        "split_heads": split_heads,
        "sqrt": torch.sqrt,
        "square": torch.square,
        "subscript": lambda x, index: x[numpy_index(index)],
        "subtract": torch.sub,
        "sum": _reduced(torch.sum),
        "swap_axes": lambda x, first, second: x.swapaxes(first, second),
        "take": lambda x, y: x[y.long()],
        "tan": torch.tan,
        "tanh": torch.tanh,
        "tanh_prime": slope(torch.tanh),
        "transpose": lambda x: x.transpose(-1, -2),
        "tril": torch.tril,
        "upsample": upsample,
        "upsample_gradient": upsample_gradient,
        "where": lambda x, y, z: torch.where(x != 0, y, z),
    }


def _inverse(axes: tuple[int, ...] | None, count: int) -> tuple[int, ...]:
    """Return the order that puts axes back which were put in another."""
    order = [axis % count for axis in axes or reversed(range(count))]
    return tuple(order.index(axis) for axis in range(count))


def _incoming_first(place: int, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The weights' gradient takes the input first, and then what comes in."""
    return arguments if place == 0 else arguments[::-1]


def test_each_function_with_a_derivative_has_an_oracle() -> None:
    assert sorted(theirs()) == DERIVED


def drawn(function: Function, sample: Sample, seed: int) -> list[np.ndarray]:
    """Return random arguments like those of a sample: of random shapes where the function takes any.

    Where all numbers of the sample are positive, so are these.
    """
    random, arguments = np.random.default_rng(seed), []
    first = np.ndim(sample.arguments[0])
    shape = tuple(random.integers(1, 6, random.integers(1, 5) if function.form is ELEMENTWISE else first))
    for place, argument in enumerate(sample.arguments):
        given = np.asarray(argument, dtype=float)
        extents = given.shape
        if function.form in ANY_SHAPE:  # what stands behind may be repeated
            extents = tuple(1 if place and random.random() < 0.3 else extent for extent in shape)
        if place in NOT_DIFFERENTIATED.get(function.name, ()):
            is_truth = function.form is ELEMENTWISE
            arguments.append(random.integers(0, 2, extents).astype(float) if is_truth else given)
        elif (given > 0).all():
            arguments.append(random.uniform(given.min(), given.max(), extents))
        else:
            arguments.append(random.normal(size=extents))
    return arguments


CASES = [(name, number) for name in DERIVED for number in range(len(FUNCTIONS[name].samples))]


@pytest.mark.parametrize(("name", "number"), CASES)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_function(name: str, number: int, seed: int) -> None:
    import torch

    function = FUNCTIONS[name]
    sample = function.samples[number]
    arguments = drawn(function, sample, seed)
    options = {**function.options, **sample.options}
    values = dict(zip(PLACES, arguments, strict=False))
    call = Call(name, tuple(map(Name, values)), tuple(sample.options.items()))
    known = {**values, "r": evaluate(call, values)}
    known["dr"] = np.random.default_rng(seed + 100).normal(size=known["r"].shape)
    rules = function.rules(len(arguments)) or ()
    shapes = {key: value.shape for key, value in known.items() if key != "dr"}
    _, backward, _ = derive([Statement("r", call)], shapes, "r")
    for statement in backward:
        known[statement.name] = evaluate(statement.expression, known)

    leaves = [torch.tensor(value, requires_grad=True) for value in arguments]
    result = theirs()[name](*leaves, **options)
    result.backward(torch.tensor(known["dr"]))
    wanted = {"r": result.detach().numpy()}
    for place, leaf, rule in zip(values, leaves, rules, strict=True):
        if rule is not None:
            wanted[f"d{place}"] = leaf.grad.numpy()
    for key, right in wanted.items():
        assert known[key].shape == right.shape, key
        finite = right[np.isfinite(right)]
        scale = max(float(np.abs(finite).max(initial=0)), 1e-300)
        np.testing.assert_allclose(known[key], right, rtol=0, atol=RTOL * scale, err_msg=key)


def test_the_slope_of_clamp_at_its_bounds_and_beyond() -> None:
    import torch

    x = np.array([-2.0, -1.0, 0.0, 1.5, 2.0, np.nan, -0.0])
    call = Call("clamp", (Name("x"),), (("lowest", -1.0), ("highest", 1.5)))
    values = {"x": x, "r": evaluate(call, {"x": x}), "dr": np.ones(7)}
    _, backward, _ = derive([Statement("r", call)], {"x": (7,), "r": (7,)}, "r")
    leaf = torch.tensor(x, requires_grad=True)
    leaf.clamp(-1.0, 1.5).sum().backward()
    np.testing.assert_array_equal(evaluate(backward[0].expression, values), leaf.grad.numpy())


def test_erf_keeps_its_digits_near_zero_and_far_out() -> None:
    import torch

    points = np.concatenate([np.geomspace(1e-300, 30, 400), [0, np.inf, 1 - 1e-15, 1]])
    points = np.concatenate([points, -points])
    right = torch.erf(torch.tensor(points)).numpy()
    np.testing.assert_allclose(FUNCTIONS["erf"].numpy(points), right, rtol=4e-16)
    assert np.isnan(FUNCTIONS["erf"].numpy(np.array([np.nan]))).all()


@pytest.mark.parametrize(
    "text", ["ii->i", "ij,kj,k->i", "i,i", "abc,cd->dab", "ij->", "ij->ji", "i,j->", "i,->i", ",->"]
)
def test_einsum_over_other_letters(text: str) -> None:
    """A diagonal, three operands, no arrow, more axes than in a matrix, sums of everything."""
    import torch

    random = np.random.default_rng(7)
    letters = text.partition("->")[0].split(",")
    extents = dict(zip("abcdijk", (2, 3, 4, 5, 3, 4, 2), strict=True))
    tensors = [random.normal(size=[extents[letter] for letter in one]) for one in letters]
    values = {f"t{number}": tensor for number, tensor in enumerate(tensors)}
    call = Call("einsum", tuple(map(Name, values)), (("subscripts", text),))
    leaves = [torch.tensor(tensor, requires_grad=True) for tensor in tensors]
    result = torch.einsum(text, *leaves)
    known = {**values, "r": evaluate(call, values), "dr": random.normal(size=tuple(result.shape))}
    np.testing.assert_allclose(known["r"], result.detach().numpy(), rtol=1e-12)
    result.backward(torch.tensor(known["dr"]))
    shapes = {name: np.shape(value) for name, value in known.items() if name != "dr"}
    for statement in derive([Statement("r", call)], shapes, "r")[1]:
        known[statement.name] = evaluate(statement.expression, known)
    for name, leaf in zip(values, leaves, strict=True):
        np.testing.assert_allclose(known[f"d{name}"], leaf.grad.numpy(), rtol=1e-12, err_msg=name)
