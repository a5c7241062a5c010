"""Kinds of mistake, planted where the line is known; and lines that are not blamed for what others do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.report import ScriptReport, corrected, replacements
from tests.tiers import few

CALLS = """\
import numpy as np

rng = np.random.default_rng(12)
x, t = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
V, c = rng.normal(size=(3, 5)), rng.normal(size=5) * 0.1
U, d = rng.normal(size=(5, 2)), rng.normal(size=2) * 0.1
decay = 0.03


def rectify(z):
    dead = z <= 0
    return np.where(dead, 0, z), dead


def rectify_back(g, dead):
    g = g.copy()
    g[dead] = 0
    return g


for epoch in range(2):
    h, dead = rectify(np.dot(x, V) + c)
    out = np.dot(h, U) + d
    loss = np.sum((out - t) ** 2) / 2 + decay * np.sum(U * U)
    e = out - t
    dU = np.dot(h.T, e)
    dU += 2 * decay * U
    dd = np.sum(e, axis=0)
    g = rectify_back(np.dot(e, U.T), dead)
    dV = np.dot(x.T, g)
    dc = np.sum(g, axis=0)
    V -= 0.01 * dV
    c -= 0.01 * dc
    U -= 0.01 * dU
    d -= 0.01 * dd
"""

LAMBDAS = """\
import numpy as np


def softplus(x):
    return np.log1p(np.exp(x)), lambda g: g / (1 + np.exp(-x))


rng = np.random.default_rng(5)
w1, w2 = rng.normal(size=(2, 4)), rng.normal(size=(4, 1))
x, t = rng.normal(size=(5, 2)), rng.normal(size=(5, 1))
for epoch in range(2):
    h, back = softplus(x @ w1)
    out = h @ w2
    loss = np.sum((out - t) ** 2) / 2
    error = out - t
    dw2 = h.T @ error
    dw1 = x.T @ back(error @ w2.T)
    w1 -= 0.1 * dw1
    w2 -= 0.1 * dw2
"""

LISTS = """\
from collections import namedtuple

import numpy as np

Net = namedtuple("Net", "first last shift")
rng = np.random.default_rng(7)
x, t = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
net = Net(rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=2))


def slopes(net, x, t):
    acts = [x, np.tanh(x @ net.first)]
    acts.append(acts[1] @ net.last + net.shift)
    loss = 0.5 * np.sum((acts[-1] - t) ** 2)
    deltas = [None, None]
    deltas[-1] = acts[-1] - t
    deltas[-2] = deltas[-1] @ net.last.T * (1 - acts[-2] ** 2)
    return loss, [below.T @ delta for below, delta in zip(acts[:-1], deltas)], deltas[-1].sum(axis=0)


for epoch in range(2):
    loss, grads, dshift = slopes(net, x, t)
    steps = Net(first=grads[0] * 0.1, last=grads[1] * 0.1, shift=dshift * 0.1)
    net = Net(*[p - step for p, step in zip(net, steps)])
"""

THREE_LAYERS = """\
import numpy as np

rng = np.random.default_rng(9)
x, t = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
weights = [rng.normal(size=shape) for shape in ((3, 4), (4, 4), (4, 2))]
shifts = [0.1 * rng.normal(size=n) for n in (4, 4, 2)]


def slope(h):
    return 1 - h**2


for epoch in range(2):
    h1 = np.tanh(x @ weights[0] + shifts[0])
    h2 = np.tanh(h1 @ weights[1] + shifts[1])
    out = h2 @ weights[2] + shifts[2]
    loss = 0.5 * np.sum((out - t) ** 2)
    d3 = out - t
    d2 = d3 @ weights[2].T * slope(h2)
    d1 = d2 @ weights[1].T * slope(h1)
    for w, dw in zip(weights, (x.T @ d1, h1.T @ d2, h2.T @ d3)):
        w -= 0.1 * dw
    for b, d in zip(shifts, (d1, d2, d3)):
        b -= 0.1 * d.sum(axis=0)
"""

ADAM = """\
import numpy as np

rng = np.random.default_rng(3)
x, t = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
net = {"V": rng.normal(size=(3, 4)), "c": np.zeros(4), "U": rng.normal(size=(4, 2))}
first = {name: 0.0 for name in net}
second = {name: 0.0 for name in net}
for step in range(1, 3):
    h = np.tanh(x @ net["V"] + net["c"])
    out = h @ net["U"]
    loss = np.sum((out - t) ** 2) / 12
    e = out - t
    back = e @ net["U"].T * (1 - h**2)
    slopes = {"V": x.T @ back / 6, "c": np.sum(back, axis=0) / 6, "U": h.T @ e / 6}
    for name in net:
        first[name] = 0.9 * first[name] + 0.1 * slopes[name]
        second[name] = 0.99 * second[name] + 0.01 * slopes[name] ** 2
        mean = first[name] / (1 - 0.9**step)
        size = second[name] / (1 - 0.99**step)
        net[name] = net[name] - 0.02 * mean / (np.sqrt(size) + 1e-8)
"""

SCALED = """\
import numpy as np

rng = np.random.default_rng(4)
x, t = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
A, B = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
c, n = rng.normal(size=4), A.shape[1]
for step in range(2):
    h = np.tanh(x @ A / np.sqrt(n) + c)
    e = h @ B / np.sqrt(n) - t
    loss = np.sum(e**2) / 2
    dB = h.T @ e / np.sqrt(n)
    dz = e @ B.T / np.sqrt(n) * (1 - h**2)
    dA = x.T @ dz / np.sqrt(n)
    A -= 0.1 * dA
    c -= 0.1 * np.sum(dz, axis=0)
    B -= 0.1 * dB
"""

FROM_BEHIND = """\
import numpy as np

rng = np.random.default_rng(2)
x, t = rng.normal(size=(5, 3)), rng.uniform(size=(5, 2))
weights = [rng.normal(size=shape) for shape in ((3, 4), (4, 4), (4, 2))]


def slope(s):
    return s * (1 - s)


for epoch in range(2):
    zs, outs = [], [x]
    for w in weights:
        zs.append(outs[-1] @ w)
        outs.append(1 / (1 + np.exp(-zs[-1])))
    loss = 0.5 * np.sum((outs[-1] - t) ** 2)
    delta = (outs[-1] - t) * slope(outs[-1])
    grads = [None, None, outs[-2].T @ delta]
    for l in range(2, 4):
        z = zs[-l]
        factor = slope(outs[-l])
        delta = delta @ weights[-l + 1].T * factor
        grads[-l] = outs[-l - 1].T @ delta
    weights = [w - 0.1 * g for w, g in zip(weights, grads)]
"""

CASES = [
    pytest.param(
        FROM_BEHIND,
        {"slope(outs[-l])": "slope(z)"},
        ["slope(outs[-l])"],
        id="an item of another list",
    ),
    pytest.param(
        SCALED,
        {"x.T @ dz / np.sqrt(n)": "x.T @ dz"},
        ["x.T @ dz / np.sqrt(n)"],
        id="what the code divides by, although a half does here",
    ),
    pytest.param(
        ADAM,
        {"np.sum(back, axis=0) / 6": "np.sum(back, axis=0)"},
        ["np.mean(back, axis=0)"],
        id="a mean that the size of a step does not show",
    ),
    pytest.param(CALLS, {"d -= 0.01 * dd": "d -= 0.01 * d"}, ["0.01 * dd"], id="the parameter itself"),
    pytest.param(LISTS, {"= acts[-1] - t\n": "= acts[-1]\n"}, ["acts[-1] - t"], id="an output in a list"),
    pytest.param(
        LISTS, {"last=grads[1]": "last=grads[1] * 3"}, ["grads[1] * 0.1"], id="what a class is given"
    ),
    pytest.param(CALLS, {"    g[dead] = 0\n": "\n"}, ["g * ~dead"], id="a mask"),
    pytest.param(CALLS, {"2 * decay * U": "2 * U * U"}, ["2 * U * decay"], id="a number beside a tensor"),
    pytest.param(
        CALLS, {"dV = np.dot(x.T, g)": "dV = g"}, ["np.dot(x.T, g)"], id="a product as the code writes it"
    ),
    pytest.param(
        CALLS,
        {"dd = np.sum(": "dd = np.mean(", "d -= 0.01": "d += 0.01"},
        ["np.sum(e, axis=0)", "d -= 0.01 * dd"],
        id="a mean, and the wrong sign after it",
    ),
    pytest.param(
        LAMBDAS, {"g / (1 + np.exp(-x))": "g"}, ["g * (1 / (1 + np.exp(-x)))"], id="the slope of a softplus"
    ),
    pytest.param(
        THREE_LAYERS,
        {"1 - h**2": "h**2 - 1", "w -= 0.1": "w += 0.1"},
        ["1 - h**2", "w -= 0.1 * dw"],
        id="two signs that make up for each other in one layer",
    ),
]


def report_on(path: Path, text: str) -> ScriptReport:
    """The check of a text."""
    path.write_text(text, encoding="utf-8")
    return check_script(path)


@pytest.mark.parametrize(("right", "mistakes", "corrections"), few(CASES))
def test_a_mistake_is_found_and_mended(
    tmp_path: Path, right: str, mistakes: dict[str, str], corrections: list[str]
) -> None:
    path, faulty = tmp_path / "net.py", right
    for old, new in mistakes.items():
        assert faulty.count(old) == 1
        faulty = faulty.replace(old, new)
    report = report_on(path, faulty)
    assert [one.correction for one in report.findings] == corrections
    assert all(one.verified for one in report.findings)
    assert report_on(path, corrected(faulty, replacements(report.findings))).passed


def test_nothing_is_said_of_the_right_ones(tmp_path: Path) -> None:
    assert report_on(tmp_path / "calls.py", CALLS).passed
    assert report_on(tmp_path / "lambdas.py", LAMBDAS).passed
    assert report_on(tmp_path / "lists.py", LISTS).passed
    assert report_on(tmp_path / "layers.py", THREE_LAYERS).passed


@pytest.mark.deep
def test_no_line_of_a_function_is_blamed_for_what_it_was_handed(tmp_path: Path) -> None:
    faulty = CALLS.replace("np.dot(e, U.T), dead", "np.dot(t, U.T) ** 2, dead")
    faulty = faulty.replace("    dc =", "    g = np.abs(g)\n    dc =")
    path = tmp_path / "net.py"
    path.write_text(faulty, encoding="utf-8")
    report = check_script(path, seconds=2)
    assert not report.passed
    loop = faulty.splitlines().index("for epoch in range(2):")
    assert all(one.source.line > loop for one in report.findings)
