"""The index of a program: what belongs to what, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from bpdebug.engine.language.nodes import Call, Name, Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.engine.program.trace import run
from bpdebug.verify.check import check


def forward(text: str) -> list[Statement]:
    """Statements, one a line."""
    lines = (line.split(" = ", 1) for line in text.strip().splitlines())
    return [Statement(name.strip(), parse(expression)) for name, expression in lines]


def derived(text: str, inputs: Mapping[str, tuple[int, ...]], seed: str) -> Program:
    return with_backward(inputs, forward(text), seed)


SHAPE = (2, 3)


def test_what_belongs_to_what() -> None:
    program = derived("u = x * y\nr = u * x", {"x": SHAPE, "y": SHAPE}, "r")
    index = program.index
    assert index.gradient_of == {"r": "dr", "u": "du", "x": "dx", "y": "dy"}
    assert index.tensor_of == {"dr": "r", "du": "u", "dx": "x", "dy": "y"}
    assert index.parts_of == {"x": ("dx_via_r", "dx_via_u")}
    assert index.uses["x"] == (1, 2, 3, index.positions["dy"])
    assert [index.phase(name) for name in ("x", "u", "du")] == [None, "forward", "backward"]
    assert index.statement("x") is None
    assert program.seed == "r"
    assert program.incoming == {"dr": "r"}


@pytest.mark.parametrize("mine", ["dz", "dx", "dr"])
def test_a_tensor_may_be_called_as_a_gradient_would_be(mine: str) -> None:
    program = derived(f"z = x * 3\n{mine} = z * x\nr = exp({mine}) + z", {"x": SHAPE}, "r")
    index = program.index
    assert index.gradient(mine) == f"d{mine}"
    of = mine.replace("d", "", 1)
    assert index.gradient(of) == f"grad_{of}"
    assert index.tensor_of[f"grad_{of}"] == of
    values = {"x": np.array([[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]]), index.gradient("r"): np.ones(SHAPE)}
    assert check(program, values).passed
    x = values["x"]
    expected = np.exp(3 * x * x) * 6 * x + 3
    np.testing.assert_allclose(run(program, values).values[index.gradient("x")], expected)


def test_both_names_may_be_taken() -> None:
    program = derived("dx = x * 2\ngrad_x = dx + x\nr = grad_x * 3", {"x": SHAPE}, "r")
    assert program.index.gradient("x") == "grad_x_2"
    assert program.index.gradient("grad_x") == "dgrad_x"


def test_parts_and_inner_gradients_leave_all_names_free() -> None:
    inputs = {"x": SHAPE, "dx_via_r": SHAPE, "dr_inner": SHAPE}
    program = derived("u = x * dx_via_r\nr = 2 * (u * x * dr_inner)", inputs, "r")
    written = [statement.name for statement in program.statements]
    assert len({*written, *program.inputs}) == len(written) + len(program.inputs)
    assert {name: program.index.gradient_of[name] for name in inputs} == {
        "x": "dx",
        "dx_via_r": "ddx_via_r",
        "dr_inner": "ddr_inner",
    }


def test_a_name_alone_makes_nothing_a_gradient() -> None:
    program = Program({"w": SHAPE}, tuple(forward("dw = w * 2\nloss_t1 = sum(dw)")))
    assert program.gradients == frozenset()
    assert program.index.gradient_of == {}
    assert program.index.gradient("w") == "grad_w"
    assert program.index.steps == {}


def test_a_hand_written_pass_beside_a_derived_one() -> None:
    program = derived("z = w * x\nloss = sum(z)", {"w": SHAPE, "x": SHAPE}, "loss")
    mine = Statement(
        "delta ·2", Call("multiply", (Name("dz"), Name("x"))), "backward", of="w", through=("z",)
    )
    both = Program(
        program.inputs, (*program.statements, mine), incoming=program.incoming, parameters=frozenset("w")
    )
    assert both.index.gradients_of["w"] == ("dw", "delta ·2")
    assert both.index.gradient("w") == "dw"
    assert both.rule_of(mine) == "∂L/∂w = ∂L/∂z · ∂z/∂w = ∂L/∂z ⊙ x"


def test_several_gradients_come_in() -> None:
    statements = [
        *forward("a = x * 2\nb = x * 3"),
        Statement("dx", parse("ga * 2 + gb * 3"), "backward", of="x"),
    ]
    inputs = {"x": SHAPE, "ga": SHAPE, "gb": SHAPE}
    program = Program(inputs, tuple(statements), incoming={"ga": "a", "gb": "b"})
    assert program.gradients == {"ga", "gb", "dx"}
    assert program.index.gradient_of == {"a": "ga", "b": "gb", "x": "dx"}
    assert program.rule_of(program.statements[-1]) == "∂L/∂x = ∂L/∂a · 2 + ∂L/∂b · 3"


def test_statements_say_what_layers_call_their_gradients(dense_network: Callable) -> None:
    program = dense_network((3, 4, 2), ("relu", "sigmoid"), batch=5).program
    (layer, _) = program.blocks
    assert {name: layer.role_of_gradient(name) for name in layer.roles} == {
        "a0": "d_prev",
        "w1": "dw",
        "b1": "db",
        "z1": "dz",
        "a1": "da",
    }
    assert statement_text(program.statements[-1]).startswith("da0 = ")
