"""Where an element comes from: the arithmetic evaluates to the element, and the sources are what moves it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.provenance.origins import Origin, origin_of

RANDOM = np.random.default_rng(5)
VALUES = {
    "x": RANDOM.normal(size=(3, 4)),
    "y": RANDOM.normal(size=(3, 4)),
    "w": RANDOM.normal(size=(4, 3)),
    "b": RANDOM.normal(size=(3, 1)),
    "r": RANDOM.normal(size=(4,)),
    "s": np.asarray(1.5),
    "t": RANDOM.normal(size=(2, 3, 4)),
    "p": np.array([[7.0, 0.0], [11.0, 0.0]]),
}
FORMULAS = (
    "x",
    "w @ x",
    "x @ w + b",
    "(x @ w).T",
    "x.T @ b",
    "x * y - x / y",
    "-x * (y + 2)",
    "x - (y - x) - -y * 3",
    "(x + y) ** 2",
    "2 ** x",
    "abs(x)",
    "maximum(x, y)",
    "sigmoid_prime(x) * y",
    "leaky_relu(x * y)",
    "sqrt(abs(x + y))",
    "x * r + s",
    "sum(x, axis=1, keepdims=True)",
    "sum(x * y, axis=0)",
    "mean(x, axis=0)",
    "y * mean(x - y, axis=1, keepdims=True)",
    "broadcast_like(sum(x, axis=0), y, axis=0)",
    "x / count(x, axis=0)",
    "t @ w",
    "t * x",
    "sum(t, axis=(0, 1))",
    "tan(y) + square(x)",
    "cumsum(x, axis=1)",
    "swap_axes(x - y)",
    "permute(t, axes=(2, 0, 1))",
    "permute_back(t, axes=(2, 0, 1))",
    "pad(x, width=((1, 0), (0, 2)))",
    "crop(x * y)",
    "flip(t, axis=(0, 2))",
    "expand(b, shape=(2, 3, 4)) + t",
    "outer(r, r + 1)",
    "dot(r, 2 * r)",
    "einsum(x, w, subscripts='ij,jk->ki')",
    "einsum(x, t, subscripts='ij,bij->b')",
    "gather(x, p) * 2",
    "replaced(x, gather(y, p), p)",
    "scatter_sum(gather(y, p), p, x)",
    "cleared(x, p)",
)
SPOKEN = {
    "²": "**2",
    "·": "*",
    "−": "-",
    "σ′(": "sigmoid_prime(",
    "√(": "sqrt(",
    "lrelu(": "leaky_relu(",
    "max(": "maximum(",
}
NAMESPACE = {name: function.numpy for name, function in FUNCTIONS.items()}


def explain(
    formula: str, index: tuple[int, ...], values: dict[str, np.ndarray] = VALUES, digits: int = 4
) -> Origin:
    expression = parse(formula)
    result = np.asarray(evaluate(expression, values))
    return origin_of("result", expression, index, result, values, digits)


def python_text(text: str) -> str:
    for written, code in SPOKEN.items():
        text = text.replace(written, code)
    return re.sub(r"\|([^|]*)\|", r"abs(\1)", text).replace("^", "**").replace(" ", "")


@pytest.mark.parametrize("formula", FORMULAS)
def test_arithmetic_evaluates_to_the_element(formula: str) -> None:
    """The names are read from the arrays, the numbers are computed with: both come to the element."""
    result = np.asarray(evaluate(parse(formula), VALUES))
    for index in np.ndindex(result.shape):
        origin = explain(formula, index, digits=17)
        if "smaller terms" not in origin.symbols:
            found = eval(python_text(origin.symbols), {**NAMESPACE, **VALUES})
            np.testing.assert_allclose(found, result[index], rtol=1e-12, err_msg=origin.symbols)
        found = eval(python_text(origin.numbers), dict(NAMESPACE))
        np.testing.assert_allclose(found, result[index], rtol=1e-12, err_msg=origin.numbers)


@pytest.mark.parametrize("formula", [*FORMULAS, "softmax(x, axis=0)", "softmax(x @ w, axis=-1) @ x"])
def test_sources_are_what_moves_the_element(formula: str) -> None:
    expression = parse(formula)
    result = np.asarray(evaluate(expression, VALUES))
    index = tuple(n // 2 for n in result.shape)
    origin = explain(formula, index)
    for name, value in VALUES.items():
        for place in np.ndindex(value.shape):
            moved = value.copy()
            moved[place] += 0.37
            changed = np.asarray(evaluate(expression, {**VALUES, name: moved}))[index] != result[index]
            is_source = any(source.name == name and source.contains(place) for source in origin.sources)
            if changed:
                assert is_source, f"{name}{place} moves the element and is not named"
            elif formula not in ("maximum(x, y)",):
                assert not is_source, f"{name}{place} is named and does not move the element"


def test_the_line_of_the_example() -> None:
    values = {"dz2": np.array([[0.0041411798]]), "a1": np.array([[0.67], [1.5894954866]])}
    origin = explain("dz2 @ a1.T", (0, 1), values)
    assert str(origin).removeprefix("result") == "[0,1] = dz2[0,0]·a1[1,0] = 0.004141 · 1.589 = 0.006582"


def test_a_copied_element_does_not_repeat_its_number() -> None:
    values = {"dz": np.array([[0.25], [0.5]])}
    assert str(explain("sum(dz, axis=1, keepdims=True)", (1, 0), values)) == "result[1,0] = dz[1,0] = 0.5"


@given(st.integers(5, 60), st.integers(0, 2**32 - 1))
def test_a_long_sum_shows_its_largest_terms_and_loses_nothing(length: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = {"u": random.normal(size=(1, length)), "v": random.normal(size=(length, 1))}
    origin = explain("u @ v", (0, 0), values, digits=17)
    products = values["u"].ravel() * values["v"].ravel()
    largest = np.argsort(-np.abs(products))[:3]
    assert [f"u[0,{k}]·v[{k},0]" for k in largest] == origin.symbols.split(" + ")[:3]
    assert origin.symbols.endswith(f"({length - 3} smaller terms)")
    np.testing.assert_allclose(eval(python_text(origin.numbers)), products.sum(), atol=1e-12)


def test_only_the_regions_are_evaluated() -> None:
    """An element of a product of 10^12 elements costs one row and one column."""
    size = 10**6
    values = {"u": np.broadcast_to(2.0, (size, 3)), "v": np.broadcast_to(0.5, (3, size))}
    origin = origin_of("p", parse("u @ v"), (7, 9), np.broadcast_to(3.0, (size, size)), values)
    assert str(origin) == (
        "p[7,9] = u[7,0]·v[0,9] + u[7,1]·v[1,9] + u[7,2]·v[2,9] = 2 · 0.5 + 2 · 0.5 + 2 · 0.5 = 3"
    )


def test_negative_numbers_stand_in_parentheses_after_an_operator() -> None:
    values = {"a": np.array(-1.5), "b": np.array(-2.0)}
    assert explain("a * b", (), values).numbers == "(-1.5) · (-2)"
    assert explain("relu(a)", (), values).numbers == "relu(-1.5)"


def test_not_a_number_is_shown_first() -> None:
    values = {"u": np.array([[1.0, 2.0, np.nan, 3.0, 4.0, np.inf]])}
    origin = explain("sum(u, axis=1)", (0,), values)
    assert origin.symbols.startswith("u[0,2] + u[0,5] + ")
    assert origin.total == "NaN"


@pytest.mark.parametrize("index", [(3, 0), (-1, 0), (0,), (0, 0, 0)])
def test_an_element_that_does_not_exist_is_an_error(index: tuple[int, ...]) -> None:
    with pytest.raises(IndexError, match="does not exist"):
        explain("x", index)


# Where windows slide


PICTURE = np.arange(1.0, 17).reshape(1, 1, 4, 4)
FILTER = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
WINDOWS = {"x": PICTURE, "w": FILTER, "g": np.array([[[[1.0, 10.0], [100.0, 1000.0]]]])}


@pytest.mark.parametrize(
    ("formula", "index", "written"),
    [
        (
            "conv2d(x, w, stride=2)",
            (0, 0, 1, 0),
            "x[0,0,2,0]·w[0,0,0,0] + x[0,0,2,1]·w[0,0,0,1] + x[0,0,3,0]·w[0,0,1,0] + x[0,0,3,1]·w[0,0,1,1]",
        ),
        ("conv2d(x, w, stride=3, padding=1)", (0, 0, 0, 0), "x[0,0,0,0]·w[0,0,1,1]"),
        ("conv2d_input_gradient(g, w, x, stride=2)", (0, 0, 3, 2), "g[0,0,1,1]·w[0,0,1,0]"),
        ("conv2d_input_gradient(g, w, x, stride=3, padding=1)", (0, 0, 1, 0), "0"),
        (
            "conv2d_weight_gradient(x, g, w, stride=2)",
            (0, 0, 0, 1),
            "x[0,0,0,1]·g[0,0,0,0] + x[0,0,0,3]·g[0,0,0,1] + x[0,0,2,1]·g[0,0,1,0] + x[0,0,2,3]·g[0,0,1,1]",
        ),
        ("max_pool2d(x)", (0, 0, 0, 1), "max(x[0,0,0:2,2:4])"),
        ("max_pool2d_gradient(g, x)", (0, 0, 3, 1), "g[0,0,1,0]"),
        ("max_pool2d_gradient(g, x)", (0, 0, 3, 0), "0"),
        ("avg_pool2d(x)", (0, 0, 1, 1), "(x[0,0,2,2] + x[0,0,2,3] + x[0,0,3,2] + x[0,0,3,3])/4"),
        ("avg_pool2d_gradient(g, x)", (0, 0, 1, 2), "g[0,0,0,1]/4"),
        ("upsample(g)", (0, 0, 3, 1), "g[0,0,1,0]"),
        ("upsample_gradient(g)", (0, 0, 0, 0), "g[0,0,0,0] + g[0,0,0,1] + g[0,0,1,0] + g[0,0,1,1]"),
        ("flatten(x)", (0, 6), "x[0,0,1,2]"),
        ("reshape_like(flatten(g), g)", (0, 0, 1, 0), "g[0,0,1,0]"),
    ],
)
def test_windows_are_written_by_their_elements(formula: str, index: tuple[int, ...], written: str) -> None:
    origin = explain(formula, index, WINDOWS)
    assert origin.symbols == written
    assert float(origin.total) == pytest.approx(
        eval(
            re.sub(r"([xwg])(\[)", r"WINDOWS['\1']\2", origin.symbols.replace("·", "*")),
            {"WINDOWS": WINDOWS, "max": np.max},
        )
    )


def test_the_windows_that_feed_a_weight_have_gaps() -> None:
    origin = explain("conv2d_weight_gradient(x, g, w, stride=2)", (0, 0, 1, 0), WINDOWS)
    (seen,) = [source for source in origin.sources if source.name == "x"]
    feeding = {index for index in np.ndindex(PICTURE.shape) if seen.contains(index)}
    assert feeding == {(0, 0, row, column) for row in (1, 3) for column in (0, 2)}


def test_a_nested_operand_is_read_through_gaps() -> None:
    values = {"x": PICTURE, "w": FILTER}
    wide = explain("conv2d(x * 2 - relu(x), w, dilation=3)", (0, 0, 0, 0), values)
    assert wide.total == "112"
    assert "(x[0,0,0,3]·2 − relu(x[0,0,0,3]))·w[0,0,0,1]" in wide.symbols


# Where numbers choose


OVERLAP = {
    "x": np.array([[[[1.0, 2.0, 3.0], [4.0, 9.0, 5.0], [7.0, 6.0, 8.0]]]]),
    "g": np.array([[[[1.0, 10.0], [100.0, 1000.0]]]]),
}


def cells(origin: Origin, name: str, wins: bool = False) -> set[tuple[int, ...]]:
    """The elements of a tensor that feed an element; the last two of their indices."""
    value = {**OVERLAP, **TABLE}[name]
    found = [source for source in origin.sources if source.name == name and source.wins == wins]
    return {
        index[-2:] for index in np.ndindex(value.shape) if any(source.contains(index) for source in found)
    }


def test_the_winner_of_a_window_is_told_from_the_window() -> None:
    origin = explain("max_pool2d(x, stride=1)", (0, 0, 0, 1), OVERLAP)
    assert str(origin) == "result[0,0,0,1] = max(x[0,0,0:2,1:3]) = x[0,0,1,1] = 9"
    assert cells(origin, "x") == {(0, 1), (0, 2), (1, 1), (1, 2)}
    assert cells(origin, "x", wins=True) == {(1, 1)}


def test_a_winner_inside_a_larger_expression_is_found_too() -> None:
    origin = explain("relu(max_pool2d(-x, stride=1)) * 2", (0, 0, 1, 0), OVERLAP)
    assert cells(origin, "x", wins=True) == {(1, 0)}
    assert origin.symbols == "relu(max(−x[0,0,1,0], −x[0,0,1,1], −x[0,0,2,0], −x[0,0,2,1]))·2"


def test_a_pooled_gradient_shows_the_windows_that_the_element_won() -> None:
    formula = "max_pool2d_gradient(g, x, stride=1)"
    middle = explain(formula, (0, 0, 1, 1), OVERLAP)
    assert cells(middle, "g") == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert cells(middle, "x", wins=True) == {(1, 1)}
    assert middle.total == "1111"
    corner = explain(formula, (0, 0, 2, 2), OVERLAP)
    assert cells(corner, "g") == set()
    assert cells(corner, "x") == {(1, 1), (1, 2), (2, 1), (2, 2)}, "the window in which it lost"
    assert cells(corner, "x", wins=True) == {(1, 1)}


TABLE = {"t": np.arange(8.0).reshape(4, 2), "n": np.array([[1.0, 3.0], [1.0, 0.0]]), "d": np.ones((2, 2, 2))}


def test_a_looked_up_element_comes_from_one_row_and_gives_back_to_it() -> None:
    taken = explain("take(t, n)", (1, 0, 1), TABLE)
    assert (cells(taken, "t"), cells(taken, "n")) == ({(1, 1)}, {(1, 0)})
    summed = explain("row_sums(d, n, t)", (1, 0), TABLE)
    assert cells(summed, "n") == {(0, 0), (1, 0)}
    assert [source.region[:2] for source in summed.sources if source.name == "d"] == [
        (slice(0, 1), slice(0, 1)),
        (slice(1, 2), slice(0, 1)),
    ]
    assert explain("row_sums(d, n, t)", (2, 0), TABLE).sources == (), "nobody looked up row 2"
