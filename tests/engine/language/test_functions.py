"""The function table, each entry against NumPy, finite differences and exact arithmetic."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal, localcontext
from itertools import product

import numpy as np
import pytest

from bpdebug.engine.language.derivation import pieces as derivation
from bpdebug.engine.language.derivation.derive import derive
from bpdebug.engine.language.derivation.rules import derivative_rules
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions import ACTIVATIONS, FUNCTIONS, Function, Sample, positions
from bpdebug.engine.language.functions.entry import arrays
from bpdebug.engine.language.nodes import PLACES, Call, Name, Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.shapes import options_of, shape_of
from bpdebug.errors import DerivationError, ShapeError
from tests.tiers import few

CASES = [
    pytest.param(function, sample, id=f"{function.name}-{number}")
    for function in FUNCTIONS.values()
    for number, sample in enumerate(function.samples)
]
DERIVABLE = [case for case in CASES if case.values[0].derivatives is not None]


def call_of(function: Function, sample: Sample) -> Call:
    names = tuple(Name(place) for place in PLACES[: function.arity])
    return Call(function.name, names, tuple(sample.options.items()))


def derived_gradients(
    call: Call, values: dict[str, np.ndarray], incoming: np.ndarray
) -> dict[str, np.ndarray]:
    """Run the program that the derivation writes for `r = call`, and return the gradients."""
    shapes = {name: value.shape for name, value in values.items()} | {"r": incoming.shape}
    forward, backward, _ = derive([Statement("r", call)], shapes, "r")
    known = {**values, "dr": incoming}
    for statement in (*forward, *backward):
        known[statement.name] = evaluate(statement.expression, known)
    return {name: known[f"d{name}"] for name in values if f"d{name}" in known}


def numerical_gradient(
    call: Call, values: dict[str, np.ndarray], incoming: np.ndarray, name: str
) -> np.ndarray:
    """Differentiate the sum of `incoming * call` with respect to one argument, to fourth order."""
    width = 1e-3
    gradient = np.zeros_like(values[name])
    for index in np.ndindex(gradient.shape):

        def loss(shift: float, index: tuple[int, ...] = index) -> float:
            moved = values[name].copy()
            moved[index] += shift
            result = evaluate(call, {**values, name: moved})
            if FUNCTIONS[call.function].is_mask:  # −∞ does not move, but no sum would show that
                result = np.where(np.isneginf(result), 0, result)
            return float(np.sum(incoming * result))

        near, far = loss(width) - loss(-width), loss(2 * width) - loss(-2 * width)
        gradient[index] = (8 * near - far) / (12 * width)
    return gradient


def check_derivatives(function: Function, sample: Sample) -> None:
    call = call_of(function, sample)
    values = dict(zip(PLACES, arrays(sample), strict=False))
    result = np.asarray(evaluate(call, values))
    incoming = np.random.default_rng(1).uniform(0.5, 2.0, result.shape)
    gradients = derived_gradients(call, values, incoming)
    rules = function.rules(function.arity) or ()
    with_rule = {place for place, rule in zip(PLACES, rules, strict=False) if rule}
    assert set(gradients) == with_rule
    for name, gradient in gradients.items():
        assert gradient.shape == values[name].shape
        np.testing.assert_allclose(
            gradient, numerical_gradient(call, values, incoming, name), rtol=1e-8, atol=1e-9
        )


def check_all_samples(function: Function) -> None:
    for sample in function.samples:
        check_derivatives(function, sample)


@pytest.mark.parametrize(("function", "sample"), DERIVABLE)
def test_derivative_agrees_with_finite_differences(function: Function, sample: Sample) -> None:
    check_derivatives(function, sample)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_entry_is_complete(function: Function) -> None:
    assert FUNCTIONS[function.name] is function
    assert re.fullmatch(r"\S.+\.", function.explanation)
    assert all(len(sample.arguments) == function.arity for sample in function.samples)
    assert all(set(sample.options) <= set(function.options) for sample in function.samples)
    if function.derivatives is None:
        with pytest.raises(DerivationError, match=f"function {function.name} has no derivative"):
            derivative_rules(function.name, function.arity)
    else:
        assert len(derivative_rules(function.name, function.arity)) == function.arity


@pytest.fixture
def wrong_rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Return a function that puts wrong derivatives into the table for the length of one test."""

    def put(name: str, *rules: str) -> Function:
        entry = FUNCTIONS[name]._replace(derivatives=rules)
        monkeypatch.setitem(FUNCTIONS, name, entry)
        derivative_rules.cache_clear()
        return entry

    yield put
    derivative_rules.cache_clear()


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("sigmoid", ("-g * sigmoid_prime(x)",)),
        ("tanh", ("2 * g * tanh_prime(x)",)),
        ("tanh", ("g * (1 - out)",)),
        ("multiply", ("g * x", "g * y")),
        ("matmul", ("g @ y.T * 1.0001", "x.T @ g")),
        ("divide", ("g / y", "g * out / y")),
        ("sum", ("0.5 * broadcast_like(g, x, axis=axis, keepdims=keepdims)",)),
        ("mean", ("broadcast_like(g, x, axis=axis, keepdims=keepdims)",)),
        ("softmax", ("out * (g - sum(g * out))",)),
        ("softmax", ("g * out * (1 - out)",)),
    ],
)
def test_checker_rejects_a_wrong_rule(wrong_rules, name: str, rules: tuple[str, ...]) -> None:
    entry = wrong_rules(name, *rules)
    with pytest.raises(AssertionError):
        check_all_samples(entry)


def test_a_rule_of_the_wrong_shape_is_an_error(wrong_rules) -> None:
    entry = wrong_rules("transpose", "g")
    with pytest.raises(DerivationError, match=r"has shape \(3, 2\), but that of x is \(2, 3\)"):
        check_all_samples(entry)


def test_checker_rejects_a_derivation_that_leaves_broadcasting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derivation, "sum_to_shape_of", lambda piece, argument, shapes: piece)
    with pytest.raises(AssertionError):
        check_all_samples(FUNCTIONS["add"])


def test_too_few_rules_are_an_error(wrong_rules) -> None:
    wrong_rules("add", "g")
    with pytest.raises(DerivationError, match="function add has 2 arguments but 1 derivatives"):
        derivative_rules("add", 2)


@pytest.mark.parametrize(("function", "sample"), CASES)
def test_dtype_is_kept(function: Function, sample: Sample) -> None:
    call = call_of(function, sample)
    for dtype in (np.float16, np.float32, np.float64):
        values = {place: array.astype(dtype) for place, array in zip(PLACES, arrays(sample), strict=False)}
        result = evaluate(call, values)
        assert result.dtype == dtype
        if function.derivatives is not None:
            incoming = np.ones(result.shape, dtype)
            found = derived_gradients(call, values, incoming).values()
            assert {gradient.dtype for gradient in found} <= {np.dtype(dtype)}


@pytest.mark.parametrize(("function", "sample"), CASES)
def test_inferred_shape_is_that_of_the_result(function: Function, sample: Sample) -> None:
    values = dict(zip(PLACES, arrays(sample), strict=False))
    call = call_of(function, sample)
    inferred = shape_of(call, {name: value.shape for name, value in values.items()})
    assert inferred == np.shape(evaluate(call, values))


def raised(values: dict[str, np.ndarray], name: str, index: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return the same values with one element that is larger than all others."""
    other = values[name].copy()
    other[index] = 5.0
    return {**values, name: other}


def pointing(function: Function, values: dict[str, np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    """Yield the same values with one element that is a position, among others that are elsewhere."""
    rules = dict(zip(values, function.derivatives or (), strict=True))
    places = range(max(value.size for value in values.values()))
    elsewhere = ({**values, name: np.full_like(value, places[-1])} for name, value in values.items())
    for start, name in product((values, *elsewhere), values):
        if rules[name] is None:
            for index, position in product(np.ndindex(values[name].shape), places):
                other = start[name].copy()
                other[index] = position
                yield {**start, name: other}


def test_all_that_an_opaque_call_was_computed_from_may_feed_an_element() -> None:
    region = (slice(0, 1), slice(2, 3))
    reads = FUNCTIONS["opaque"].form.reads(region, ((2, 3), (4,)), {"text": "svd(y)"})
    assert reads == (region, (slice(0, 4),))


KNOWN = [case for case in CASES if case.values[0].name != "opaque"]


@pytest.mark.parametrize(("function", "sample"), few(KNOWN, 50))
def test_reads_are_exactly_the_elements_that_matter(function: Function, sample: Sample) -> None:
    values = dict(zip(PLACES, arrays(sample), strict=False))
    call = call_of(function, sample)
    result = np.asarray(evaluate(call, values))
    shapes = tuple(value.shape for value in values.values())

    # Far and near, on both sides, equal to what it is compared with, and no number at all: a step
    # function, a maximum or an `all` hides small changes, and from some starting points every change.
    influences = {name: np.zeros((*result.shape, *value.shape), bool) for name, value in values.items()}
    probes = {-7.3, 0.0, 0.05, 7.3, np.nan, np.inf, *(x for value in values.values() for x in value.flat)}
    starts = [values, *({n: np.full_like(v, x) for n, v in values.items()} for x in (0.0, 1.0))]
    if function.derivatives is None:  # it may ask which element is the largest: each is, once
        starts += [raised(values, name, index) for name in values for index in np.ndindex(values[name].shape)]
    if function in positions.ENTRIES:  # each is that of each element, once
        starts += pointing(function, values)
    for start, name in product(starts, values):
        before = np.asarray(evaluate(call, start))
        for index, other in product(np.ndindex(values[name].shape), probes):
            moved = start[name].copy()
            moved[index] = other
            after = np.asarray(evaluate(call, {**start, name: moved}))
            influences[name][(..., *index)] |= ~((after == before) | (np.isnan(after) & np.isnan(before)))

    for element in np.ndindex(result.shape):
        region = tuple(slice(i, i + 1) for i in element)
        for name, read in zip(values, function.form.reads(region, shapes, options_of(call)), strict=True):
            marked = np.zeros(values[name].shape, bool)
            marked[read] = True
            np.testing.assert_array_equal(marked, influences[name][element])


# Numerics


def exact_sigmoid_prime(x: float) -> float:
    with localcontext() as context:
        context.prec = 60
        tail = (-abs(Decimal(x))).exp()
        return float(tail / (1 + tail) ** 2)


def exact_tanh_prime(x: float) -> float:
    with localcontext() as context:
        context.prec = 60
        tail = (-2 * abs(Decimal(x))).exp()
        return float(4 * tail / (1 + tail) ** 2)


def exact_sigmoid(x: float) -> float:
    with localcontext() as context:
        context.prec = 60
        return float(1 / (1 + (-Decimal(x)).exp()))


def exact_softplus(x: float) -> float:
    with localcontext() as context:
        context.prec = 60
        return float((1 + Decimal(x).exp()).ln()) if x > -100 else math.exp(x)


EXACT = {
    "sigmoid": exact_sigmoid,
    "sigmoid_prime": exact_sigmoid_prime,
    "tanh_prime": exact_tanh_prime,
    "softplus": exact_softplus,
    "silu": lambda x: x * exact_sigmoid(x),
}
POINTS = (-1000.0, -40.0, -37.0, -8.0, -0.5, 0.0, 0.5, 8.0, 37.0, 40.0, 1000.0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", EXACT)
def test_saturation_keeps_its_digits(name: str, dtype: type) -> None:
    points = np.array(POINTS, dtype)
    found = FUNCTIONS[name].numpy(points)
    wanted = np.array([EXACT[name](float(x)) for x in points])
    limits = np.finfo(dtype)
    # Below the smallest normal number digits are lost by the format, not by the formula.
    np.testing.assert_allclose(
        found.astype(float), wanted, rtol=8 * float(limits.eps), atol=2 * float(limits.tiny)
    )


def test_sigmoid_prime_does_not_vanish_where_sigmoid_rounds_to_one() -> None:
    assert FUNCTIONS["sigmoid"].numpy(np.array(40.0)) == 1
    assert FUNCTIONS["sigmoid_prime"].numpy(np.array([40.0]))[0] == pytest.approx(
        exact_sigmoid_prime(40.0), rel=1e-15
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_softmax_of_far_apart_scores(dtype: type) -> None:
    softmax = FUNCTIONS["softmax"].numpy
    np.testing.assert_array_equal(softmax(np.array([1000, -1000, 0], dtype)), [1, 0, 0])
    np.testing.assert_array_equal(softmax(np.array([[1000], [1000]], dtype), axis=0), [[0.5], [0.5]])
    near = softmax(np.array([-1000, -1001], dtype))
    np.testing.assert_allclose(near, [exact_sigmoid(1), exact_sigmoid(-1)], rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.removesuffix("_prime") in ACTIVATIONS])
def test_large_arguments_neither_warn_nor_give_nan(name: str, dtype: type) -> None:
    assert np.isfinite(FUNCTIONS[name].numpy(np.array(POINTS, dtype))).all()


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_nan_stays_visible(name: str) -> None:
    assert np.isnan(evaluate(parse(f"{name}(x)"), {"x": np.array([math.nan])})).all()


@pytest.mark.parametrize(
    ("name", "at_minus_infinity", "at_infinity"),
    [
        ("sigmoid", 0, 1),
        ("sigmoid_prime", 0, 0),
        ("tanh", -1, 1),
        ("tanh_prime", 0, 0),
        ("relu", 0, math.inf),
        ("relu_prime", 0, 1),
        ("leaky_relu", -math.inf, math.inf),
        ("elu", -1, math.inf),
        ("elu_prime", 0, 1),
        ("selu_prime", 0, 1.0507009873554805),
        ("softplus", 0, math.inf),
        ("hardtanh", -1, 1),
        ("hardtanh_prime", 0, 0),
        ("relu6", 0, 6),
        ("relu6_prime", 0, 0),
        ("softsign_prime", 0, 0),
    ],
)
def test_limits_at_infinity(name: str, at_minus_infinity: float, at_infinity: float) -> None:
    found = FUNCTIONS[name].numpy(np.array([-math.inf, math.inf]))
    np.testing.assert_array_equal(found, [at_minus_infinity, at_infinity])


def test_slopes_at_the_corner() -> None:
    zero = np.array([0.0, -0.0])
    np.testing.assert_array_equal(FUNCTIONS["relu_prime"].numpy(zero), [0, 0])
    np.testing.assert_array_equal(FUNCTIONS["leaky_relu_prime"].numpy(zero), [0.01, 0.01])
    np.testing.assert_array_equal(FUNCTIONS["elu_prime"].numpy(zero), [1, 1])
    np.testing.assert_array_equal(FUNCTIONS["relu6_prime"].numpy(np.array([0.0, 6.0])), [0, 0])
    np.testing.assert_array_equal(FUNCTIONS["hardtanh_prime"].numpy(np.array([-1.0, 1.0])), [0, 0])


def test_gelu_keeps_its_digits_on_the_left() -> None:
    points = np.concatenate([np.linspace(-35, -1, 200), np.linspace(-1, 9, 200)])
    below = np.array([math.erfc(-x / math.sqrt(2)) / 2 for x in points])
    density = np.array([math.exp(-x * x / 2) / math.sqrt(2 * math.pi) for x in points])
    np.testing.assert_allclose(FUNCTIONS["gelu"].numpy(points), points * below, rtol=2e-13)
    np.testing.assert_allclose(
        FUNCTIONS["gelu_prime"].numpy(points), below + points * density, rtol=2e-11, atol=1e-300
    )


@pytest.mark.parametrize("name", ["gelu", "gelu_prime", "gelu_tanh", "gelu_tanh_prime", "sigmoid"])
def test_single_precision_is_as_good_as_its_format(name: str) -> None:
    """A series is not summed further than the format can tell, and no earlier."""
    points = np.linspace(-4, 4, 801, dtype=np.float32)
    wanted = FUNCTIONS[name].numpy(points.astype(float))
    np.testing.assert_allclose(FUNCTIONS[name].numpy(points), wanted, rtol=2e-6, atol=2e-7)


def test_equal_elements_of_a_maximum_send_the_gradient_once() -> None:
    tie = {"x": np.array([1.0, 2.0]), "y": np.array([1.0, 2.0])}
    gradients = derived_gradients(parse("maximum(x, y)"), tie, np.array([5.0, 7.0]))
    np.testing.assert_array_equal(gradients["x"], [0, 0])
    np.testing.assert_array_equal(gradients["y"], [5, 7])


# Windows, by hand


PICTURE = np.array([[[[1.0, 2, 3, 0], [4, 5, 6, 1], [7, 8, 9, 2], [0, 1, 2, 3]]]])
FILTER = np.array([[[[1.0, 0], [0, -1]]]])


def test_a_convolution_by_hand() -> None:
    """Each output is an element less the one below to the right; the filter is not turned round."""
    values = {"x": PICTURE, "w": FILTER}
    result = evaluate(parse("conv2d(x, w)"), values)
    np.testing.assert_array_equal(result, [[[[-4, -4, 2], [-4, -4, 4], [6, 6, 6]]]])
    incoming = np.zeros((1, 1, 3, 3))
    incoming[0, 0, 0, 0], incoming[0, 0, 1, 1] = 1, 10
    gradients = derived_gradients(parse("conv2d(x, w)"), values, incoming)
    np.testing.assert_array_equal(gradients["w"], [[[[1 + 50, 2 + 60], [4 + 80, 5 + 90]]]])
    np.testing.assert_array_equal(
        gradients["x"], [[[[1, 0, 0, 0], [0, 10 - 1, 0, 0], [0, 0, -10, 0], [0, 0, 0, 0]]]]
    )


def test_a_strided_padded_convolution_by_hand() -> None:
    values = {"x": PICTURE, "w": FILTER}
    result = evaluate(parse("conv2d(x, w, stride=2, padding=1)"), values)
    np.testing.assert_array_equal(result, [[[[-1, -3, 0], [-7, 5 - 9, 1], [0, 1, 3]]]])


def test_overlapping_maxima_add_up_and_the_first_of_equal_ones_wins() -> None:
    values = {"x": np.array([[[[1.0, 1, 0], [1, 9, 0], [0, 0, 0]]]])}
    incoming = np.array([[[[1.0, 10], [100, 1000]]]])
    gradients = derived_gradients(parse("max_pool2d(x, stride=1)"), values, incoming)
    np.testing.assert_array_equal(gradients["x"], [[[[0, 0, 0], [0, 1111, 0], [0, 0, 0]]]])
    flat = {"x": np.ones((1, 1, 2, 4))}
    gradients = derived_gradients(parse("max_pool2d(x)"), flat, np.array([[[[3.0, 5]]]]))
    np.testing.assert_array_equal(gradients["x"], [[[[3, 0, 5, 0], [0, 0, 0, 0]]]])


def test_a_mean_counts_the_padding() -> None:
    result = evaluate(parse("avg_pool2d(x, padding=1)"), {"x": PICTURE})
    np.testing.assert_array_equal(result, np.array([[[[1, 5, 0], [11, 28, 3], [0, 3, 3]]]]) / 4)


def test_nan_wins_a_window() -> None:
    values = {"x": np.array([[[[1.0, np.nan], [2, 3]]]])}
    gradients = derived_gradients(parse("max_pool2d(x)"), values, np.array([[[[4.0]]]]))
    np.testing.assert_array_equal(gradients["x"], [[[[0, 4], [0, 0]]]])


def test_the_batch_of_a_reshape_may_grow() -> None:
    expression = parse("reshape(flatten(x), shape=(-1, 2, 2))")
    assert shape_of(expression, {"x": (3, 4)}) == (3, 2, 2)
    assert shape_of(expression, {"x": (4, 2, 2)}) == (4, 2, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "conv2d(x, m)",
            "conv2d takes tensors of 4 axes, the last height, width: found (1, 1, 4, 4) and (2, 3)",
        ),
        (
            "conv2d(x, v)",
            "conv2d with weights (2, 3, 2, 2) in groups=1 takes 3 channels: found 1 in (1, 1, 4, 4)",
        ),
        ("conv2d(x, w, groups=2)", "groups=2 of conv2d does not divide the 1 of weights (1, 1, 2, 2)"),
        (
            "conv2d(x, w, stride=0)",
            "stride of conv2d is a whole number of 1 or more or 2 of them: found stride=0",
        ),
        (
            "conv2d(x, w, padding=(1, 2, 3))",
            "padding of conv2d is a whole number of 0 or more or 2 of them: found padding=(1, 2, 3)",
        ),
        (
            "conv2d(x, w, dilation=4)",
            "the windows of conv2d reach over (5, 5), but (1, 1, 4, 4) with its padding has only (4, 4)",
        ),
        (
            "conv2d_input_gradient(x, w, x)",
            "conv2d_input_gradient takes the gradient of a result of shape (1, 1, 3, 3): found (1, 1, 4, 4)",
        ),
        (
            "conv_transpose2d(x, w, output_padding=1)",
            "output_padding of conv_transpose2d is less than its stride (1, 1): found (1, 1)",
        ),
        ("max_pool2d(e, padding=1)", "there is nothing to pool in a tensor of shape (1, 1, 3, 0)"),
        ("max_pool2d(m)", "pooling takes a tensor of batch, channels, height, width: found (2, 3)"),
        (
            "avg_pool2d(x, padding=2)",
            "the padding of pooling is at most half its size: found (2, 2) and (2, 2)",
        ),
        ("flatten(m, start=2)", "flatten starts at an axis of (2, 3): found start=2"),
        (
            "reshape(m, shape=(4, -1))",
            "the 6 elements of (2, 3) do not fill the shape (4, -1), which takes a multiple of 4",
        ),
        ("reshape(m, shape=(-1, -1))", "a shape leaves one extent open at most: found (-1, -1)"),
        ("reshape_like(m, x)", "shapes (2, 3) and (1, 1, 4, 4) do not have the same number of elements"),
        ("swap_axes(m, first=2)", "axis 2 does not exist in shape (2, 3)"),
        ("permute(m, axes=(0,))", "an order names all 2 axes of (2, 3): found (0,)"),
        (
            "pad(m, width=((1, 0), (0, 1), (1, 1)))",
            "width has a pair (before, after) for each of the 2 axes of (2, 3), or one for all: "
            "found ((1, 0), (0, 1), (1, 1))",
        ),
        ("crop(m, width=((2, 1),))", "the border ((2, 1),) is wider than (2, 3)"),
        ("expand(m, shape=(4, 3))", "(2, 3) cannot be repeated to the shape (4, 3)"),
        ("outer(m, m)", "outer takes two vectors: found (2, 3) and (2, 3)"),
        ("einsum(m, m)", "the axis j of 'ij,jk->ik' has 3 and 2 places"),
        (
            "einsum(m, subscripts='ij->ii')",
            "the result of 'ij->ii' has each of the letters once at most, and no others",
        ),
        ("cumsum(m, axis=2)", "axis 2 does not exist in shape (2, 3)"),
        ("upsample(m)", "upsample takes a tensor of batch, channels, height, width: found (2, 3)"),
    ],
)
def test_what_does_not_fit_is_named(text: str, message: str) -> None:
    shapes = {"x": (1, 1, 4, 4), "w": (1, 1, 2, 2), "v": (2, 3, 2, 2), "m": (2, 3), "e": (1, 1, 3, 0)}
    with pytest.raises(ShapeError) as caught:
        shape_of(parse(text), shapes)
    assert str(caught.value) == message
