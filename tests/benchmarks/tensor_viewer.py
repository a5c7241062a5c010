"""The tensor viewer on 4096×4096 weights, against 64×64 ones.

The two run side by side, each in its own terminal; they take turns. In a turn the keys follow each other
as fast as they are shown, so that the statistics of the large one wait for a pause, as they do for a user.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import pexpect

from tests.benchmarks.measure import Figure, figure
from tests.benchmarks.terminal import ROWS, seconds_to, start, stop

SCENARIO = """
title = "Weights of {size} by {size}"
layout = "columns"
dtype = "float32"
inputs.a0 = {{ random = "normal", shape = [{size}, 1], seed = 1 }}
[[layers]]
kind = "dense"
activation = "relu"
w = {{ random = "normal", shape = [{size}, {size}], seed = 3, scale = 0.02 }}
b = {{ random = "normal", shape = [{size}, 1], seed = 4 }}
"""
SIZES = (4096, 64)
ROUNDS = 40
PAGE = ROWS - 6
"""Rows in sight: the lines of the screen less those of the frame, the indices and the three bars."""
FORMATS = ("fixed,", "scientific,", "significant,", "exact", "automatic,")
ESCAPE, PAGE_DOWN, HOME = "\x1b", "\x1b[6~", "\x1b[1;5H"


def opened(folder: Path, size: int) -> pexpect.spawn:
    """Start the app on weights of a size, with their panel in focus."""
    file = folder / f"size{size}.toml"
    file.write_text(SCENARIO.format(size=size))
    child = start(["-m", "bpdebug", str(file)])
    seconds_to(child, "step 0/2")
    child.send("\t\t\t\t")  # past the program, a0 and its gradient
    seconds_to(child, "w1[0,0] is given")
    return child


def press(child: pexpect.spawn, key: str, text: str) -> float:
    """Press a key; return how long it takes until a text is on its way to the screen."""
    child.send(key)
    return seconds_to(child, text)


def walk(child: pexpect.spawn) -> list[float]:
    """Open the viewer, look around and close it; return how long each key takes."""
    keys = [("m", "w1[0, 0] ="), (PAGE_DOWN, f"w1[{PAGE}, 0] ="), *(("f", form) for form in FORMATS)]
    found = [press(child, *key) for key in keys]
    press(child, HOME, "w1[0, 0] =")
    press(child, "q", "step 0/2")
    return found


def measure() -> list[Figure]:
    """Compare opening, scrolling and changing the format."""
    with tempfile.TemporaryDirectory() as folder:
        large, small = (opened(Path(folder), size) for size in SIZES)
        # The first walk only warms up.
        pairs = [(walk(large), walk(small)) for _ in range(ROUNDS + 1)][1:]
        for child in (large, small):
            stop(child)
    ratios = [[mine / other for mine, other in zip(*pair, strict=True)] for pair in pairs]
    kinds = {
        "opening": [ratio[0] for ratio in ratios],
        "scrolling": [ratio[1] for ratio in ratios],
        "changing the format": [found for ratio in ratios for found in ratio[2:]],
    }
    return [
        figure(f"tensor viewer, {kind}: 4096×4096 / 64×64", statistics.median(found), goal=1.1)
        for kind, found in kinds.items()
    ]
