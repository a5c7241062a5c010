"""What the tests of the check share."""

from __future__ import annotations

import math

import pytest

from bpdebug.verify.diagnosis.allowance import Allowance


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a diagnosis take its time: what it finds is not to depend on how busy the machine is."""
    monkeypatch.setattr(Allowance, "__post_init__", lambda own: setattr(own, "_end", math.inf))
