"""What `N` and `P` go by in a person's own code."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.program.trace import run
from bpdebug.sources.script import record_script
from bpdebug.sources.script.case import case_of

HEAD = """\
import numpy as np
rng = np.random.default_rng(2)
x, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))

def relu(t):
    return np.maximum(t, 0)

class Layer:
    def __init__(self, n, m):
        self.w = rng.normal(size=(n, m))
    def forward(self, x):
        self.x = x
        self.out = relu(x @ self.w)
        return self.out
    def backward(self, d):
        d = d * (self.out > 0)
        self.dw = self.x.T @ d
        return d @ self.w.T
    def update(self):
        self.w -= 0.1 * self.dw

"""
CALLS = """
layers = [Layer(3, 4), Layer(4, 2)]

def forward(x):
    for layer in layers:
        x = layer.forward(x)
    return x

for step in range(2):
    out = forward(x)
    loss = np.mean((out - y) ** 2)
    d = 2 * (out - y) / out.size
    for layer in reversed(layers):
        d = layer.backward(d)
    for layer in layers:
        layer.update()
"""
LINES = """
w = rng.normal(size=(3, 2))
def accuracy(out):
    hits = np.round(out) == y
    share = hits.mean()
    return share
for step in range(2):
    z = x @ w
    out = relu(z)
    loss = np.mean((out - y) ** 2)
    share = accuracy(y)
    d = 2 * (out - y) / out.size
    d = d * (z > 0)
    dw = x.T @ d
    w -= 0.1 * dw
"""


@pytest.mark.parametrize(
    ("text", "passages"),
    [
        (
            CALLS,
            [
                "forward, Layer.forward: x @ self.w",
                "forward, Layer.forward: self.x = x",
                "loss: loss =",
                "backward: d = 2 *",
                "backward, Layer.backward: d = d * (self.out > 0)",
                "backward, Layer.backward: d = d * (self.out > 0)",
                "update, Layer.update: self.w -=",
            ],
        ),
        (LINES, ["forward: z = x @ w", "loss: loss =", "backward: d = 2 *", "update: w -="]),
    ],
    ids=["layers are calls", "a helper of a single line, and one without a parameter, are no passages"],
)
def test_passages_go_by_passes_and_calls(tmp_path: Path, text: str, passages: list[str]) -> None:
    script = tmp_path / "net.py"
    script.write_text(HEAD + dedent(text))
    case = case_of(record_script(script))
    debugger = Debugger(run(case.program, case.values))
    seen, places = [], []
    while (stop := debugger.next_layer()).reason == "layer":
        code = case.program.statements[debugger.position - 1].source.code
        seen.append((stop.text, code))
        places.append(debugger.position)
    assert len(seen) == len(passages), seen
    for (said, code), expected in zip(seen, passages, strict=True):
        where, _, line = expected.partition(": ")
        assert said == where
        assert line in code
    back = []
    while debugger.previous_layer().reason == "layer":
        back.append(debugger.position)
    last = len(case.program.statements)
    assert [place for place in reversed(back) if place] == [place for place in places if place < last]
