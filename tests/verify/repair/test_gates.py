"""Networks that go over steps, with what each step kept in lists: the line of one gate is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from tests.tiers import deep

GATED = """\
import numpy as np

rng = np.random.default_rng(4)
wide, high = 3, 4
Wk, Wn = rng.normal(size=(high, high + wide)) * 0.4, rng.normal(size=(high, high + wide)) * 0.4
bk, bn, V = np.zeros((high, 1)), np.zeros((high, 1)), rng.normal(size=(1, high))
xs = [rng.normal(size=(wide, 1)) for _ in range(4)]
wanted = 0.3


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


h, joined, keeps, news = [np.zeros((high, 1))], [], [], []
for x in xs:
    joined.append(np.vstack((h[-1], x)))
    keeps.append(sigmoid(Wk @ joined[-1] + bk))
    news.append(np.tanh(Wn @ joined[-1] + bn))
    h.append(keeps[-1] * h[-1] + (1 - keeps[-1]) * news[-1])
error = V @ h[-1] - wanted
loss = 0.5 * np.sum(error**2)
dWk, dWn, dbk, dbn = np.zeros_like(Wk), np.zeros_like(Wn), np.zeros_like(bk), np.zeros_like(bn)
dV = error @ h[-1].T
dh = V.T @ error
for t in reversed(range(len(xs))):
    dkeep = dh * (h[t] - news[t])
    dnew = dh * (1 - keeps[t])
    before_keep = dkeep * keeps[t] * (1 - keeps[t])
    before_new = dnew * (1 - news[t] ** 2)
    dWk += before_keep @ joined[t].T
    dbk += before_keep
    dWn += before_new @ joined[t].T
    dbn += before_new
    both = Wk.T @ before_keep + Wn.T @ before_new
    dh = dh * keeps[t] + both[:high]
for weight, slope in ((Wk, dWk), (Wn, dWn), (bk, dbk), (bn, dbn), (V, dV)):
    weight -= 0.1 * slope
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        deep("dkeep * keeps[t] * (1 - keeps[t])", "dkeep * keeps[t]"),
        deep("dh * (h[t] - news[t])", "dh * h[t]"),
    ],
)
def test_the_slope_of_a_gate_is_found(tmp_path: Path, right: str, wrong: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(GATED.replace(right, wrong))
    (finding,) = check_script(path).findings
    assert finding.source.line == GATED[: GATED.index(right)].count("\n") + 1
    assert finding.verified


@pytest.mark.parametrize("wrong", [deep("dh = both[:high]")])
def test_a_part_of_what_turns_add_up_is_not_blamed(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(GATED.replace("dh = dh * keeps[t] + both[:high]", wrong))
    report = check_script(path, seconds=1)
    assert not report.passed
    assert all(not one.source.code.endswith("joined[t].T") for one in report.findings)


MASKED = """\
import numpy as np

rng = np.random.default_rng(0)
x, y = rng.normal(size=(8, 5)), rng.normal(size=(8, 2))
w1, w2 = rng.normal(size=(5, 6)), rng.normal(size=(6, 2))
z = x @ w1
a = np.maximum(z, 0)
out = a @ w2
loss = np.sum((out - y) ** 2)
dout = 2 * (out - y)
dw2 = a.T @ dout
dz = dout @ w2.T
dz[z < 0] = 0
dw1 = x.T @ dz
w1 -= 0.01 * dw1
w2 -= 0.01 * dw2
"""


@pytest.mark.parametrize("wrong", ["dz[dz < 0] = 0", deep("dz[a < 0] = 0")])
def test_a_mask_of_another_tensor_is_found(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(MASKED.replace("dz[z < 0] = 0", wrong))
    (finding,) = check_script(path).findings
    assert finding.source.line == 13
    assert finding.correction in ("dz[z < 0] = 0", "dz[z <= 0] = 0", "dz[a <= 0] = 0")
