"""Where all tests begin: one thread a process, and the tier that is asked for (see `tests/tiers.py`)."""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest
from hypothesis import is_hypothesis_test, settings

from tests.tiers import FAST

# The tests run in a process for each core, where more threads only wait for each other. NumPy and torch
# read these when they are imported, which nothing above does.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# Thousands of tests are held all the time: to look whether they are garbage is done less often.
gc.set_threshold(20_000, 10, 10)

# What the tests are, and what hundreds of processes that they start import, is compiled once: else that is
# half of what such a process does.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Where a build server has these ignored, what the tests start would not be interrupted by Ctrl+C either.
signal.signal(signal.SIGINT, signal.default_int_handler)


LONGEST = 900
"""Seconds after which a process says what it is doing, and ends: who waits for ever is told nothing."""


class Watchdog:
    """Ends a process that hangs.

    pytest has the same, set anew for each test, which starts a thread for it: as much work as many a test.
    """

    def __init__(self) -> None:
        self.output = os.dup(2)  # as long as that is no test's
        self.since = -float(LONGEST)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        if time.monotonic() > self.since + LONGEST / 10:
            self.since = time.monotonic()
            faulthandler.dump_traceback_later(LONGEST, file=self.output, exit=True)
        return (yield)

    def pytest_unconfigure(self) -> None:
        faulthandler.cancel_dump_traceback_later()


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("fast" if config.option.markexpr == FAST else "deep")
    config.pluginmanager.register(Watchdog())


def pytest_xdist_auto_num_workers() -> int:
    """Three processes for two cores: the tests of the app wait, every other moment, for it to be idle."""
    return max(1, (os.cpu_count() or 1) * 3 // 2)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A property is in both tiers: the deep one draws anew, and more."""
    if config.option.markexpr != FAST:
        for item in items:
            if is_hypothesis_test(getattr(item, "function", None)):
                item.add_marker("deep")


@pytest.hookimpl(wrapper=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> Iterator[None]:
    """Make none of the thousands of tests of the deep tier where the fast one is asked for."""
    yield
    if metafunc.config.option.markexpr == FAST:
        is_deep = metafunc.definition.get_closest_marker("deep") is not None
        fast = [] if is_deep else [one for one in metafunc._calls if pytest.mark.deep.mark not in one.marks]
        metafunc._calls[:] = fast or metafunc._calls[:1]
