"""The right scripts are right: their gradients and steps are those of central differences."""

from __future__ import annotations

import pytest

from tests.scripts.catalogue import SCRIPTS
from tests.scripts.oracle import RIGHT, Program, Script, reference, sources, wrong


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_the_gradients_of_a_right_script_are_right(script: Script) -> None:
    program = Program(script, sources(script))
    gradients, right = program.run().gradients, reference(program)
    assert all(value.any() for value in right.values()), "a gradient of zeros proves nothing"
    assert wrong(gradients, right) == []


def test_every_script_stands_in_the_catalogue() -> None:
    there = {path.name for path in RIGHT.iterdir() if path.name != "__pycache__"}
    assert there == {script.name for script in SCRIPTS}
