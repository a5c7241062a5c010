"""Names and rules as mathematics: what a name stands for is what the program knows, never how it is spelt."""

from __future__ import annotations

import pytest

from bpdebug.engine.language.nodes import Statement, TimeStep
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.sources.scenario import load_scenario


def derived(inputs: dict[str, tuple[int, ...]], *lines: str) -> Program:
    statements = [Statement(*line.split(" = ", 1)) for line in lines]
    parsed = [Statement(one.name, parse(str(one.expression))) for one in statements]
    return with_backward(inputs, parsed, parsed[-1].name)


@pytest.mark.parametrize(
    ("name", "mathematics"),
    [
        ("h1_t3", "h₁⁽³⁾"),
        ("dh1_t3", "dh₁⁽³⁾"),
        ("tanh_c1_t3", "tanh_c₁⁽³⁾"),
        ("dc1_t2_via_tanh_c1_t2", "dc₁⁽²⁾ via tanh_c₁⁽²⁾"),
        ("w_hh1", "w_hh₁"),
        ("dw_hh1", "dw_hh₁"),
    ],
)
def test_a_time_step_stands_above(name: str, mathematics: str) -> None:
    assert load_scenario("lstm_step").program.mathematics.name(name) == mathematics


def test_a_step_of_two_digits() -> None:
    statement = Statement("tanh_c12_t10", parse("tanh(c)"), step=TimeStep(10, "tanh_c12", "tanh_c"))
    assert Program({"c": (2,)}, (statement,)).mathematics.name("tanh_c12_t10") == "tanh_c₁₂⁽¹⁰⁾"


def test_a_name_that_is_spelt_like_a_step_or_a_part_is_neither() -> None:
    program = Program({"h1_t3": (2,), "da1_via_z1": (2,)}, (Statement("y", parse("h1_t3 * da1_via_z1")),))
    assert program.rule_of(program.statements[0]) == "y = h1_t₃ ⊙ da1_via_z₁"


def test_a_gradient_is_written_as_its_tensor_is() -> None:
    program = derived({"x": (2,), "gamma1": (2,), "a0": (2,)}, "xhat1 = x * a0", "y = xhat1 * gamma1 + xhat1")
    name = program.mathematics.name
    assert (name("dgamma1"), name("dxhat1"), name("xhat1")) == ("dγ₁", "dx̂₁", "x̂₁")


def test_parts_through_one_tensor_are_told_apart() -> None:
    program = derived({"xhat1": (2,)}, "r = xhat1 * xhat1")
    parts = program.index.parts_of["xhat1"]
    assert [*map(program.mathematics.name, parts)] == ["dx̂₁ via r (1)", "dx̂₁ via r (2)"]


def test_a_gradient_with_a_name_of_its_own_keeps_it() -> None:
    program = derived({"w": (2,), "dw": (2,)}, "y = w * dw")
    assert program.mathematics.name(program.index.gradient_of["w"]) == "grad_w"
