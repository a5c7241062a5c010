"""From a key to the screen, against an app that updates six `Static`s without layout.

Each of the six is a panel with a border and eight lines of numbers; together they fill the screen.

The two run side by side, each in its own terminal; they take turns, key by key.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from tests.benchmarks.measure import Figure, figure
from tests.benchmarks.terminal import seconds_to, start, stop

SIX_STATICS = """
from textual.app import App
from textual.widgets import Static
LINES = "\\n".join(" 0.1234" * 6 for _ in range(8))
class Six(App):
    CSS = "Screen { layout: grid; grid-size: 3 2; } Static { height: 100%; border: round white; }"
    BINDINGS = [("n", "next")]
    count = 0
    def compose(self):
        for place in range(6):
            yield Static("count 0", id=f"s{place}")
    def action_next(self):
        self.count += 1
        for static in self.query(Static):
            static.update(f"count {self.count};\\n{LINES}", layout=False)
Six().run()
"""
LARGE = """
title = "Weights of 4096 by 4096"
layout = "columns"
dtype = "float32"
inputs.a0 = { random = "normal", shape = [4096, 2], seed = 1 }
gradient.da2 = { random = "normal", shape = [4, 2], seed = 2 }
[[layers]]
kind = "dense"
activation = "relu"
w = { random = "normal", shape = [4096, 4096], seed = 3, scale = 0.02 }
b = { random = "normal", shape = [4096, 1], seed = 4 }
[[layers]]
kind = "dense"
activation = "sigmoid"
w = { random = "normal", shape = [4, 4096], seed = 5, scale = 0.02 }
b = { random = "normal", shape = [4, 1], seed = 6 }
"""
STEPS = 12
ROUNDS = 5


def key_ratio(scenario: str) -> float:
    """Return the median ratio over the steps of a scenario, walked through several times."""
    ours = start(["-m", "bpdebug", scenario])
    seconds_to(ours, f"step 0/{STEPS}")
    theirs = start(["-c", SIX_STATICS])
    seconds_to(theirs, "count 0")
    found, count = [], 0
    for _ in range(ROUNDS):
        for step in range(1, STEPS + 1):
            count += 1
            theirs.send("n")
            other = seconds_to(theirs, f"count {count};")
            ours.send("n")
            found.append(seconds_to(ours, f"step {step}/{STEPS}") / other)
        ours.send("\x1b[H")
        seconds_to(ours, f"step 0/{STEPS}")
    stop(ours)
    stop(theirs)
    return statistics.median(found)


def measure() -> list[Figure]:
    """Compare small and large tensors with the six texts."""
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large.toml"
        large.write_text(LARGE)
        return [
            figure(
                "key to display, two_layer / six Statics", key_ratio("scenarios/two_layer.toml"), goal=1.3
            ),
            figure("key to display, 4096×4096 weights / six Statics", key_ratio(str(large)), goal=1.3),
        ]
