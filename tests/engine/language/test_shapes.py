"""Shape inference: what it accepts is what NumPy accepts, and its messages name the operands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bpdebug.engine.language import forms
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.shapes import shape_of
from bpdebug.errors import ShapeError

TEXTS = (
    "x + y",
    "x @ y",
    "x.T @ y",
    "x * y.T",
    "sum(x, axis=0) + y",
    "sum(x, axis=-2, keepdims=True) / y",
    "sum(x, axis=(0, 1))",
    "mean(x, axis=1) - mean(y)",
    "softmax(x, axis=1) ** y",
    "maximum(x, 0) @ (y - 1).T",
)
SIZES = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)


@given(st.sampled_from(TEXTS), SIZES, SIZES)
def test_inference_agrees_with_numpy(text: str, x: tuple[int, ...], y: tuple[int, ...]) -> None:
    expression = parse(text)
    values = {"x": np.full(x, 0.5), "y": np.full(y, 0.5)}
    try:
        actual = np.shape(evaluate(expression, values))
    except ValueError:  # an axis that does not exist is a ValueError of NumPy too
        actual = None
    if actual is None or ("@" in text and min(len(x), len(y)) < 2):
        with pytest.raises(ShapeError):
            shape_of(expression, {"x": x, "y": y})
    else:
        assert shape_of(expression, {"x": x, "y": y}) == actual


@pytest.mark.parametrize(("text", "signature"), [("x * y", "(),()->()"), ("x @ y", "(m,n),(n,p)->(m,p)")])
@given(data=st.data())
def test_stacks_that_fit_together(text: str, signature: str, data: st.DataObject) -> None:
    drawn = data.draw(arrays.mutually_broadcastable_shapes(signature=signature, max_dims=3, max_side=3))
    x, y = drawn.input_shapes
    assert shape_of(parse(text), {"x": x, "y": y}) == drawn.result_shape


@pytest.mark.parametrize(
    ("text", "x", "y", "message"),
    [
        ("x + y", (2, 3), (4, 1), r"shapes (2, 3) and (4, 1) do not broadcast"),
        ("x @ y", (2, 3), (4, 1), r"inner sizes differ: (2, 3) @ (4, 1), 3 columns against 4 rows"),
        ("x @ y", (3,), (3, 1), r"@ needs two dimensions or more: found (3,) @ (3, 1)"),
        ("sum(x, axis=2)", (2, 3), (), r"axis 2 does not exist in shape (2, 3)"),
        ("sum(x, axis=(1, -1))", (2, 3), (), r"axis (1, 1) names an axis twice"),
        ("softmax(x, axis=1)", (3,), (), r"axis 1 does not exist in shape (3,)"),
        ("broadcast_like(x, y, axis=0)", (2,), (2, 3), r"shape (2,) is not (2, 3) summed over axis 0"),
        ("sequence(x, x, y)", (2, 3), (2, 4), r"shapes (2, 3) and (2, 4) are not those of one sequence"),
        ("sequence(x)", (), (), r"a number has no examples"),
        ("x[2:2]", (4,), (), r"[2:2] takes nothing of axis 0 of shape (4,)"),
    ],
)
def test_message(text: str, x: tuple[int, ...], y: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        shape_of(parse(text), {"x": x, "y": y})
    assert str(caught.value) == message


def test_all_of_an_axis_whose_length_is_not_known_is_taken() -> None:
    assert shape_of(parse("x[:, 1]"), {"x": (0, 3, 2)}) == (0, 2)


def test_every_form_can_be_imported_from_the_room() -> None:
    assert [name for name in forms.__all__ if not hasattr(forms, name)] == []
