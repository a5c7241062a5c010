"""The Health panel: its text, and what its keys do."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.health import HealthFinding, examine, layer_health
from bpdebug.engine.program.trace import Trace
from bpdebug.present.health_text import SICK, HealthText, LogScale, bar_text, share_text, size_text
from bpdebug.tui.screens.health import MOST_FINDINGS, HealthScreen
from bpdebug.tui.widgets.health_table import HealthTable
from tests.examples import debugger_of
from tests.tiers import few
from tests.tui.conftest import LARGE, PATIENCE, SMALL, Session, at_both_sizes, open_app


def text_of(name: str) -> HealthText:
    trace = debugger_of(name).trace
    return HealthText(layer_health(trace), examine(trace))


def test_a_row_for_each_layer() -> None:
    text = text_of("sick")
    assert text.header(78) == (
        "  layer            mean |dw|   ‖dw‖/‖w‖    saturated dead      verdict        "
    )
    assert [text.row(place, 78) for place in range(3)] == [
        "✗ 1 dense sigmoid  0.00017 ▊   6.9e-05 ▌     75% ██▎     –     saturation     ",
        "✗ 2 dense relu      0.0012 █▌   0.0074 █▌      –       75% ██▎ dead units     ",
        "  3 dense identity   0.099 ███     9.5 ███     –         –     healthy        ",
    ]


@given(st.integers(62, 300), st.sampled_from(["sick", "not_finite", "two_layer"]))
def test_rows_are_as_wide_as_the_heads(width: int, name: str) -> None:
    text = text_of(name)
    lengths = {len(text.row(place, width)) for place in range(len(text.layers))} | {len(text.header(width))}
    assert lengths == {width}


def test_a_layer_with_several_conditions_counts_them() -> None:
    text = text_of("sick")
    another = replace(text.findings[0], condition="zero_gradient")
    doubled = HealthText(text.layers, (*text.findings, another, *text.findings))
    assert "saturation +1" in doubled.row(0, 78)
    assert doubled.sick[1] == ("saturation", "zero gradient")


def test_what_is_taken_over_is_counted_at_its_origin() -> None:
    text = text_of("not_finite")
    assert len(text.findings) == 16
    assert [finding.tensor for finding in text.chosen] == ["a0", "b1", "b2", "da2"]
    place, numbers, advice = text.finding(text.chosen[0])
    assert place == "✗ not finite · a0 · layer 1 · given"
    assert numbers.endswith("it is given so; 12 tensors take it over")
    assert advice == text.chosen[0].advice
    assert "take" not in text.finding(text.chosen[1])[1]


def test_a_layer_that_only_passes_it_on_is_not_the_offending_one() -> None:
    text = text_of("overflow")
    offending, passing = text.row(0, 78), text.row(1, 78)
    assert offending.startswith(SICK)
    assert offending.rstrip().endswith("not finite")
    assert passing.startswith("  2")
    assert passing.rstrip().endswith("passes it on")


@given(st.floats(0, 1), st.integers(1, 30))
def test_bars_grow_with_their_numbers(fraction: float, width: int) -> None:
    bar = bar_text(fraction, width)
    assert len(bar) == width
    assert (bar.strip() == "") == (fraction == 0)
    full = bar.count("█")
    assert abs(full - fraction * width) <= 1.07


def test_a_scale_is_logarithmic_and_shows_the_smallest() -> None:
    scale = LogScale.over([1e-6, None, 0.0, float("nan"), 1.0])
    lengths = [len(scale.bar(size, 70).rstrip()) for size in (1e-6, 1e-3, 1.0)]
    assert lengths == [10, 40, 70]
    assert [scale.bar(size, 3) for size in (None, 0.0, float("nan"), float("inf"))] == ["   "] * 4
    alike = LogScale.over([0.5, 0.4])
    assert len(alike.bar(0.4, 30).rstrip()) > 28
    assert LogScale.over([]).bar(None, 2) == "  "


@given(st.floats() | st.none())
def test_sizes_fit_their_column(size: float | None) -> None:
    assert len(size_text(size if size is None else abs(size))) == 7


@pytest.mark.parametrize(
    ("share", "text"), [(None, "    –"), (0.0, "   0%"), (0.75, "  75%"), (1.0, " 100%")]
)
def test_share_text(share: float | None, text: str) -> None:
    assert share_text(share) == text


# The panel in the app.


async def open_health(session: Session) -> HealthScreen:
    """Open the panel, and wait until the run has been examined."""
    await session.press("H")
    screen = session.app.screen
    assert isinstance(screen, HealthScreen)
    await session.until(lambda: screen.query(HealthTable))
    await session.settle()
    return screen


@at_both_sizes
async def test_the_panel_shows_layers_findings_and_advice(size: tuple[int, int]) -> None:
    async with open_app("sick", size) as session:
        await open_health(session)
        lines = [line.strip().strip("│").rstrip() for line in session.text_at("#health").splitlines()]
        (sigmoid,) = (line for line in lines if " 1 dense sigmoid" in line)
        (identity,) = (line for line in lines if " 3 dense identity" in line)
        assert sigmoid.startswith(SICK)
        assert sigmoid.endswith("saturation")
        assert identity.startswith("  3")
        assert identity.endswith("healthy")
        shown = session.text_at("#findings")
        assert "✗ dead units · a2 · layer 2 · step 4" in shown
        assert "3 of 4 units of a2 are off for all 3 examples" in shown
        assert "leaky_relu" in shown


@at_both_sizes
async def test_enter_goes_to_the_finding(size: tuple[int, int]) -> None:
    async with open_app("sick", size) as session:
        await open_health(session)
        await session.press("down", "enter")
        assert session.app.screen is session.screen
        assert session.moment == (4, 0)
        assert "step 4/" in session.text_at("#status")


@pytest.mark.deep
async def test_a_second_enter_changes_nothing() -> None:
    async with open_app("sick") as session:
        await open_health(session)
        session.type_ahead("enter", "enter")
        await session.until(lambda: session.app.screen is session.screen)
        assert session.moment == (2, 0)


@pytest.mark.deep
@pytest.mark.parametrize("key", few(["escape", "H", "q"]))
async def test_closing_changes_nothing(key: str) -> None:
    async with open_app("sick") as session:
        await session.press("n", "n", "n")
        await open_health(session)
        await session.press(key)
        assert session.app.screen is session.screen
        assert session.moment == (3, 0)


@pytest.mark.deep
async def test_closing_before_the_run_has_been_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Event()
    done = Event()

    def examine_later(trace: Trace) -> tuple[HealthFinding, ...]:
        assert closed.wait(timeout=PATIENCE)
        done.set()
        return examine(trace)

    monkeypatch.setattr("bpdebug.tui.screens.health.examine", examine_later)
    async with open_app("sick") as session:
        await session.press("H")
        assert "Examining the run" in session.text
        await session.press("escape")
        assert session.app.screen is session.screen
        closed.set()
        await session.until(done.is_set)
        await session.press("n")
        assert session.moment == (1, 0)
        await open_health(session)


@pytest.mark.deep
async def test_a_healthy_run() -> None:
    async with open_app("two_layer", SMALL) as session:
        await open_health(session)
        assert "No finding" in session.text
        assert not session.app.screen.query("#findings")
        assert SICK not in session.text_at("HealthTable")
        await session.press("enter", "escape")
        assert session.moment == (0, 0)


@pytest.mark.deep
async def test_it_is_complete_without_colour() -> None:
    async with open_app("not_finite", LARGE) as session:
        await open_health(session)
        table = session.text_at("HealthTable").splitlines()
        assert [line.rstrip()[-10:] for line in table[1:]] == ["not finite"] * 2
        assert all(line.startswith(SICK) for line in table[1:])
        assert "4 findings" in session.text
        assert len(session.app.screen.listed) == 4 <= MOST_FINDINGS
