"""A call that reads what a later call of the same function has kept is named, and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script

SHARED = """\
import numpy as np


class Encoder:
    def __init__(self, rng):
        self.w, self.c = rng.normal(size=(3, 4)), np.zeros(4)
        self.dw, self.dc, self.seen = np.zeros((3, 4)), np.zeros(4), []

    def forward(self, x):
        self.x = x
        self.a = np.tanh(x @ self.w + self.c)
        self.seen.append((self.x, self.a))
        return self.a

    def backward(self, da, call):
        x, a = self.x, self.a
        dz = da * (1 - a**2)
        self.dw = self.dw + x.T @ dz
        self.dc = self.dc + dz.sum(axis=0)


rng = np.random.default_rng(6)
first, second, wanted = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), rng.normal(size=(5, 4))
encoder = Encoder(rng)
for step in range(2):
    encoder.dw, encoder.dc, encoder.seen = np.zeros((3, 4)), np.zeros(4), []
    p = encoder.forward(first)
    q = encoder.forward(second)
    off = p * q - wanted
    loss = 0.5 * np.sum(off**2)
    {back}
    encoder.w = encoder.w - 0.01 * encoder.dw
    encoder.c = encoder.c - 0.01 * encoder.dc
"""
IN_ORDER = SHARED.replace("{back}", "encoder.backward(off * q, 0)\n    encoder.backward(off * p, 1)")
REVERSED = SHARED.replace("{back}", "encoder.backward(off * p, 1)\n    encoder.backward(off * q, 0)")
RIGHT = ("x, a = self.x, self.a", "x, a = self.seen[call]")


@pytest.mark.parametrize(("text", "line"), [(IN_ORDER, 31), (REVERSED, 32)])
def test_who_reads_what_a_later_call_has_kept_is_named(tmp_path: Path, text: str, line: int) -> None:
    path = tmp_path / "net.py"
    path.write_text(text, encoding="utf-8")
    (finding,) = check_script(path).findings
    assert (finding.source.line, finding.kind, finding.correction) == (line, "overwritten", None)
    assert finding.explanation == "this needs what line 27 has kept, and line 28 has written over that"
    path.write_text(text.replace(*RIGHT), encoding="utf-8")
    assert check_script(path).passed
