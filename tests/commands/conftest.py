"""Sessions of shipped scenarios."""

from __future__ import annotations

import pytest

from bpdebug.commands.session import Session
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario


@pytest.fixture(scope="session")
def scenario() -> Case:
    """Three inputs, four relu units, two sigmoid units; 12 statements."""
    return load_scenario("two_layer")


@pytest.fixture
def session(scenario: Case) -> Session:
    """A session that nothing has been done in."""
    return Session(scenario)
