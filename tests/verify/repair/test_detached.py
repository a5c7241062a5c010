"""Targets, advantages and weights that nobody goes back through are constants; what is forgotten is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpdebug.verify.repair.check import check_script
from tests.tiers import deep

Namespace = dict[str, Any]

BOOTSTRAPPED = """\
import numpy as np

rng = np.random.default_rng(3)
W1, W2 = rng.normal(size=(6, 3)) * 0.5, rng.normal(size=(2, 6)) * 0.5


def values(state):
    hidden = np.tanh(W1 @ state)
    return hidden, W2 @ hidden


state, following, reward = rng.normal(size=(3, 5)), rng.normal(size=(3, 5)), rng.normal(size=5)
chosen, each = rng.integers(0, 2, size=5), np.arange(5)
_, later = values(following)
wanted = reward + 0.9 * later.max(axis=0)
hidden, q = values(state)
loss = 0.5 * np.sum((q[chosen, each] - wanted) ** 2)
dq = np.zeros_like(q)
dq[chosen, each] = q[chosen, each] - wanted
dW2 = dq @ hidden.T
dhidden = W2.T @ dq
dW1 = (dhidden * (1 - hidden**2)) @ state.T
before = W1.copy(), W2.copy()
W1 -= 0.1 * dW1
W2 -= 0.1 * dW2
"""

ACTOR_CRITIC = """\
import numpy as np

rng = np.random.default_rng(5)
trunk, actor, critic = rng.normal(size=(4, 3)), rng.normal(size=(3, 4)), rng.normal(size=4)


def evaluated(state):
    hidden = np.tanh(trunk @ state)
    scores = actor @ hidden
    p = np.exp(scores - scores.max())
    return hidden, p / p.sum(), critic @ hidden


state, following, taken, reward = rng.normal(size=3), rng.normal(size=3), 1, 0.7
_, _, later = evaluated(following)
hidden, p, value = evaluated(state)
advantage = reward + 0.9 * later - value
dscores = p.copy()
dscores[taken] -= 1
dscores *= advantage
dvalue = -advantage
dactor = np.outer(dscores, hidden)
dcritic = dvalue * hidden
dhidden = actor.T @ dscores + dvalue * critic
dtrunk = np.outer(dhidden * (1 - hidden**2), state)
before = trunk.copy(), actor.copy(), critic.copy()
trunk -= 0.1 * dtrunk
actor -= 0.1 * dactor
critic -= 0.1 * dcritic
"""

WEIGHTED = """\
import numpy as np

rng = np.random.default_rng(7)
W, c = rng.normal(size=(3, 4)) * 0.4, np.zeros((3, 1))
states, gains = rng.normal(size=(4, 6)), rng.normal(size=6)
others, taken, each = rng.dirichlet(np.ones(3), size=6).T, rng.integers(0, 3, size=6), np.arange(6)
scores = W @ states + c
p = np.exp(scores - scores.max(axis=0))
p /= p.sum(axis=0)
often = np.minimum(p[taken, each] / others[taken, each], 1.5)
loss = -np.sum(often * gains * np.log(p[taken, each])) / 6
dscores = p.copy()
dscores[taken, each] -= 1
dscores *= often * gains / 6
dW = dscores @ states.T
dc = dscores.sum(axis=1, keepdims=True)
before = W.copy(), c.copy()
W -= 0.5 * dW
c -= 0.5 * dc
"""


def squared_error(script: Namespace, W1: Any, W2: Any) -> Any:
    q = W2 @ np.tanh(W1 @ script["state"])
    return 0.5 * np.sum((q[script["chosen"], script["each"]] - script["wanted"]) ** 2)


def both_losses(script: Namespace, trunk: Any, actor: Any, critic: Any) -> Any:
    hidden = np.tanh(trunk @ script["state"])
    scores = actor @ hidden
    goal = script["reward"] + 0.9 * script["later"]
    log_p = scores[script["taken"]] - np.log(np.sum(np.exp(scores)))
    return -script["advantage"] * log_p + 0.5 * (goal - critic @ hidden) ** 2


def weighted_likelihood(script: Namespace, W: Any, c: Any) -> Any:
    scores = W @ script["states"] + c
    log_p = (scores - np.log(np.sum(np.exp(scores), axis=0)))[script["taken"], script["each"]]
    return -np.sum(script["often"] * script["gains"] * log_p) / 6


def slope(function: Callable[..., Any], arguments: tuple[Any, ...], place: int) -> Any:
    """Return the gradient of an argument by central differences."""
    found = np.zeros_like(arguments[place])
    for at in np.ndindex(found.shape):
        ends = []
        for sign in (1, -1):
            moved = [one.copy() for one in arguments]
            moved[place][at] += sign * 1e-5
            ends.append(function(*moved))
        found[at] = (ends[0] - ends[1]) / 2e-5
    return found


RIGHT = [
    (BOOTSTRAPPED, squared_error, ("dW1", "dW2")),
    (ACTOR_CRITIC, both_losses, ("dtrunk", "dactor", "dcritic")),
    (WEIGHTED, weighted_likelihood, ("dW", "dc")),
]


@pytest.mark.parametrize(("script", "loss", "gradients"), RIGHT)
def test_who_learns_from_a_constant_is_right(
    tmp_path: Path, script: str, loss: Callable[..., Any], gradients: tuple[str, ...]
) -> None:
    ran: Namespace = {}
    exec(script, ran)
    for place, name in enumerate(gradients):
        by_differences = slope(lambda *given: loss(ran, *given), ran["before"], place)
        assert np.allclose(ran[name], by_differences, atol=1e-7)
    path = tmp_path / "net.py"
    path.write_text(script)
    report = check_script(path)
    assert report.passed
    assert not report.findings
    assert any("is taken as a constant" in note for note in report.assumed.notes)


@pytest.mark.parametrize(
    ("script", "right", "wrong"),
    [
        deep(BOOTSTRAPPED, "dhidden * (1 - hidden**2)", "dhidden * (1 - hidden)"),
        deep(BOOTSTRAPPED, "dW2 = dq @ hidden.T", "dW2 = dq @ dq.T @ q @ hidden.T"),
        deep(ACTOR_CRITIC, "dhidden * (1 - hidden**2)", "dhidden * (1 - hidden)"),
        deep(ACTOR_CRITIC, "+ dvalue * critic", "+ critic"),
        deep(WEIGHTED, "dscores.sum(axis=1, keepdims=True)", "dscores.mean(axis=1, keepdims=True)"),
    ],
)
def test_what_is_wrong_behind_it_is_found(tmp_path: Path, script: str, right: str, wrong: str) -> None:
    assert script.count(right) == 1
    path = tmp_path / "net.py"
    path.write_text(script.replace(right, wrong))
    (finding,) = check_script(path).findings
    assert finding.source.line == script[: script.index(right)].count("\n") + 1
    assert finding.verified


SHARED_FOCUS = """\
import numpy as np

rng = np.random.default_rng(2)
W, X = rng.normal(size=(4, 3)), rng.normal(size=(6, 4))
label, each = np.array([0, 1, 2, 2, 1, 0]), np.arange(6)
z = X @ W
p = np.exp(z - z.max(axis=1, keepdims=True))
p /= p.sum(axis=1, keepdims=True)
focus = (1 - p[each, label]) ** 2
loss = -np.sum(focus * np.log(p[each, label]))
dz = p.copy()
dz[each, label] -= 1
dz *= focus[:, None]
dW = X.T @ dz
W -= 0.1 * dW
"""

TWINS = """\
import numpy as np

rng = np.random.default_rng(2)
W, V = rng.normal(size=(3, 4)), rng.normal(size=(2, 3))
one, other = rng.normal(size=(4, 6)), rng.normal(size=(4, 6))


def embedded(x):
    hidden = np.tanh(W @ x)
    return hidden, V @ hidden


left, u = embedded(one)
right, v = embedded(other)
loss = 0.5 * np.sum((u - v) ** 2)
dV = (u - v) @ left.T
dleft = V.T @ (u - v)
dW = (dleft * (1 - left**2)) @ one.T
W -= 0.01 * dW
V -= 0.01 * dV
"""


@pytest.mark.parametrize("script", [deep(SHARED_FOCUS), deep(TWINS)])
def test_what_is_forgotten_is_no_constant(tmp_path: Path, script: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(script)
    report = check_script(path, seconds=4)
    assert not report.passed
    assert report.findings


FROM_DATA = """\
import numpy as np

rng = np.random.default_rng(3)
x = rng.normal(size=(5, 4))
goal = np.tile(x[np.argmax(x[:, 0])][:2], (5, 1))
W1, W2 = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
for turn in range(3):
    h = np.tanh(x @ W1)
    out = h @ W2
    loss = np.mean((out - goal) ** 2)
    dout = 2 * (out - goal) / out.size
    dW2 = h.T @ dout
    dh = dout @ W2.T * (1 - h)
    dW1 = x.T @ dh
    dx = dh @ W1.T
    W1 -= 0.1 * dW1
    W2 -= 0.1 * dW2
"""


@pytest.mark.deep
def test_a_target_made_of_data_is_no_fault_beside_another(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(FROM_DATA)
    (finding,) = check_script(path).findings
    assert (finding.source.line, finding.correction) == (13, "dout @ W2.T * (1 - h ** 2)")
