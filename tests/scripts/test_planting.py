"""The planted mistakes are mistakes, on the lines they say; what is no mistake does not count."""

from __future__ import annotations

import pytest

from tests.scripts.catalogue import SCRIPTS
from tests.scripts.kinds import KINDS
from tests.scripts.oracle import Program, convention, reference, sources, wrong
from tests.scripts.planting import (
    DEVELOPMENT_KINDS,
    DEVELOPMENT_SCRIPTS,
    Plant,
    is_wrong,
    measured,
    plants_of,
)

BY_NAME = {script.name: script for script in SCRIPTS}
FLAT = BY_NAME["flat_globals.py"]


@pytest.fixture(scope="module")
def plants() -> list[Plant]:
    return plants_of(FLAT)


@pytest.mark.deep
def test_a_plant_differs_from_the_right_text_on_its_lines_only(plants: list[Plant]) -> None:
    right = sources(FLAT)[FLAT.main].splitlines()
    for plant in plants:
        if "too early" in plant.kinds:
            continue
        now = plant.texts[FLAT.main].splitlines()
        changed = {number for number, (a, b) in enumerate(zip(right, now, strict=True), 1) if a != b}
        assert changed <= {line for fault in plant.faults for line in fault.lines}
        assert len(changed) == len(plant.faults)


@pytest.mark.deep
def test_every_plant_makes_a_gradient_wrong(plants: list[Plant]) -> None:
    assert len(plants) > 30
    right = reference(Program(FLAT, sources(FLAT)))
    backward = [plant for plant in plants if "forward" not in plant.kinds]
    assert all(wrong(Program(FLAT, plant.texts).run().gradients, right) for plant in backward)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("delta3 = (y - t) / N", "delta3 = (y - t)", id="a common factor"),
        pytest.param("delta3 = (y - t) / N", "delta3 = -(t - y) / N", id="the same, written otherwise"),
        pytest.param("h1 = np.tanh(z1)", "h1 = np.tanh(z1", id="no Python"),
        pytest.param("h1.T @ delta2", "h1 @ delta2", id="it breaks"),
        pytest.param("np.sum((y - t) ** 2) / N", "np.sum((y - t) ** 4) / N", id="another loss"),
    ],
)
def test_what_is_no_mistake_does_not_count(before: str, after: str) -> None:
    text = sources(FLAT)[FLAT.main]
    assert before in text
    assert not is_wrong(measured(FLAT), {FLAT.main: text.replace(before, after)}, forward=False)


def test_a_common_factor_is_a_convention_only_if_it_is_common() -> None:
    right = reference(Program(FLAT, sources(FLAT)))
    assert convention({name: 3 * value for name, value in right.items()}, right)
    assert convention({name: value * (-1 if "step" in name else 1) for name, value in right.items()}, right)
    assert not convention({**right, "w1": 3 * right["w1"]}, right)


def test_the_halves_name_what_there_is() -> None:
    assert set(BY_NAME) > DEVELOPMENT_SCRIPTS
    assert set(KINDS) > DEVELOPMENT_KINDS
