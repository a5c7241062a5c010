"""Exact texts: NumPy, mathematics, chain rules and shapes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.printing import (
    chain_rule,
    math_name,
    math_text,
    numpy_text,
    shape_text,
    shapes_text,
    statement_text,
    written_number,
)
from bpdebug.engine.language.shapes import shape_of


@pytest.mark.parametrize(
    "text",
    [
        "dz2 @ a1.T",
        "w1 @ a0 + b1",
        "(a + b) * c",
        "a - (b - c)",
        "a - b - c",
        "a / (b * c)",
        "a @ (b * c)",
        "(a ** b) ** c",
        "a ** b ** c",
        "(-a) ** 2",
        "-a ** 2",
        "a ** (-2)",
        "(a @ b).T",
        "(-a).T",
        "a * -b",
        "-(a + b)",
        "sum(dz2, axis=1, keepdims=True)",
        "sum(a * b, axis=(0, 2))",
        "exp(a - (b + 1.5))",
        "softmax(s, axis=-1) @ v",
        "sequence(a, b, c, d, e + f)",
        "placed(a + b, x, index=s_[:,-2:,1])",
    ],
)
def test_numpy_text_has_the_parentheses_that_it_needs(text: str) -> None:
    assert numpy_text(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "mathematics"),
    [
        ("dz2 @ a1.T", "dz₂ · a₁ᵀ"),
        ("w10 @ a9 + b10", "w₁₀ · a₉ + b₁₀"),
        ("da2 * sigmoid_prime(z2)", "da₂ ⊙ σ′(z₂)"),
        ("da1 * relu_prime(z1)", "da₁ ⊙ relu′(z₁)"),
        ("sum(dz2, axis=1, keepdims=True)", "Σⱼ dz₂"),
        ("sum(dz2, axis=0)", "Σᵢ dz₂"),
        ("sum(x)", "Σ x"),
        ("softmax(q @ k.T / 2, axis=-1)", "softmax(q · kᵀ / 2)"),
        ("x ** 2", "x²"),
        ("x ** -12", "x⁻¹²"),
        ("(x + y) ** 2", "(x + y)²"),
        ("x ** y", "x^y"),
        ("2 * x", "2 · x"),
        ("x - -3 * y", "x − −3 · y"),
        ("-x - y", "−x − y"),
        ("(a - b).T", "(a − b)ᵀ"),
        ("sqrt(x + 1)", "√(x + 1)"),
        ("abs(x - y)", "|x − y|"),
        ("maximum(x, 0)", "max(x, 0)"),
        ("leaky_relu(z1)", "lrelu(z₁)"),
        ("sum(x, axis=1) * y", "(Σⱼ x) ⊙ y"),
        ("sequence(a, b, c, d)", "[a, b, c, d]"),
        ("placed(g * x[:, 0:2], x, index=s_[:, 0:2])", "placed(g ⊙ x[:,0:2] at [:,0:2])"),
        ("reshape_like(sum(dz1, axis=(0, 2, 3)), b1)", "Σᵢₖₗ dz₁"),
        ("reshape_like(sum(dz1, axis=0), b1) * x", "(Σᵢ dz₁) ⊙ x"),
        ("reshape_like(da2, a1)", "reshape(da₂)"),
        ("as_rows(dz2).T @ as_rows(a1)", "rows(dz₂)ᵀ · rows(a₁)"),
        ("merge_heads(p @ split_heads(v, heads=2), heads=2)", "concat(p · heads(v))"),
    ],
)
def test_math_text(text: str, mathematics: str) -> None:
    assert math_text(parse(text)) == mathematics


def test_sum_over_several_axes_names_each_index_and_the_last_one_is_n() -> None:
    assert math_text(parse("sum(x, axis=(0, 2))")) == "Σᵢₖ x"
    assert math_text(parse("sum(x, axis=-1)")) == "Σₙ x"


def test_gradients_are_written_as_derivatives_of_the_loss() -> None:
    statement = Statement("dw2", parse("dz2 @ a1.T"))
    assert chain_rule(statement, {"dz2": "z2"}) == "dw₂ = ∂L/∂z₂ · a₁ᵀ"
    assert chain_rule(statement, {"da2": "a2"}) == "dw₂ = dz₂ · a₁ᵀ"


@pytest.mark.parametrize(
    ("name", "mathematics"),
    [
        ("dw2", "dw₂"),
        ("a10", "a₁₀"),
        ("x", "x"),
        ("w2v", "w2v"),
        ("a2b3", "a2b₃"),
        ("x_t3", "x_t₃"),
        ("xhat1", "x̂₁"),
    ],
)
def test_only_a_number_at_the_end_becomes_a_subscript(name: str, mathematics: str) -> None:
    assert math_name(name) == mathematics


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (
            Statement("dw2", parse("dz2 @ a1.T"), of="w2", through=("z2",)),
            "∂L/∂w₂ = ∂L/∂z₂ · ∂z₂/∂w₂ = ∂L/∂z₂ · a₁ᵀ",
        ),
        (
            Statement("da0", parse("da1 + w1.T @ dz1"), of="a0", through=("a1", "z1")),
            "∂L/∂a₀ = ∂L/∂a₁ · ∂a₁/∂a₀ + ∂L/∂z₁ · ∂z₁/∂a₀ = ∂L/∂a₁ + w₁ᵀ · ∂L/∂z₁",
        ),
        (Statement("dx", parse("da1")), "∂L/∂x = ∂L/∂a₁"),
    ],
)
def test_chain_rule(statement: Statement, rule: str) -> None:
    assert chain_rule(statement, {"dz2": "z2", "da1": "a1", "dz1": "z1", "dx": "x"}) == rule


SHAPES = {"dz2": (2, 1), "a1": (4, 1), "w1": (4, 3), "a0": (3, 7), "b1": (4, 1), "s": ()}


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("dz2 @ a1.T", "(2,4) = (2,1) @ (1,4)"),
        ("w1 @ a0 + b1", "(4,7) = (4,3) @ (3,7) + (4,1)"),
        ("sum(a0, axis=1, keepdims=True)", "(3,1) = sum((3,7))"),
        ("(w1 @ a0).T", "(7,4) = (7,4)"),
        ("w1 @ a0[:, 0:2]", "(4,2) = (4,3) @ (3,2)"),
        ("2 * a1", "(4,1) = 2 * (4,1)"),
        ("sum(a0) + s", "() = sum((3,7)) + ()"),
        ("as_rows(a0).T @ a0", "(7,7) = (7,3) @ (3,7)"),
    ],
)
def test_shapes_stand_in_the_places_of_the_operands(text: str, shapes: str) -> None:
    result = shape_of(parse(text), SHAPES)
    assert shapes_text(Statement("r", parse(text)), {**SHAPES, "r": result}) == shapes


def test_statement_and_shape() -> None:
    assert statement_text(Statement("z1", parse("w1@a0+b1"))) == "z1 = w1 @ a0 + b1"
    assert [shape_text(shape) for shape in ((4, 3), (5,), ())] == ["4×3", "5", "scalar"]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (999.0, 3, "999"),
        (1000.0, 3, "1000"),
        (-1000.0, 3, "-1000"),
        (1234.5, 3, "1234"),
        (999.9, 3, "1000"),
        (-99.96, 3, "-100"),
        (9_999_999.0, 3, "9999999"),
        (10_000_000.0, 3, "1e+07"),
        (0.5, 3, "0.5"),
        (1e-5, 3, "1e-05"),
        (float("nan"), 3, "NaN"),
        (float("-inf"), 3, "-inf"),
    ],
)
def test_a_whole_number_below_ten_million_has_no_exponent(value: float, digits: int, text: str) -> None:
    assert written_number(value, digits) == text


@given(
    value=st.floats(1e-4, 1e7, exclude_max=True) | st.integers(-4, 6).map(lambda power: 10.0**power),
    sign=st.sampled_from([1, -1]),
    digits=st.integers(1, 12),
)
def test_a_number_that_can_be_read_has_its_digits_and_no_exponent(
    value: float, sign: int, digits: int
) -> None:
    text = written_number(sign * value, digits)
    assert "e" not in text
    last = 10.0 ** (math.floor(math.log10(value)) + 1 - digits)
    assert abs(float(text) - sign * value) <= last / 2 * (1 + 1e-9) + 1e-15 * value
