"""Two tiers of tests: the fast one, which runs by default, and the deep one, `pytest -m deep`.

The fast tier holds every kind of check, on a few values that are the same each time. The deep tier has all
the rest: every seed and every combination, properties on new and more draws, thousands of random keys,
the real terminal, torch. Nothing is in both with the same values.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

FAST = "not deep"
"""The `-m` of the fast tier, as `pyproject.toml` gives it to pytest unless another is asked for."""

COMMON: dict[str, Any] = {
    "deadline": None,
    # What the examples of one property share is an empty folder, or a function that remembers nothing.
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("fast", max_examples=25, derandomize=True, **COMMON)
settings.register_profile("deep", max_examples=300, derandomize=False, print_blob=True, **COMMON)


def few(values: Iterable[Any], fast: int = 1) -> list[Any]:
    """Return values to parametrise a test with, of which all but the first few are for the deep tier."""
    return [value if place < fast else deep(value) for place, value in enumerate(values)]


def deep(*values: Any, id: str | None = None) -> Any:
    """Return values of parameters with which a test is for the deep tier."""
    return pytest.param(*values, marks=pytest.mark.deep, id=id)
