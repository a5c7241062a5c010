"""The right scripts are right: their gradients and steps are those of central differences."""

from __future__ import annotations

import pytest

from tests.scripts.catalogue import EXAMPLES, SCRIPTS
from tests.scripts.oracle import RIGHT, Program, Script, reference, sources, wrong
from tests.tiers import few


@pytest.mark.parametrize("script", few(SCRIPTS, 4), ids=lambda script: script.name)
def test_the_gradients_of_a_right_script_are_right(script: Script) -> None:
    program = Program(script, sources(script))
    gradients, right = program.run().gradients, reference(program)
    assert all(value.any() for value in right.values()), "a gradient of zeros proves nothing"
    assert wrong(gradients, right) == []


def test_every_script_stands_in_the_catalogue() -> None:
    there = {path.name for path in RIGHT.iterdir() if path.name != "__pycache__"}
    assert there == {script.name for script in SCRIPTS}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(script, expected, id=script.name.split("/")[-1])
        for script, expected in zip(
            EXAMPLES,
            (
                [],
                ["network.weights[0]", "network.weights[1]", "network.biases[0]", "network.biases[1]"],
                ["Wh"],
                ['params["b1"]', 'params["b2"]'],
            ),
            strict=True,
        )
    ],
)
def test_a_shipped_script_is_as_wrong_as_it_says(script: Script, expected: list[str]) -> None:
    program = Program(script, sources(script))
    assert wrong(program.run().gradients, reference(program)) == expected
