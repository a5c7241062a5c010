"""Where gradients are 0 in the first iteration and prove nothing, a later one is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from tests.tiers import deep

GATE = """\
import numpy as np

rng = np.random.default_rng(2)
pairs, wanted = np.array([[0, 0], [0, 1], [1, 1]]), [0, 1, 1]
first, last = rng.normal(size=(3, 2)), rng.normal(size=(1, 3))


def bent(v):
    return 1 / (1 + np.exp(-v))


def train(pair, target):
    global first, last
    x = pair.reshape(2, 1)
    inner = bent(first @ x)
    given = bent(last @ inner)
    off = given - target
    at_last = off * given * (1 - given)
    at_first = (last.T @ at_last) * inner * (1 - inner)
    last = last - 0.5 * at_last @ inner.T
    first = first - 0.5 * at_first @ x.T
    return 0.5 * np.sum(off**2)


for epoch in range(5):
    loss = 0
    for pair, target in zip(pairs, wanted):
        loss += train(pair, target)
"""
NOTE = "iteration 2 is checked: in the first, gradients are 0 and prove nothing"


@pytest.mark.parametrize(
    ("wrong", "lines"), [("(last.T @ at_last) * inner", []), deep("(last.T @ off) * inner", [19])]
)
def test_an_example_of_zeros_hides_nothing(tmp_path: Path, wrong: str, lines: list[int]) -> None:
    path = tmp_path / "gate.py"
    path.write_text(GATE.replace("(last.T @ at_last) * inner", wrong))
    report = check_script(path)
    assert [one.source.line for one in report.findings] == lines
    assert all(one.verified for one in report.findings)
    assert report.assumed.notes[-1] == NOTE


def test_what_is_the_only_iteration_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "gate.py"
    path.write_text(GATE.replace("range(5)", "range(1)").replace("[[0, 0], [0, 1], [1, 1]]", "[[0, 0]]"))
    report = check_script(path)
    assert report.passed
    assert NOTE not in report.assumed.notes
