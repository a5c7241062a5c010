"""Several losses: each parameter is held to the one that it is stepped with, in turns or at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from tests.tiers import few

HEAD = """\
import numpy as np

rng = np.random.default_rng(3)
w, v = rng.normal(size=(2, 3)), rng.normal(size=(3, 2))
p, q = rng.normal(size=(2, 4)), rng.normal(size=(4, 1))


def maker(z):
    h = np.tanh(z @ w)
    return h, h @ v


def judge(x):
    h = np.maximum(0, x @ p)
    return h, 1 / (1 + np.exp(-h @ q))


for step in range(9):
    real, z = rng.normal(size=(6, 2)) + 2, rng.normal(size=(6, 2))
"""
JUDGE = """\
    hm, fake = maker(z)
    hr, yr = judge(real)
    hf, yf = judge(fake)
    loss_judge = -np.mean(np.log(yr) + np.log(1 - yf))
    dr, df = (yr - 1) / len(z), yf / len(z)
    dq = hr.T @ dr + hf.T @ df
    dhr = dr @ q.T * (hr > 0)
    dhf = df @ q.T * (hf > 0)
    dp = real.T @ dhr + fake.T @ dhf
"""
JUDGE_STEPS = "    p -= 0.1 * dp\n    q -= 0.1 * dq\n"
AGAIN = """\
    z = rng.normal(size=(6, 2))
    hm, fake = maker(z)
    hf, yf = judge(fake)
"""
MAKER = """\
    loss_maker = -np.mean(np.log(yf))
    dm = (yf - 1) / len(z)
    dfake = dm @ q.T * (hf > 0) @ p.T
    dv = hm.T @ dfake
    dw = z.T @ (dfake @ v.T * (1 - hm ** 2))
"""
MAKER_STEPS = "    w -= 0.2 * dw\n    v -= 0.2 * dv\n"
IN_TURNS = HEAD + JUDGE + JUDGE_STEPS + AGAIN + MAKER + MAKER_STEPS
AT_ONCE = HEAD + JUDGE + MAKER + JUDGE_STEPS + MAKER_STEPS
WITHOUT_LOSSES = (
    IN_TURNS.replace("for step", "ones, zeros = np.ones((6, 1)), np.zeros((6, 1))\nfor step")
    .replace("    loss_judge = -np.mean(np.log(yr) + np.log(1 - yf))\n", "")
    .replace("    loss_maker = -np.mean(np.log(yf))\n", "")
    .replace("(yr - 1)", "(yr - ones)")
    .replace("yf / len", "(yf - zeros) / len")
    .replace("(yf - 1)", "(yf - ones)")
)
WRONG = {
    "df @ q.T * (hf > 0)\n": ("df @ q.T\n", {"p"}),
    "(hf > 0) @ p.T": ("(hf > 0) @ p.T * (fake > 0)", {"w", "v"}),
    "(1 - hm ** 2)": ("(1 - hm)", {"w"}),
    "dr, df = (yr - 1)": ("dr, df = (1 - yr)", {"p", "q"}),
}


@pytest.mark.parametrize(
    "text", [IN_TURNS, AT_ONCE, WITHOUT_LOSSES], ids=["in turns", "at once", "without losses"]
)
def test_each_parameter_is_right_by_its_own_loss(text: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(text)
    report = check_script(tmp_path / "net.py")
    assert report.verdicts == dict.fromkeys("pqwv", "right")
    assert report.findings == ()
    assert " + " in report.assumed.loss


@pytest.mark.parametrize(
    ("whole", "right"),
    [
        *few(((IN_TURNS, one) for one in WRONG), 1),
        *few(((AT_ONCE, one) for one in [*WRONG][2:] + [*WRONG][1:2]), 1),
    ],
)
def test_a_wrong_line_is_named_in_the_way_back_of_its_loss(whole: str, right: str, tmp_path: Path) -> None:
    wrong, names = WRONG[right]
    (tmp_path / "net.py").write_text(whole.replace(right, wrong))
    report = check_script(tmp_path / "net.py", seconds=60)
    line = whole[: whole.index(right)].count("\n") + 1
    assert [one.source.line for one in report.findings] == [line]
    assert report.findings[0].verified
    assert {name for name, verdict in report.verdicts.items() if verdict == "wrong"} == names


def test_a_second_loss_that_only_is_printed_excuses_nothing(tmp_path: Path) -> None:
    """By the other one a wrong gradient would be right: it was computed on the same way back."""
    (tmp_path / "net.py").write_text(SHARED)
    report = check_script(tmp_path / "net.py")
    assert [one.source.line for one in report.findings] == [15]


SHARED = """\
import numpy as np

rng = np.random.default_rng(1)
x, t = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
a, b = rng.normal(size=(3, 4)), np.zeros(4)
c, d = rng.normal(size=(4, 2)), np.zeros(2)
for step in range(9):
    h = np.tanh(x @ a + b)
    y = h @ c + d
    loss = np.mean((y - t) ** 2)
    absolute_loss = np.mean(np.abs(y - t))
    dy = 2 * (y - t) / t.size
    dc = h.T @ dy
    dd = dy.sum(axis=0)
    dh = 0.5 * dy @ c.T * (1 - h ** 2)
    da = x.T @ dh
    db = dh.sum(axis=0)
    a -= 0.1 * da
    b -= 0.1 * db
    c -= 0.1 * dc
    d -= 0.1 * dd
"""
