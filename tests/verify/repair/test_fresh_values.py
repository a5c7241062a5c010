"""A fault that the first values hide, ones and zeros, shows on fresh ones, and so does its correction."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from tests.tiers import few

SCRIPT = """\
import numpy as np

rng = np.random.default_rng(11)
x, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
scale, shift = np.ones(4), np.zeros(4)
for epoch in range(2):
    h = np.tanh(x @ w1)
    s = h * scale + shift
    out = s @ w2
    loss = np.sum((out - y) ** 2) / 2
    d_out = out - y
    d_w2 = s.T @ d_out
    d_s = d_out @ w2.T
    d_scale = (d_s * h).sum(axis=0)
    d_shift = d_s.sum(axis=0)
    d_h = d_s * scale
    d_w1 = x.T @ (d_h * (1 - h**2))
    w1 -= 0.1 * d_w1
    w2 -= 0.1 * d_w2
    scale -= 0.1 * d_scale
    shift -= 0.1 * d_shift
"""
HIDDEN = [
    ("d_s * scale", "d_s", "w1"),
    ("s.T @ d_out", "h.T @ d_out", "w2"),
    ("(d_s * h).sum(axis=0)", "(d_s * s).sum(axis=0)", "scale"),
    ("d_s * scale", "d_s * scale**2", "w1"),
]


@pytest.mark.parametrize(("right", "wrong", "parameter"), few(HIDDEN))
def test_what_ones_and_zeros_hide_is_found(right: str, wrong: str, parameter: str, tmp_path: Path) -> None:
    assert SCRIPT.count(right) == 1
    path = tmp_path / "net.py"
    path.write_text(SCRIPT.replace(right, wrong), encoding="utf-8")
    report = check_script(path)
    assert {name for name, verdict in report.verdicts.items() if verdict == "wrong"} == {parameter}
    (finding,) = report.findings
    assert finding.verified
    assert finding.also_wrong == (parameter,)
    assert finding.source.line == SCRIPT[: SCRIPT.index(right)].count("\n") + 1


def test_a_right_script_is_right_on_fresh_values(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(SCRIPT, encoding="utf-8")
    assert set(check_script(path).verdicts.values()) == {"right"}


NEURONS = """\
import math

w, b, v, c = 0.4, 0.1, -0.7, 0.2
inputs, targets = [0.5, -0.3, 0.8], [0, 1, 0]


def squash(z):
    return 1 / (1 + math.exp(-z))


def slope(a):
    return a * (1 - a)


def cost(error):
    return error * error


for epoch in range(4):
    for x, t in zip(inputs, targets):
        h = squash(w * x + b)
        out = squash(v * h + c)
        error = out - t
        loss = cost(error)
        d_out = 2 * error
        d_h = d_out * slope(out) * v
        d_v, d_c = d_out * slope(out) * h, d_out * slope(out)
        d_w, d_b = d_h * slope(h) * x, d_h * slope(h)
        w, b = w - 0.1 * d_w, b - 0.1 * d_b
        v, c = v - 0.1 * d_v, c - 0.1 * d_c
"""


@pytest.mark.deep
def test_an_output_is_told_from_its_error_although_the_target_is_0(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(NEURONS.replace("d_h = d_out * slope(out) * v", "d_h = d_out * v"), encoding="utf-8")
    report = check_script(path)
    (finding,) = report.findings
    assert finding.source.line == 26
    assert finding.correction in ("d_out * v * slope(out)", "d_out * slope(out) * v")


@pytest.mark.deep
def test_a_loss_that_is_computed_is_meant_where_one_that_is_implied_explains_not_all(tmp_path: Path) -> None:
    # By a cross-entropy two gradients would be right, by the cost that is written one.
    wrong = NEURONS.replace("d_h = d_out * slope(out) * v", "d_h = d_out * v")
    path = tmp_path / "net.py"
    path.write_text(wrong.replace("slope(out) * h", "slope(out) * v"), encoding="utf-8")
    report = check_script(path)
    assert [one.source.line for one in report.findings] == [26, 27]
    assert all(one.verified for one in report.findings)
    assert "line 16" in report.assumed.loss
