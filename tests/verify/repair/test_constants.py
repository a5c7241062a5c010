"""What holds with the constants of the script alone is no correction: `w` for `decay * w` where that is 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.constants import constants_of, moved
from bpdebug.verify.repair.report import corrected, replacements
from tests.tiers import few

SCRIPT = """\
import numpy as np

rng = np.random.default_rng(8)
points, wanted = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
kept = rng.random((9, 4)) < 0.7
decay = 1.0
share = 0.5
inner, outer = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))

def cost(inner, outer):
    act = np.tanh(points @ inner)
    hidden = act * kept / share
    guess = hidden @ outer
    squares = ((guess - wanted) ** 2).sum() / len(points)
    return 0.5 * squares + 0.5 * decay * ((inner ** 2).sum() + (outer ** 2).sum())

for turn in range(3):
    act = np.tanh(points @ inner)
    hidden = act * kept / share
    loss = cost(inner, outer)
    d_guess = (hidden @ outer - wanted) / len(points)
    d_outer = hidden.T @ d_guess + decay * outer
    d_act = d_guess @ outer.T * kept / share
    d_inner = points.T @ (d_act * (1 - act ** 2)) + decay * inner
    inner = inner - 0.1 * d_inner
    outer = outer - 0.1 * d_outer
"""
FORGOTTEN = [
    (" + decay * inner", "decay = 1.0", "decay = 2.0", 24),
    (" + decay * inner", "decay = 1.0", "decay = 1", 24),
    (" + decay * outer", "decay = 1.0", "decay = 0.5", 22),
    (" * kept / share\n    d_inner", "share = 0.5", "share = 0.25", 23),
]


@pytest.mark.parametrize(("term", "constant", "other", "line"), few(FORGOTTEN, 0))
def test_a_correction_is_right_with_other_constants(
    term: str, constant: str, other: str, line: int, tmp_path: Path
) -> None:
    assert SCRIPT.count(term) == 1
    text = SCRIPT.replace(term, " * kept\n    d_inner" if "\n" in term else "").replace(constant, other)
    path = tmp_path / "net.py"
    path.write_text(text, encoding="utf-8")
    (finding,) = check_script(path).findings
    assert (finding.source.line, finding.verified) == (line, True)
    mended = corrected(text, replacements([finding]))
    for rate in (0.37, 1.61):
        assert_gradients(mended.replace(other, f"{other.partition(' =')[0]} = {rate}"))


def assert_gradients(text: str) -> None:
    """Compare the gradients of the first turn with central differences."""
    ran: dict[str, Any] = {}
    exec(text.replace("range(3)", "range(1)").replace(" - 0.1 *", " - 0.0 *"), ran)
    places = {"inner": ran["inner"], "outer": ran["outer"]}
    for name, value in places.items():
        slopes = np.zeros_like(value)
        for place in np.ndindex(*value.shape):
            ends = [value.copy(), value.copy()]
            ends[0][place] += 1e-6
            ends[1][place] -= 1e-6
            above, below = (ran["cost"](**{**places, name: end}) for end in ends)
            slopes[place] = (above - below) / 2e-6
        np.testing.assert_allclose(ran[f"d_{name}"], slopes, rtol=1e-5, atol=1e-7)


def test_numbers_with_a_name_are_moved_and_nothing_else() -> None:
    text = (
        "rate, size = 0.5, 3\nw = zeros(size)\nlam: float = 2e-3\nlam_twice = 1\nagain = 0.1\nagain = 0.2\n"
        "def run(steps=10, momentum=0.9):\n    return momentum * lam_twice / 4.0\n"
        "options = {'decay': 0.8}\nrun(momentum=0.7)\nlinspace(stop=0.7)\n"
    )
    assert sorted(one.name for one in constants_of(text)) == [
        "decay",
        "lam",
        "lam_twice",
        "momentum",
        "momentum",
        "rate",
    ]
    before, after = text.splitlines(), moved(text).splitlines()
    assert [number for number, line in enumerate(before) if line != after[number]] == [0, 2, 3, 6, 8, 9]
    assert after[0].endswith(", 3")
    assert after[3] == "lam_twice = 3"
