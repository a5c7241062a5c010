"""Where all tests begin: one thread a process, and the tier that is asked for (see `tests/tiers.py`)."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from hypothesis import is_hypothesis_test, settings

from tests.tiers import FAST

# The tests run in a process for each core, where more threads only wait for each other. NumPy and torch
# read these when they are imported, which nothing above does.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# What the tests are, and what hundreds of processes that they start import, is compiled once: else that is
# half of what such a process does.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Where a build server has these ignored, what the tests start would not be interrupted by Ctrl+C either.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("fast" if config.option.markexpr == FAST else "deep")


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
