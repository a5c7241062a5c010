"""A program of the user's own in the app: no layers, and each tensor with its gradient below it."""

from __future__ import annotations

import pytest

from bpdebug.present.snapshot import MOST_PAIRS, PairNames, most_pairs, pairs_in_focus
from bpdebug.sources.scenario import shipped_scenarios
from tests.examples import debugger_of, example
from tests.tiers import few
from tests.tui.conftest import LARGE, SMALL, at_both_sizes, open_app

STEPS = 5
"""So many steps are made from one look at the screen to the next."""


def pairs(name: str, position: int) -> list[tuple[str, str]]:
    debugger = debugger_of(name, position)
    statement = debugger.statement or debugger.program.statements[0]
    return [(pair.tensor, pair.gradient) for pair in pairs_in_focus(debugger.program, None, statement)]


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (0, [("q", "dq"), ("k", "dk"), ("s", "ds")]),
        (1, [("q", "dq"), ("k", "dk"), ("s", "ds")]),
        (3, [("p", "dp"), ("v", "dv"), ("o", "do")]),
        (4, [("p", "dp"), ("v", "dv"), ("o", "do")]),
        (7, [("", "ds_inner"), ("s", "ds")]),
        (8, [("q", "dq"), ("k", "dk"), ("", "ds_inner")]),
    ],
)
def test_the_pairs_are_those_of_the_current_statement(position: int, expected: list[tuple[str, str]]) -> None:
    assert pairs("attention", position) == expected


def test_the_parts_of_a_gradient_stand_beside_it() -> None:
    assert pairs("fan_out", 11) == [("", "dx_via_b"), ("x", "dx"), ("b", "db")]
    assert pairs("fan_out", 13) == [("x", "dx"), ("", "dx_via_a_inner"), ("", "dx_via_b")]


def test_a_statement_with_many_operands_is_folded_but_keeps_its_result() -> None:
    program = example("many_operands").program
    assert most_pairs(program) == MOST_PAIRS
    for statement in program.statements:
        shown = pairs_in_focus(program, None, statement)
        assert any(statement.name in (pair.tensor, pair.gradient) for pair in shown), statement.name


def test_a_layer_has_the_pairs_that_it_always_had() -> None:
    program = example("two_layer").program
    for statement in program.statements:
        found = pairs_in_focus(program, program.block_of(statement), statement)
        assert [pair.role for pair in found] == ["a_prev", "w", "b", "z", "a"]
    assert found[0] == PairNames("a_prev", "a0", "d_prev", "da0")


@pytest.mark.deep
@at_both_sizes
async def test_stepping_through_attention(size: tuple[int, int]) -> None:
    async with open_app("attention", size) as session:
        await session.press("n")
        assert "▶ s = q @ k.T / 2" in session.text
        assert "written" in session.panel_text("s") or size == SMALL
        await session.press("f", "n", "n", "s")
        assert session.debugger.node is not None
        await session.press("n")
        assert "ds = p * (dp - sum(dp * p" in session.text_at("#operation")
        await session.press("end")
        assert "dk[0,0] = ds_inner[0,0]·q[0,0]" in session.text_at("#operation")
        await session.press("v")
        await session.until(lambda: "all right" in session.text)


async def test_what_there_are_no_layers_for_is_disabled() -> None:
    async with open_app("attention", LARGE) as session:
        before = session.text
        await session.press("l")
        assert "no layers" in session.text_at("#answer")
        session.screen.say()
        await session.until(lambda: session.text == before)
        await session.press("N", "N")
        assert session.moment == (4, 0)


async def test_scalars_have_panels_too() -> None:
    async with open_app("fan_out", LARGE) as session:
        await session.press("f")
        assert "loss = sum(c)" in session.text
        await session.press("n")
        assert "dc = broadcast_like(dloss, c)" in session.text_at("#operation")
        assert "incoming" in session.panel_text("dloss") or "read" in session.panel_text("dloss")


@pytest.mark.usefixtures("nothing_ahead")
@pytest.mark.parametrize(
    "path", few(sorted(shipped_scenarios(), key=lambda path: path.stat().st_size)), ids=lambda path: path.stem
)
async def test_every_shipped_scenario_opens_and_runs_to_its_end(path: object) -> None:
    async with open_app(path.stem, SMALL) as session:
        last = session.debugger.last
        for position in (*range(STEPS, last, STEPS), last):
            session.type_ahead(*"n" * (position - session.debugger.position))
            await session.catch_up()
            assert session.debugger.position == position
            assert session.debugger.statement.name in session.text
        await session.press("v")
        await session.until(lambda: session.screen.checking.check.verdicts.report is not None)
