"""Where a script computes no loss, what its first error means is said, with what it would be otherwise."""

from __future__ import annotations

from pathlib import Path

from bpdebug.verify.repair.check import check_script

UNIT = """\
import numpy as np


class Unit:
    def __init__(self):
        self.__w = np.array([[0.3], [-0.8], [0.5]])

    def __bent(self, s):
        return 1 / (1 + np.exp(-s))

    def __slope(self, a):
        return a * (1 - a)

    def learn(self, rows, wanted):
        a = self.__bent(rows @ self.__w)
        miss = wanted - a
        self.__w += 0.2 * rows.T @ miss


unit = Unit()
unit.learn(np.array([[1.0, 0.2, -0.7], [0.4, -1.1, 0.6]]), np.array([[1.0], [0.0]]))
"""


def test_what_a_squared_error_would_lack_is_said(tmp_path: Path) -> None:
    script = tmp_path / "unit.py"
    script.write_text(UNIT, encoding="utf-8")

    report = check_script(script)

    assert report.passed
    assert report.assumed.notes[-1] == (
        "if ½ Σ (a − wanted)² is meant, line 16 should be `(wanted - a) * self.__slope(a)`: "
        "--loss mse checks that"
    )


def test_nothing_is_said_of_it_where_the_loss_is_computed(tmp_path: Path) -> None:
    script = tmp_path / "unit.py"
    loss = "        self.loss = -np.sum(wanted * np.log(a) + (1 - wanted) * np.log(1 - a))\n"
    script.write_text(UNIT.replace("        miss", f"{loss}        miss"), encoding="utf-8")

    report = check_script(script)

    assert report.passed
    assert not any("is meant" in note for note in report.assumed.notes)
