"""What the tests of the check share."""

from __future__ import annotations

import math
import time

import pytest

from bpdebug.verify.diagnosis.allowance import Allowance


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a diagnosis take its time: what it finds is not to depend on how busy the machine is."""
    monkeypatch.setattr(Allowance, "__post_init__", lambda own: setattr(own, "_end", math.inf))


@pytest.fixture
def little_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a diagnosis give up soon: what nothing explains, thousands of pairs do not explain either."""
    fewer = (400, 8_000, 2**20, 3.0, False, time.thread_time)
    monkeypatch.setattr(Allowance.__init__, "__defaults__", fewer)
