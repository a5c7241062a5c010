"""What the viewer says and hands out: statistics, the element, the clipboard, the file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bpdebug.engine.health.statistics import Statistics, histogram, statistics
from bpdebug.errors import BpdebugError
from bpdebug.present.cells import LEVELS, Cell
from bpdebug.present.slicing import whole
from bpdebug.present.viewer.charts import (
    BINS,
    BarChart,
    histogram_chart,
    norms,
    norms_chart,
    round_numbers,
)
from bpdebug.present.viewer.clipboard import COPY_LIMIT, copied_text
from bpdebug.present.viewer.element_text import cursor_text
from bpdebug.present.viewer.export import default_file, new_file, write_npy
from bpdebug.present.viewer.looks import SPOT_WIDTH, spot_text
from bpdebug.present.viewer.statistics_text import count_text, finite_note, size_entries
from bpdebug.present.viewer.subject import ShownValues, Subject

SMALL = np.array([[0.1, -2.0, 3.5], [math.nan, math.inf, 1e-300]])


def copied(value: np.ndarray, form: str, rows: range | None = None, columns: range | None = None) -> str:
    slicing = whole(value.shape)
    height, width = slicing.matrix_shape
    return copied_text(ShownValues("", value), slicing, rows or range(height), columns or range(width), form)


# What can be shown


def test_values_alone_have_no_label() -> None:
    (only,) = Subject("w1", SMALL).choices()
    assert only.label == ""
    assert only.differs((0, slice(None))) is None


def test_other_values_and_their_difference() -> None:
    mine = SMALL + np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    reference, own, difference = Subject("w1", SMALL, mine=mine).choices()
    assert [values.label for values in (reference, own, difference)] == [
        "reference", "mine", "mine − reference",
    ]  # fmt: skip
    everything = (slice(None), slice(None))
    np.testing.assert_array_equal(difference[everything][0], [0.0, 1.0, 0.0])
    expected = [[False, True, False], [False, False, False]]  # NaN beside NaN is the same
    for values in (reference, own, difference):
        assert values.differs(everything).tolist() == expected


def test_values_of_another_shape_have_no_difference() -> None:
    choices = Subject("w1", SMALL, mine=SMALL.T).choices()
    assert [values.label for values in choices] == ["reference", "mine"]
    assert choices[0].differs((0, 0)) is None
    assert choices[1].shape == (3, 2)


def test_what_was_set_stands_against_the_original_run_and_so_do_the_users_numbers() -> None:
    now, before, mine = (np.array([number, 1.0]) for number in (5.0, 3.0, 4.0))
    choices = Subject("w1", now, original=before, mine=mine).choices()
    assert [(values.label, values[0], values.differs(...).tolist()) for values in choices] == [
        ("what if", 5.0, [True, False]),
        ("original", 3.0, [True, False]),
        ("what if − original", 2.0, [True, False]),
        ("mine", 4.0, [True, False]),
        ("mine − original", 1.0, [True, False]),
    ]


def test_a_difference_of_two_dtypes() -> None:
    single = np.float32([0.1])
    difference = Subject("b", np.array([0.1]), mine=single).choices()[2]
    assert difference.dtype == np.float64
    assert difference[0] == np.float64(np.float32(0.1)) - 0.1


# The element, the statistics


def test_the_element_and_what_it_is_elsewhere() -> None:
    subject = Subject("dw2", np.array([[1.0, 0.1]]), mine=np.array([[1.0, 0.3]]))
    choices = subject.choices()
    slicing = whole((1, 2)).at(0, 1)
    assert cursor_text("dw2", choices, choices[0], slicing) == (
        "dw2[0, 1] = 0.1",
        f"mine 0.3 · mine − reference {0.3 - 0.1}",
    )
    assert cursor_text("dw2", choices, choices[1], slicing)[0] == "dw2[0, 1] = 0.3"


@pytest.mark.parametrize(
    ("value", "text"),
    [(np.array(0.5), "x = 0.5"), (np.float16([0.1]), "x[0] = 0.1"), (np.zeros((0, 2)), "x has no elements")],
)
def test_the_element_of_any_tensor(value: np.ndarray, text: str) -> None:
    (values,) = Subject("x", value).choices()
    assert cursor_text("x", [values], values, whole(value.shape)) == (text, "")


@pytest.mark.parametrize(
    ("count", "size", "text"),
    [(0, 500, "0"), (500, 500, "500"), (3, 12, "3"), (1024, 4096, "1,024 (25 %)"), (1, 10**6, "1 (<1 %)")],
)
def test_a_count_and_its_share(count: int, size: int, text: str) -> None:
    assert count_text(count, size) == text


def test_statistics_over_some_elements_say_so() -> None:
    assert finite_note(statistics(SMALL)) == "of 4 finite elements"
    assert finite_note(statistics(SMALL[:1])) == ""
    assert finite_note(statistics(SMALL[1:, :2])) == "no element is finite"
    assert finite_note(None) == ""
    assert {figure for _, figure in size_entries(None)} == {"computing"}


def test_every_size_has_its_name() -> None:
    found = Statistics(9, 0, 0, 0, 0, minimum=1.0, maximum=2.0, mean=3.0, std=4.0, norm=5.0)
    assert size_entries(found) == [("min", "1"), ("max", "2"), ("mean", "3"), ("std", "4"), ("norm", "5")]


# The heat map


def test_spots_without_colour_say_sign_and_size() -> None:
    cells = [Cell("1", sign, level) for sign in ("positive", "negative") for level in range(1, LEVELS + 1)]
    cells += [Cell("NaN", "nan"), Cell(" +inf", "infinite"), Cell("-inf", "infinite"), Cell("0", "zero")]
    texts = [spot_text(cell, colourful=False) for cell in cells]
    assert len(set(texts)) == len(texts)
    assert {len(text) for text in texts} == {SPOT_WIDTH}
    # Where colours say it, only what is no number is written.
    assert {spot_text(cell, colourful=True) for cell in cells} == {"  ", "??", "+∞", "-∞", " ·"}


# The clipboard


def test_numpy_text() -> None:
    assert copied(SMALL[:1], "numpy") == "array([[ 0.1, -2. ,  3.5]])"
    assert copied(SMALL, "numpy", range(1), range(1, 3)) == "array([[-2. ,  3.5]])"
    assert copied(np.float32([0.1, 2]), "numpy") == "array([0.1, 2. ], dtype=float32)"
    assert copied(np.array(0.5), "numpy") == "array(0.5)"


def test_csv_text() -> None:
    assert copied(SMALL, "csv") == "0.1,-2.0,3.5\nnan,inf,1e-300\n"
    assert copied(np.float16([0.1, 0.5]), "csv") == "0.1,0.5\n"


@given(arrays.arrays(np.float64, arrays.array_shapes(max_dims=2, max_side=6)))
def test_copied_numbers_are_the_same_numbers(value: np.ndarray) -> None:
    names = {"array": np.array, "nan": math.nan, "inf": math.inf}
    np.testing.assert_array_equal(eval(copied(value, "numpy"), names), value)
    rows = [[float(text) for text in line.split(",")] for line in copied(value, "csv").splitlines()]
    np.testing.assert_array_equal(np.array(rows).reshape(value.shape), value)


class Untouched(ShownValues):
    """Values that nobody may look at."""

    def __getitem__(self, key: object) -> np.ndarray:
        raise AssertionError("looked at what cannot be copied")


def test_what_is_too_much_is_not_even_looked_at() -> None:
    big = Untouched("", np.broadcast_to(0.5, (4096, 4096)))
    with pytest.raises(BpdebugError, match="4,096×4,096 numbers are too many to copy") as raised:
        copied_text(big, whole(big.shape), range(4096), range(4096), "csv")
    assert "Space" in str(raised.value)


@pytest.mark.parametrize("form", ["numpy", "csv"])
def test_the_text_is_bounded(form: str) -> None:
    value = np.random.default_rng(0).normal(size=(100, 60))
    with pytest.raises(BpdebugError, match=f"at most {COPY_LIMIT:,} fit"):
        copied(value, form)
    assert len(copied(value[:, :20], form)) <= COPY_LIMIT


# The file


@pytest.mark.parametrize(
    ("name", "file"), [("dw2", "dw2.npy"), ("w1 @ a0", "w1_a0.npy"), ("../x", "x.npy"), ("", "tensor.npy")]
)
def test_the_proposed_file(name: str, file: str) -> None:
    assert default_file(name) == file


def test_a_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert new_file(" dw2 ") == tmp_path / "dw2.npy"
    assert new_file("dw2.npy") == tmp_path / "dw2.npy"
    assert new_file("v1.2") == tmp_path / "v1.2.npy"
    (tmp_path / "sub").mkdir()
    assert new_file("sub/dw2") == tmp_path / "sub/dw2.npy"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected the name of a file"),
        ("a\0b", "expected the name of a file"),
        ("here", "which is not replaced"),
        ("here.npy", "which is not replaced"),
        ("link", "which is not replaced"),
        (".", "expected the name of a file"),
        ("folder/", "expected the name of a file"),
        ("nowhere/x.npy", "found no folder nowhere"),
        ("here.npy/x", "found no folder here.npy"),
        ("x" * 5000, "cannot be used"),
        ("~nobody-of-this-name/x", "cannot be used"),
    ],
)
def test_what_is_no_new_file(text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.npy").write_text("kept")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.npy").symlink_to("gone")
    with pytest.raises(BpdebugError) as raised:
        new_file(text)
    assert said in str(raised.value)


def test_a_file_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "w.npy"
    write_npy(path, SMALL.T)
    np.testing.assert_array_equal(np.load(path, allow_pickle=False), SMALL.T)
    with pytest.raises(BpdebugError, match="not replaced"):
        write_npy(path, SMALL)
    np.testing.assert_array_equal(np.load(path), SMALL.T)


def test_nothing_is_left_half_written(tmp_path: Path) -> None:
    path = tmp_path / "w.npy"
    with pytest.raises(ValueError, match="pickle"):
        write_npy(path, np.array([object()]))
    assert not path.exists()
    with pytest.raises(BpdebugError, match="cannot be written"):
        write_npy(tmp_path / "gone" / "w.npy", SMALL)


# The charts


def test_a_histogram_as_bars() -> None:
    chart = histogram_chart("w1", histogram(np.array([-1.0, 0.0, 0.1, 1.0, math.nan]), 4))
    assert chart.heights == (1.0, 0.0, 2.0, 1.0)
    assert dict(chart.x_ticks)[2.0] == "0"
    assert dict(chart.x_ticks)[0.0] == "-1"
    assert chart.note == "4 elements from -1 to 1"
    assert histogram_chart("w1", histogram(np.full(3, math.nan), 4)).heights == ()


@given(arrays.arrays(np.float64, st.integers(1, 20)))
def test_every_tensor_has_a_histogram(value: np.ndarray) -> None:
    chart = histogram_chart("w", histogram(value, BINS))
    places = [place for place, _ in chart.x_ticks]
    assert all(0 <= place <= BINS for place in places)
    assert len(places) <= 10
    assert sum(chart.heights) == np.isfinite(value).sum()


def test_norms_that_are_alike_are_shown_as_they_are() -> None:
    chart = norms_chart(norms({"dw1": np.array([3.0, 4.0]), "dw2": np.array([[2.0]])}))
    assert chart.heights == (5.0, 2.0)
    assert chart.x_ticks == ((0.5, "dw1"), (1.5, "dw2"))
    assert chart.y_ticks == ()
    assert chart.note == "smallest dw2 2, largest dw1 5"


def test_norms_that_vanish_are_shown_by_powers_of_ten() -> None:
    chart = norms_chart({"dw1": 1e-6, "dw2": 1e-3, "dw3": 1.0, "dw4": 0.0, "dw5": math.nan})
    assert chart.heights == pytest.approx((1.0, 4.0, 7.0, 0.0, 0.0))
    assert dict(chart.y_ticks)[7.0] == "1e+00"
    assert dict(chart.y_ticks)[1.0] == "1e-06"
    assert "powers of ten" in chart.note


def test_a_thousand_layers_have_few_ticks() -> None:
    assert len(norms_chart({f"dw{k}": 1.0 for k in range(1000)}).x_ticks) <= 16


def test_no_norm_at_all() -> None:
    assert norms_chart({"dw1": math.nan}) == BarChart(
        "Norm of the gradient in each layer", "no norm is finite", ()
    )
    assert norms_chart({"dw1": 0.0}).heights == (0.0,)


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e9))
def test_round_numbers_lie_inside(low: float, span: float) -> None:
    found = round_numbers(low, low + span)
    assert len(found) <= 10
    assert all(low - 1e-6 * span <= number <= low + span * (1 + 1e-6) for number in found)
    assert len(found) >= 3 or span < 1e-8 * abs(low)


def test_round_numbers_are_round() -> None:
    assert [f"{number:g}" for number in round_numbers(-0.107, 0.1064)] == [
        "-0.1",
        "-0.05",
        "0",
        "0.05",
        "0.1",
    ]
    assert round_numbers(-1.7e308, 1.7e308) == []
    assert round_numbers(1.0, 1.0 + 1e-15) == []
