"""In which slices and cells lies what feeds an element."""

from __future__ import annotations

import numpy as np

from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.provenance.origins import origin_of
from bpdebug.engine.language.provenance.regions import FeedingRegion
from bpdebug.present.feeding import fed_cells, fed_places, fed_window, first_to_see, marked_columns
from bpdebug.present.slicing import Slicing, whole

RANDOM = np.random.default_rng(0)
VALUES = {"x": RANDOM.normal(size=(2, 3, 5, 5)), "w": RANDOM.normal(size=(4, 3, 2, 2))}
VALUES["g"] = np.asarray(evaluate(parse("conv2d(x, w, stride=2)"), VALUES))


def sources_of(formula: str, index: tuple[int, ...], name: str) -> list[FeedingRegion]:
    expression = parse(formula)
    result = np.asarray(evaluate(expression, VALUES))
    origin = origin_of("out", expression, index, result, VALUES)
    return [source for source in origin.sources if source.name == name]


def marked(slicing: Slicing, sources: list[FeedingRegion]) -> set[tuple[int, int]]:
    """The cells of a slice that are marked."""
    rows, columns = slicing.matrix_shape
    return {
        (row, column)
        for row in range(rows)
        for column in marked_columns(slicing, sources, row, range(columns))
    }


def test_a_weight_is_fed_by_one_channel_of_every_example() -> None:
    sources = sources_of("conv2d_weight_gradient(x, g, w, stride=2)", (1, 2, 0, 1), "x")
    slicing = whole((2, 3, 5, 5))
    assert fed_places(slicing, sources) == ((0, 2), (1, 2))
    assert marked(slicing, sources) == set()
    assert marked(slicing.placed((1, 2)), sources) == {(row, column) for row in (0, 2) for column in (1, 3)}
    errors = sources_of("conv2d_weight_gradient(x, g, w, stride=2)", (1, 2, 0, 1), "g")
    assert fed_places(whole((2, 4, 2, 2)), errors) == ((0, 1), (1, 1))


def test_an_output_is_fed_by_a_window_of_every_channel() -> None:
    sources = sources_of("conv2d(x, w, stride=2)", (1, 3, 0, 1), "x")
    slicing = whole((2, 3, 5, 5))
    assert fed_places(slicing, sources) == ((1, 0), (1, 1), (1, 2))
    assert fed_window(slicing.placed((1, 1)), sources) == (range(2), range(2, 4))
    assert fed_window(slicing, sources) is None
    assert fed_places(whole((4, 3, 2, 2)), sources_of("conv2d(x, w, stride=2)", (1, 3, 0, 1), "w")) == (
        (3, 0),
        (3, 1),
        (3, 2),
    )


def test_what_is_compared_with_a_mean_over_all_shows_its_own_slice_first() -> None:
    sources = sources_of("x - mean(x)", (1, 2, 0, 0), "x")
    places = fed_places(whole((2, 3, 5, 5)), sources)
    assert places[0] == (1, 2)
    assert sorted(places) == [(n, c) for n in range(2) for c in range(3)]


def test_a_winner_is_marked_as_such_within_its_window() -> None:
    index = (0, 0, 1, 2)
    sources = sources_of("max_pool2d(x, stride=1)", index, "x")
    slicing = whole((2, 3, 5, 5))
    window = VALUES["x"][0, 0, 1:3, 2:4]
    row, column = (int(i) for i in np.unravel_index(window.argmax(), (2, 2)))
    for r in range(5):
        found = marked_columns(slicing, sources, r, range(5))
        assert set(found) == (set() if r not in (1, 2) else {2, 3})
        assert {c for c, source in found.items() if source.wins} == ({column + 2} if r == row + 1 else set())


def test_matrices_vectors_and_numbers_are_one_slice() -> None:
    for shape in ((), (5,), (3, 4)):
        source = FeedingRegion("x", tuple(slice(0, extent) for extent in shape))
        slicing = whole(shape)
        assert fed_places(slicing, [source]) == ((),)
        assert tuple(map(len, fed_cells(slicing, source))) == slicing.matrix_shape


def test_where_not_all_has_room_the_largest_stands_in_the_middle() -> None:
    value = np.zeros((40, 40))
    value[30, 5] = -2.0
    slicing, sources = whole(value.shape), (FeedingRegion("x", (slice(2, 40), slice(0, 40))),)
    window = fed_window(slicing, sources)
    assert window is not None
    assert first_to_see(window, slicing, sources, value, (40, 40)) == (2, 0)
    assert first_to_see(window, slicing, sources, value, (8, 6)) == (26, 2)
    assert first_to_see(window, slicing, sources, None, (8, 6)) == (2, 0)
