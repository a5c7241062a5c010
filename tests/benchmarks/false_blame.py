"""How often a right network is called wrong, and how long the longest check of a wrong gradient takes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np

from bpdebug.engine.program.trace import run
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from tests.benchmarks.measure import Figure
from tests.oracle.test_right_networks import NETWORKS, checked
from tests.verify.test_every_place import network, pairs

LONG = """
layout = "rows"
[inputs]
a0 = { random = "normal", shape = [4, 256, 3], seed = 1 }
[[layers]]
kind = "lstm"
output = "last"
w_ih = { random = "normal", shape = [16, 3], seed = 2 }
w_hh = { random = "normal", shape = [16, 4], seed = 3 }
b_ih = { random = "normal", shape = [16], seed = 4 }
b_hh = { random = "normal", shape = [16], seed = 5 }
[gradient]
da1 = { random = "normal", shape = [4, 4], seed = 6 }
"""
"""As many time steps as a scenario may have."""


SECONDS = 300.0
"""How long the right networks, and then the wrong gradients, may take: how many were tried is told."""
Item = TypeVar("Item")


def while_there_is_time(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items until their time is up."""
    end = time.monotonic() + SECONDS
    return takewhile(lambda item: time.monotonic() < end, items)


def seconds(case: Case, *names: str) -> float:
    """Return how long a check works that is given noise under these names."""
    random = np.random.default_rng(0)
    mine = {name: random.normal(size=case.program.shapes[name]) for name in names}
    begun = time.thread_time()
    check_scenario(case, mine)
    return time.thread_time() - begun


def sweep(folder: Path) -> Iterator[float]:
    """Yield how long each check takes, with one gradient of each kind of network wrong."""
    random = np.random.default_rng(0)
    for kind, form, activation, loss in while_there_is_time(pairs()):
        case = network(folder, kind, form, activation, loss)
        run(case.program, case.values)
        places = [one.name for one in case.program.statements if one.phase == "backward" and not one.part]
        yield seconds(case, str(random.choice(places)))


def measure() -> list[Figure]:
    """Return the number of right networks that are blamed, and the longest times."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        blamed = [bool(checked(seed, folder)) for seed in while_there_is_time(range(NETWORKS))]
        times = [*sweep(folder)]
        path = folder / "long.toml"
        path.write_text(LONG)
        steps = seconds(load_scenario(path), "dw_hh1", "dw_ih1", "db_hh1", "db_ih1")
    return [
        Figure(f"right networks that are called wrong, of {len(blamed):,}", str(sum(blamed)), "0"),
        Figure(f"longest check of {len(times)}, one wrong gradient each", f"{max(times):.1f} s", "< 5 s"),
        Figure("check of an LSTM of 256 steps, four wrong gradients", f"{steps:.1f} s", "< 5 s"),
    ]
