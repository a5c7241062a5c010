"""What is shown of long formulas: at most a line or two, and what differs is in it."""

from __future__ import annotations

import pytest

from bpdebug.engine.language.excerpts import MOST_CHARACTERS, shortened, told_apart
from bpdebug.engine.program.trace import run
from bpdebug.export.check_report import text_report
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from tests.tiers import deep

LONG = " + ".join(f"x{number}" for number in range(100))


def test_short_formulas_stand_as_they_are() -> None:
    assert told_apart("da1 * z1", "da1 * a1") == ("da1 * z1", "da1 * a1")


@pytest.mark.parametrize("place", ["x0 ", "x1 ", "x50", "x98", "x99"])
def test_what_differs_is_shown(place: str) -> None:
    yours, right = told_apart(LONG.replace(place, place.replace("x", "wrong")), LONG)
    assert "wrong" in yours
    assert place.strip() in right
    assert max(len(yours), len(right)) <= MOST_CHARACTERS


@pytest.mark.parametrize(
    ("yours", "right"), [(f"2 * ({LONG})", LONG), (LONG, LONG[:300]), ("x", LONG), (LONG, LONG[::-1])]
)
def test_no_formula_is_longer_than_a_person_reads(yours: str, right: str) -> None:
    assert all(len(text) <= MOST_CHARACTERS for text in told_apart(yours, right))
    assert len(shortened(yours)) <= MOST_CHARACTERS


@pytest.mark.parametrize(("start", "step"), [(0, 20), *(deep(start, 5) for start in range(5))])
def test_the_formulas_of_a_report_are_short(start: int, step: int) -> None:
    """The gradients of a recurrent layer's parameters are sums over all time steps."""
    case = load_scenario("lstm_step")
    values = run(case.program, case.values).values
    for name in sorted(case.program.gradients & case.program.positions.keys())[start::step]:
        report = check_scenario(case, {name: 2 * values[name]})
        lines = [line for line in text_report(report) for line in line.splitlines()]
        shown = [line.split("  ")[-1] for line in lines if "yours is" in line or "should be" in line]
        assert all(len(formula) <= MOST_CHARACTERS for formula in shown)
