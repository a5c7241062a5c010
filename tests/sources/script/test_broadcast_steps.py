"""A step for each example makes a bias larger than it was: it is a parameter all the same, and not right."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.sources.script.analysis.analyse import analyse
from tests.sources.script.recording import recorded

TEXT = """
import numpy as np
rng = np.random.default_rng(2)
x, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
class Held:
    def __init__(self, value):
        self.value = value
held = [Held(rng.normal(size=(3, 2))), Held(np.zeros(2))]
for turn in range(3):
    out = np.tanh(x @ held[0].value + held[1].value)
    loss = 0.5 * np.sum((out - y) ** 2)
    inner = (out - y) * (1 - out ** 2)
    for one, step in zip(held, (x.T @ inner, {step})):
        one.value = one.value - 0.1 * step
"""


@pytest.mark.parametrize(("step", "kinds"), [("inner", ["right", "wrong"]), ("inner.sum(0)", ["right"] * 2)])
def test_a_bias_with_a_step_for_each_example_is_wrong(step: str, kinds: list[str], tmp_path: Path) -> None:
    loss = analyse(recorded(tmp_path, TEXT.format(step=step))).loss
    assert loss is not None
    assert [one.kind for one in loss.verdicts.each] == kinds
