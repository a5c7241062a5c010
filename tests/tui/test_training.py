"""Training in the app: what an update shows, moving across iterations, and the curves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.program.history import History
from bpdebug.present.curves import drawn, loss_of, note, watch_of
from bpdebug.present.operation_text import carried_text, operation_text
from bpdebug.present.snapshot import pairs_in_focus
from bpdebug.sources.case import Case
from bpdebug.tui.screens.computing import ComputingScreen
from bpdebug.tui.screens.curve import CurveScreen
from bpdebug.tui.widgets.status_line import place_parts
from tests.examples import example
from tests.tiers import few
from tests.tui.conftest import LARGE, SMALL, Session, at_both_sizes, open_app

MANY = 100_000


def training(name: str) -> Debugger:
    scenario = example(name)
    return Debugger(History(scenario.program, scenario.values, scenario.iterations))


def panels(name: str, step: str) -> list[tuple[str, str]]:
    program = example(name).program
    statement = program.statements[program.positions[step] - 1]
    pairs = pairs_in_focus(program, program.block_of(statement), statement)
    return [(pair.tensor, pair.gradient) for pair in pairs]


@pytest.fixture
def long_training() -> Case:
    """A training of 100,000 iterations."""
    return replace(example("xor"), iterations=MANY)


# Texts


@pytest.mark.parametrize("step", ["v_w1_new", "w1_new"])
def test_all_steps_of_an_update_show_the_same_panels(step: str) -> None:
    assert panels("xor", step) == [("w1", "dw1"), ("v_w1", "v_w1_new"), ("w1_new", "")]


def test_the_panels_of_adam() -> None:
    assert panels("adam", "t_new") == [("t", "t_new")]
    expected = [("b2", "db2"), ("m_b2", "m_b2_new"), ("v_b2", "v_b2_new"), ("t", "t_new"), ("m_b2_hat", "")]
    assert panels("adam", "m_b2_hat") == [*expected, ("v_b2_hat", ""), ("b2_new", "")]


def test_the_status_line_says_the_iteration() -> None:
    debugger = training("xor")
    debugger.goto(17, 12)
    assert place_parts(debugger, None)[-2:] == ("iteration 12/500", "step 17/24")


def test_a_new_iteration_begins() -> None:
    debugger = training("xor")
    debugger.goto(debugger.last, 12)
    debugger.step()
    text = operation_text(debugger, "about", ())
    assert text.code == "iteration 13 begins"
    assert text.why.startswith("w1 is now what w1_new was in the iteration before; ")
    assert "b1, w2, b2" in carried_text(debugger.program)


# Curves


def test_few_numbers_are_drawn_as_they_are() -> None:
    x, y = drawn(np.array([3.0, np.nan, 1.0, np.inf]), 8)
    assert (x.tolist(), y.tolist()) == ([1, 3], [3.0, 1.0])


def test_no_peak_is_lost_where_there_are_more_numbers_than_columns() -> None:
    numbers = np.zeros(10_000)
    numbers[1234], numbers[7000] = 5.0, -7.0
    x, y = drawn(numbers, 50)
    assert len(x) <= 100
    assert dict(zip(x.tolist(), y.tolist(), strict=True))[1235] == 5.0
    assert dict(zip(x.tolist(), y.tolist(), strict=True))[7001] == -7.0
    assert (np.diff(x) > 0).all()


def test_powers_of_ten() -> None:
    x, y = drawn(np.array([100.0, 0.0, -1.0, 0.01]), 8, logarithmic=True)
    assert (x.tolist(), y.tolist()) == ([1, 4], [2.0, -2.0])


def test_what_is_said_below_a_curve() -> None:
    numbers = np.array([2.0, np.nan, -1.0])
    assert note(numbers, 1, 3) == "iteration 1: 2; not finite in 1, first in 2"
    assert note(numbers, 4, 9, logarithmic=True) == (
        "iteration 4; computed 3 of 9; not finite in 1, first in 2; not above 0 in 1: no power of ten"
    )


def test_only_a_number_has_a_curve() -> None:
    debugger = training("xor")
    assert loss_of(debugger.program) is not None
    assert loss_of(example("two_layer").program) is None
    assert watch_of(debugger, debugger.watches.add("max(abs(dw1))").number) is not None
    assert watch_of(debugger, debugger.watches.add("dw1").number) is None
    assert watch_of(debugger, debugger.watches.add("1 + 1").number) is None


# The app


def curve(session: Session) -> CurveScreen:
    assert isinstance(session.app.screen, CurveScreen)
    return session.app.screen


@at_both_sizes
async def test_the_loss_curve_leads_to_an_iteration(size: tuple[int, int]) -> None:
    async with open_app("xor", size) as session:
        await session.press("n", "n", "L")
        await session.until(lambda: len(curve(session).numbers) == 500)
        assert (
            curve(session).numbers[-1]
            == History(session.screen.case.program, session.screen.case.values, 500).trace(500).values["loss"]
        )
        await session.press("end", "comma")
        await session.until(lambda: "iteration 499: 0.00120" in session.text)
        await session.press("l")
        await session.until(lambda: "by powers of ten" in session.text)
        await session.press("enter")
        await session.until(lambda: session.app.screen is session.screen)
        assert (session.debugger.iteration, session.moment) == (499, (2, 0))
        await session.until(lambda: "iteration 499/500" in session.text)


@pytest.mark.deep
async def test_a_curve_that_closes_is_drawn_no_more() -> None:
    """Its widgets go one by one, and what is computed for it may still come."""
    async with open_app("xor", LARGE) as session:
        await session.press("n", "n", "L")
        await session.until(lambda: len(curve(session).numbers) == 500)
        await curve(session).query_one("#note").remove()
        curve(session).draw()


async def test_the_selected_watch_is_drawn() -> None:
    async with open_app("xor", LARGE) as session:
        session.screen.lists.watches.focus()
        await session.press("down", "L")
        await session.until(lambda: "norm(dw1) over the iterations" in session.text)
        await session.press("escape")
        assert session.debugger.iteration == 1


@pytest.mark.deep
async def test_a_watch_that_has_just_gone_is_not_drawn() -> None:
    async with open_app("xor", LARGE) as session:
        session.screen.lists.watches.focus()
        await session.press("down")
        session.type_ahead("x", "L")
        await session.catch_up()
        await session.until(lambda: "loss over the iterations" in session.text)


@pytest.mark.deep
async def test_one_run_has_no_curve() -> None:
    async with open_app("two_layer", LARGE) as session:
        await session.press("L")
        assert session.app.screen is session.screen


@pytest.mark.deep
async def test_an_iteration_typed_in_the_dialog() -> None:
    async with open_app("xor", SMALL) as session:
        await session.press("g", *"12:dw1", "enter")
        await session.until(lambda: "iteration 12/500" in session.text)
        await session.press("g", *"501:dw1", "enter")
        await session.until(lambda: "no such iteration" in " ".join(session.text.split()))


@pytest.mark.usefixtures("nothing_ahead")
async def test_opening_computes_no_iteration_but_the_first(long_training: Case) -> None:
    async with open_app(long_training, SMALL) as session:
        assert session.debugger.history._reached[0] == 1
        assert set(session.debugger.history._traces) == {1}


@pytest.mark.usefixtures("nothing_ahead")
@pytest.mark.deep
async def test_a_far_iteration_is_computed_in_a_thread(
    long_training: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(long_training, SMALL) as session:
        computing = []
        push = session.app.push_screen
        monkeypatch.setattr(
            session.app, "push_screen", lambda screen, done: (computing.append(screen), push(screen, done))
        )
        session.screen.go_to("20000:loss")
        assert isinstance(computing[0], ComputingScreen)
        while session.screen.runner.is_computing:
            await session.pilot.pause(0.05)
        assert computing[0].iteration >= 19_999
        assert session.debugger.iteration == 20_000
        await session.until(lambda: "iteration 20000/100000" in session.text)


@pytest.mark.usefixtures("nothing_ahead")
async def test_escape_stops_what_takes_long(long_training: Case) -> None:
    async with open_app(long_training, SMALL) as session:
        await session.press("n", "c")
        await session.until(lambda: isinstance(session.app.screen, ComputingScreen))
        await session.press("escape")
        while isinstance(session.app.screen, ComputingScreen):
            await session.pilot.pause(0.05)
        assert (session.debugger.iteration, session.moment) == (1, (1, 0))
        assert "you are where you were" in session.text
        assert session.screen.session.recorded == ["step"]
        await session.press("n")
        assert session.moment == (2, 0)


async def ran_ahead(session: Session) -> None:
    """Wait until nothing is computed in the background any more."""
    while any(worker.group == "ahead" and not worker.is_finished for worker in session.screen.workers):
        await session.pilot.pause()


@pytest.mark.deep
@pytest.mark.parametrize("lines", few([[], ["set w1[0,0] = 0.5"]]), ids=["as written", "what-if"])
async def test_what_was_computed_ahead_is_reached_at_once(
    lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(replace(example("xor"), iterations=3_000), SMALL) as session:
        for line in lines:
            session.screen.runner.execute(line)
        await ran_ahead(session)
        history = session.debugger.history
        computed = []
        reach = History.reach

        def counted(self: History, iteration: int) -> Iterator[int]:
            for number in reach(self, iteration):
                computed.append(number)
                yield number

        monkeypatch.setattr(History, "reach", counted)
        for iteration in (3_000, 7, 1_511):
            session.screen.go_to(f"{iteration}:loss")
            assert session.debugger.iteration == iteration
        most = 2 * history._spacing * (2 if lines else 1)
        assert len(computed) <= 3 * most
        alone = History(history.program, history.inputs, 3_000, history.replaced)
        for name, value in alone.trace(1_511).values.items():
            np.testing.assert_array_equal(session.debugger.trace.values[name], value)
