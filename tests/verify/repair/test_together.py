"""Two faults in one sum, or on two lines of one way: each hides what mending the other would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.report import corrected, replacements

SCRIPT = """\
import numpy as np

rng = np.random.default_rng(3)
seen, wanted = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
first, second = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
decay = 0.3
for turn in range(2):
    hidden = np.tanh(seen @ first)
    guess = hidden @ second
    loss = ((guess - wanted) ** 2).sum() / 2 + 0.5 * decay * ((first ** 2).sum() + (second ** 2).sum())
    d_guess = guess - wanted
    d_second = hidden.T @ d_guess + decay * second
    d_hidden = d_guess @ second.T
    d_first = seen.T @ (d_hidden * (1 - hidden ** 2)) + decay * first
    second -= 0.1 * d_second
    first -= 0.1 * d_first
"""
FAULTS = [
    {"(d_hidden * (1 - hidden ** 2)) + decay * first": "d_hidden + first"},
    {"hidden.T @ d_guess + decay * second": "seen.T @ d_guess + decay * first"},
    {"second.T": "second", "first -= 0.1": "first += 0.1"},
]


@pytest.mark.deep
@pytest.mark.parametrize("faults", FAULTS)
def test_two_faults_that_hide_each_other_are_both_found(faults: dict[str, str], tmp_path: Path) -> None:
    text = SCRIPT
    for right, wrong in faults.items():
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    path = tmp_path / "net.py"
    path.write_text(text, encoding="utf-8")
    report = check_script(path, seconds=40)
    lines = [
        number for number, line in enumerate(SCRIPT.splitlines(), 1) if any(one in line for one in faults)
    ]
    assert [finding.source.line for finding in report.findings] == lines
    assert all(finding.verified for finding in report.findings)
    path.write_text(corrected(text, replacements(report.findings)), encoding="utf-8")
    assert check_script(path).passed
