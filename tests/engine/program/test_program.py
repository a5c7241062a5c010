"""Programs: names, shapes, order, and what a statement says about itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.network.layers import LAYER_KINDS
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.errors import ProgramError, ShapeError


def statements(*lines: str) -> tuple[Statement, ...]:
    return tuple(Statement(name, parse(text)) for name, text in (line.split(" = ", 1) for line in lines))


SHAPES = {"w": (4, 3), "x": (3, 2), "b": (4, 1)}


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        (["z = w @ x", "z = w @ x"], ProgramError, "in `z = w @ x`: z is assigned twice"),
        (["x = w @ x"], ProgramError, "in `x = w @ x`: x is assigned twice"),
        (["z = w @ y"], ProgramError, "in `z = w @ y`: y does not exist here"),
        (["z = a + b", "a = w @ x"], ProgramError, "in `z = a + b`: a does not exist here"),
        (["z = z + b"], ProgramError, "in `z = z + b`: z does not exist here"),
        (
            ["z = x @ w + b"],
            ShapeError,
            "in `z = x @ w + b`: inner sizes differ: (3, 2) @ (4, 3), 2 columns against 4 rows",
        ),
        (
            ["z = w @ x", "a = z + x"],
            ShapeError,
            "in `a = z + x`: shapes (4, 2) and (3, 2) do not broadcast",
        ),
    ],
)
def test_checked_before_anything_runs(lines: list[str], error: type, message: str) -> None:
    with pytest.raises(error) as caught:
        Program(SHAPES, statements(*lines))
    assert str(caught.value) == message


def test_shapes_and_positions() -> None:
    program = Program(SHAPES, statements("z = w @ x + b", "a = sum(z, axis=0)"))
    assert program.shapes == {**SHAPES, "z": (4, 2), "a": (2,)}
    assert program.positions == {"z": 1, "a": 2}
    assert program.gradients == frozenset()


def test_a_gradient_whose_name_is_taken_gets_another() -> None:
    program = with_backward({**SHAPES, "dw": (4, 2)}, statements("z = w @ x + dw"), "z")
    assert [s.name for s in program.statements if s.of == "w"] == ["grad_w"]


def test_a_wrong_forward_shape_is_found_before_the_derivation() -> None:
    with pytest.raises(ShapeError, match="in `z = x @ w`: inner sizes differ"):
        with_backward(SHAPES, statements("z = x @ w"), "z")


def test_order_and_roles_of_a_network(dense_network: Callable) -> None:
    program = dense_network((3, 4, 2), ("relu", "sigmoid"), batch=5).program
    assert [(s.name, s.phase, s.layer, s.role, s.of) for s in program.statements] == [
        ("z1", "forward", 1, "z", ""),
        ("a1", "forward", 1, "a", ""),
        ("z2", "forward", 2, "z", ""),
        ("a2", "forward", 2, "a", ""),
        ("dz2", "backward", 2, "dz", "z2"),
        ("dw2", "backward", 2, "dw", "w2"),
        ("db2", "backward", 2, "db", "b2"),
        ("da1", "backward", 2, "d_prev", "a1"),
        ("dz1", "backward", 1, "dz", "z1"),
        ("dw1", "backward", 1, "dw", "w1"),
        ("db1", "backward", 1, "db", "b1"),
        ("da0", "backward", 1, "d_prev", "a0"),
    ]
    assert program.inputs["da2"] == (2, 5)
    assert program.gradients == {"da2", "dz2", "dw2", "db2", "da1", "dz1", "dw1", "db1", "da0"}
    for statement in program.statements[4:]:
        assert program.shapes[statement.name] == program.shapes[statement.of]


def test_a_layer_without_bias_has_no_bias_gradient(dense_network: Callable) -> None:
    program = dense_network((3, 2), ("tanh",), (False,)).program
    assert [s.name for s in program.statements] == ["z1", "a1", "dz1", "dw1", "da0"]
    assert program.blocks[0].tensors == {"a_prev": "a0", "w": "w1", "z": "z1", "a": "a1"}


def test_the_gradient_of_z_may_come_in() -> None:
    forward = make_layer(
        1, LAYER_KINDS["dense"], {"activation": "sigmoid"}, {"w": (2, 3), "b": (2, 1)}
    ).forward
    inputs = {"a0": (3, 1), "w1": (2, 3), "b1": (2, 1)}
    program = with_backward(inputs, forward, "z1", parameters=["w1", "b1"], batch_axes={"a0": 1})
    assert program.inputs["dz1"] == (2, 1)
    assert [statement_text(s) for s in program.statements[2:]] == [
        "dw1 = dz1 @ a0.T",
        "db1 = sum(dz1, axis=1, keepdims=True)",
        "da0 = w1.T @ dz1",
    ]


def test_forward_only() -> None:
    forward = make_layer(1, LAYER_KINDS["dense"], {"activation": "relu"}, {"w": (2, 3)}).forward
    program = Program({"a0": (3, 2), "w1": (2, 3)}, forward)
    assert {s.phase for s in program.statements} == {"forward"}
    assert program.gradients == frozenset()


def test_rules_and_explanations(two_layer) -> None:
    program = two_layer.program
    by_name = {s.name: s for s in program.statements}
    assert program.rule_of(by_name["z1"]) == "z₁ = w₁ · a₀ + b₁"
    assert program.rule_of(by_name["dw2"]) == "∂L/∂w₂ = ∂L/∂z₂ · ∂z₂/∂w₂ = ∂L/∂z₂ · a₁ᵀ"
    assert program.rule_of(by_name["dz2"]) == "∂L/∂z₂ = ∂L/∂a₂ · ∂a₂/∂z₂ = ∂L/∂a₂ ⊙ σ′(z₂)"
    explanations = [program.explanation_of(s) for s in program.statements]
    assert all(text.endswith(".") for text in explanations)
    assert len(set(explanations)) == 6  # z, a, dz, dw, db, d_prev
    assert program.block_of(by_name["da0"]) is program.blocks[0]


def test_explanation_without_layers_is_that_of_the_function() -> None:
    program = Program({"x": (2,)}, statements("y = exp(x)", "u = y"))
    assert program.explanation_of(program.statements[0]) == "The exponential eˣ."
    assert program.explanation_of(program.statements[1]) == "Handed on unchanged."
    assert program.block_of(program.statements[0]) is None
