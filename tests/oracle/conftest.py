"""Tests against torch, which derives gradients in another way, knowing nothing of us: see `needs_library`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.needs_library import REQUIRED, is_left_out, is_missing, mark

MISSING = "torch is not installed: pip install 'bpdebug[oracle]'"


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return is_left_out(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark(items, Path(__file__).parent, MISSING)


def pytest_configure() -> None:
    if os.environ.get(REQUIRED) and is_missing():
        pytest.exit(f"{REQUIRED} is set, but {MISSING}", returncode=1)
