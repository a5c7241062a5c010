"""What no small edit explains is told once, too: at what was not given and all of it follows from."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check, check_scenario
from bpdebug.verify.report import TensorReport
from bpdebug.verify.upstream import upstream_values
from tests.tiers import few
from tests.verify.planted_sequences import recurrent

pytestmark = pytest.mark.usefixtures("little_tried")
CASE = load_scenario("rows")
RIGHT = run(CASE.program, CASE.values).values
PARAMETERS = ("dw2", "db2", "dw1", "db1")
RANDOM = np.random.default_rng(2)
Wrong = dict[str, np.ndarray]


def anything(name: str) -> np.ndarray:
    return RANDOM.normal(size=RIGHT[name].shape)


def told(wrong: Wrong, *given: str) -> dict[str, TensorReport]:
    """Return what is said of wrong tensors; the user hands in the parameters' gradients, or `given`."""
    values = upstream_values(CASE.program, RIGHT, wrong)
    report = check_scenario(CASE, {name: values[name] for name in given or PARAMETERS})
    return {tensor.name: tensor for tensor in report.tensors if tensor.verdict == "wrong"}


@pytest.mark.parametrize(
    ("name", "following"), few([("dz1", ("dw1", "db1")), ("dz2", ("dw2", "db2", "dw1", "db1"))])
)
def test_it_is_told_once_where_it_arises(name: str, following: tuple[str, ...]) -> None:
    (found,) = told({name: anything(name)}).values()
    assert (found.name, found.shows_in) == (name, following)
    assert "no small edit explains" in found.note
    assert "of yours it can be told" in found.note


def test_two_of_them_are_told_apart() -> None:
    found = told({"dz2": anything("dz2"), "dz1": anything("dz1")})
    assert {name: one.shows_in for name, one in found.items()} == {
        "dz2": ("dw2", "db2"),
        "dz1": ("dw1", "db1"),
    }


def test_one_that_gives_a_right_tensor_is_not_blamed() -> None:
    assert told({"dw2": anything("dw2"), "db1": anything("db1")}).keys() == {"dw2", "db1"}


def test_what_no_value_of_it_gives_is_not_blamed_on_it() -> None:
    """Of two examples there are fewer elements of dz1 than of what follows from it."""
    case = load_scenario("two_layer")
    right = run(case.program, case.values).values
    wrong = {name: RANDOM.normal(size=right[name].shape) for name in ("dw1", "db1")}
    report = check_scenario(case, {name: right[name] for name in PARAMETERS} | wrong)
    assert {tensor.name for tensor in report.tensors if tensor.verdict == "wrong"} == {"dw1", "db1"}


OF_A_LOOP = ("dw_ih1", "dw_hh1", "db_ih1", "db_hh1")


@pytest.mark.deep
@pytest.mark.parametrize(
    ("kind", "gates", "wrong"), few([("lstm", 4, "dz1"), ("gru", 3, "dn1"), ("rnn", 1, "dz1")])
)
def test_of_a_loop_it_is_told_once_at_all_steps(kind: str, gates: int, wrong: str) -> None:
    net = recurrent(kind, gates, seed=1)
    program, right = net.program, net.values
    steps = {name for name in program.positions if program.index.series(name) == wrong}
    values = upstream_values(program, right, {name: RANDOM.normal(size=right[name].shape) for name in steps})
    report = check(
        program, {name: right[name] for name in program.inputs}, {name: values[name] for name in OF_A_LOOP}
    )
    (found,) = (tensor for tensor in report.tensors if tensor.verdict == "wrong")
    assert {*found.shows_in} == {*OF_A_LOOP}
    assert "at this or another step" in found.note


@pytest.mark.deep
def test_what_no_value_at_any_step_gives_is_not_blamed_on_one() -> None:
    """The two biases are added to the same sum: no step makes their gradients differ."""
    net = recurrent("rnn", 1, seed=1)
    inputs = {name: net.values[name] for name in net.program.inputs}
    report = check(
        net.program, inputs, {name: RANDOM.normal(size=net.values[name].shape) for name in OF_A_LOOP}
    )
    assert {tensor.name for tensor in report.tensors if tensor.verdict == "wrong"} == {*OF_A_LOOP}
