"""One tensor for another at some of its places in a formula, and not at all of them."""

from __future__ import annotations

from pathlib import Path

from bpdebug.verify.repair.check import check_script

TEXT = """\
import numpy as np
rng = np.random.default_rng(8)
x, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
w, v = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
for turn in range(3):
    s, t = x @ w, x @ v
    out = s * t * np.exp(-s) + s ** 2
    loss = 0.5 * np.sum((out - y) ** 2)
    g = out - y
    ds = {formula}
    dt = g * s * np.exp(-s)
    w -= 0.01 * x.T @ ds
    v -= 0.01 * x.T @ dt
"""
RIGHT = "g * (t * np.exp(-s) * (1 - s) + 2 * s)"


WRONG = "g * (t * np.exp(-t) * (1 - t) + 2 * s)"


def test_the_formula_is_mended_at_those_places(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(TEXT.format(formula=WRONG))
    (finding,) = check_script(tmp_path / "net.py").findings
    assert (finding.source.line, finding.correction, finding.verified) == (10, RIGHT, True)
