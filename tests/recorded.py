"""Cases as they are recorded from a person's own code, written by hand: a text, and what ran on its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bpdebug.engine.language.nodes import CallSite, Phase, Source, Statement
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.variables import Variables
from bpdebug.sources.case import Case, Script

NETWORK = """\
import numpy as np
from tools import rate_of

class Network:
    def __init__(self, rng):
        self.W1 = rng.normal(size=(3, 4))
        self.W2 = rng.normal(size=(4, 2))

    def forward(self, x):
        self.x = x
        self.h = np.tanh(x @ self.W1)  # the hidden layer
        return self.h @ self.W2

    def backward(self, delta):
        self.dW2 = self.h.T @ delta
        delta = (delta @ self.W2.T) * (1 - self.h ** 2)
        self.dW1 = self.x.T @ delta

network = Network(np.random.default_rng(0))
out = network.forward(x)
loss = ((out - y) ** 2).sum()
network.backward(2 * (out - y))
grads = {"W1": network.dW1, "W2": network.dW2}
for name in ("W1", "W2"):
    step = rate_of(name) * grads[name]
network.W1 = network.W1 - 0.1 * grads["W1"]
"""
TOOLS = """\
def rate_of(name):
    if name == "W1":
        return 0.1 + 0.0
    return 0.2 + 0.0
"""
FILES = {"net.py": NETWORK, "tools.py": TOOLS}


class Ran(NamedTuple):
    """What a line has computed: a name, an expression, its line, the calls and turns that it is in."""

    name: str
    expression: str
    line: int
    calls: tuple[CallSite, ...] = ()
    turns: tuple[int, ...] = ()
    phase: Phase = "forward"
    of: str = ""
    file: str = "net.py"


FORWARD = (CallSite(1, "Network.forward", "net.py", 20),)
BACKWARD = (CallSite(2, "Network.backward", "net.py", 22),)


def rate(number: int) -> tuple[CallSite, ...]:
    return (CallSite(number, "rate_of", "net.py", 25),)


RAN = (
    Ran("self.h", "tanh(x @ self.W1)", 11, FORWARD),
    Ran("out", "self.h @ self.W2", 12, FORWARD),
    Ran("loss", "sum((out - y) ** 2)", 21),
    Ran("delta", "2 * (out - y)", 22, phase="backward", of="out"),
    Ran("self.dW2", "self.h.T @ delta", 15, BACKWARD, phase="backward", of="self.W2"),
    Ran("delta ·2", "(delta @ self.W2.T) * (1 - self.h ** 2)", 16, BACKWARD, phase="backward"),
    Ran("self.dW1", "x.T @ delta·2", 17, BACKWARD, phase="backward", of="self.W1"),
    Ran("rate_of()", "start + 0.0", 3, rate(3), phase="update", file="tools.py"),
    Ran("step", "(rate_of()) * self.dW1", 25, turns=(1,), phase="update"),
    Ran("rate_of() ·2", "2 * start + 0.0", 4, rate(4), phase="update", file="tools.py"),
    Ran("step ·2", "0.2 * self.dW2", 25, turns=(2,), phase="update"),
    Ran("self.W1 ·2", "self.W1 - 0.1 * self.dW1", 26, phase="update"),
)
FOUND = (
    "parameters: self.W1 3×4, self.W2 4×2",
    "loss: the sum of squared differences, line 21 (sure: 2 of 2 gradients follow from it)",
    "self.dW1 is the gradient of self.W1, self.dW2 that of self.W2",
    "rate: 0.1",
)


def given() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(5)
    shapes = {"self.W1": (3, 4), "self.W2": (4, 2), "x": (5, 3), "y": (5, 2)}
    values = {name: generator.normal(size=shape) for name, shape in shapes.items()}
    return {**values, "start": np.array(0.1)}


def recorded(
    ran: Sequence[Ran] = RAN,
    files: Mapping[str, str] = FILES,
    values: Mapping[str, np.ndarray] | None = None,
) -> Case:
    """A case of what ran."""
    values = given() if values is None else values
    positions = {each.name: position for position, each in enumerate(ran, start=1)}
    versions = {name: name.partition(" ·")[0] for name in positions if " ·" in name}
    variables = Variables(values, positions, versions)
    statements = []
    for name, expression, line, calls, turns, phase, of, file in ran:
        code = files[file].splitlines()[line - 1].partition("  #")[0]
        begin = len(code) - len(code.lstrip())
        source = Source(file, line, line, (begin, len(code)), code.strip(), calls, turns)
        tree = variables.read(expression)
        statements.append(Statement(name, tree, phase, of=of, source=source))
    program = Program(
        {name: value.shape for name, value in values.items()},
        tuple(statements),
        parameters=frozenset({"self.W1", "self.W2"}) & values.keys(),
        versions=versions,
    )
    script = Script(files, FOUND, "", "it ended at the first update that was read")
    return Case("net", "net.py", "your own code", "", "rows", "float64", program, values, script=script)
