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
