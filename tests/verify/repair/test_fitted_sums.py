"""Losses that are added up on the way back alone, with weights that stand there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script

AGENT = """\
import numpy as np

rng = np.random.default_rng(4)
trunk, policy, critic = rng.normal(size=(3, 6)), rng.normal(size=(6, 2)), rng.normal(size=6)
for step in range(5):
    state, taken, gain = rng.normal(size=(7, 3)), rng.integers(0, 2, 7), rng.normal(size=7)
    h = np.tanh(state @ trunk)
    scores = h @ policy
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    p, value = np.exp(log_p), h @ critic
    advantage = gain - value
    entropy = -(p * log_p).sum(axis=1)
    actor_loss = -np.mean(log_p[np.arange(7), taken] * advantage)
    critic_loss = 0.5 * np.mean((value - gain) ** 2)
    print(actor_loss, critic_loss, entropy.mean())
    dscores = (p - np.eye(2)[taken]) * advantage[:, None] / 7
    dscores += 0.03 * p * (log_p + entropy[:, None]) / 7
    dvalue = 0.4 * (value - gain) / 7
    dh = dscores @ policy.T + np.outer(dvalue, critic)
    dtrunk = state.T @ (dh * (1 - h ** 2))
    trunk, policy, critic = trunk - 0.1 * dtrunk, policy - 0.1 * h.T @ dscores, critic - 0.1 * h.T @ dvalue
"""
OWN_SUM = """\
import numpy as np

rng = np.random.default_rng(4)
x, t, w, v = rng.normal(size=(7, 3)), rng.normal(size=7), rng.normal(size=(3, 6)), rng.normal(size=6)
for step in range(5):
    h = np.tanh(x @ w)
    data_loss = 0.5 * np.mean((h @ v - t) ** 2)
    norm_loss = np.sum(w ** 2) + np.sum(v ** 2)
    loss = data_loss + 0.05 * norm_loss
    d = (h @ v - t) / 7
    dv = h.T @ d + 0.05 * v
    dw = x.T @ (np.outer(d, v) * (1 - h ** 2)) + 0.05 * w
    w, v = w - 0.1 * dw, v - 0.1 * dv
"""


def test_weights_that_stand_on_the_way_back_alone_are_meant(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(AGENT)
    report = check_script(tmp_path / "net.py")
    assert report.findings == ()
    assert report.verdicts == dict.fromkeys(("trunk", "policy", "critic"), "right")
    assert "0.4 × critic_loss = " in report.assumed.loss
    assert "-0.03 × entropy.mean()" in report.assumed.loss


@pytest.mark.parametrize("wrong", ["(log_p - entropy[:, None])", "(1 - log_p + entropy[:, None])"])
def test_what_is_no_sum_of_them_is_wrong(wrong: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(AGENT.replace("(log_p + entropy[:, None])", wrong))
    assert is_wrong(tmp_path / "net.py")


def is_wrong(path: Path) -> bool:
    """Whether a gradient is judged to be wrong; what it should be is not looked for."""
    return "wrong" in check_script(path, seconds=0).verdicts.values()


def test_the_weights_of_what_the_script_adds_up_itself_are_law(tmp_path: Path) -> None:
    """Of `0.05 * w ** 2` the gradient is `0.1 * w`: that would be right for half the penalty."""
    (tmp_path / "net.py").write_text(OWN_SUM)
    assert is_wrong(tmp_path / "net.py")
