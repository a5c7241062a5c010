"""Where no edit mends a line, the derived formula stands there, in the person's names, and it is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.export.script_report import text_report
from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.report import corrected, replacements
from tests.tiers import few

ROWS = """\
import numpy as np
rng = np.random.default_rng(3)
count = 6
x, y = rng.normal(size=(count, 3)), rng.normal(size=(count, 2))
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
h = np.tanh(x @ w1)
out = h @ w2
cost = np.sum((out - y) ** 2) / 2 / count
d_out = (out - y) / count
dw2 = h.T @ d_out
d_h = d_out @ w2.T
d_z = d_h * (1 - h**2)
dw1 = x.T @ d_z
w1 -= 0.1 * dw1
w2 -= 0.1 * dw2
"""
LAYERS = """\
import numpy as np

class Net:
    def __init__(self, sizes, rng):
        self.w = [rng.normal(size=(b, a)) for a, b in zip(sizes, sizes[1:])]
        self.b = [rng.normal(size=(b, 1)) for b in sizes[1:]]

    def forward(self, x):
        self.a = [x]
        for w, b in zip(self.w, self.b):
            self.a.append(1 / (1 + np.exp(-(w @ self.a[-1] + b))))
        return self.a[-1]

    def backward(self, y):
        m = y.shape[1]
        delta = self.a[-1] - y
        self.dw, self.db = [], []
        for layer in reversed(range(len(self.w))):
            self.dw.insert(0, delta @ self.a[layer].T / m)
            self.db.insert(0, delta.sum(axis=1, keepdims=True) / m)
            a = self.a[layer]
            delta = (self.w[layer].T @ delta) * a * (1 - a)

rng = np.random.default_rng(5)
x, y = rng.normal(size=(3, 7)), (rng.random(size=(2, 7)) > 0.5) * 1.0
net = Net([3, 5, 4, 2], rng)
for epoch in range(2):
    p = net.forward(x)
    loss = -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) / x.shape[1]
    net.backward(y)
    for layer in range(len(net.w)):
        net.w[layer] -= 0.5 * net.dw[layer]
        net.b[layer] -= 0.5 * net.db[layer]
"""
APART = ROWS.replace("h = np.tanh(x @ w1)\nout = h @ w2", "out = np.tanh(x @ w1) @ w2")
APART = APART.replace("h.T", "np.tanh(x @ w1).T").replace("h**2", "np.tanh(x @ w1) ** 2")
VECTORS = """\
import numpy as np
rng = np.random.default_rng(2)
table, other = rng.normal(size=(8, 3)), rng.normal(size=(8, 3))
for word, near, far in ((1, 4, np.array([2, 6])), (5, 0, np.array([7, 3]))):
    v, u, n = table[word], other[near], other[far]
    p, q = 1 / (1 + np.exp(-u @ v)), 1 / (1 + np.exp(-n @ v))
    loss = -np.log(p) - np.sum(np.log(1 - q))
    g = p - 1
    dv = n.T @ q + u * g
    du = g * v
    dn = np.outer(q, v)
    table[word] -= 0.1 * dv
    other[near] -= 0.1 * du
    np.add.at(other, far, -0.1 * dn)
"""
CASES = [
    (ROWS, "x.T @ d_z", "np.cos(w1 * 3) + 0.2", "x.T @ d_z"),
    (VECTORS, "n.T @ q + u * g", "np.sin(u * 3) - q.sum() * n.sum(axis=0)", "n.T @ q + u * g"),
    (ROWS, "(out - y) / count", "np.sin(out * 3) - np.cos(y)", "(out - y) / count"),
    (
        APART,
        "d_h * (1 - np.tanh(x @ w1) ** 2)",
        "np.sin(d_h * 3) - 0.3",
        "d_h * (1 - np.tanh(x @ w1) ** 2)",
    ),
    (
        LAYERS,
        "(self.w[layer].T @ delta) * a * (1 - a)",
        "np.sin(self.w[layer].T @ delta * 3 + a) - 0.1",
        "self.w[layer].T @ delta * a * (1 - a)",
    ),
]


@pytest.mark.parametrize(("text", "right", "wrong", "formula"), few(CASES, 1))
def test_the_formula_is_given_in_the_persons_names(
    text: str, right: str, wrong: str, formula: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert right in text
    path = Path("net.py")
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    report = check_script(path, seconds=600)
    (finding,) = report.findings
    assert (finding.source.code, finding.correction) == (wrong, formula)
    assert finding.verified
    assert finding.is_derived
    assert f"    the formula is  {formula}    (verified on fresh values)\n" in "".join(text_report(report))
    path.write_text(
        corrected(path.read_text(encoding="utf-8"), replacements(report.findings)), encoding="utf-8"
    )
    assert check_script(path).passed


SOFTMAX = """\
import numpy as np

def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()

def slope(p):
    return p * (1 - p)

rng = np.random.default_rng(5)
w, x, y = rng.normal(size=(3, 4)), rng.normal(size=4), np.array([0.0, 1.0, 0.0])
p = softmax(w @ x)
loss = np.sum((p - y) ** 2)
dp = 2 * (p - y)
dz = dp * slope(p)
dw = np.outer(dz, x)
w -= 0.1 * dw
"""


@pytest.mark.deep
def test_a_formula_that_goes_past_the_fault_blames_no_other_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(SOFTMAX, encoding="utf-8")
    (finding,) = check_script("net.py", seconds=600).findings
    assert (finding.source.line, finding.correction, finding.verified) == (8, None, False)
    formula = "p * (dp - np.sum(dp * p))"
    assert finding.explanation.startswith("this is only the diagonal of the derivative of softmax")
    assert finding.instead is not None
    assert (finding.instead.source.line, finding.instead.correction) == (15, formula)
    Path("net.py").write_text(corrected(SOFTMAX, replacements([finding])), encoding="utf-8")
    assert check_script("net.py").passed
