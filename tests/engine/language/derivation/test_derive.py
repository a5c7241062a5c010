"""The derived backward pass, as text."""

from __future__ import annotations

import pytest

from bpdebug.engine.language.derivation.derive import derive
from bpdebug.engine.language.derivation.flow import Flows
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.program.program import with_backward
from bpdebug.errors import DerivationError


def derived(
    forward: str, inputs: dict[str, tuple[int, ...]], seed: str, parameters: tuple[str, ...] = ()
) -> tuple[list[str], list[str]]:
    """Return the statements of the forward pass and of the backward pass, as lines."""
    lines = [line.split(" = ", 1) for line in forward.strip().splitlines()]
    statements = [Statement(name.strip(), parse(text)) for name, text in lines]
    program = with_backward(inputs, statements, seed, parameters=parameters)
    return tuple(
        [statement_text(statement) for statement in program.statements if statement.phase == phase]
        for phase in ("forward", "backward")
    )


PARAMETERS = ("w1", "b1", "w2", "b2")


def test_columns() -> None:
    _, backward = derived(
        """
        z1 = w1 @ a0 + b1
        a1 = relu(z1)
        z2 = w2 @ a1 + b2
        a2 = sigmoid(z2)
        """,
        {"a0": (3, 5), "w1": (4, 3), "b1": (4, 1), "w2": (2, 4), "b2": (2, 1)},
        "a2",
        PARAMETERS,
    )
    assert backward == [
        "dz2 = da2 * sigmoid_prime(z2)",
        "dw2 = dz2 @ a1.T",
        "db2 = sum(dz2, axis=1, keepdims=True)",
        "da1 = w2.T @ dz2",
        "dz1 = da1 * relu_prime(z1)",
        "dw1 = dz1 @ a0.T",
        "db1 = sum(dz1, axis=1, keepdims=True)",
        "da0 = w1.T @ dz1",
    ]


def test_rows() -> None:
    _, backward = derived(
        """
        z1 = a0 @ w1.T + b1
        a1 = relu(z1)
        z2 = a1 @ w2.T + b2
        a2 = sigmoid(z2)
        """,
        {"a0": (5, 3), "w1": (4, 3), "b1": (4,), "w2": (2, 4), "b2": (2,)},
        "a2",
        PARAMETERS,
    )
    assert backward == [
        "dz2 = da2 * sigmoid_prime(z2)",
        "dw2 = dz2.T @ a1",
        "db2 = sum(dz2, axis=0)",
        "da1 = dz2 @ w2",
        "dz1 = da1 * relu_prime(z1)",
        "dw1 = dz1.T @ a0",
        "db1 = sum(dz1, axis=0)",
        "da0 = dz1 @ w1",
    ]


@pytest.mark.parametrize("lead", [(5, 6), (5, 6, 7)])
@pytest.mark.parametrize(
    ("weighted_sum", "weights", "gradient"),
    [
        ("a0 @ w1.T", (4, 3), "as_rows(dz1).T @ as_rows(a0)"),
        ("a0 @ w1", (3, 4), "as_rows(a0).T @ as_rows(dz1)"),
    ],
)
def test_weights_that_all_positions_share_get_one_product(
    weighted_sum: str, weights: tuple[int, int], gradient: str, lead: tuple[int, ...]
) -> None:
    _, backward = derived(f"z1 = {weighted_sum} + b1", {"a0": (*lead, 3), "w1": weights, "b1": (4,)}, "z1")
    axes = tuple(range(len(lead)))
    assert {f"dw1 = {gradient}", f"db1 = sum(dz1, axis={axes})"} <= set(backward)


@pytest.mark.parametrize(
    ("x", "y", "gradient"),
    [
        ((5, 3, 4), (4, 2), "dy = as_rows(x).T @ as_rows(dz)"),
        ((5, 3, 4), (5, 4, 2), "dy = x.T @ dz"),
        ((3, 4), (5, 4, 2), "dx = sum(dz @ y.T, axis=0)"),
        ((6, 5, 3, 4), (5, 4, 2), "dy = sum(x.T @ dz, axis=0)"),
        ((6, 5, 3, 4), (1, 4, 2), "dy = reshape_like(sum(x.T @ dz, axis=(0, 1)), y)"),
    ],
)
def test_only_a_product_with_one_matrix_is_one_product(
    x: tuple[int, ...], y: tuple[int, ...], gradient: str
) -> None:
    _, backward = derived("z = x @ y", {"x": x, "y": y}, "z")
    assert gradient in backward


def test_residual() -> None:
    _, backward = derived(
        """
        z1 = w1 @ a0 + b1
        a1 = relu(z1) + a0
        """,
        {"a0": (3, 5), "w1": (3, 3), "b1": (3, 1)},
        "a1",
        PARAMETERS,
    )
    assert backward == [
        "dz1 = da1 * relu_prime(z1)",
        "dw1 = dz1 @ a0.T",
        "db1 = sum(dz1, axis=1, keepdims=True)",
        "da0 = da1 + w1.T @ dz1",
    ]


def test_attention() -> None:
    _, backward = derived(
        """
        s = q @ k.T / 2
        p = softmax(s, axis=-1)
        o = p @ v
        """,
        {"q": (4, 3), "k": (5, 3), "v": (5, 2)},
        "o",
    )
    assert backward == [
        "dp = do @ v.T",
        "dv = p.T @ do",
        "ds = p * (dp - sum(dp * p, axis=-1, keepdims=True))",
        "ds_inner = ds / 2",
        "dq = ds_inner @ k",
        "dk = ds_inner.T @ q",
    ]


@pytest.mark.parametrize(
    ("x", "y", "gradients"),
    [
        ((2, 3), (2, 3), ["dx = dr", "dy = dr"]),
        ((1, 3), (1, 1), ["dx = dr", "dy = sum(dr, axis=1, keepdims=True)"]),
        ((2, 3), (2, 1), ["dx = dr", "dy = sum(dr, axis=1, keepdims=True)"]),
        ((1, 3), (2, 1), ["dx = sum(dr, axis=0, keepdims=True)", "dy = sum(dr, axis=1, keepdims=True)"]),
        ((2, 3), (3,), ["dx = dr", "dy = sum(dr, axis=0)"]),
        ((2, 3), (), ["dx = dr", "dy = sum(dr, axis=(0, 1))"]),
        ((4, 2, 3), (1, 3), ["dx = dr", "dy = reshape_like(sum(dr, axis=(0, 1)), y)"]),
        ((4, 2, 3), (4, 1, 1), ["dx = dr", "dy = sum(dr, axis=(1, 2), keepdims=True)"]),
    ],
)
def test_what_was_repeated_is_summed(x: tuple[int, ...], y: tuple[int, ...], gradients: list[str]) -> None:
    assert derived("r = x + y", {"x": x, "y": y}, "r")[1] == gradients


@pytest.mark.parametrize(
    ("forward", "gradient"),
    [
        ("r = x + x", "dx = dr + dr"),
        ("r = x ** 3", "dx = dr * 3 * x ** 2"),
        ("r = x ** 2", "dx = dr * 2 * x"),
        ("r = 2 ** x", "dx = dr * r * log(2)"),
        ("r = exp(x)", "dx = dr * r"),
        ("r = sqrt(x)", "dx = dr / (2 * r)"),
        ("r = 1 / x", "dx = -dr * r / x"),
        ("r = x.T", "dx = dr.T"),
        ("r = x.T.T", "dx = dr"),
        ("r = --x", "dx = dr"),
        ("r = x", "dx = dr"),
        ("r = sum(x, axis=0)", "dx = broadcast_like(dr, x, axis=0)"),
        ("r = leaky_relu(x, slope=0.2)", "dx = dr * leaky_relu_prime(x, slope=0.2)"),
        ("r = leaky_relu(x)", "dx = dr * leaky_relu_prime(x)"),
    ],
)
def test_one_function(forward: str, gradient: str) -> None:
    assert derived(forward, {"x": (2, 3)}, "r")[1] == [gradient]


def test_a_result_used_twice_later_gets_both_contributions_once_complete() -> None:
    _, backward = derived("h = tanh(x)\nu = h * y\nr = u + h", {"x": (2, 3), "y": (2, 3)}, "r")
    assert backward == ["du = dr", "dh = dr + du * y", "dy = du * h", "dx = dh * tanh_prime(x)"]


def test_each_computed_part_of_a_gradient_is_a_statement() -> None:
    _, backward = derived(
        """
        z1 = w1 @ a0
        z2 = w2 @ a0
        r = z1 * z2 + a0
        """,
        {"a0": (3, 5), "w1": (3, 3), "w2": (3, 3)},
        "r",
        ("w1", "w2"),
    )
    assert backward == [
        "dz1 = dr * z2",
        "dz2 = dr * z1",
        "dw2 = dz2 @ a0.T",
        "dw1 = dz1 @ a0.T",
        "da0_via_z2 = w2.T @ dz2",
        "da0_via_z1 = w1.T @ dz1",
        "da0 = dr + da0_via_z2 + da0_via_z1",
    ]


def test_several_uses_in_one_statement_are_numbered_and_avoid_names_that_are_taken() -> None:
    backward = derived("r = x * x", {"x": (2, 3)}, "r")[1]
    assert backward == ["dx_via_r = dr * x", "dx_via_r_2 = dr * x", "dx = dx_via_r + dx_via_r_2"]
    backward = derived("r = x * x", {"x": (2, 3), "dx_via_r": (2, 3)}, "r")[1]
    assert backward[-1] == "dx = dx_via_r_2 + dx_via_r_3"


def test_a_part_is_no_gradient_of_the_tensor() -> None:
    statements = [Statement("u", parse("x * y")), Statement("r", parse("u * x"))]
    program = with_backward(dict.fromkeys("xy", (2, 3)), statements, "r")
    part = next(statement for statement in program.statements if statement.name == "dx_via_u")
    assert part.part
    assert program.rule_of(part) == "dx via u = ∂L/∂u · ∂u/∂x = ∂L/∂u ⊙ y"
    whole = program.statements[program.positions["dx"] - 1]
    assert program.rule_of(whole) == "∂L/∂x = ∂L/∂r · ∂r/∂x + ∂L/∂u · ∂u/∂x = dx via r + dx via u"


def test_what_leads_to_no_gradient_that_is_asked_for_is_not_derived() -> None:
    statements = [
        Statement("t", parse("sign(y)")),
        Statement("m", parse("count(x)")),
        Statement("r", parse("(x - t) / m")),
    ]
    program = with_backward({"x": (2, 3), "y": (2, 3)}, statements, "r", wanted=["x"])
    assert [statement_text(s) for s in program.statements if s.phase == "backward"] == ["dx = dr / m"]
    with pytest.raises(DerivationError, match="the function sign has no derivative"):
        with_backward({"x": (2, 3), "y": (2, 3)}, statements, "r")


def test_a_shared_inner_result_becomes_a_statement() -> None:
    forward, backward = derived("r = sigmoid(x * y)", {"x": (2, 3), "y": (2, 3)}, "r")
    assert forward == ["r_inner = x * y", "r = sigmoid(r_inner)"]
    assert backward == ["dr_inner = dr * sigmoid_prime(r_inner)", "dx = dr_inner * y", "dy = dr_inner * x"]


def test_a_part_of_a_tensor_is_no_inner_result() -> None:
    forward, backward = derived("r = sigmoid(x[:, 0:2])", {"x": (2, 3)}, "r")
    assert forward == ["r = sigmoid(x[:,0:2])"]
    assert backward == ["dx = placed(dr * sigmoid_prime(x[:,0:2]), x, index=s_[:,0:2])"]


def test_each_tensor_of_a_sequence_receives_its_own_place() -> None:
    shapes = dict.fromkeys("abcde", (2, 3))
    _, backward = derived("r = sequence(a, b, c, d, e)", shapes, "r")
    assert backward == [f"d{name} = dr[:,{place}]" for place, name in enumerate("abcde")]


def test_a_shared_inner_gradient_becomes_a_statement() -> None:
    forward, backward = derived("r = 2 * (x * y)", {"x": (2, 3), "y": (2, 3)}, "r")
    assert forward == ["r = 2 * (x * y)"]
    assert backward == ["dr_inner = dr * 2", "dx = dr_inner * y", "dy = dr_inner * x"]


def test_inner_statements_are_numbered_without_gaps() -> None:
    shapes = dict.fromkeys(("x", "y", "z"), (2, 3))
    forward, backward = derived("r = softmax(exp(x) * y) * z", shapes, "r")
    assert {line.split(" = ")[0] for line in forward} == {"r", "r_inner", "r_inner_2"}
    inner = {line.split(" = ")[0] for line in backward if line.startswith("dr_inner")}
    assert inner == {"dr_inner", "dr_inner_2", "dr_inner_3"}


def test_an_inner_gradient_leaves_the_names_of_the_gradients_free() -> None:
    shapes = dict.fromkeys(("x", "y"), (2, 3))
    _, backward = derived("r_inner = x * y\nr = 2 * (r_inner * x)", shapes, "r")
    written = [line.split(" = ")[0] for line in backward]
    assert len(set(written)) == len(written) == 6


def test_a_forward_result_is_reused_where_its_expression_could_be_simplified() -> None:
    _, backward = derived("r = exp((x @ y).T)", {"x": (3, 2), "y": (2, 4)}, "r")
    assert not [line for line in backward if "exp" in line]


def test_a_second_name_or_a_named_literal_does_not_replace_the_first() -> None:
    shapes = dict.fromkeys(("x", "y"), (2, 3))
    assert derived("h = x\nr = x * y", shapes, "r")[1] == ["dy = dr * x", "dx = dr * y"]
    assert derived("h = 3\nr = x ** 3", shapes, "r")[1] == ["dx = dr * 3 * x ** 2"]


def test_a_tensor_that_does_not_reach_the_loss_has_no_gradient() -> None:
    _, backward = derived("u = x * y\nr = exp(y)\nv = r + u", {"x": (2,), "y": (2,)}, "r")
    assert backward == ["dy = dr * r"]


def test_tensors_may_be_called_what_the_rules_call_theirs() -> None:
    shapes = dict.fromkeys(("g", "x", "y"), (2, 2))
    _, backward = derived("out = y * g * x", shapes, "out")
    assert backward == [
        "dout_inner = dout * x",
        "dx = dout * out_inner",
        "dy = dout_inner * g",
        "dg = dout_inner * y",
    ]


@pytest.mark.parametrize("function", ["sign", "relu_prime", "leaky_relu_prime", "elu_prime"])
def test_a_missing_derivative_names_the_function(function: str) -> None:
    with pytest.raises(DerivationError, match=f"the function {function} has no derivative"):
        derived(f"h = x * 2\nr = {function}(h)", {"x": (2, 3)}, "r")


def test_a_function_without_derivative_off_the_way_does_no_harm() -> None:
    assert derived("s = sign(x)\nr = exp(x)", {"x": (2,)}, "r")[1] == ["dx = dr * r"]


def test_a_nest_of_calls_gets_one_statement_a_level_each_way() -> None:
    forward, backward = derived("r = " + "tanh(" * 20 + "x" + ")" * 20, {"x": (2,)}, "r")
    assert len(forward) == len(backward) == 20


def test_deep_nesting_is_derived_in_one_pass() -> None:
    """Each level's result is needed backwards; naming them one at a time took minutes."""
    text = "exp(" * 60 + "x" + ")" * 60
    forward, backward, _ = derive([Statement("r", parse(text))], {"x": (2,), "r": (2,)}, "r")
    assert len(forward) == 60
    assert {statement.name for statement in forward}.isdisjoint(statement.name for statement in backward)


def test_a_copy_keeps_the_name_of_the_original() -> None:
    statements = [Statement("h", parse("x")), Statement("r", parse("x * y"))]
    _, backward, _ = derive(statements, {"x": (2,), "y": (2,), "h": (2,), "r": (2,)}, "r")
    assert "dy = dr * x" in map(statement_text, backward)


def test_statements_of_one_form_are_gone_back_through_once() -> None:
    shapes = dict.fromkeys(("x", "y", "w"), (2, 2)) | {"b": (2,)}
    flows = Flows(shapes, {"x", "w", "b"})
    first, names = flows.through(parse("tanh(x @ w) ** 2"))
    again, others = flows.through(parse("tanh(w @ x) ** 2"))
    assert first is again
    assert [*names.values()] == [*reversed(others.values())]
    for other in ("tanh(x @ w) ** 2.0", "tanh(x @ x) ** 2", "tanh(y @ w) ** 2", "tanh(b * w) ** 2"):
        assert flows.through(parse(other))[0] is not first
