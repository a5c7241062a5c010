"""Functions of the person's that NumPy calls, element by element and row by row, are gone through."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.sources.script.analysis.analyse import analyse
from tests.sources.script.recording import recorded
from tests.sources.script.running_twice import instrumented, plain

TEXT = """\
import math
import numpy as np
rng = np.random.default_rng(4)
def logistic(v):
    if v < -30:
        return 0.0
    return 1 / (1 + math.exp(-v))
def shares(row):
    e = np.exp(row - np.max(row))
    return e / np.sum(e)
activate = np.vectorize(logistic{options})
difference = np.vectorize(lambda p, y: p - y)
X, Y = rng.normal(size=(5, 3)), np.eye(2)[[0, 1, 0, 1, 1]]
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
for epoch in range(3):
    H = {hidden}
    P = {output}
    loss = -np.sum(Y * np.log(P))
    delta = difference(P, Y)
    dW2 = H.T @ delta
    dW1 = X.T @ (delta @ W2.T * H * (1 - H))
    W2 -= 0.1 * dW2
    W1 -= 0.1 * dW1
"""
ROWS = "np.apply_along_axis(shares, 1, H @ W2)"
FORMS = [
    ("", "activate(X @ W1)", ROWS),
    (", otypes=[float]", "activate(X @ W1)", ROWS),
    ("", "activate((W1.T @ X.T).T)", "np.apply_along_axis(shares, 0, (H @ W2).T).T"),
    ("", "activate((X @ W1)[::-1])[::-1]", "np.apply_along_axis(shares, -1, H @ W2)"),
]


@pytest.mark.parametrize(("options", "hidden", "output"), FORMS)
def test_a_right_network_is_called_right(options: str, hidden: str, output: str, tmp_path: Path) -> None:
    loss = analyse(recorded(tmp_path, TEXT.format(options=options, hidden=hidden, output=output))).loss
    assert loss is not None
    assert loss.verdicts.are_right
    assert not loss.reference.forward.opaque


COUNTED = """\
import numpy as np
calls = []
def seen(v, w=1.0):
    calls.append((type(v).__name__, float(v), float(w)))
    return v * w if v > 0 else 0
x = np.arange(-2.0, 4.0).reshape(2, 3)
for one in (np.vectorize(seen), np.vectorize(seen, otypes=[float]), np.vectorize(seen, cache=True)):
    for array in (x, x.T, x[::-1, ::-1], x.astype(np.float32), 3.5, np.float32(2), x[:0], 2, [1, 2], []):
        for more in ((), (0.5,), (x[:1],), (np.ones((3, 1, 1)),)):
            try:
                y = one(array, *more)
                print(repr(y), y.strides if isinstance(y, np.ndarray) else y)
            except ValueError as error:
                print(error)
for axis in (0, 1, -1):
    for own in (np.sum, lambda row: row * 2, lambda row: np.outer(row, row), lambda row: row.tolist()):
        y = np.apply_along_axis(own, axis, x)
        print(repr(y), y.strides)
"""


def test_each_call_is_the_one_that_numpy_makes() -> None:
    assert instrumented(COUNTED)[0] == plain(COUNTED)
