"""What is chosen by its position stays chosen on fresh values; the right gradients are of the choice."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script

SPARSE = """\
import numpy as np
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(5, 4)), rng.random((5, 3))
W1, W2 = rng.normal(size=(4, 6)), rng.normal(size=(6, 3))
for step in range(3):
    H = 1 / (1 + np.exp(-X @ W1))
    for row in H:
        kept = np.argpartition(row, -3)[-3:]
        dropped = np.ones(row.shape, dtype=bool)
        dropped[kept] = False
        row[dropped] = 0
    E = H @ W2 - Y
    loss = 0.5 * np.sum(E ** 2)
    W2_step = H.T @ E
    W1_step = X.T @ ((E @ W2.T) * H * (1 - H))
    W2 -= 0.1 * W2_step
    W1 -= 0.1 * W1_step
"""
MARGINS = """\
import numpy as np
rng = np.random.default_rng(3)
X, labels = rng.normal(size=(12, 4)), rng.integers(0, 3, 12)
W = np.zeros((3, 4))
moved = np.zeros((3, 4))
for turn in range(4):
    loss, step = 0.05 * np.sum(W ** 2), {penalty}
    for x, y in zip(X, labels):
        scores = W @ x + 1.0
        scores[y] -= 1.0
        best = np.argmax(scores)
        loss += scores[best] - scores[y]
        step[best] += x
        step[y] -= x
    W -= 0.1 * step
"""


def test_the_largest_are_those_that_were_the_largest(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(SPARSE)
    report = check_script(tmp_path / "net.py")
    assert set(report.verdicts.values()) == {"right"}
    assert not report.findings
    assert not any("opaque" in note for note in report.assumed.notes)


@pytest.mark.parametrize(("penalty", "is_right"), [("0.1 * W", True), ("0.2 * W", False)])
def test_where_other_weights_choose_otherwise_a_later_iteration_is_checked(
    penalty: str, is_right: bool, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(MARGINS.format(penalty=penalty))
    report = check_script(tmp_path / "net.py", seconds=3)
    assert set(report.verdicts.values()) == ({"right"} if is_right else {"wrong"})
    assert any("iteration 2 is checked" in note for note in report.assumed.notes)


FLAT = """\
import numpy as np
rng = np.random.default_rng(5)
x, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
velocity = np.zeros((7, 4))
for epoch in range(3):
    h = np.tanh(x @ w1)
    out = h @ w2
    loss = np.sum((out - y) ** 2) / 2
    d_out = out - y
    d_w2 = h.T @ d_out
    d_h = 2 * d_out @ w2.T * (1 - h ** 2)
    velocity = 0.9 * velocity + d_h
    d_w1 = x.T @ d_h
    w1 -= 0.1 * d_w1
    w2 -= 0.1 * d_w2
"""


def test_a_tensor_of_zeros_is_no_factor(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(FLAT)
    (finding,) = check_script(tmp_path / "net.py").findings
    assert finding.source.line == 12
    assert "velocity" not in (finding.correction or "")
