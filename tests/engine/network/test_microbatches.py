"""Microbatches: the same gradients and the same training as with the whole batch, in visible parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.program.history import History
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.sources.scenario.reading import shipped_scenarios
from bpdebug.verify.check import check_scenario

XOR = next(path for path in shipped_scenarios() if path.stem == "xor")
UPDATES = 20


def xor_in(parts: int, folder: Path, **replaced: str) -> Case:
    text = XOR.read_text().replace("iterations = 500", f"iterations = 500\nmicrobatches = {parts}")
    for old, new in replaced.items():
        text = text.replace(old, new)
    path = folder / f"xor_{parts}.toml"
    path.write_text(text)
    return load_scenario(path)


@pytest.mark.parametrize("parts", [2, 4])
def test_the_training_is_that_of_the_whole_batch(parts: int, tmp_path: Path) -> None:
    whole, divided = load_scenario("xor"), xor_in(parts, tmp_path)
    right = History(whole.program, whole.values, whole.iterations).trace(UPDATES).values
    found = History(divided.program, divided.values, divided.iterations).trace(UPDATES).values
    for name in ("loss", "dw1", "db2", "da0", "w1_new", "b2_new"):
        np.testing.assert_allclose(found[name], right[name], rtol=1e-12, atol=1e-15, err_msg=name)


def test_each_part_of_a_gradient_is_a_step_and_then_their_sum(tmp_path: Path) -> None:
    program = xor_in(2, tmp_path).program
    texts = [statement_text(statement) for statement in program.statements]
    at = texts.index("dw1 = dw1_via_z1_2 + dw1_via_z1_1")
    assert texts[at - 2 : at] == ["dw1_via_z1_2 = dz1_2 @ a0_2.T", "dw1_via_z1_1 = dz1_1 @ a0_1.T"]
    assert texts[0] == "a0_1 = a0[:,0:2]"
    assert [layer.title for layer in program.blocks[:3]] == [
        "dense tanh, part 1",
        "dense sigmoid, part 1",
        "dense tanh, part 2",
    ]


def test_its_gradients_pass_the_check(tmp_path: Path) -> None:
    assert check_scenario(xor_in(2, tmp_path)).passed
