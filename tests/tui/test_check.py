"""A check in the app: verdicts beside the statements, the user's numbers, and what they wrote instead."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.present.explaining import Selection
from bpdebug.present.operation_text import about_text
from bpdebug.present.verdicts import CheckVerdicts
from bpdebug.present.views import Views
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check
from bpdebug.verify.upstream import evaluate_mine
from tests.tui.conftest import Session, open_app


def verdicts_of(name: str) -> CheckVerdicts:
    scenario = load_scenario(name)
    values = run(scenario.program, scenario.values).values
    mine = evaluate_mine(scenario.program, values, scenario.mine)
    report = check(scenario.program, scenario.values, mine)
    return CheckVerdicts(scenario.program, values, mine, report)


async def checked(session: Session) -> None:
    """Wait until the check in the background has ended."""
    await session.until(
        lambda: (
            session.screen.checking.check.verdicts.report is not None
            and not session.screen.checking.check.state
        )
    )


def test_marks_and_wrong_positions() -> None:
    verdicts = verdicts_of("find_the_bug")
    marks = {statement.name: verdicts.mark(statement.name) for statement in verdicts.program.statements}
    assert marks == {
        "z1": " ", "a1": " ", "z2": " ", "a2": " ",
        "dz2": "=", "dw2": "=", "db2": "✗", "da1": "=", "dz1": "✗", "dw1": "~", "db1": "~", "da0": "~",
    }  # fmt: skip
    assert [verdicts.program.statements[place - 1].name for place in verdicts.wrong_positions] == [
        "db2",
        "dz1",
    ]


def test_the_nearest_wrong_statement() -> None:
    verdicts = verdicts_of("find_the_bug")
    first, second = verdicts.wrong_positions
    assert verdicts.next_wrong(0, 1) == first
    assert verdicts.next_wrong(first, 1) == second
    assert verdicts.next_wrong(second, 1) is None
    assert verdicts.next_wrong(second, -1) == first
    assert verdicts.next_wrong(first, -1) is None


def test_views() -> None:
    verdicts = verdicts_of("find_the_bug")
    right, own = verdicts.reference["db2"], verdicts.mine["db2"]
    views = Views(verdicts.reference, verdicts.reference, verdicts.mine)
    np.testing.assert_array_equal(views.value("db2", "run"), right)
    np.testing.assert_array_equal(views.value("db2", "mine"), own)
    np.testing.assert_array_equal(views.value("db2", "difference"), own - right)
    np.testing.assert_allclose(own * 5, right)
    wrong = verdicts.wrong_cells("db2")
    assert wrong is not None
    assert wrong.all()
    assert not verdicts.wrong_cells("dw2").any()


async def test_a_scenario_with_mine_is_checked_when_it_opens() -> None:
    async with open_app("find_the_bug") as session:
        await checked(session)
        await session.press("right_square_bracket")
        await session.until(lambda: session.moment == (7, 0))
        assert "✗▶ db2 = sum(dz2" in session.text
        card = session.text_at("#operation")
        assert "yours is   mean(dz2, axis=1, keepdims=True)" in card
        assert "should be  sum(dz2, axis=1, keepdims=True)" in card
        await session.press("right_square_bracket")
        await session.until(lambda: session.moment == (9, 0))
        assert "yours is   da1 * tanh_prime(a1)" in session.text_at("#operation")
        # The cell that is wrong the most is selected: its values stand side by side.
        verdicts = session.screen.checking.verdicts
        off = abs(verdicts.mine["dz1"] - verdicts.reference["dz1"])
        worst = tuple(map(int, np.unravel_index(off.argmax(), off.shape)))
        assert worst != (0, 0)
        assert session.screen.following.selection() == Selection("dz1", worst)
        assert f"dz1[{worst[0]},{worst[1]}]  mine" in session.text_at("#operation")
        await session.press("left_square_bracket")
        await session.until(lambda: session.moment == (7, 0))


async def test_d_shows_the_users_numbers_then_the_difference() -> None:
    async with open_app("find_the_bug") as session:
        await checked(session)
        await session.press("right_square_bracket")
        right, own = (session.screen.chosen.views.value("db2", view)[0, 0] for view in ("run", "mine"))
        assert f"{right:.4f}" in session.panel_text("db2")
        await session.press("d")
        assert f"{own:.4f}" in session.panel_text("db2")
        assert "mine" in session.panel_text("db2")
        assert "your numbers" in session.text
        await session.press("d")
        assert f"{own - right:.4f}" in session.panel_text("db2")
        assert "diff" in session.panel_text("db2")
        await session.press("d")
        assert f"{right:.4f}" in session.panel_text("db2")


@pytest.mark.deep
async def test_wrong_elements_are_marked() -> None:
    async with open_app("find_the_bug") as session:
        await checked(session)
        await session.press("end")
        await session.until(lambda: "✗" in session.panel_text("dz1"))
        await session.press("P", "P")
        assert "✗" not in session.panel_text("dw2")


async def test_v_checks_the_derived_gradients_and_the_keys_go_on() -> None:
    async with open_app("batch") as session:
        assert session.screen.checking.check.verdicts.report is None
        session.type_ahead("v", "n", "n")
        await checked(session)
        assert session.moment == (2, 0)
        verdicts = {tensor.verdict for tensor in session.screen.checking.check.verdicts.report.tensors}
        assert verdicts == {"right"}
        await session.press("end")
        await session.until(lambda: "agrees with differences" in session.text_at("#operation"))


@pytest.mark.deep
async def test_without_numbers_of_ones_own_there_is_nothing_to_view() -> None:
    async with open_app("two_layer") as session:
        await session.press("end", "d", "right_square_bracket")
        assert session.screen.chosen.view == "run"
        assert session.moment == (12, 0)


TRAINING = """
title = "A training with numbers of the user's own"
layout = "columns"
[inputs]
a0 = [[0.5, -1.0], [0.25, 2.0]]
[[layers]]
kind = "dense"
activation = "tanh"
w = [[0.3, -0.2]]
[loss]
kind = "mse"
target = [[0.4, -0.1]]
[training]
iterations = 3
[optimizer]
kind = "sgd"
learning_rate = 0.1
[mine]
dw1 = "a1 @ a0.T"
"""


@pytest.mark.deep
async def test_the_users_numbers_are_not_compared_with_those_of_a_later_iteration(tmp_path: Path) -> None:
    path = tmp_path / "training.toml"
    path.write_text(TRAINING)
    async with open_app(load_scenario(path)) as session:
        await checked(session)
        session.screen.go_to("dw1")
        await session.settle()
        assert "yours is" in session.text
        assert session.panel("dw1").panel.wrong.all()
        await session.press("i")
        await session.until(lambda: session.screen.debugger.iteration == 2)
        assert session.screen.chosen.views.offered == ("run",)
        await session.settle()
        assert "yours is" not in session.text
        assert session.panel("dw1").panel.wrong is None
        await session.press("I")
        await session.until(lambda: session.screen.debugger.iteration == 1)
        assert session.screen.chosen.views.offered == ("run", "mine", "difference")


async def test_both_values_and_their_difference_stand_on_one_line() -> None:
    async with open_app("find_the_bug", (120, 36)) as session:
        await checked(session)
        await session.press("right_square_bracket")
        await session.settle()
        assert "mine -0.021966  reference -0.10983  difference 0.087864" in session.text_at("#operation")


def test_what_a_scenario_says_of_keys_fits_hidden_verdicts() -> None:
    case = load_scenario("find_the_bug")
    assert about_text(case, hides=True).startswith("What the check finds is hidden, to be found by you: ")
    assert about_text(case) == case.about
