"""A fault of the forward pass is found there; where the backward pass may be meant, both are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.report import Finding, ScriptReport
from tests.tiers import few

GATES = """\
import numpy as np

rng = np.random.default_rng(4)
seen, before = rng.normal(size=(6, 3)), rng.normal(size=(6, 4))
wanted = rng.normal(size=(6, 4))
Wr, Ur = rng.normal(size=(3, 4)), rng.normal(size=(4, 4))
Wc, Uc = rng.normal(size=(3, 4)), rng.normal(size=(4, 4))


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


for step in range(3):
    r = sigmoid(seen @ Wr + before @ Ur)
    c = np.tanh(seen @ Wc + (r * before) @ Uc)
    loss = 0.5 * np.sum((c - wanted) ** 2)
    dc = (c - wanted) * (1 - c**2)
    dUc = (r * before).T @ dc
    dWc = seen.T @ dc
    dr = (dc @ Uc.T) * before * r * (1 - r)
    dWr = seen.T @ dr
    dUr = before.T @ dr
    Wr -= 0.1 * dWr
    Ur -= 0.1 * dUr
    Wc -= 0.1 * dWc
    Uc -= 0.1 * dUc
"""

CLASSES = """\
import numpy as np

rng = np.random.default_rng(1)
points = rng.normal(size=(7, 4))
labels = np.eye(3)[[0, 2, 1, 1, 0, 2, 2]]
w1, b1 = rng.normal(size=(4, 5)), rng.normal(size=5)
w2, b2 = rng.normal(size=(5, 3)), rng.normal(size=3)


def relu(z):
    return np.maximum(z, 0)


def forward(x):
    z1 = x @ w1 + b1
    a1 = relu(z1)
    z2 = a1 @ w2 + b2
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    return z1, a1, e / e.sum(axis=1, keepdims=True)


for epoch in range(3):
    z1, a1, p = forward(points)
    dz2 = (p - labels) / 7
    dw2, db2 = a1.T @ dz2, dz2.sum(axis=0)
    dz1 = dz2 @ w2.T * (z1 > 0)
    dw1, db1 = points.T @ dz1, dz1.sum(axis=0)
    w1 -= 0.5 * dw1
    b1 -= 0.5 * db1
    w2 -= 0.5 * dw2
    b2 -= 0.5 * db2
"""

HIDDEN = """\
import numpy as np

rng = np.random.default_rng(5)
x, y = rng.normal(size=(3, 8)), rng.normal(size=(2, 8))
w1, w2 = rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
scale = rng.uniform(0.5, 2, size=(4, 1))

for step in range(2):
    z = w1 @ x
    h = np.tanh(z) * scale
    out = w2 @ h
    loss = np.sum((out - y) ** 2)
    d_out = 2 * (out - y)
    dw2 = d_out @ h.T
    dh = w2.T @ d_out
    dz = dh * scale * (1 - np.tanh(z) ** 2)
    dw1 = dz @ x.T
    w1 -= 0.01 * dw1
    w2 -= 0.01 * dw2
"""

MASKED = """\
import numpy as np

rng = np.random.default_rng(5)
x, y = rng.normal(size=(3, 8)), rng.normal(size=(2, 8))
w1, w2 = rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
kept = rng.uniform(0.5, 2, size=(4, 8))

for step in range(2):
    z = w1 @ x
    h = np.tanh(z)
    out = w2 @ (h * kept)
    loss = np.sum((out - y) ** 2)
    d_out = 2 * (out - y)
    dw2 = d_out @ (h * kept).T
    dh = w2.T @ d_out * kept
    dz = dh * (1 - h**2)
    dw1 = dz @ x.T
    w1 -= 0.01 * dw1
    w2 -= 0.01 * dw2
"""


def checked(folder: Path, right: str, old: str, new: str) -> tuple[ScriptReport, int]:
    """The report on a script with one line changed, and the number of that line."""
    assert right.count(old) == 1
    faulty = right.replace(old, new)
    path = folder / "net.py"
    path.write_text(faulty, encoding="utf-8")
    lines = zip(right.splitlines(), faulty.splitlines(), strict=True)
    return check_script(path), next(number for number, (a, b) in enumerate(lines, 1) if a != b)


def only_finding(report: ScriptReport) -> Finding:
    """The only finding of a report."""
    assert len(report.findings) == 1, report.findings
    return report.findings[0]


@pytest.mark.parametrize(
    ("right", "old", "new", "correction", "said"),
    few(
        [
            pytest.param(
                GATES,
                "(r * before) @ Uc)",
                "before @ Uc)",
                "np.tanh(seen @ Wc + r * before @ Uc)",
                "`r`, line 15, is not read on the way to the output: the factor `r` is missing",
                id="a gate that nothing reads",
            ),
            pytest.param(
                CLASSES,
                "e / e.sum(axis=1, keepdims=True)",
                "e / e.sum(axis=0, keepdims=True)",
                "e / e.sum(axis=1, keepdims=True)",
                "the probabilities do not add up to 1 over axis 1, as the targets do: ",
                id="a softmax over the wrong axis",
            ),
            pytest.param(
                CLASSES,
                "z2 = a1 @ w2 + b2",
                "z2 = z1 @ w2 + b2",
                "a1 @ w2 + b2",
                "`a1`, line 16, is not read on the way to the output: ",
                id="the pre-activation is used",
            ),
            pytest.param(
                CLASSES,
                "z1 = x @ w1 + b1",
                "z1 = x @ w1",
                "x @ w1 + b1",
                "`b1` is trained, and the forward pass does not read it: ",
                id="a bias that is forgotten",
            ),
        ],
        1,
    ),
)
def test_evidence_comes_first(
    tmp_path: Path, right: str, old: str, new: str, correction: str, said: str
) -> None:
    report, line = checked(tmp_path, right, old, new)
    finding = only_finding(report)
    assert (finding.source.line, finding.kind, finding.verified) == (line, "forward", True)
    assert finding.correction == correction
    assert finding.explanation.startswith(said)
    assert not report.passed


@pytest.mark.deep
def test_where_one_backward_line_may_be_meant_the_forward_line_is_named_with_it(tmp_path: Path) -> None:
    report, _ = checked(tmp_path, HIDDEN, "np.tanh(z) * scale\n", "np.tanh(z)\n")
    finding = only_finding(report)
    assert finding.correction == "dh * (1 - np.tanh(z) ** 2)"
    assert "Or this is meant, and line " in finding.explanation
    assert " of the forward pass should be `scale * " in finding.explanation


@pytest.mark.deep
def test_where_two_backward_lines_would_be_wrong_the_forward_line_is(tmp_path: Path) -> None:
    report, line = checked(tmp_path, MASKED, "w2 @ (h * kept)\n", "w2 @ h\n")
    finding = only_finding(report)
    assert (finding.kind, finding.source.line, finding.correction) == ("forward", line, "w2 @ (kept * h)")
    assert finding.explanation.endswith("Or this is meant, and lines 14 and 15 do not fit it")


@pytest.mark.parametrize("right", few([GATES, CLASSES, HIDDEN, MASKED], 1))
def test_nothing_is_said_of_a_right_script(tmp_path: Path, right: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(right, encoding="utf-8")
    report = check_script(path)
    assert report.passed
    assert set(report.verdicts.values()) == {"right"}


@pytest.mark.deep
def test_a_faulty_forward_line_does_not_hide_a_faulty_backward_line(tmp_path: Path) -> None:
    faulty = CLASSES.replace("dz2.sum(axis=0)", "dz2.mean(axis=0)")
    report, line = checked(tmp_path, faulty, "e / e.sum(axis=1, ", "e / e.sum(axis=0, ")
    forward, backward = report.findings
    assert (forward.kind, forward.source.line) == ("forward", line)
    assert (backward.kind, backward.correction) == ("wrong", "dz2.sum(axis=0)")
