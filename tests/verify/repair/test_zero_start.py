"""Weights that begin at 0, or all alike: then several losses have the same gradients, and one is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from tests.tiers import few

CLASSES = """\
import numpy as np

rng = np.random.default_rng(1)
x, y = rng.normal(size=(18, 4)), np.eye(3)[rng.integers(0, 3, 18)]
w = np.zeros((4, 3))
for epoch in range(5):
    z = x @ w
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    w -= 0.2 * x.T @ (p - y) / 18
"""
PRINTED = """\
import numpy as np

rng = np.random.default_rng(1)
x = rng.normal(size=(18, 4))
y = (x[:, 0] > 0).astype(float)
w, b = np.zeros(4), 0.0
for epoch in range(5):
    p = 1 / (1 + np.exp(-(x @ w + b)))
    error = p - y
    w -= 0.2 * x.T @ error / 18
    b -= 0.2 * error.mean()
    print(epoch, np.mean(error ** 2))
"""
SCRIPTS = [(CLASSES, "−Σ y log p"), (PRINTED, "−Σ y log p + (1 − y) log(1 − p)")]


@pytest.mark.parametrize(("text", "loss"), few(SCRIPTS, 1))
def test_the_loss_is_that_by_which_all_stays_right(text: str, loss: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(text)
    report = check_script(tmp_path / "net.py")
    assert report.findings == ()
    assert set(report.verdicts.values()) == {"right"}
    assert report.assumed.loss.startswith(f"{loss}, implied by")


@pytest.mark.deep
@pytest.mark.parametrize(
    ("text", "old", "new"),
    few([(CLASSES, "x.T @ (p - y)", "x.T @ (p - y) ** 2"), (PRINTED, "x.T @ error", "x.T @ error ** 3")], 1),
)
def test_a_mistake_is_one_where_all_begins_at_0(text: str, old: str, new: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(text.replace(old, new))
    assert not check_script(tmp_path / "net.py").passed


ADDED_TO_ITSELF = """\
import numpy as np

rng = np.random.default_rng(4)
x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
w, c = rng.normal(size=(2, 3)), np.zeros(2)
kept_w, kept_c = np.zeros_like(w), np.zeros_like(c)
for epoch in range(3):
    dw, dc, loss = np.zeros_like(w), np.zeros_like(c), 0.0
    for one, wanted in zip(x, y):
        error = w @ one + c - wanted
        loss += 0.5 * np.sum(error ** 2)
        dw += np.outer(error, one)
        dc += dc
    for value, step, kept in zip([w, c], [dw, dc], [kept_w, kept_c]):
        kept += step * step
        value += -0.1 * step / np.sqrt(kept + 1e-8)
"""


def test_a_gradient_to_which_nothing_is_added_is_followed_through_an_adaptive_step(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(ADDED_TO_ITSELF)
    (finding,) = check_script(tmp_path / "net.py").findings
    assert (finding.source.line, finding.correction, finding.verified) == (13, "error", True)
