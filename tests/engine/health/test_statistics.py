"""Statistics of every kind of tensor, against NumPy and against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bpdebug.engine.health import blocks as module
from bpdebug.engine.health.blocks import blocks
from bpdebug.engine.health.statistics import histogram, statistics

DTYPES = st.sampled_from([np.float16, np.float32, np.float64])
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=7)
TENSORS = DTYPES.flatmap(lambda dtype: arrays.arrays(dtype, SHAPES))


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small tensors, too, be read in several blocks."""
    monkeypatch.setattr(module, "BLOCK_SIZE", 16)


def root(square: Fraction) -> float:
    """The square root of a fraction of any size, to the last digits of a float."""
    shift = 2 * ((square.numerator.bit_length() - square.denominator.bit_length()) // 2) - 120
    scaled = square / Fraction(2) ** shift
    try:
        return math.ldexp(math.isqrt(int(scaled)), shift // 2)
    except OverflowError:
        return math.inf


@given(TENSORS)
def test_sizes_are_those_of_exact_arithmetic(value: np.ndarray) -> None:
    found = statistics(value)
    finite = [Fraction(number) for number in value.ravel().tolist() if math.isfinite(number)]
    assert found.finite == len(finite)
    if not finite:
        assert all(map(math.isnan, (found.minimum, found.maximum, found.mean, found.std, found.norm)))
        return
    mean = sum(finite) / len(finite)
    largest = float(max(map(abs, finite)))
    assert (found.minimum, found.maximum) == (min(finite), max(finite))
    assert found.mean == pytest.approx(float(mean), rel=1e-12, abs=1e-14 * largest)
    variance = sum((number - mean) ** 2 for number in finite) / len(finite)
    assert found.std == pytest.approx(root(variance), rel=1e-9, abs=1e-14 * largest)
    assert found.norm == pytest.approx(root(sum(number**2 for number in finite)), rel=1e-12, abs=5e-324)


@given(TENSORS)
def test_counts(value: np.ndarray) -> None:
    found = statistics(value)
    assert found.size == value.size
    assert found.zero == np.count_nonzero(value == 0)
    assert found.negative == np.count_nonzero(value < 0)
    assert found.nan == np.count_nonzero(np.isnan(value))
    assert found.infinite == np.count_nonzero(np.isinf(value))


def test_against_numpy() -> None:
    value = np.random.default_rng(3).normal(2.0, 3.0, size=(50, 41))
    for tensor in (value, value.T, value[::3, ::-2], np.broadcast_to(value[0], (5, 41))):
        found = statistics(tensor)
        assert (found.minimum, found.maximum) == (tensor.min(), tensor.max())
        assert found.mean == pytest.approx(tensor.mean(), rel=1e-13)
        assert found.std == pytest.approx(tensor.std(), rel=1e-13)
        assert found.norm == pytest.approx(np.linalg.norm(tensor), rel=1e-13)


def test_sixteen_bits_do_not_overflow() -> None:
    found = statistics(np.full((300, 4), 65504, np.float16))
    assert (found.mean, found.std) == (65504.0, 0.0)
    assert found.norm == pytest.approx(65504.0 * math.sqrt(1200), rel=1e-14)


def test_numbers_that_are_none_are_counted_and_left_out() -> None:
    found = statistics(np.array([math.nan, math.inf, -math.inf, -3.0, 0.0, -0.0, 4.0]))
    assert (found.nan, found.infinite, found.negative, found.zero, found.finite) == (1, 2, 2, 2, 4)
    assert (found.minimum, found.maximum, found.mean, found.norm) == (-3.0, 4.0, 0.25, 5.0)


@given(st.data())
def test_a_difference_is_that_of_the_elements(data: st.DataObject) -> None:
    dtype, shape = data.draw(DTYPES), data.draw(SHAPES)
    value, minus = (data.draw(arrays.arrays(dtype, shape)) for _ in range(2))
    with np.errstate(all="ignore"):
        difference = value - minus
    # By text: NaN is not equal to itself.
    assert str(statistics(value, minus)) == str(statistics(difference))
    assert str(histogram(value, 5, minus)) == str(histogram(difference, 5))


@given(TENSORS)
def test_blocks_are_all_elements(value: np.ndarray) -> None:
    read = [block.copy() for block in blocks(value)]
    assert all(block.dtype == value.dtype and block.size <= 16 for block in read)
    found = np.sort(np.concatenate([np.zeros(0), *read]))
    np.testing.assert_array_equal(found, np.sort(value.ravel().astype(np.float64)))


@given(TENSORS, st.integers(1, 60))
def test_every_finite_element_is_in_a_range(value: np.ndarray, bins: int) -> None:
    found = histogram(value, bins)
    finite = value[np.isfinite(value)].astype(float)
    assert sum(found.counts) == finite.size
    assert len(found.counts) == (bins if finite.size else 0)
    if finite.size:
        assert found.low <= finite.min() <= finite.max() <= found.high
        assert found.low < found.high


@given(arrays.arrays(np.float64, (40,), elements=st.integers(-1000, 1000).map(float)), st.integers(1, 9))
def test_ranges_are_those_of_numpy(value: np.ndarray, bins: int) -> None:
    found = histogram(value, bins)
    counts, _ = np.histogram(value, bins, (found.low, found.high))
    # An element on the border of two ranges may be counted in either.
    assert np.abs(np.cumsum(counts) - np.cumsum(found.counts)).max() <= max(
        np.unique(value, return_counts=True)[1]
    )


@pytest.mark.parametrize("value", [0.0, 3.0, -2e-310, 5e-324, 1.7976931348623157e308])
def test_a_single_value_stands_in_the_middle(value: float) -> None:
    found = histogram(np.full(7, value), 3)
    assert found.low <= value <= found.high
    assert sum(found.counts) == 7
    assert max(found.counts) == 7
