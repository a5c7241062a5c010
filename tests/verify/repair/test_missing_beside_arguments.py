"""What comes in at each step is not handed to the function that takes one step back."""

from __future__ import annotations

from pathlib import Path

from bpdebug.verify.repair.check import check_script

TEXT = """\
import numpy as np

rng = np.random.default_rng(3)
series, wanted = rng.normal(size=(4, 3, 2)), rng.normal(size=(4, 3, 5))
cell = {"u": rng.normal(size=(2, 5)), "w": 0.4 * rng.normal(size=(5, 5))}


def step(x, before):
    return np.tanh(x @ cell["u"] + before @ cell["w"])


def step_back(d_after, after, x, before):
    inner = d_after * (1 - after ** 2)
    return inner @ cell["w"].T, x.T @ inner, before.T @ inner


def back(d_states, states):
    d_before = np.zeros_like(states[0])
    d_u, d_w = np.zeros_like(cell["u"]), np.zeros_like(cell["w"])
    d_series = np.zeros(d_states.shape)
    for t in reversed(range(d_states.shape[1])):
        d_series[:, t, :] = d_before
        d_before, by_u, by_w = step_back(d_before, states[t + 1], series[:, t, :], states[t])
        d_u += by_u
        d_w += by_w
    return d_u, d_w


for turn in range(3):
    states = [np.zeros((4, 5))]
    for t in range(3):
        states.append(step(series[:, t, :], states[-1]))
    outputs = np.stack(states[1:], axis=1)
    loss = 0.5 * np.sum((outputs - wanted) ** 2)
    by_u, by_w = back(outputs - wanted, states)
    cell["u"] -= 0.05 * by_u
    cell["w"] -= 0.05 * by_w
"""


def test_the_part_of_a_turn_is_added_to_what_comes_from_the_next(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(TEXT)
    (finding,) = check_script(tmp_path / "net.py").findings
    assert finding.source.line == 23
    assert finding.correction is not None
    assert "d_before + d_states[:, t, :]" in finding.correction
    assert finding.verified
