"""A step that takes the place of the weights is found, although nothing is seen to be trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from tests.tiers import few

ARRAYS = """\
import numpy as np
rng = np.random.default_rng(1)
X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
W, V = rng.normal(size=(3, 2)), rng.normal(size=(2, 2))
for turn in range(3):
    H = np.tanh(X @ W)
    error = H @ V - Y
    loss = 0.5 * np.sum(error ** 2)
    by_V = H.T @ error
    by_W = X.T @ (error @ V.T * (1 - H ** 2))
    W = {sign}0.1 * by_W
    V = {sign}0.1 * by_V
"""
NEURONS = """\
import math


class Cell:
    def __init__(self, w):
        self.w, self.out = w, 0.0


cells = [Cell(0.3), Cell(-0.2)]
last = Cell(0.7)
for x, wanted in [(0.4, 1), (-0.9, 0), (0.5, 1)]:
    total = 0.0
    for cell in cells:
        cell.out = math.tanh(cell.w * x)
        total += last.w * cell.out
    out = math.tanh(total)
    loss = 0.5 * (wanted - out) ** 2
    slope = (wanted - out) * (1 - out ** 2)
    steps = [slope * last.w * (1 - cell.out ** 2) * x for cell in cells]
    change = slope * (cells[0].out + cells[1].out)
    for cell, step in zip(cells, steps):
        cell.w = 0.2 * step
    last.w = 0.2 * change
"""
CASES = [
    (ARRAYS.format(sign=""), {11: "W -= 0.1 * by_W", 12: "V -= 0.1 * by_V"}),
    (ARRAYS.format(sign="-"), {11: "W += -0.1 * by_W", 12: "V += -0.1 * by_V"}),
    (NEURONS, {22: "cell.w += 0.2 * step", 23: "last.w += 0.2 * change"}),
]


@pytest.mark.parametrize(("text", "corrections"), few(CASES, 1))
def test_what_should_be_added_to_is_not_replaced(
    text: str, corrections: dict[int, str], tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(text)
    report = check_script(tmp_path / "net.py")
    assert {one.source.line: one.correction for one in report.findings} == corrections
    assert all(one.verified for one in report.findings)
    assert set(report.verdicts.values()) == {"wrong"}


def test_a_state_that_is_replaced_is_none(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("""\
import numpy as np
x, rate = np.ones(3), 0.5
for turn in range(4):
    y = np.tanh(x)
    x = rate * (y - 0.1 * y.sum())
print(x)
""")
    assert check_script(tmp_path / "net.py").findings == ()
