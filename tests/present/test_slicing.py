"""Slices of tensors: what they show, and how NumPy would write them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.present.slicing import Slicing, nearest, whole, written_axes

SHAPE = (2, 3, 4, 5)
EVERYTHING = slice(None)
MOVES = ("transposed", "next_rows", "next_columns", "next_held")


def tensor(shape: tuple[int, ...]) -> np.ndarray:
    return np.arange(float(np.prod(shape))).reshape(shape)


def evaluated(text: str, value: np.ndarray) -> np.ndarray:
    """What NumPy gives for a text of a slice."""
    return np.asarray(eval(text, {"x": value, "np": np}))


@pytest.mark.parametrize(
    ("shape", "text", "rows", "columns"),
    [
        ((), "x", 1, 1),
        ((5,), "x", 1, 5),
        ((4, 5), "x", 4, 5),
        ((3, 4, 5), "x[0, :, :]", 4, 5),
        (SHAPE, "x[0, 0, :, :]", 4, 5),
        ((7, 1, 1), "x[:, 0, :]", 7, 1),
        ((2, 3, 1, 5), "x[0, :, 0, :]", 3, 5),
        ((1, 1, 1), "x[0, :, :]", 1, 1),
        ((0, 3), "x", 0, 0),
        ((3, 0, 2), "x[0, :, :]", 0, 0),
    ],
)
def test_what_is_shown_first(shape: tuple[int, ...], text: str, rows: int, columns: int) -> None:
    slicing = whole(shape)
    assert slicing.text("x") == text
    assert slicing.matrix_shape == (rows, columns)


def test_a_vector_can_stand_upright() -> None:
    upright = whole((5,)).transposed()
    assert upright.matrix_shape == (5, 1)
    assert upright.text("b") == "b[:, np.newaxis]"
    assert upright.transposed() == whole((5,))


def test_the_title_of_a_slice() -> None:
    slicing = whole(SHAPE).to((1, 2, 3, 4))
    assert slicing.text("w3") == "w3[1, 2, :, :]"
    assert slicing.next_columns().text("w3") == "w3[:, 2, :, 4].T"
    assert slicing.next_columns().transposed().text("w3") == "w3[:, 2, :, 4]"
    assert slicing.element("w3") == "w3[1, 2, 3, 4]"
    assert whole(()).element("loss") == "loss"
    assert whole((2, 3)).transposed().text("w") == "w.T"


def test_axes_change_places() -> None:
    slicing = whole((2, 3, 4))
    assert (slicing.rows, slicing.columns) == (1, 2)
    rolled = slicing.next_rows()
    assert (rolled.rows, rolled.columns, rolled.held) == (2, 1, 0)
    rolled = slicing.next_columns()
    assert (rolled.rows, rolled.columns, rolled.held) == (1, 0, 2)


def test_every_pair_of_axes_can_be_reached() -> None:
    reached, last = {whole(SHAPE)}, 0
    while len(reached) > last:
        last = len(reached)
        reached |= {step for slicing in reached for step in (slicing.next_rows(), slicing.next_columns())}
    pairs = {(slicing.rows, slicing.columns) for slicing in reached}
    assert pairs == {(a, b) for a in range(4) for b in range(4) if a != b}


def test_the_held_axis_is_stepped_within_its_extent() -> None:
    slicing = whole(SHAPE)
    assert slicing.held == 0
    assert slicing.stepped(-1).index == (0, 0, 0, 0)
    assert slicing.stepped(5).index == (1, 0, 0, 0)
    assert slicing.next_held().stepped(2).text("x") == "x[0, 2, :, :]"
    assert slicing.next_held().next_held() == slicing
    assert whole((2, 3)).next_held().stepped(1) == whole((2, 3))


@given(
    st.lists(st.integers(1, 4), min_size=0, max_size=5).map(tuple),
    st.lists(st.one_of(st.sampled_from(MOVES), st.integers(-2, 2)), max_size=8),
    st.data(),
)
def test_the_matrix_is_what_numpy_gives_for_the_text(
    shape: tuple[int, ...], moves: list[str | int], data: st.DataObject
) -> None:
    value = tensor(shape)
    slicing = whole(shape)
    for move in moves:
        slicing = slicing.stepped(move) if isinstance(move, int) else getattr(slicing, move)()
    rows, columns = slicing.matrix_shape
    matrix = slicing.part(value, EVERYTHING, EVERYTHING)
    expected = evaluated(slicing.text("x"), value)
    np.testing.assert_array_equal(matrix, expected.reshape(rows, columns))
    # The cursor is on the element that it names, wherever it is moved.
    slicing = slicing.at(data.draw(st.integers(-2, 6)), data.draw(st.integers(-2, 6)))
    assert matrix[slicing.cell] == evaluated(slicing.element("x"), value)
    assert slicing.held is None or slicing.held not in (slicing.rows, slicing.columns)


def test_a_part_is_a_view() -> None:
    value = tensor(SHAPE)
    for slicing in (whole(SHAPE), whole(SHAPE).transposed(), whole(SHAPE).next_rows()):
        assert np.shares_memory(slicing.part(value, slice(0, 2), slice(0, 2)), value)


@pytest.mark.parametrize(
    ("row", "column", "cell"), [(-1, -9, (0, 0)), (9, 1, (2, 1)), (1, 9, (1, 3)), (2, 3, (2, 3))]
)
def test_the_cursor_stays_inside(row: int, column: int, cell: tuple[int, int]) -> None:
    assert whole((3, 4)).at(row, column).cell == cell


def test_an_empty_tensor_has_no_cell_to_move_to() -> None:
    assert whole((0, 4)).at(3, 3) == Slicing((0, 4), 0, 1, (0, 3), None)


AXES = ("batch", "channel", "height", "width")


def test_a_slice_is_told_by_the_names_of_its_axes() -> None:
    slicing = whole(SHAPE).to((1, 2, 0, 0))
    assert slicing.place_text(AXES) == "batch 1 of 2 · channel 2 of 3"
    assert slicing.place_text(AXES, of=False) == "batch 1 · channel 2"
    assert slicing.axes_text(AXES) == "height ↓ width →"
    assert slicing.brief_text("x") == "x[1, 2]"
    assert slicing.next_columns().brief_text("x") == slicing.next_columns().text("x")
    assert whole((3, 4)).axes_text(("feature", "batch")) == "feature ↓ batch →"
    assert whole((2, 3, 4)).place_text(("axis 0", "axis 1", "axis 2")) == "axis 0 at 0 of 2"
    assert whole((1, 4, 4)).place_text(AXES[1:]) == "", "there is nowhere else"
    assert whole((1, 4, 4)).brief_text("x") == whole(()).brief_text("x") == "x"


def test_axes_without_a_name_have_a_number() -> None:
    assert written_axes(("batch", "", "width")) == ("batch", "axis 1", "width")


def test_all_slices_are_turned_to_one_after_the_other() -> None:
    slicing, places = whole(SHAPE).to((0, 0, 3, 4)), []
    for _ in range(slicing.count):
        places.append(slicing.place)
        slicing = slicing.turned(1)
    assert places == [(n, c) for n in range(2) for c in range(3)]
    assert slicing.turned(1) == slicing, "at the end it stays"
    assert slicing.cell == (3, 4), "the cursor stays on its cell"
    assert slicing.turned(-99).place == (0, 0)
    assert whole((3, 4)).turned(1) == whole((3, 4))
    assert whole((0, 3, 4)).turned(1) == whole((0, 3, 4))


@pytest.mark.parametrize(
    ("index", "shape", "found"),
    [
        ((1, 2), (3, 4), (1, 2)),
        ((9, 9), (3, 4), (2, 3)),
        ((), (3, 4), (0, 0)),
        ((1, 2), (5,), (2,)),
        ((2,), (3, 4), (0, 2)),
        ((1, 1), (), ()),
        ((1, 1), (0, 4), (0, 1)),
    ],
)
def test_the_nearest_element_of_another_shape(
    index: tuple[int, ...], shape: tuple[int, ...], found: tuple[int, ...]
) -> None:
    assert nearest(index, shape) == found
