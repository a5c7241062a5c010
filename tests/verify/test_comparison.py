"""When tensors are the same: by each element's own size, and by what their precision can tell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bpdebug.verify.comparison import RTOL, Tolerance, agrees, compare

FLOATS = st.floats(-1e6, 1e6, allow_nan=False)


@given(arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=4), elements=st.floats()))
def test_a_tensor_agrees_with_itself(value: np.ndarray) -> None:
    comparison = compare(value, value.copy(), Tolerance())
    assert comparison.agrees
    assert comparison.max_relative_error == 0
    assert not comparison.wrong.any()


def test_a_single_number_is_compared() -> None:
    comparison = compare(np.asarray(3.0), np.asarray(2.0), Tolerance())
    assert comparison.worst is not None
    assert (comparison.agrees, comparison.worst.index) == (False, ())
    assert agrees(np.asarray(2.0), np.asarray(2.0), Tolerance())


@given(arrays.arrays(np.float64, (3, 4), elements=FLOATS), st.integers(0, 11), st.floats(1e-5, 10))
def test_one_wrong_element_is_found_and_named(value: np.ndarray, place: int, off: float) -> None:
    mine = value.copy()
    index = np.unravel_index(place, value.shape)
    mine[index] += off * max(1.0, np.abs(value).max())
    comparison = compare(mine, value, Tolerance())
    assert not comparison.agrees
    assert comparison.worst.index == tuple(int(i) for i in index)
    assert (comparison.worst.mine, comparison.worst.reference) == (mine[index], value[index])
    assert comparison.wrong.sum() == 1


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rounding_to_a_precision_is_no_mistake_and_ten_tolerances_are(dtype: type) -> None:
    reference = np.random.default_rng(0).normal(size=(20, 30))
    assert agrees(reference.astype(dtype), reference, Tolerance())
    wrong = (reference * (1 + 10 * RTOL[np.dtype(dtype).name])).astype(dtype)
    assert not agrees(wrong, reference, Tolerance())


@pytest.mark.parametrize(
    ("mine", "reference", "same"),
    [
        (np.nan, np.nan, True),
        (np.inf, np.inf, True),
        (np.inf, -np.inf, False),
        (np.nan, 0.0, False),
        (0.0, np.nan, False),
        (1e308, -1e308, False),
        (0.0, -0.0, True),
    ],
)
def test_numbers_that_are_none(mine: float, reference: float, same: bool) -> None:
    comparison = compare(np.array([mine, 1.0]), np.array([reference, 1.0]), Tolerance())
    assert comparison.agrees is same
    assert comparison.max_relative_error >= 0


def test_another_shape_never_agrees() -> None:
    assert not agrees(np.zeros((2, 1)), np.zeros((1, 2)), Tolerance())


def test_tolerances_that_are_given_are_used() -> None:
    mine, reference = np.array([1.1, 100.0]), np.array([1.0, 100.0])
    assert not agrees(mine, reference, Tolerance(rtol=1e-6))
    assert agrees(mine, reference, Tolerance(rtol=0.1))
    assert agrees(mine, reference, Tolerance(rtol=1e-6, atol=0.2))
