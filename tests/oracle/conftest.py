"""Tests against torch, which derives gradients in another way and knows nothing of us.

All are of the deep tier, and in the fast one not even read, because to import torch takes seconds. They are
skipped where torch is not installed, unless the environment says that it must be: then a missing torch is a
failure, so that a build server cannot skip them unnoticed.
"""

from __future__ import annotations

import importlib.util
import os

import pytest

from tests.tiers import FAST

REQUIRED = "BPDEBUG_REQUIRE_ORACLE"
MISSING = "torch is not installed: pip install 'bpdebug[oracle]'"


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return True if config.option.markexpr == FAST else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    is_missing = importlib.util.find_spec("torch") is None
    for item in items:
        if "oracle" in item.path.parts:
            item.add_marker("deep")
            if is_missing:
                item.add_marker(pytest.mark.skip(reason=MISSING))


def pytest_configure() -> None:
    if os.environ.get(REQUIRED) and importlib.util.find_spec("torch") is None:
        pytest.exit(f"{REQUIRED} is set, but {MISSING}", returncode=1)
