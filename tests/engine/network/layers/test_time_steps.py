"""The time step of a role, of a name, and of what a statement is about."""

from __future__ import annotations

import pytest

from bpdebug.engine.language.nodes import Statement, TimeStep
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.network.layers.time_steps import AtStep, Role, name_in_layer
from bpdebug.engine.program.program import with_backward
from bpdebug.sources.scenario import load_scenario

LSTM = load_scenario("lstm_step").program


@pytest.mark.parametrize(
    ("role", "text", "name"),
    [
        (AtStep("h", 3), "h_t3", "h12_t3"),
        (AtStep("tanh_c", 10), "tanh_c_t10", "tanh_c12_t10"),
        (AtStep("h", 0), "h_t0", "h12_t0"),
        ("w", "w", "w12"),
        ("a_prev2", "a_prev2", "a_prev212"),
        ("x_total", "x_total", "x_total12"),
    ],
)
def test_roles_with_and_without_a_step(role: Role, text: str, name: str) -> None:
    assert (str(role), name_in_layer(role, 12)) == (text, name)
    if isinstance(role, AtStep):
        assert role.of_layer(12) == TimeStep(role.number, f"{role.role}12", role.role)


@pytest.mark.parametrize(
    ("name", "step", "together"),
    [
        ("h1_t2", 2, "h"),
        ("dh1_t2", 2, "dh"),
        ("dc1_t2_via_c1_t3", 2, "dc1_via_c1"),
        ("dw_hh1_via_z1_t3", None, "dw_hh1_via_z1"),
        ("dw_hh1", None, "dw_hh"),
        ("a1", None, "a"),
    ],
)
def test_what_a_statement_is_about(name: str, step: int | None, together: str) -> None:
    statement = LSTM.index.statement(name)
    assert statement is not None
    assert statement.time == step
    assert (statement.step.role if statement.step else statement.role) == together


def test_an_inner_gradient_is_of_the_step_of_its_statement() -> None:
    forward = [Statement("z_t3", parse("2 * (x * y)"), step=TimeStep(3, "z", "z"))]
    program = with_backward({"x": (2,), "y": (2,)}, forward, "z_t3")
    inner = program.index.statement("dz_t3_inner")
    assert inner is not None
    assert inner.step == TimeStep(3, "dz_inner", "dz_inner")


def test_the_tensors_of_all_steps_find_each_other() -> None:
    index = LSTM.index
    assert [index.at_step[index.series("dc1_t2"), number] for number in (1, 2, 3)] == [
        "dc1_t1",
        "dc1_t2",
        "dc1_t3",
    ]
    assert index.at_step["h1", 0] == "h1_t0"
    assert ("h1", 4) not in index.at_step
