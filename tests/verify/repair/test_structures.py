"""What is wrong with how statements stand is found on its line, mended, and nothing else is blamed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.report import Kind, corrected, replacements
from tests.tiers import few

RECURRENT = """\
import numpy as np

rng = np.random.default_rng(0)
steps, size = 4, 3
seen, wanted = rng.normal(size=(steps, 2)), rng.normal(size=size)
U, W = rng.normal(size=(size, 2)), 0.5 * rng.normal(size=(size, size))


def run(seen):
    states = [np.zeros(size)]
    for x in seen:
        states.append(np.tanh(U @ x + W @ states[-1]))
    return states


def gradients(seen, states, wanted):
    dU, dW = np.zeros_like(U), np.zeros_like(W)
    carried = states[-1] - wanted
    for t in reversed(range(steps)):
        dz = carried * (1 - states[t + 1] ** 2)
        dU += np.outer(dz, seen[t])
        dW += np.outer(dz, states[t])
        carried = W.T @ dz
    return dU, dW


for epoch in range(2):
    states = run(seen)
    loss = 0.5 * np.sum((states[-1] - wanted) ** 2)
    dU, dW = gradients(seen, states, wanted)
    U -= 0.1 * dU
    W -= 0.1 * dW
"""

PARTS = """\
import numpy as np

rng = np.random.default_rng(1)
x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
net = [
    {"w": rng.normal(size=(3, 4)), "b": np.zeros(4)},
    {"w": rng.normal(size=(4, 2)), "b": np.zeros(2)},
]

for epoch in range(2):
    h = np.tanh(x @ net[0]["w"] + net[0]["b"])
    loss = 0.5 * np.sum((h @ net[1]["w"] + net[1]["b"] - y) ** 2)
    delta = h @ net[1]["w"] + net[1]["b"] - y
    old = [{key: item.copy() for key, item in part.items()} for part in net]
    for layer, before in ((1, h), (0, x)):
        net[layer]["w"] -= 0.01 * before.T @ delta
        net[layer]["b"] -= 0.01 * delta.sum(axis=0)
        if layer == 1:
            delta = delta @ old[1]["w"].T * (1 - h**2)
"""

ROOMS = """\
import numpy as np

rng = np.random.default_rng(2)
x, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
weights = [0.5 * rng.normal(size=(4, 4)) for _ in range(3)]

for epoch in range(2):
    acts = [x]
    for w in weights:
        acts.append(np.tanh(acts[-1] @ w))
    loss = np.sum((acts[-1] - y) ** 2)
    grads = [np.zeros((4, 4)) for _ in range(3)]
    delta = 2 * (acts[-1] - y)
    for i in reversed(range(3)):
        dz = delta * (1 - acts[i + 1] ** 2)
        grads[i] += acts[i].T @ dz
        delta = dz @ weights[i].T
    for w, g in zip(weights, grads):
        w -= 0.05 * g
"""

TWO_LAYERS = """\
import numpy as np

rng = np.random.default_rng(3)
x, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 2))
w1, w2 = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))

for epoch in range(2):
    h = np.tanh(x @ w1)
    out = h @ w2
    loss = 0.5 * np.sum((out - y) ** 2)
    d_out = out - y
    slope = h.copy()
    slope *= -h
    slope += 1
    dh = d_out @ w2.T * slope
    dw2 = h.T @ d_out
    dw1 = x.T @ dh
    w1 -= 0.1 * dw1
    w2 -= 0.1 * dw2
"""

LAYERS = """\
import numpy as np

rng = np.random.default_rng(3)


class Dense:
    def __init__(self, n, m):
        self.W = rng.normal(size=(n, m)) / np.sqrt(n)

    def forward(self, x):
        self.x = x
        self.out = np.tanh(x @ self.W)
        return self.out

    def backward(self, d, rate):
        d = d * (1 - self.out**2)
        below = d @ self.W.T
        self.W -= rate * self.x.T @ d
        return below


x, y = rng.normal(size=(6, 3)), rng.uniform(-1, 1, size=(6, 2))
layers = [Dense(3, 4), Dense(4, 4), Dense(4, 2)]
for step in range(3):
    a = x
    for layer in layers:
        a = layer.forward(a)
    loss = np.sum((a - y) ** 2)
    d = 2 * (a - y)
    for layer in reversed(layers):
        d = layer.backward(d, 0.05)
"""


def steps_of(text: str) -> list[np.ndarray]:
    """The parameters after one iteration: all arrays that a script holds when its first loop is over."""
    for old, new in (("range(2)", "range(1)"), ("for step in range(3)", "for step in range(1)")):
        text = text.replace(old, new)
    held: dict[str, object] = {"__name__": "__main__"}
    exec(compile(text, "net.py", "exec"), held)
    layers = held.get("layers") or held.get("weights") or held.get("net")
    if layers is None:
        return [held[name] for name in ("w1", "w2", "U", "W") if name in held]  # type: ignore[misc]
    return [
        part
        for one in layers  # type: ignore[attr-defined]
        for part in (one.values() if isinstance(one, dict) else [getattr(one, "W", one)])
    ]


LISTS = """\
import math

inner = [[0.3, -0.2, 0.1], [-0.4, 0.5, 0.2]]
outer = [[0.7, -0.6, 0.05], [0.2, 0.3, -0.1]]
net = [inner, outer]
examples = [([0.9, -0.3], [1.0, 0.0]), ([-0.5, 0.8], [0.0, 1.0])]


def product(left, right):
    return sum(a * b for a, b in zip(left, right))


def answer(rows, seen):
    return [math.tanh(product(row, [*seen, 1.0])) for row in rows]


def learn(seen, wanted):
    hidden = answer(inner, seen)
    given = answer(outer, hidden)
    cost = 0.5 * sum((g - w) ** 2 for g, w in zip(given, wanted))
    errors = [(g - w) * (1 - g * g) for g, w in zip(given, wanted)]
    passed = [(1 - h * h) * product(errors, [row[j] for row in outer]) for j, h in enumerate(hidden)]
    for i, row in enumerate(outer):
        for j, h in enumerate([*hidden, 1.0]):
            row[j] -= 0.5 * errors[i] * h
    for i, row in enumerate(inner):
        for j, s in enumerate([*seen, 1.0]):
            row[j] -= 0.5 * passed[i] * s
    return cost


for seen, wanted in examples:
    print(learn(seen, wanted))
"""
BACK = LISTS[LISTS.index("    passed =") : LISTS.index("    for i, row in enumerate(outer)")]
OUTER = LISTS[
    LISTS.index("    for i, row in enumerate(outer)") : LISTS.index("    for i, row in enumerate(inner)")
]

CASES = [
    pytest.param(
        RECURRENT, "    return dU, dW", "        return dU, dW", 24, "missing", id="return in the loop"
    ),
    pytest.param(RECURRENT, "dU += np.outer(", "dU = np.outer(", 21, "wrong", id="not accumulated"),
    pytest.param(
        RECURRENT, "        dU += np.outer(dz, seen[t])\n", "", 21, "missing", id="nothing fills it"
    ),
    pytest.param(
        RECURRENT, "        carried = W", "        carried_on = W", 23, "missing", id="not handed on"
    ),
    pytest.param(
        RECURRENT.replace("(steps, 2)", "(steps, size)").replace("(size, 2)", "(size, size)"),
        "    return dU, dW",
        "    return dW, dU",
        24,
        "wrong",
        id="gradients exchanged",
    ),
    pytest.param(
        PARTS,
        "[{key: item.copy() for key, item in part.items()} for part in net]",
        "np.copy(net)",
        14,
        "overwritten",
        id="a copy of a list of dicts",
    ),
    pytest.param(
        ROOMS,
        "[np.zeros((4, 4)) for _ in range(3)]",
        "[np.zeros((4, 4))] * 3",
        12,
        "overwritten",
        id="one array three times",
    ),
    pytest.param(TWO_LAYERS, "slope = h.copy()", "slope = h", 12, "overwritten", id="another name"),
    pytest.param(
        ROOMS.replace("np.tanh(acts[-1] @ w)", "acts[-1] + np.tanh(acts[-1] @ w)")
        .replace(
            "= delta * (1 - acts[i + 1] ** 2)",
            "= delta.copy()\n        dz *= 1 - (acts[i + 1] - acts[i]) ** 2",
        )
        .replace("= dz @ weights[i].T", "= delta + dz @ weights[i].T"),
        "dz = delta.copy()",
        "dz = delta",
        15,
        "overwritten",
        id="another name, and read by the first one only later",
    ),
    pytest.param(
        TWO_LAYERS,
        "    dh = d_out @ w2.T * slope\n",
        "    dh = np.multiply(d_out @ w2.T, slope, out=h)\n",
        15,
        "overwritten",
        id="written elsewhere",
    ),
    pytest.param(
        TWO_LAYERS.replace("    slope = h.copy()\n    slope *= -h\n    slope += 1\n", "").replace(
            "dh = d_out @ w2.T * slope\n    dw2 = h.T @ d_out\n",
            "dw2 = h.T @ d_out\n    h **= 2\n    dh = d_out @ w2.T * (1 - h)\n",
        ),
        "dw2 = h.T @ d_out\n    h **= 2\n    dh = d_out @ w2.T * (1 - h)\n",
        "h **= 2\n    dh = d_out @ w2.T * (1 - h)\n    dw2 = h.T @ d_out\n",
        12,
        "overwritten",
        id="written over before it is read",
    ),
    pytest.param(
        TWO_LAYERS,
        "    dh = d_out @ w2.T * slope\n    dw2 = h.T @ d_out\n    dw1 = x.T @ dh\n"
        "    w1 -= 0.1 * dw1\n    w2 -= 0.1 * dw2\n",
        "    dw2 = h.T @ d_out\n    w2 -= 0.1 * dw2\n    dh = d_out @ w2.T * slope\n"
        "    dw1 = x.T @ dh\n    w1 -= 0.1 * dw1\n",
        16,
        "early update",
        id="updated too early",
    ),
    pytest.param(
        LAYERS,
        "        below = d @ self.W.T\n        self.W -= rate * self.x.T @ d\n        return below\n",
        "        self.W -= rate * self.x.T @ d\n        return d @ self.W.T\n",
        17,
        "early update",
        id="updated before what is returned",
    ),
    # Both passes multiply with one function: to read a new weight there is no new iteration.
    pytest.param(LISTS, BACK + OUTER, OUTER + BACK, 22, "early update", id="updated too early in a loop"),
    pytest.param(
        LISTS.replace("    cost = 0.5 * sum((g - w) ** 2 for g, w in zip(given, wanted))\n", "").replace(
            "    return cost\n", "    return given\n"
        ),
        BACK + OUTER,
        OUTER + BACK,
        21,
        "early update",
        id="updated too early in a loop, without a loss",
    ),
]


@pytest.mark.parametrize(("right", "old", "new", "line", "kind"), few(CASES, 5))
def test_it_is_found_on_its_line_and_mended(
    tmp_path: Path, right: str, old: str, new: str, line: int, kind: Kind
) -> None:
    assert right.count(old) == 1
    faulty = right.replace(old, new)
    path = tmp_path / "net.py"
    path.write_text(faulty, encoding="utf-8")
    report = check_script(path)
    assert [(one.source.line, one.kind, one.verified) for one in report.findings] == [(line, kind, True)]
    mended = steps_of(corrected(faulty, replacements(report.findings)))
    for own, wanted in zip(mended, steps_of(right), strict=True):
        np.testing.assert_allclose(own, wanted, rtol=1e-12)


@pytest.mark.parametrize("right", few([RECURRENT, PARTS, ROOMS, TWO_LAYERS, LAYERS, LISTS], 1))
def test_nothing_is_said_of_a_right_script(tmp_path: Path, right: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(right, encoding="utf-8")
    assert check_script(path).passed


@pytest.mark.deep
def test_two_faults_of_different_kinds_are_both_found(tmp_path: Path) -> None:
    faulty = RECURRENT.replace("    return dU, dW", "        return dU, dW")
    faulty = faulty.replace("(1 - states[t + 1] ** 2)", "(1 - states[t + 1])")
    path = tmp_path / "net.py"
    path.write_text(faulty, encoding="utf-8")
    report = check_script(path)
    assert {one.source.line for one in report.findings} == {20, 24}
    for own, wanted in zip(
        steps_of(corrected(faulty, replacements(report.findings))), steps_of(RECURRENT), strict=True
    ):
        np.testing.assert_allclose(own, wanted, rtol=1e-12)


@pytest.mark.deep
def test_of_two_updates_that_read_each_other_the_second_gets_what_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "import numpy as np\n"
        "rng = np.random.default_rng(4)\n"
        "users, films = rng.normal(size=(5, 3)), rng.normal(size=(6, 3))\n"
        "for who, what, stars in [(0, 2, 3.0), (1, 5, 1.0)]:\n"
        "    off = stars - users[who] @ films[what]\n"
        "    users[who] += 0.05 * (off * films[what] - 0.1 * users[who])\n"
        "    films[what] += 0.05 * (off * users[who] - 0.1 * films[what])\n",
        encoding="utf-8",
    )
    (finding,) = check_script(path).findings
    assert (finding.kind, finding.source.line, finding.verified) == ("early update", 6, True)
    path.write_text(corrected(path.read_text(), replacements([finding])), encoding="utf-8")
    assert check_script(path).passed


def test_what_a_function_reads_too_late_is_mended_where_that_is_called(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(READ_IN_A_CALL)
    report = check_script(tmp_path / "net.py")
    (finding,) = report.findings
    assert (finding.kind, finding.source.line, finding.verified) == ("early update", 18, True)
    assert finding.correction is not None
    assert finding.correction.startswith("dh = [weighted(")


READ_IN_A_CALL = """\
import math

xs, ts = [[0.5, -1.0, 1.0], [1.5, 0.25, 1.0]], [0.3, 0.9]
first = [[0.3, -0.2, 0.1], [-0.4, 0.6, 0.2]]
last = [0.7, -0.5]


def weighted(weight, number):
    return weight * number


for epoch in range(5):
    for x, t in zip(xs, ts):
        h = [math.tanh(sum(a * b for a, b in zip(row, x))) for row in first]
        y = last[0] * h[0] + last[1] * h[1]
        loss = 0.5 * (y - t) ** 2
        d = y - t
        for j, number in enumerate(h):
            last[j] -= 0.1 * d * number
        dh = [weighted(last[j], d) * (1 - h[j] ** 2) for j in range(2)]
        for j, row in enumerate(first):
            for i, number in enumerate(x):
                row[i] -= 0.1 * dh[j] * number
"""
