"""Gradients that are linear in what they step: `x -= rate * 2 * (x - t)` looks like an average."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script

PLACES = """\
import numpy as np

rng = np.random.default_rng(0)


class Places:
    def __init__(self):
        self.place = {name: rng.normal(size=4) for name in ("home", "shop", "pond")}
        self.way = {"to": rng.normal(size=4)}
        self.rate = 0.01

    def distance(self, start, way, end):
        return np.sum((self.place[start] + self.way[way] - self.place[end]) ** 2)

    def update(self, true, false):
        (start, way, end), (other, _, wrong) = true, false
        loss = 1 + self.distance(*true) - self.distance(*false)
        near = 2 * (self.place[start] + self.way[way] - self.place[end])
        far = 2 * (self.place[other] + self.way[way] - self.place[wrong])
        self.place[start] = self.place[start] - self.rate * near
        self.way[way] = self.way[way] - self.rate * (near - far)
        self.place[end] = self.place[end] + self.rate * near
        self.place[other] = self.place[other] + self.rate * far
        self.place[wrong] = self.place[wrong] - self.rate * far


places = Places()
for epoch in range(4):
    places.update(("home", "to", "shop"), ("home", "to", "pond"))
"""


def test_what_is_stepped_twice_in_opposite_ways_is_right_as_a_sum(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(PLACES)
    report = check_script(tmp_path / "net.py")
    assert set(report.verdicts.values()) == {"right"}
    assert len(report.verdicts) == 4


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("self.rate * (near - far)", "self.rate * near", 21),
        ("self.place[end] + self.rate * near", "self.place[end] - self.rate * near", 22),
    ],
)
def test_a_wrong_step_is_named(right: str, wrong: str, line: int, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(PLACES.replace(right, wrong))
    report = check_script(tmp_path / "net.py")
    assert [one.source.line for one in report.findings] == [line]
    assert report.findings[0].verified


@pytest.mark.parametrize(
    "step", ["mean = mean + 0.1 * (np.mean(x) - mean)", "mean += 0.1 * (np.mean(x) - mean)"]
)
def test_an_average_is_no_parameter(step: str, tmp_path: Path) -> None:
    text = "import numpy as np\nrng = np.random.default_rng(0)\nw, mean = rng.normal(size=3), np.zeros(1)\n"
    text += "for epoch in range(4):\n    x, t = rng.normal(size=(5, 3)), rng.normal(size=5)\n"
    text += f"    {step}\n    off = (x - mean) @ w - t\n    loss = 0.5 * np.sum(off ** 2)\n"
    text += "    w = w - 0.1 * (x - mean).T @ off\n"
    (tmp_path / "net.py").write_text(text)
    assert check_script(tmp_path / "net.py").verdicts == {"w": "right"}
