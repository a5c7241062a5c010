"""A way through the forward pass that nothing of the backward pass goes back is named, and where to add."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script

HINGE = """
import numpy as np
rng = np.random.default_rng(5)
points, classes = rng.normal(size=(3, 2)), rng.integers(0, 3, size=3)
weights = rng.normal(size=(2, 3)) * 0.1
for turn in range(2):
    loss, slope = 0.0, np.zeros_like(weights)
    for i, point in enumerate(points):
        scores = point @ weights
        own = scores[classes[i]]
        for j in range(3):
            margin = scores[j] - own + 1
            if j != classes[i] and margin > 0:
                loss += margin
                slope[:, j] += point
    weights -= 0.2 * slope
"""
TIED = """
import numpy as np
rng = np.random.default_rng(2)
x, shift, back = rng.normal(size=(6, 4)), np.zeros(3), np.zeros(4)
w = rng.normal(size=(4, 3)) * 0.5
for turn in range(2):
    code = np.tanh(x @ w + shift)
    again = code @ w.T + back
    loss = np.sum((again - x) ** 2) / 6
    d = 2 * (again - x) / 6
    inner = d @ w * (1 - code**2)
    dw = x.T @ inner
    dshift, dback = inner.sum(axis=0), d.sum(axis=0)
    w -= 0.1 * dw
    shift -= 0.1 * dshift
    back -= 0.1 * dback
"""


def test_a_tensor_whose_second_reading_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "hinge.py"
    path.write_text(HINGE)
    (finding,) = check_script(path).findings
    assert finding.source.line == 15
    assert finding.explanation == (
        "what `scores` does to the loss in line 10, `own = scores[classes[i]]`, is missing: "
        "nothing is added for it"
    )


@pytest.mark.deep
def test_weights_that_are_used_twice(tmp_path: Path) -> None:
    path = tmp_path / "tied.py"
    path.write_text(TIED)
    (finding,) = check_script(path, seconds=120).findings
    assert (finding.source.line, finding.verified) == (12, True)
    assert finding.explanation == "the term `d.T @ code` is missing"


def test_what_is_only_wrong_in_number_is_no_forgotten_way(tmp_path: Path) -> None:
    path = tmp_path / "tied.py"
    path.write_text(TIED.replace("dw = x.T @ inner", "dw = x.T @ inner + code.mean() * d.T @ code"))
    report = check_script(path, seconds=1)
    assert not any("nothing is added for it" in one.explanation for one in report.findings)
