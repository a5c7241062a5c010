"""The shipped scenarios with pictures: what their texts say of the numbers is so."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from bpdebug.engine.language.derivation.rules import derivative_rules
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.program.history import History
from bpdebug.engine.program.trace import run
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from tests.tiers import deep

PICTURES = ("segmentation", "conv_by_hand", "max_pool_overlap")


def values(name: str) -> dict[str, np.ndarray]:
    scenario = load_scenario(name)
    return dict(run(scenario.program, scenario.values).values)


@pytest.mark.parametrize("name", PICTURES)
def test_their_gradients_are_right(name: str) -> None:
    assert check_scenario(load_scenario(name)).passed


def wrong_pixels(scenario: Case, iteration: int) -> int:
    """Train, and count the pixels whose class is not the one that p finds likeliest."""
    history = History(scenario.program, scenario.values, scenario.iterations)
    found = history.trace(iteration).values
    return int((found["p"].argmax(axis=1) != found["labels"]).sum())


def test_the_training_learns_the_shapes() -> None:
    scenario = load_scenario("segmentation")
    bright = scenario.values["a0"][:, 0] > 0.5
    assert (bright != scenario.values["labels"]).sum() == 13
    assert wrong_pixels(scenario, 1) > 40
    assert wrong_pixels(scenario, scenario.iterations) == 0


@pytest.fixture
def wrong_rule(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give a function another derivative."""
    function, derivative = request.param
    monkeypatch.setitem(FUNCTIONS, function, FUNCTIONS[function]._replace(derivatives=(derivative,)))
    derivative_rules.cache_clear()
    yield
    derivative_rules.cache_clear()


@pytest.mark.deep
@pytest.mark.parametrize(
    "wrong_rule",
    [
        deep(("upsample", "upsample_gradient(g, scale=scale) / 4")),
        ("max_pool2d", "4 * avg_pool2d_gradient(g, x, size=size, stride=stride, padding=padding)"),
    ],
    ids=["mean of the copies", "the whole window"],
    indirect=True,
)
@pytest.mark.usefixtures("wrong_rule")
def test_training_does_not_show_that_a_gradient_is_wrong_and_a_check_does() -> None:
    scenario = load_scenario("segmentation")
    assert wrong_pixels(scenario, scenario.iterations) == 0
    assert not check_scenario(scenario).passed


def test_on_the_way_back_the_filter_is_turned_round() -> None:
    found = values("conv_by_hand")
    assert found["z1"][0, 0, 0, 0] == 9
    assert found["da0"][0, 0, 1, 1] == 6
    assert found["dw1"][0, 0, 0, 0] == 2
    np.testing.assert_array_equal(found["db1"].ravel(), found["dz1"].sum(axis=(0, 2, 3)))
    padded = np.pad(found["dz1"], ((0, 0), (0, 0), (1, 1), (1, 1)))

    def slid(filters: np.ndarray, row: int, column: int) -> float:
        return float((padded[0, :, row : row + 2, column : column + 2] * filters[:, 0]).sum())

    for row, column in np.ndindex(4, 4):
        assert found["da0"][0, 0, row, column] == slid(found["w1"][:, :, ::-1, ::-1], row, column)
    assert slid(found["w1"], 1, 1) == 9


def test_a_winner_of_several_windows_gets_all_of_their_gradients() -> None:
    found = values("max_pool_overlap")
    da0 = found["da0"][0, 0]
    assert (da0[1, 1], da0[1, 2]) == (12, 9)
    assert da0.sum() == found["da1"].sum() == 45
    assigned = np.zeros_like(da0)
    for row, column in np.ndindex(3, 3):
        window = found["a0"][0, 0, row : row + 2, column : column + 2]
        down, right = np.unravel_index(window.argmax(), window.shape)
        assigned[row + down, column + right] = found["da1"][0, 0, row, column]
    assert (assigned[1, 1], assigned[1, 2]) == (5, 6)
