"""What the tests of corrections share."""

from __future__ import annotations

import time

import pytest

PATIENCE = 4
"""So many times as long may a search take: coverage makes it two or three times as slow."""


@pytest.fixture(autouse=True)
def unhurried_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a search take its time: what it finds is not to depend on who looks on."""
    worked = time.thread_time
    monkeypatch.setattr(time, "thread_time", lambda: worked() / PATIENCE)
