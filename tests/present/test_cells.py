"""Numbers as cells: equal widths, points in one column, nothing shown as another number."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bpdebug.present.cells import (
    LEVELS,
    NOTATIONS,
    SAMPLE_SIZE,
    Notation,
    cell_format,
    exact_text,
)

DIGITS = st.integers(1, 17)
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, max_side=5)


def any_array(shape: object = SHAPES) -> st.SearchStrategy[np.ndarray]:
    return st.sampled_from([np.float16, np.float32, np.float64]).flatmap(
        lambda dtype: arrays.arrays(dtype, shape)
    )


def texts(values: list[float], digits: int = 4) -> list[str]:
    array = np.array(values)
    return [cell_format(array, digits).cell(value).text for value in array.tolist()]


@given(any_array(), DIGITS, st.sampled_from(NOTATIONS))
def test_every_cell_is_as_wide_as_its_format(value: np.ndarray, digits: int, notation: Notation) -> None:
    form = cell_format(value, digits, notation)
    for number in value.ravel().tolist():
        assert len(form.cell(number).text) == form.width


@given(any_array(), st.floats(), DIGITS, st.sampled_from(NOTATIONS))
def test_a_number_that_the_sample_did_not_foresee_still_fits(
    value: np.ndarray, unforeseen: float, digits: int, notation: Notation
) -> None:
    large = np.broadcast_to(value[..., np.newaxis], (*value.shape, 2 * SAMPLE_SIZE))
    form = cell_format(large, digits, notation)
    with np.errstate(all="ignore"):
        unforeseen = value.dtype.type(unforeseen).item()
    assert len(form.cell(unforeseen).text) == form.width


@given(any_array(), st.floats(-1.4e308, 1.4e308), DIGITS)
def test_no_cell_shows_a_number_of_another_size(value: np.ndarray, number: float, digits: int) -> None:
    form = cell_format(value, digits)
    shown = float(form.cell(number).text)
    # Half of the last decimal; or, where a number had to be shortened to one digit, half of that.
    assert shown == pytest.approx(
        number, rel=0.5, abs=0.0 if form.style == "scientific" else 0.51 * 10**-form.digits
    )


@given(any_array(), DIGITS)
def test_the_largest_number_has_all_digits(value: np.ndarray, digits: int) -> None:
    finite = value[np.isfinite(value)]
    if finite.size and 0 < np.abs(finite.astype(float)).max() < 9e307:
        largest = float(finite.ravel()[np.abs(finite).argmax()])
        shown = float(cell_format(value, digits).cell(largest).text)
        assert shown == pytest.approx(largest, rel=0.51 * 10.0 ** (1 - digits), abs=0.0)


@pytest.mark.parametrize(
    "values",
    [
        [0.2912, -0.6119, 0.0, 1e-9],
        [12.345, -0.5, 0.0, 700.0],
        [0.00123, 0.0, -0.0004],
    ],
)
def test_points_stand_in_one_column(values: list[float]) -> None:
    shown = texts(values)
    points = {text.index(".") for text in shown if "." in text}
    assert len(points) == 1
    # An exact zero has no point; its digit stands where the others have their last one before it.
    (zero,) = (text for text, value in zip(shown, values, strict=True) if value == 0)
    assert zero.rstrip().endswith("0")
    assert len(zero.rstrip()) == points.pop()


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1.0, -4.0, 12.0], ["  1", " -4", " 12"]),
        ([1.0, 0.0], ["  1", "  0"]),
        # What is not known to be whole keeps its decimals: one number that is not, or zeros alone.
        ([1.0, 2.5], ["  1.000", "  2.500"]),
        ([0.0, 0.0], ["  0    ", "  0    "]),
        ([1.0, math.nan], ["  1.000", "    NaN"]),
    ],
)
def test_whole_numbers_take_no_more_room_than_they_need(values: list[float], shown: list[str]) -> None:
    assert texts(values) == shown


def test_fewer_digits_take_less_room() -> None:
    value = np.array([0.5123, -0.25])
    assert [cell_format(value, digits).width for digits in (1, 2, 4, 6)] == [4, 5, 7, 9]


def test_columns_stay_where_they_are_when_numbers_cross_0_and_1() -> None:
    moved = [[-0.9999, 0.5], [0.9999, 0.5], [1.2, 0.5], [-1.2, 0.5]]
    assert {cell_format(np.array(values), 4).width for values in moved} == {7}


def test_whole_numbers_of_which_not_all_were_seen_keep_their_room() -> None:
    form = cell_format(np.ones(2 * SAMPLE_SIZE), 4)
    assert form.cell(1.0).text.strip() == "1.000"
    assert form.cell(0.5).text.strip() == "0.500"


def test_digits_count_from_the_largest_number() -> None:
    assert [text.strip() for text in texts([2.209, 0.5142])] == ["2.209", "0.514"]
    assert [text.strip() for text in texts([2.209, 0.5142], digits=2)] == ["2.2", "0.5"]


@pytest.mark.parametrize(
    ("value", "text"), [(1e-12, "1.000e-12"), (-3e7, "-3.000e+07"), (65504.0, "65504"), (1e300, "1.000e+300")]
)
def test_an_exponent_where_decimals_would_not_be_read(value: float, text: str) -> None:
    assert texts([value])[0].strip() == text


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (math.nan, "nan", "NaN"),
        (math.inf, "infinite", "+inf"),
        (-math.inf, "infinite", "-inf"),
        (0.0, "zero", "0"),
        (-0.0, "zero", "0"),
        (2.0, "positive", "2.000"),
        (-2.0, "negative", "-2.000"),
    ],
)
def test_kinds(value: float, kind: str, text: str) -> None:
    cell = cell_format(np.array([value, 1.5]), 4).cell(value)
    assert (cell.kind, cell.text.strip()) == (kind, text)
    assert bool(cell.level) == (kind in ("positive", "negative"))


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0])
def test_a_tensor_without_a_single_size(value: float) -> None:
    form = cell_format(np.full((2, 2), value), 4)
    assert len(form.cell(value).text) == form.width
    assert form.cell(1.0).level == LEVELS


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_levels_grow_with_size(values: list[float]) -> None:
    form = cell_format(np.array(values), 4)
    cells = [form.cell(value) for value in sorted(values, key=abs)]
    assert all(a.level <= b.level for a, b in pairwise(cells))
    assert cells[-1].level == (LEVELS if cells[-1].kind != "zero" else 0)


@pytest.mark.parametrize(
    ("notation", "digits", "shown"),
    [
        ("automatic", 4, ["12.35", "-1e-04", "0"]),
        ("fixed", 2, ["12.35", "-1e-04", "0"]),
        ("fixed", 5, ["12.34568", "-0.00012", "0"]),
        ("scientific", 3, ["1.23e+01", "-1.23e-04", "0"]),
        ("significant", 3, ["12.3", "-0.000123", "0"]),
        ("exact", 3, ["12.345678901", "-0.000123", "0"]),
    ],
)
def test_notations(notation: Notation, digits: int, shown: list[str]) -> None:
    value = np.array([12.345678901, -0.000123, 0.0])
    form = cell_format(value, digits, notation)
    assert [form.cell(number).text.strip() for number in value.tolist()] == shown


@given(any_array())
def test_exact_numbers_are_read_back(value: np.ndarray) -> None:
    form = cell_format(value, 4, "exact")
    for number in value[np.isfinite(value)].ravel().tolist():
        assert value.dtype.type(form.cell(number).text) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_exact_numbers_that_were_not_seen_are_not_shortened(number: float) -> None:
    form = cell_format(np.full((1000, 1000), 0.5), 4, "exact")
    assert float(form.cell(number).text) == number


def test_exact_is_the_shortest_of_the_dtype() -> None:
    assert [exact_text(0.1, np.dtype(dtype)) for dtype in ("f2", "f4", "f8")] == ["0.1"] * 3
    assert exact_text(float(np.float32(0.1)), np.dtype("f8")) == "0.10000000149011612"


class CountingArray(np.ndarray):
    """An array that knows how many elements have been taken from it at once."""

    taken: list[int]

    def __getitem__(self, key: object) -> object:
        part = np.asarray(self)[key]
        CountingArray.taken.append(np.size(part))
        return part


@pytest.mark.parametrize("shape", [(10**6, 10**6), (10**12,), (10**4, 10**4, 10**4), (1, 10**9), (3, 3)])
def test_a_large_tensor_is_sampled(shape: tuple[int, ...]) -> None:
    CountingArray.taken = []
    one = np.array(-1.5).view(CountingArray)
    # No memory lies behind it: looking at every element would take terabytes.
    form = cell_format(np.broadcast_to(one, shape, subok=True), 4)
    assert form.cell(-1.5).text.strip() == "-1.500"
    assert 0 < sum(CountingArray.taken) <= 2 ** len(shape) * SAMPLE_SIZE


def test_a_sign_that_the_sample_did_not_see_has_room() -> None:
    assert cell_format(np.full((1000, 1000), 123.4), 4).cell(-123.4).text.strip() == "-123.4"


def test_what_a_mask_has_written_is_no_sign_of_anything_wrong() -> None:
    form = replace(cell_format(np.array([0.5, -math.inf, math.nan]), 4), masks=True)
    assert [form.cell(value).kind for value in (-math.inf, math.inf, math.nan)] == [
        "masked",
        "infinite",
        "nan",
    ]
