"""Networks of single numbers, updated one by one: every element is judged, and a line is one finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from tests.tiers import few

VARIABLES = """\
import math
import random

random.seed(3)
data = [([0.2, -0.4], 1.0), ([0.9, 0.3], 0.0)]
w11, w12, w21, w22 = (random.uniform(-1, 1) for _ in range(4))
v1, v2, b = 0.3, -0.6, 0.1
rate = 0.5


def sigmoid(v):
    return 1 / (1 + math.exp(-v))


for epoch in range(3):
    for x, y in data:
        h1 = sigmoid(w11 * x[0] + w12 * x[1])
        h2 = sigmoid(w21 * x[0] + w22 * x[1])
        p = sigmoid(v1 * h1 + v2 * h2 + b)
        loss = (p - y) ** 2
        d = 2 * (p - y) * p * (1 - p)
        d1 = d * v1 * h1 * (1 - h1)
        d2 = d * v2 * h2 * (1 - h2)
        w11 = w11 - rate * d1 * x[0]
        w12 = w12 - rate * d1 * x[1]
        w21 = w21 - rate * d2 * x[0]
        w22 = w22 - rate * d2 * x[1]
        v1 = v1 - rate * d * h1
        v2 = v2 - rate * d * h2
        b = b - rate * d
"""

LISTS = """\
import math
import random

random.seed(1)
wide, high = 3, 2
w = [[random.uniform(-1, 1) for _ in range(wide)] for _ in range(high)]
v = [random.uniform(-1, 1) for _ in range(high)]
data = [([1.0, 0.5, -0.3], 0.4), ([0.2, -0.1, 0.9], -0.2)]
rate = 0.07

for epoch in range(2):
    for x, y in data:
        s = [sum(w[j][i] * x[i] for i in range(wide)) for j in range(high)]
        h = [math.tanh(one) for one in s]
        out = sum(v[j] * h[j] for j in range(high))
        error = out - y
        loss = 0.5 * error**2
        dh = [error * v[j] * (1 - h[j] ** 2) for j in range(high)]
        for j in range(high):
            v[j] -= rate * error * h[j]
        for j in range(high):
            for i in range(wide):
                w[j][i] -= rate * dh[j] * x[i]
"""

NEURONS = """\
import random


class Neuron:
    def __init__(self, count):
        self.w = [random.uniform(-1, 1) for _ in range(count)]
        self.b = 0.0

    def forward(self, x):
        self.x = x
        self.z = sum(w * v for w, v in zip(self.w, x)) + self.b
        self.out = self.z if self.z > 0 else 0.1 * self.z
        return self.out

    def backward(self, d, rate):
        dz = d * (1 if self.z > 0 else 0.1)
        dx = [dz * w for w in self.w]
        for i in range(len(self.w)):
            self.w[i] -= rate * dz * self.x[i]
        self.b -= rate * dz
        return dx


random.seed(0)
hidden = [Neuron(3) for _ in range(2)]
last = Neuron(2)
x, y = [0.5, -1.0, 0.25], 0.7
for step in range(3):
    p = last.forward([one.forward(x) for one in hidden])
    loss = (p - y) ** 2
    for one, d in zip(hidden, last.backward(2 * (p - y), 0.05)):
        one.backward(d, 0.05)
"""

ELEMENTS = """\
import numpy as np

rng = np.random.default_rng(8)
points, wanted = rng.normal(size=(4, 2)), np.array([1.0, 0.0, 1.0, 0.0])
inner, outer = rng.normal(size=(2, 2)), rng.normal(size=2)


def squash(v):
    return 1 / (1 + np.exp(-v))


for epoch in range(2):
    for x, y in zip(points, wanted):
        a = squash(inner[0, 0] * x[0] + inner[1, 0] * x[1])
        b = squash(inner[0, 1] * x[0] + inner[1, 1] * x[1])
        p = squash(outer[0] * a + outer[1] * b)
        loss = 0.5 * (p - y) ** 2
        d = (p - y) * p * (1 - p)
        inner[0, 0] -= 0.5 * d * outer[0] * a * (1 - a) * x[0]
        inner[0, 1] -= 0.5 * d * outer[1] * b * (1 - b) * x[0]
        inner[1, 0] -= 0.5 * d * outer[0] * a * (1 - a) * x[1]
        inner[1, 1] -= 0.5 * d * outer[1] * b * (1 - b) * x[1]
        outer[0] -= 0.5 * d * a
        outer[1] -= 0.5 * d * b
"""

MASKED = """\
import math
import random

random.seed(2)
size = 3
w = [[random.uniform(-1, 1) for _ in range(size)] for _ in range(size)]
v = [[random.uniform(-1, 1) for _ in range(size)] for _ in range(size)]
b = [0.0] * size
before = [[0.0] * size for _ in range(size)]
data = [([0.4, -0.2, 0.7], [0.1, 0.9, -0.5]), ([-0.6, 0.8, 0.3], [0.7, 0.2, 0.4])]
rate = 0.1


def forward(x, mask):
    z = [sum(w[j][i] * x[i] for i in range(size)) + b[j] for j in range(size)]
    h = [math.tanh(one) * m for one, m in zip(z, mask)]
    return z, h, [sum(v[k][j] * h[j] for j in range(size)) for k in range(size)]


def slopes(z, errors, mask):
    found = [0.0] * size
    for j in range(size):
        back = 0.0
        for k in range(size):
            back += errors[k] * v[k][j]
        found[j] = back * (1 - math.tanh(z[j]) ** 2) * mask[j]
    return found


for epoch in range(2):
    loss = 0.0
    for x, y in data:
        mask = [random.choice((0.5, 1.5)) for _ in range(size)]
        z, h, out = forward(x, mask)
        errors = [one - wanted for one, wanted in zip(out, y)]
        dz = slopes(z, errors, mask)
        for k in range(size):
            for j in range(size):
                change = errors[k] * h[j]
                v[k][j] -= rate * change + 0.01 * before[k][j]
                before[k][j] = change
        for j in range(size):
            for i in range(size):
                w[j][i] -= rate * dz[j] * x[i]
            b[j] -= rate * dz[j]
        loss += sum(0.5 * one**2 for one in errors)
"""


def checked(folder: Path, text: str) -> tuple[list[tuple[int, str | None]], int, int]:
    """The lines and corrections that are found, how many gradients are wrong, and how many were judged."""
    path = folder / "net.py"
    path.write_text(text, encoding="utf-8")
    report = check_script(path)
    found = [(finding.source.line, finding.correction) for finding in report.findings]
    verdicts = [*report.verdicts.values()]
    return sorted(found), verdicts.count("wrong"), len(verdicts) - verdicts.count("not reached")


@pytest.mark.deep
@pytest.mark.parametrize(
    ("right", "edits", "found", "wrong"),
    few(
        [
            pytest.param(
                VARIABLES,
                {"b = b - rate": "b = b + rate"},
                [(30, "b - rate * d")],
                1,
                id="the sign of a step",
            ),
            pytest.param(
                VARIABLES,
                {"d2 = d * v2 * h2": "d2 = d * v2 * h1"},
                [(23, "d * v2 * h2 * (1 - h2)")],
                2,
                id="another variable",
            ),
            pytest.param(
                LISTS,
                {"* error * h[j]": "* error * s[j]", "w[j][i] -=": "w[j][i] +="},
                [(20, "rate * error * h[j]"), (23, "w[j][i] -= rate * dh[j] * x[i]")],
                8,
                id="two lines of elements",
            ),
            pytest.param(
                NEURONS,
                {"dz * self.x[i]": "dz * self.out"},
                [(19, "rate * dz * self.x[i]")],
                8,
                id="elements of several objects",
            ),
            pytest.param(
                ELEMENTS,
                {"b * (1 - b) * x[1]": "b * (1 - a) * x[1]"},
                [(22, "0.5 * d * outer[1] * b * (1 - b) * x[1]")],
                1,
                id="one element of a matrix",
            ),
            pytest.param(
                ELEMENTS,
                {"outer[0] -= 0.5 * d * a": "outer[0] -= 0.5 * d * b", "outer[1] -=": "outer[1] +="},
                [(23, "0.5 * d * a"), (24, "outer[1] -= 0.5 * d * b")],
                1,
                id="both elements of a vector by lines of their own",
            ),
            pytest.param(
                MASKED,
                {"v[k][j]\n        found": "v[j][k]\n        found"},
                [(25, "errors[k] * v[k][j]")],
                12,
                id="indices the wrong way round",
            ),
            pytest.param(
                MASKED,
                {" ** 2) * mask[j]": " ** 2)"},
                [(26, "back * (1 - math.tanh(z[j]) ** 2) * mask[j]")],
                12,
                id="a list that a function is given and does not read",
            ),
        ],
    ),
)
def test_a_line_is_one_finding(
    tmp_path: Path, right: str, edits: dict[str, str], found: list[tuple[int, str]], wrong: int
) -> None:
    for old, new in edits.items():
        assert right.count(old) == 1
        right = right.replace(old, new)
    assert checked(tmp_path, right)[:2] == (found, wrong)


@pytest.mark.parametrize(
    ("right", "judged"), few([(MASKED, 21), (VARIABLES, 7), (LISTS, 8), (NEURONS, 11), (ELEMENTS, 2)], 1)
)
def test_every_element_of_a_right_script_is_right(tmp_path: Path, right: str, judged: int) -> None:
    assert checked(tmp_path, right) == ([], 0, judged)
