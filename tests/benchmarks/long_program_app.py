"""Chains of 10³, 10⁴ and 10⁵ statements in the app: until it is open, what it holds, and what a key costs.

A chain is written so long that the program has so many statements in all, forwards and backwards. The
shortest and the longest stand open side by side and take turns, key by key; what counts is the processor's
time, which is nearly the same however busy the machine is.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

import pexpect

from tests.benchmarks.long_program import LINES_OF_ALL, lines, write
from tests.benchmarks.measure import Figure, figure
from tests.benchmarks.terminal import start, stop

SIZES = (1_000, 10_000, 100_000)
KEYS = 20
QUIET = 0.4
"""Seconds in which nothing is drawn any more when a key has done its work."""
PAGE_DOWN = "\x1b[6~"
SEARCH = "/relu(z1)\r"
"""Puts the focus into the listing."""


def opened(size: int, folder: Path) -> pexpect.spawn:
    """Open a chain in a terminal."""
    child = start(["-m", "bpdebug", str(write(lines(int(size * LINES_OF_ALL)), folder / f"{size}.toml"))])
    child.expect_exact("relu(z1)")
    settle(child)
    return child


def settle(child: pexpect.spawn) -> None:
    """Wait until nothing more is drawn."""
    while True:
        try:
            child.read_nonblocking(2**20, timeout=QUIET)
        except pexpect.TIMEOUT:
            return


def cost(child: pexpect.spawn, key: str) -> float:
    """Return the seconds of the processor that a key costs."""
    before = used(child)
    child.send(key)
    settle(child)
    return used(child) - before


def used(child: pexpect.spawn) -> float:
    """Return the seconds of the processor that a process has used, in all its threads."""
    threads = Path(f"/proc/{child.pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def peak(child: pexpect.spawn) -> float:
    """Return the most memory that a process has held, in megabytes."""
    lines_of_status = Path(f"/proc/{child.pid}/status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines_of_status)
    return int(status["VmHWM"].split()[0]) / 1024


def ratio_of_keys(longest: pexpect.spawn, shortest: pexpect.spawn, key: str) -> float:
    """Return how many times as much a key costs in the one as in the other."""
    return statistics.median(cost(longest, key) / cost(shortest, key) for _ in range(KEYS))


def measure() -> list[Figure]:
    """Open a chain of each size; processes are looked at as Linux shows them."""
    if not Path("/proc/self/task").is_dir():
        return []
    with TemporaryDirectory() as folder:
        children = [opened(size, Path(folder)) for size in SIZES]
        times, memory = [used(child) for child in children], peak(children[-1])
        shortest, longest = children[0], children[-1]
        step = ratio_of_keys(longest, shortest, "n")
        for child in (longest, shortest):
            cost(child, SEARCH)
        page = ratio_of_keys(longest, shortest, PAGE_DOWN)
        for child in children:
            stop(child)
    many, few = f"{SIZES[-1]:,}", f"{SIZES[0]:,}"
    start_up = times[0]
    slope = (times[-1] - start_up) / (times[1] - start_up) * SIZES[1] / SIZES[-1]
    return [
        Figure(f"a chain of {many} statements opens in the app", f"{times[-1]:.1f} s", "≤ 10 s"),
        Figure("the same: peak memory", f"{memory:.0f} MB", "≤ 1,000 MB"),
        figure(f"until it is open, a statement: of {many} / of {SIZES[1]:,}", slope, 1.5),
        figure(f"a step in the app: of {many} / of {few}", step, 1.5),
        figure(f"a page of the listing: of {many} / of {few}", page, 1.5),
    ]
