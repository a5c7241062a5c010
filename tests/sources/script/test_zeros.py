"""A variable that holds the integer 0 is a bias or a sum; a sum begins anew in each turn."""

from __future__ import annotations

from pathlib import Path

from bpdebug.sources.script.analysis.analyse import analyse
from tests.sources.script.recording import recorded

RECURRENT = """
import numpy as np
rng = np.random.default_rng(6)
xs, y = rng.normal(size=(5, 3)), rng.normal(size=4)
cell = {part: rng.normal(size=(4, 7)) * 0.5 for part in ("keep", "new")}
for epoch in range(3):
    h, past = np.zeros(4), []
    for x in xs:
        both = np.concatenate([h, x])
        keep, new = 1 / (1 + np.exp(-cell["keep"] @ both)), np.tanh(cell["new"] @ both)
        past.append((both, h, keep, new))
        h = keep * h + (1 - keep) * new
    loss = 0.5 * np.sum((h - y) ** 2)
    steps = {part: np.zeros_like(cell[part]) for part in cell}
    d_h = h - y
    for both, before, keep, new in reversed(past):
        inner = {"keep": d_h * (before - new) * keep * (1 - keep), "new": d_h * (1 - keep) * (1 - new ** 2)}
        back = 0
        for part in cell:
            steps[part] += np.outer(inner[part], both)
            back = back + cell[part].T @ inner[part]
        d_h = d_h * keep + back[:4]
    for part in cell:
        cell[part] -= 0.1 * steps[part]
"""


def test_a_sum_that_begins_anew_in_each_turn_is_no_parameter(tmp_path: Path) -> None:
    analysis = analyse(recorded(tmp_path, RECURRENT))
    assert {one.name for one in analysis.parameters} >= {'cell["keep"]', 'cell["new"]'}
    assert "back" not in [one.name for one in analysis.parameters]
    assert analysis.loss is not None
    assert analysis.loss.verdicts.are_right
