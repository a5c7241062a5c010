"""What it costs to record a person's own code, and that what is not recorded costs nothing."""

from __future__ import annotations

import linecache
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bpdebug.sources.script.instrumentation import instrument
from bpdebug.sources.script.live import record
from bpdebug.sources.script.recorder.hooks import Hooks
from bpdebug.sources.script.recorder.recorder import Recorder
from bpdebug.sources.script.running import hooks_in_place, rare_collection
from tests.benchmarks.measure import Figure, figure, ratio

NETWORK = """
import numpy as np
rng = np.random.default_rng(0)
x, y = rng.random(({batch}, {wide})), np.eye({out})[rng.integers(0, {out}, {batch})]
w1, b1 = 0.05 * rng.normal(size=({wide}, {inner})), np.zeros({inner})
w2, b2 = 0.1 * rng.normal(size=({inner}, {out})), np.zeros({out})

def iteration(w1, b1, w2, b2):
    a1 = np.maximum(x @ w1 + b1, 0)
    z2 = a1 @ w2 + b2
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.sum(y * np.log(p)) / len(x)
    dz2 = (p - y) / len(x)
    dw2, db2 = a1.T @ dz2, dz2.sum(axis=0)
    dz1 = dz2 @ w2.T * (a1 > 0)
    dw1, db1 = x.T @ dz1, dz1.sum(axis=0)
    w1 -= 0.1 * dw1
    b1 -= 0.1 * db1
    w2 -= 0.1 * dw2
    b2 -= 0.1 * db2

def measured():
    iteration(w1, b1, w2, b2)
"""
LOOPS = """
def loops(n):
    total, values = 0.0, [0.5, 0.25, 0.125]
    for i in range(n):
        for j in range(3):
            total = total * 0.5 + values[j] * i
            if total > 100.0:
                total -= 50.0
    return total

def measured():
    loops(2000)
"""
ELEMENTS = """
from pathlib import Path
import resource, sys
from bpdebug.sources.script import RecordingOptions, record_script
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
recording = record_script(sys.argv[1], (), RecordingOptions(seconds=3600.0))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert recording.ending.kind == "finished", recording.ending
print((after - before) / 1024, flush=True)
"""


def names_of(text: str, file: str) -> dict[str, Any]:
    """Run a text as the file that it stands for."""
    names: dict[str, Any] = {"__name__": "measured"}
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), names)
    return names


def while_recorded(text: str, rounds: int) -> float:
    """Return how many times as long something takes while it is recorded."""
    plain = names_of(text, "plain.py")
    recorder = Recorder([])
    recorder.files.add("hooked.py")
    hooked: dict[str, Any] = {}

    def recorded() -> None:
        recorder.forget()
        hooked["measured"]()

    with hooks_in_place(Hooks(recorder).table()), rare_collection():
        exec(instrument(text, "hooked.py", recorder.sites), hooked)
        return ratio(recorded, plain["measured"], rounds)


def when_it_is_over(text: str, rounds: int) -> float:
    """Return how many times as long something takes that was recorded before."""
    plain, recorded = names_of(text, "plain.py"), names_of(text, "recorded.py")
    record(recorded["measured"])()
    return ratio(recorded["measured"], plain["measured"], rounds)


def of_elements() -> tuple[float, float]:
    """Return the seconds and the memory in GB that more operations on elements take than are kept."""
    text = (
        LOOPS.replace("measured()", "measured(n)").replace("loops(2000)", "loops(n)")
        + "\nmeasured(100_000)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "loops.py"
        path.write_text(text, encoding="utf-8")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        words = [sys.executable, "-c", ELEMENTS, str(path)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime, float(done.stdout) / 1024


def measure() -> list[Figure]:
    """Return the ratios."""
    large = NETWORK.format(batch=100, wide=784, inner=50, out=10)
    toy = NETWORK.format(batch=5, wide=4, inner=3, out=2)
    seconds, memory = of_elements()
    over: Callable[[str], float] = lambda text: when_it_is_over(text, 30)  # noqa: E731 (a short name)
    return [
        figure("recording an iteration of 784-50-10, batch 100 / running it", while_recorded(large, 20), 5),
        figure("recording an iteration of 4-3-2, batch 5 / running it", while_recorded(toy, 50), 30),
        figure("loops in pure Python, when the recording is over / never recorded", over(LOOPS), 1.5),
        figure("an iteration of 4-3-2, the same", over(toy), 1.5),
        Figure("recording 1.4 million operations on single elements", f"{seconds:.0f} s", "it ends"),
        Figure("memory that this takes, of which 400,000 are kept", f"{memory:.2f} GB", "≤ 1 GB"),
    ]
