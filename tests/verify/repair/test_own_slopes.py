"""A function that is the derivative of another one is right: wrong is who takes it at the wrong place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from tests.tiers import deep

NET = """\
import numpy as np


def squash(v):
    return 1 / (1 + np.exp(-v))


def bend(v):
    {bend}


rng = np.random.default_rng(6)
w, u = rng.normal(size=(3, 2)), rng.normal(size=(4, 3))
x, y = rng.normal(size=(2, 5)), rng.normal(size=(4, 5))
h = squash(w @ x)
out = u @ h
cost = np.sum((out - y) ** 2)
d_out = 2 * (out - y)
d_h = u.T @ d_out * bend({at})
u -= 0.1 * d_out @ h.T
w -= 0.1 * d_h @ x.T
"""
BEND = "return squash(v) * (1 - squash(v))"


@pytest.mark.parametrize(
    ("bend", "at", "line", "correction"),
    [
        (BEND, "h", 19, "u.T @ d_out * bend(w @ x)"),
        deep(BEND.replace("1 -", "1 +"), "w @ x", 9, "squash(v) * (1 - squash(v))"),
    ],
)
def test_the_line_is_wrong_that_takes_it_elsewhere(
    tmp_path: Path, bend: str, at: str, line: int, correction: str
) -> None:
    script = tmp_path / "net.py"
    script.write_text(NET.format(bend=bend, at=at), encoding="utf-8")

    (finding,) = check_script(script).findings

    assert (finding.source.line, finding.correction, finding.verified) == (line, correction, True)
