"""Two tiers of tests: the fast one, which runs by default, and the deep one, `pytest -m deep`.

The fast tier holds every kind of check, on a few values that are the same each time. The deep tier has all
the rest: more seeds and combinations, properties on new and more draws, thousands of random keys, the real
terminal, torch. A property draws anew in every run: what one run does not meet, another does. Nothing is in
both with the same values.
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
    # What the examples of one property share is an empty folder, or a function that remembers nothing. How
    # many draws are no value for an option is chance, and no fault.
    "suppress_health_check": [
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
    ],
}
settings.register_profile("fast", max_examples=25, derandomize=True, **COMMON)
settings.register_profile("deep", max_examples=100, derandomize=False, print_blob=True, **COMMON)


def examples(part: int) -> settings:
    """Return settings of a property that many parameters have: each draws one of so many examples."""
    return settings(max_examples=settings.default.max_examples // part)


def few(values: Iterable[Any], fast: int = 1) -> list[Any]:
    """Return values to parametrise a test with: so many for the fast tier, the rest for the deep one.

    Those of the fast tier are spread evenly; a tuple holds the values of several parameters.
    """
    every = [*values]
    chosen = {place * len(every) // fast for place in range(fast)}
    return [value if place in chosen else _for_the_deep_tier(value) for place, value in enumerate(every)]


def _for_the_deep_tier(value: Any) -> Any:
    if isinstance(value, pytest.ParameterSet):
        return value._replace(marks=(*value.marks, pytest.mark.deep))
    return deep(*value) if type(value) is tuple else deep(value)


def deep(*values: Any) -> Any:
    """Return the values of a test's parameters with which it is for the deep tier alone."""
    return pytest.param(*values, marks=pytest.mark.deep)
