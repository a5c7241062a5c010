"""A backward pass through time: the line that goes wrong in every turn is found, and what belongs there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.report import Finding

LEAKY = """\
import numpy as np

rng = np.random.default_rng(4)
steps, size, leak = 3, 3, 0.4
U, W, V = rng.normal(size=(size, 2)), 0.5 * rng.normal(size=(size, size)), rng.normal(size=(2, size))
seen, wanted = rng.normal(size=(steps, 2)), rng.normal(size=(steps, 2))


def backward(h_before, h, x, error, dh_next):
    global dU, dW, dV
    dV += np.outer(error, h)
    dh = V.T @ error + dh_next
    ds = leak * dh * (1 - np.tanh(U @ x + W @ h_before) ** 2)
    dU += np.outer(ds, x)
    dW += np.outer(ds, h_before)
    dh_before = (1 - leak) * dh + W.T @ ds
    return dh_before


for epoch in range(2):
    h, loss = {-1: np.zeros(size)}, 0.0
    for t in range(steps):
        h[t] = (1 - leak) * h[t - 1] + leak * np.tanh(U @ seen[t] + W @ h[t - 1])
        loss += 0.5 * np.sum((V @ h[t] - wanted[t]) ** 2)
    dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
    dh_next = np.zeros(size)
    for t in reversed(range(steps)):
        dh_next = backward(h[t - 1], h[t], seen[t], V @ h[t] - wanted[t], dh_next)
    U -= 0.1 * dU
    W -= 0.1 * dW
    V -= 0.1 * dV
"""
GATED = """\
import numpy as np

rng = np.random.default_rng(0)
inputs, size, steps = 3, 4, 3


def sig(x):
    return 1 / (1 + np.exp(-x))


class Gated:
    def __init__(self):
        self.Wz, self.Uz = rng.normal(0, 0.4, (size, inputs)), rng.normal(0, 0.4, (size, size))
        self.Wr, self.Ur = rng.normal(0, 0.4, (size, inputs)), rng.normal(0, 0.4, (size, size))
        self.Wn, self.Un = rng.normal(0, 0.4, (size, inputs)), rng.normal(0, 0.4, (size, size))
        self.V = rng.normal(0, 0.4, (2, size))

    def forward(self, X):
        self.X, self.h = X, [np.zeros((size, 2))]
        self.z, self.r, self.n, self.y = [], [], [], []
        for t in range(len(X)):
            hp = self.h[-1]
            z = sig(self.Wz @ X[t] + self.Uz @ hp)
            r = sig(self.Wr @ X[t] + self.Ur @ hp)
            n = np.tanh(self.Wn @ X[t] + self.Un @ (r * hp))
            self.h.append((1 - z) * hp + z * n)
            self.z.append(z), self.r.append(r), self.n.append(n)
            self.y.append(self.V @ self.h[-1])

    def backward(self, Y):
        g = {name: np.zeros_like(getattr(self, name)) for name in ("Wz", "Uz", "Wr", "Ur", "Wn", "Un", "V")}
        dh_next = np.zeros((size, 2))
        for t in reversed(range(len(Y))):
            dy = self.y[t] - Y[t]
            g["V"] += dy @ self.h[t + 1].T
            dh = self.V.T @ dy + dh_next
            z, r, n, hp = self.z[t], self.r[t], self.n[t], self.h[t]
            dn = dh * z * (1 - n**2)
            dz = dh * (n - hp) * z * (1 - z)
            drh = self.Un.T @ dn
            dr = drh * hp * r * (1 - r)
            g["Wn"] += dn @ self.X[t].T
            g["Un"] += dn @ (r * hp).T
            g["Wz"] += dz @ self.X[t].T
            g["Uz"] += dz @ hp.T
            g["Wr"] += dr @ self.X[t].T
            g["Ur"] += dr @ hp.T
            dh_next = dh * (1 - z) + drh * r + self.Uz.T @ dz + self.Ur.T @ dr
        return g


net = Gated()
X = [rng.normal(size=(inputs, 2)) for _ in range(steps)]
Y = [rng.normal(size=(2, 2)) for _ in range(steps)]
for epoch in range(3):
    net.forward(X)
    loss = sum(0.5 * np.sum((y - wanted) ** 2) for y, wanted in zip(net.y, Y))
    for name, slope in net.backward(Y).items():
        setattr(net, name, getattr(net, name) - 0.05 * slope)
"""


def only_finding(folder: Path, script: str, right: str, wrong: str) -> tuple[int, Finding]:
    """Return the line with a fault in it, counted from where it was planted, and what was found."""
    assert script.count(right) == 1
    path = folder / "net.py"
    path.write_text(script.replace(right, wrong))
    (finding,) = check_script(path).findings
    assert finding.verified
    planted = script[: script.index(right)].count("\n") + 1
    return finding.source.line - planted, finding


@pytest.mark.parametrize(
    ("right", "wrong", "correction"),
    [
        pytest.param(
            "(1 - leak) * dh + W.T @ ds", "W.T @ ds", "W.T @ ds + dh * (1 - leak)", marks=pytest.mark.deep
        ),
        pytest.param("V.T @ error + dh_next", "V.T @ error", "V.T @ error + dh_next", marks=pytest.mark.deep),
        (
            "        dh_next = backward(h[t - 1], ",
            "        backward(h[t - 1], ",
            "dh_next = backward(h[t - 1], h[t], seen[t], V @ h[t] - wanted[t], dh_next)",
        ),
        pytest.param(
            "backward(h[t - 1], h[t]",
            "backward(h[t], h[t]",
            "backward(h[t - 1], h[t], seen[t], V @ h[t] - wanted[t], dh_next)",
            marks=pytest.mark.deep,
        ),
    ],
)
def test_a_state_that_is_handed_on(tmp_path: Path, right: str, wrong: str, correction: str) -> None:
    line, finding = only_finding(tmp_path, LEAKY, right, wrong)
    assert (line, finding.correction) == (0, correction)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("right", "wrong", "correction"),
    [
        (" + self.Ur.T @ dr", "", "dh * (1 - z) + drh * r + self.Uz.T @ dz + self.Ur.T @ dr"),
        (" + drh * r +", " + drh +", "dh * (1 - z) + drh * r + self.Uz.T @ dz + self.Ur.T @ dr"),
        ("dh * (n - hp) *", "dh * (hp - n) *", "dh * (n - hp) * z * (1 - z)"),
        ("dn = dh * z *", "dn = dh *", "dh * (1 - n**2) * self.z[t]"),
        ("self.V.T @ dy + dh_next", "self.V.T @ dy", "self.V.T @ dy + dh_next"),
    ],
)
def test_a_gate(tmp_path: Path, right: str, wrong: str, correction: str) -> None:
    line, finding = only_finding(tmp_path, GATED, right, wrong)
    assert (line, finding.correction) == (0, correction)


@pytest.mark.deep
@pytest.mark.parametrize("script", [LEAKY, GATED])
def test_a_right_one_is_right(tmp_path: Path, script: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(script)
    assert check_script(path).findings == ()
