"""Steps that all go uphill: one sign is wrong, of an error which the loss squares, and not every update."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script

NET = """\
import numpy as np

rng = np.random.default_rng(2)
x, t = rng.normal(size=(9, 3)), rng.uniform(size=(9, 1))
w, b, v, c = rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=(4, 1)), np.zeros(1)
for step in range(5):
    h = 1 / (1 + np.exp(-(x @ w + b)))
    y = 1 / (1 + np.exp(-(h @ v + c)))
    off = t - y
    loss = 0.5 * np.sum(off ** 2)
    dy = off * y * (1 - y)
    dh = dy @ v.T * h * (1 - h)
    v += h.T @ dy * 0.1
    w += x.T @ dh * 0.1
    c += dy.sum(axis=0) * 0.1
    b += dh.sum(axis=0) * 0.1
"""


def test_the_error_is_turned_round(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET.replace("off = t - y", "off = y - t"))
    (finding,) = check_script(tmp_path / "net.py").findings
    assert (finding.source.line, finding.correction, finding.verified) == (9, "t - y", True)
    assert finding.also_wrong == ("b", "c", "v", "w")


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [("* h * (1 - h)", "* (1 - h)", 12), ("v += h.T", "v -= h.T", 13), ("off * y * (1 - y)", "off * y", 11)],
)
def test_an_error_that_the_loss_squares_is_else_as_it_is_meant(
    right: str, wrong: str, line: int, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(NET)
    assert check_script(tmp_path / "net.py").passed
    (tmp_path / "net.py").write_text(NET.replace(right, wrong))
    assert [one.source.line for one in check_script(tmp_path / "net.py").findings] == [line]
