"""Gradients that are never set back to zero: what the second iteration adds to is what the first has left."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.sources.script import record_script
from bpdebug.verify.repair.check import check_recording, check_script
from bpdebug.verify.repair.report import corrected, replacements

WHOLE = """\
import numpy as np

rng = np.random.default_rng(8)
x, t = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
w, b = rng.normal(size=(3, 2)), np.zeros(2)
gw, gb = np.zeros_like(w), np.zeros_like(b)
for epoch in range(6):
    out = np.tanh(x @ w + b)
    loss = np.mean((out - t) ** 2)
    d = 2 * (out - t) / out.size * (1 - out ** 2)
    gw += x.T @ d
    gb += d.sum(axis=0)
    w -= 0.1 * gw
    b -= 0.1 * gb
"""

EXAMPLES = """\
import numpy as np

rng = np.random.default_rng(8)
xs, ts = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
w = rng.normal(size=(3, 2))
gw = np.zeros_like(w)
for epoch in range(6):
    total = 0
    for x, t in zip(xs, ts):
        out = x @ w
        total += 0.5 * np.sum((out - t) ** 2)
        gw += np.outer(x, out - t)
    w -= 0.1 * gw / len(xs)
"""

LISTS = """\
xs, ts = [[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0]], [1.0, -0.5, 0.25]
w = [0.3, -0.6]
g = [0.0, 0.0]
for epoch in range(5):
    loss = 0.0
    for x, t in zip(xs, ts):
        out = w[0] * x[0] + w[1] * x[1]
        loss += 0.5 * (out - t) ** 2
        for i in range(2):
            g[i] += (out - t) * x[i]
    for i in range(2):
        w[i] -= 0.1 * g[i]
"""

SHARED = """\
import numpy as np


class Sums:
    def __init__(self, layers):
        self.layers = layers
        self.nothing = [np.zeros_like(layer) for layer in layers]
        self.begin()

    def begin(self):
        self.each = self.nothing

    def add(self, place, gradient):
        self.each[place] += gradient

    def step(self, rate):
        for place, layer in enumerate(self.layers):
            layer -= rate * self.each[place]
        self.begin()


rng = np.random.default_rng(4)
x, t = rng.normal(size=(3, 7)), rng.normal(size=(2, 7))
sums = Sums([rng.normal(size=(4, 3)), rng.normal(size=(2, 4))])
for epoch in range(5):
    h = np.tanh(sums.layers[0] @ x)
    out = sums.layers[1] @ h
    loss = 0.5 * np.sum((out - t) ** 2)
    e = out - t
    sums.add(1, e @ h.T)
    sums.add(0, (sums.layers[1].T @ e * (1 - h ** 2)) @ x.T)
    sums.step(0.01)
"""

VELOCITY = """\
import numpy as np

rng = np.random.default_rng(3)
x, t = rng.normal(size=(12, 3)), rng.normal(size=(12, 1))
w, v, u = rng.normal(size=(3, 1)), rng.normal(size=(3, 1)), rng.normal(size=(3, 1))
mw, mv, squares, gu = np.zeros_like(w), np.zeros_like(v), np.zeros_like(u), np.zeros_like(u)
for epoch in range(6):
    out = x @ (w + v + u)
    loss = 0.5 * np.sum((out - t) ** 2) / 12
    g = x.T @ (out - t) / 12
    mw *= 0.9
    mw += g
    mv = 0.9 * mv + g
    squares += g * g
    gu[:] = 0
    gu += g
    w -= 0.1 * mw
    v -= 0.1 * mv
    u -= 0.1 * gu / (np.sqrt(squares) + 1e-8)
"""

AVERAGE = """\
import numpy as np

rng = np.random.default_rng(5)
x, t = rng.normal(size=(8, 3)), rng.normal(size=(8, 1))
w = rng.normal(size=(3, 1))
average = np.zeros_like(w)
for epoch in range(6):
    out = x @ w
    loss = 0.5 * np.sum((out - t) ** 2)
    g = x.T @ (out - t)
    average += 0.1 * (g - average)
    w -= 0.1 * average
"""

TABLE = """\
import numpy as np

rng = np.random.default_rng(5)
x, t = rng.normal(size=(4, 3)), rng.normal(size=4)
w, total, last = np.zeros(3), np.zeros(3), np.zeros((4, 3))
for step in range(12):
    at = step % 4
    off = x[at] @ w - t[at]
    loss = 0.5 * off ** 2
    g = off * x[at]
    total += g - last[at]
    last[at] = g
    w -= 0.05 * total / 4
"""

TRACE = """\
import numpy as np

rng = np.random.default_rng(2)
seen, reward = rng.normal(size=(9, 4)), rng.normal(size=9)
w, trace = np.zeros(4), np.zeros(4)
for step in range(8):
    value = seen[step] @ w
    off = reward[step] + seen[step + 1] @ w - value
    trace += seen[step]
    w += 0.05 * off * trace
"""

UNDAMPED = """\
import numpy as np

rng = np.random.default_rng(3)
x, t = rng.normal(size=(12, 3)), rng.normal(size=(12, 1))
w = rng.normal(size=(3, 1))
v = np.zeros_like(w)
for epoch in range(6):
    out = x @ w
    loss = 0.5 * np.sum((out - t) ** 2) / 12
    v += -0.1 * x.T @ (out - t) / 12
    w += v
"""
EVERY_SECOND = """\
import numpy as np

rng = np.random.default_rng(3)
x, t = rng.normal(size=(12, 3)), rng.normal(size=(12, 1))
w, total = rng.normal(size=(3, 1)), np.zeros((3, 1))
for step in range(8):
    if step % 2 == 0:
        total[:] = 0
    out = x @ w
    loss = 0.5 * np.sum((out - t) ** 2) / 12
    total += x.T @ (out - t) / 12
    w -= 0.1 * total
"""

BESIDE_THE_LAST = """\
import numpy as np

rng = np.random.default_rng(7)
x, t = rng.normal(size=(6, 3)), rng.normal(size=6)
w, before, v = np.zeros(3), np.zeros(3), np.zeros(3)
for step in range(12):
    at = step % 6
    off = x[at] @ w - t[at]
    loss = 0.5 * off ** 2
    v += off * x[at] - (x[at] @ before - t[at]) * x[at] * (step > 0)
    before = w.copy()
    w -= 0.05 * v
"""
KEPT = {
    "every second": EVERY_SECOND,
    "beside the last": BESIDE_THE_LAST,
    "velocities": VELOCITY,
    "average": AVERAGE,
    "table": TABLE,
    "trace": TRACE,
    "undamped": UNDAMPED,
}


LOSS_AFTER_STEP = """\
xs, ts = [[0.5, -1.0], [1.5, 0.25], [-0.75, 2.0]], [1.0, -0.5, 0.25]
w, b = [0.3, -0.6], [0.1]
gw, gb = [0.0] * 2, [0.0]
for epoch in range(5):
    for x, t in zip(xs, ts):
        out = b[0] + w[0] * x[0] + w[1] * x[1]
        for k in range(1):
            gb[k] += out - t
        for i in range(2):
            gw[i] += (out - t) * x[i]
        for k in range(1):
            b[k] -= 0.1 * gb[k]
        for i in range(2):
            w[i] -= 0.1 * gw[i]
        loss = 0.5 * (out - t) ** 2
"""


@pytest.mark.parametrize(
    ("text", "lines", "correction"),
    [
        (WHOLE, [11, 12], "gw = x.T @ d"),
        (WHOLE.replace("range(6)", "range(2)"), [11, 12], "gw = x.T @ d"),
        (EXAMPLES, [12], "w -= 0.1 * gw / len(xs)\n    gw[...] = 0"),
        (LISTS, [10], "w[i] -= 0.1 * g[i]\n        g[i] = 0.0"),
        (LOSS_AFTER_STEP, [8, 10], "w[i] -= 0.1 * gw[i]\n            gw[i] = 0.0"),
        (SHARED, [14], "[part.copy() for part in self.nothing]"),
    ],
    ids=[
        "every iteration",
        "two iterations",
        "every example",
        "lists",
        "loss after the step",
        "another name of the zeros",
    ],
)
def test_what_is_never_set_back_is_told_and_mended(
    text: str, lines: list[int], correction: str, tmp_path: Path
) -> None:
    (tmp_path / "net.py").write_text(text)
    report = check_script(tmp_path / "net.py")
    assert [one.source.line for one in report.findings] == lines
    assert {one.kind for one in report.findings} == {"missing"}
    assert set(report.verdicts.values()) == {"wrong"}
    amendments = list(replacements(report.findings))
    assert correction in [one.correction for one in amendments]
    (tmp_path / "net.py").write_text(corrected(text, amendments))
    assert check_script(tmp_path / "net.py").passed


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_is_meant_to_be_kept_is_no_fault(text: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(text)
    report = check_script(tmp_path / "net.py")
    assert report.findings == ()
    assert set(report.verdicts.values()) == {"right"}


def test_a_recording_that_can_run_again_tells_it_as_well(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(WHOLE)
    report = check_recording(record_script(tmp_path / "net.py"))
    assert [one.source.line for one in report.findings] == [11, 12]


def test_numbers_that_are_drawn_without_a_seed_hide_nothing(tmp_path: Path) -> None:
    drawn = WHOLE.replace("rng = np.random.default_rng(8)\n", "").replace(
        "rng.normal(size=", "np.random.normal(size="
    )
    (tmp_path / "net.py").write_text(drawn)
    report = check_script(tmp_path / "net.py")
    assert {one.kind for one in report.findings} == {"missing"}
    assert set(report.verdicts.values()) == {"wrong"}
    amendments = list(replacements(report.findings))
    assert "gw = x.T @ d" in [one.correction for one in amendments]
