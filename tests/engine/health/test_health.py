"""The health conditions: networks built to have each sickness, and healthy ones, which must stay silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bpdebug.engine.health import HEALTH_CONDITIONS, HealthFinding, examine, layer_health
from bpdebug.engine.health.blocks import BLOCK_SIZE, blocks
from bpdebug.engine.health.sizes import mean_size, norm
from bpdebug.engine.health.units import DEAD_SHARE, count_dead, dead_share
from bpdebug.engine.language.nodes import Statement, names
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.network.layers import LAYER_KINDS
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.network.layers.layout import COLUMNS, ROWS, Layout
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.engine.program.trace import Trace, run
from bpdebug.sources.scenario import load_scenario

SCENARIOS = Path(__file__).parents[3] / "scenarios"


def run_statements(inputs: Mapping[str, object], **texts: str) -> Trace:
    """Run statements without layers, forwards only."""
    values = {name: np.asarray(value, dtype=float) for name, value in inputs.items()}
    statements = tuple(Statement(name, parse(text)) for name, text in texts.items())
    return run(Program({name: value.shape for name, value in values.items()}, statements), values)


def run_dense(
    a0: np.ndarray,
    *layers: tuple[str, np.ndarray, np.ndarray],
    incoming: np.ndarray,
    layout: Layout = COLUMNS,
) -> Trace:
    """Run dense layers, each an activation, its `w` and its `b`."""
    kind = LAYER_KINDS["dense"]
    values, forward, made = {"a0": a0}, [], []
    for number, (activation, w, b) in enumerate(layers, start=1):
        values |= {f"w{number}": w, f"b{number}": b}
        made.append(
            make_layer(number, kind, {"activation": activation}, {"w": w.shape, "b": b.shape}, layout)
        )
        forward += made[-1].forward
    shapes = {name: value.shape for name, value in values.items()}
    parameters = [name for name in values if name != "a0"]
    last = f"a{len(layers)}"
    program = with_backward(shapes, forward, last, made, parameters, {"a0": layout.batch_axis})
    return run(program, {**values, f"d{last}": incoming})


def square(value: float, size: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """A diagonal weight matrix, and a bias of 0: every unit sees one input."""
    return value * np.eye(size), np.zeros((size, 1))


def found(trace: Trace, condition: str) -> list[str]:
    return [finding.text for finding in examine(trace) if finding.condition == condition]


def conditions(trace: Trace) -> set[str]:
    return {finding.condition for finding in examine(trace)}


# Healthy runs are silent.

SICK = {"vanishing": {"vanishing"}, "exploding": {"exploding"}, "dead_relu": {"dead_units"}}


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_shipped_scenarios_are_healthy_but_for_those_that_show_what_is_not(path: Path) -> None:
    scenario = load_scenario(path)
    assert conditions(run(scenario.program, scenario.values)) == SICK.get(path.stem, set())


@pytest.mark.parametrize("batch", [1, 2, 8, 32])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_well_initialised_networks_are_healthy(activation: str, batch: int) -> None:
    for seed in range(10):
        generator = np.random.default_rng(seed)
        layers = [(activation, generator.normal(size=(16, 16)) * np.sqrt(2 / 16), np.zeros((16, 1)))] * 3
        a0, incoming = generator.normal(size=(2, 16, batch))
        assert examine(run_dense(a0, *layers, incoming=incoming)) == ()


# NaN and infinities.


def test_the_producer_is_told_from_those_that_pass_it_on() -> None:
    trace = run_statements({"p": [[0.5, 1.0, 0.0]]}, s="log(p)", t="s + 1", u="p * 2", v="sum(t)")
    assert [(f.tensor, f.position, f.layer, f.is_producer, f.origin) for f in examine(trace)] == [
        ("s", 1, 0, True, "s"),
        ("t", 2, 0, False, "s"),
        ("v", 4, 0, False, "s"),
    ]
    assert found(trace, "not_finite") == [
        "s has 1 infinity, first at s[0,2]: log(p[0,2]) = log(0) = -inf",
        "t has 1 infinity, first at t[0,2], passed on from s",
        "v has 1 infinity, passed on from s",
    ]


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("p / q", "p[0,1] / q[0,1] = 1 / 0 = inf"),
        ("exp(1000 * p)", "exp(1000·p[0,0]) = exp(1000 · 0.8) = inf"),
        ("sqrt(q - p)", "√(q[0,0] − p[0,0]) = √(0.5 − 0.8) = NaN"),
        # The log in the middle is at fault; what is computed of it is not.
        ("relu(2 * sum(log(q), axis=1, keepdims=True) ** 2)", "log(q[0,1]) = log(0) = -inf"),
        ("softmax(q @ p.T / 0)", "(q[0,0]·p[0,0] + q[0,1]·p[0,1]) / 0 = (0.5 · 0.8 + 0 · 1) / 0 = inf"),
    ],
)
def test_the_operation_that_went_wrong_is_written_with_its_numbers(text: str, operation: str) -> None:
    (only,) = found(run_statements({"p": [[0.8, 1.0]], "q": [[0.5, 0.0]]}, s=text), "not_finite")
    assert only.endswith(f": {operation}")


def test_where_two_producers_meet_the_first_is_the_origin() -> None:
    trace = run_statements(
        {"p": [0.0]}, late="p + 1", first="1 / p", second="log(p)", both="second * first + late"
    )
    origins = {finding.tensor: finding.origin for finding in examine(trace)}
    assert origins == {"first": "first", "second": "second", "both": "first"}


def test_infinity_can_become_finite_and_arise_again() -> None:
    trace = run_statements({"p": [0.0]}, s="1 / p", c="sigmoid(s)", d="log(1 - c)", e="d + 1")
    origins = [(f.tensor, f.origin) for f in examine(trace) if f.condition == "not_finite"]
    assert origins == [("s", "s"), ("d", "d"), ("e", "d")]


def test_numbers_given_as_nan() -> None:
    trace = run_dense(
        np.array([[1.0, np.nan], [-np.inf, np.nan]]),
        ("sigmoid", *square(1.0, 2)),
        ("relu", np.array([[1.0, np.nan], [0.0, 1.0]]), np.zeros((2, 1))),
        incoming=np.array([[1.0, 2.0], [np.inf, 1.0]]),
    )
    given = [f for f in examine(trace) if f.position == 0]
    assert [(f.tensor, f.layer, f.is_producer) for f in given] == [
        ("a0", 1, True),
        ("w2", 2, True),
        ("da2", 2, True),
    ]
    assert given[0].text == "a0 has 2 NaN and 1 infinity, first at a0[0,1]; it is given so"
    assert conditions(trace) == {"not_finite"}


def test_nothing_but_nan_fires_no_other_condition() -> None:
    nan = np.full((4, 4), np.nan)
    for activation in ("sigmoid", "tanh", "relu"):
        trace = run_dense(nan, (activation, nan, nan[:, :1]), (activation, nan, nan[:, :1]), incoming=nan)
        assert conditions(trace) == {"not_finite"}
        assert all(np.isnan(health.mean_gradient) for health in layer_health(trace))


OPERATIONS = (
    *("{} + {}", "{} * {}", "{} @ {}", "{} / {}", "log({})", "exp({})", "sigmoid({})", "maximum({}, 0)"),
    *("{} * 0", "sum({})", "log({} - {})", "greater({}, {})", "mean({}, axis=0)", "tanh(exp({}))", "1 / {}"),
)
PLANTED = st.sampled_from([0.0, 0.5, 1.0, -3.0, 800.0, np.nan, np.inf])


@st.composite
def sick_programs(draw: st.DrawFn) -> Trace:
    values = {name: np.array(draw(st.lists(PLANTED, min_size=4, max_size=4))).reshape(2, 2) for name in "xy"}
    statements, available = [], ["x", "y"]
    for number in range(draw(st.integers(1, 8))):
        operation = draw(st.sampled_from(OPERATIONS))
        operands = [draw(st.sampled_from(available)) for _ in range(operation.count("{}"))]
        statements.append(Statement(f"t{number}", parse(operation.format(*operands))))
        if "sum" not in operation and "mean" not in operation:
            available.append(f"t{number}")
    return run(Program({"x": (2, 2), "y": (2, 2)}, tuple(statements)), values)


@given(sick_programs())
def test_producers_are_those_of_the_definition(trace: Trace) -> None:
    program = trace.program
    operands = {statement.name: names(statement.expression) for statement in program.statements}
    order = list(program.shapes)

    def is_sick(name: str) -> bool:
        return not all(np.isfinite(number) for number in trace.values[name].ravel())

    def producers(name: str) -> set[str]:
        sick = [operand for operand in operands.get(name, ()) if is_sick(operand)]
        return set.union(*map(producers, sick)) if sick else {name}

    wanted = {name: min(producers(name), key=order.index) for name in order if is_sick(name)}
    findings = HEALTH_CONDITIONS["not_finite"].examine(trace)
    assert {finding.tensor: finding.origin for finding in findings} == wanted
    for finding in findings:
        assert finding.is_producer == (not any(map(is_sick, operands.get(finding.tensor, ()))))
        arose = finding.is_producer and finding.position
        assert (" = " in finding.text) == bool(arose), finding.text


# Units.


@pytest.mark.parametrize(("activation", "flat", "steep"), [("sigmoid", 6.95, 6.85), ("tanh", -4.2, 4.1)])
def test_saturation(activation: str, flat: float, steep: float) -> None:
    def trace(a0: np.ndarray) -> Trace:
        w, b = square(1.0)
        return run_dense(a0, (activation, w, b), incoming=np.ones_like(a0))

    healthy, half = np.array([[flat, steep, steep, steep]]).T, np.array([[flat, flat, steep, steep]]).T
    assert found(trace(healthy), "saturation") == []
    assert found(trace(half), "saturation") == ["2 of 4 units of a1 have a derivative below 0.001"]
    assert layer_health(trace(healthy))[0].saturated_share == 0.25
    batch = np.hstack([half, half * -1, healthy])
    assert found(trace(batch), "saturation") == []
    (finding,) = examine(trace(batch[:, :2]))
    assert finding == HealthFinding(
        "saturation",
        "a1",
        2,
        1,
        "4 of 8 elements of a1 have a derivative below 0.001",
        HEALTH_CONDITIONS["saturation"].advice,
    )


def test_saturation_inside_a_statement() -> None:
    trace = run_statements({"x": [9.0, -9.0]}, h="x + tanh(x - 20) * sigmoid(x / 9)")
    assert found(trace, "saturation") == ["2 of 2 units of tanh(x - 20) in h have a derivative below 0.001"]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        # A unit that is on for one example lives; three in four are dead, two are not enough.
        ([[-1, -1], [-1, 0], [-2, -1], [-1, 1]], "3 of 4 units of a1 are off for all 2 examples"),
        ([[-1, -1], [-1, 0], [1, -1], [-1, 1]], None),
        # A single example proves nothing until every unit is off.
        ([[-1], [-1], [-1], [1]], None),
        ([[-1], [-1], [0], [-3]], "4 of 4 units of a1 are off for the only example"),
        # A NaN is not off.
        ([[-1, -1], [-1, np.nan], [-2, -1], [-1, 1]], None),
    ],
)
def test_dead_units(rows: list[list[float]], text: str | None) -> None:
    # Written with an example in each column; the other layout is the same network.
    a0, (w, b) = np.array(rows, dtype=float), square(1.0)
    columns = run_dense(a0, ("relu", w, b), incoming=np.ones_like(a0))
    transposed = run_dense(a0.T, ("relu", w, b[:, 0]), incoming=np.ones_like(a0.T), layout=ROWS)
    for trace in (columns, transposed):
        assert found(trace, "dead_units") == ([] if text is None else [text])


@given(arrays.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 3)), elements=st.integers(-2, 1)))
def test_a_dead_unit_is_off_for_every_example(a0: np.ndarray) -> None:
    w, b = square(1.0, len(a0))
    columns = run_dense(a0, ("relu", w, b), incoming=np.ones_like(a0))
    transposed = run_dense(a0.T, ("relu", w, b[:, 0]), incoming=np.ones_like(a0.T), layout=ROWS)
    dead = sum(max(row) <= 0 for row in a0.tolist())
    for trace in (columns, transposed):
        (census,) = count_dead(trace)
        assert (census.affected, census.total, census.examples) == (dead, *a0.shape)


def test_dead_units_without_layers() -> None:
    for text, findings in (
        ("relu(x)", ["3 of 4 units of h are off for all 2 examples"]),
        # Examples and units cannot be told apart in what a statement sums up.
        ("sum(relu(x), axis=1)", []),
    ):
        program = Program({"x": (2, 4)}, (Statement("h", parse(text)),), batch_axes={"x": 0})
        trace = run(program, {"x": np.array([[-1.0, -1, -1, 1], [-1, -1, -1, -1]])})
        assert found(trace, "dead_units") == findings


def test_without_a_batch_each_element_is_a_unit() -> None:
    assert found(run_statements({"x": [[-1, -1, -1, 1]]}, h="relu(x)"), "dead_units") == []
    assert found(run_statements({"x": [[-1, -1, -1, -1]]}, h="relu(x)"), "dead_units") == [
        "4 of 4 units of h are off for the only example"
    ]


def test_the_threshold_of_dead_units_allows_for_chance() -> None:
    assert dead_share(1) == 1
    assert [dead_share(examples) for examples in (2, 8, 1000)] == [DEAD_SHARE] * 3


# Gradients.


def ratio_network(ratio: float, incoming: float = 1.0) -> Trace:
    """Two linear layers in which ‖dw1‖ / ‖dw2‖ is `ratio`."""
    ones = np.ones((4, 1))
    layers = ("identity", *square(1.0)), ("identity", *square(ratio))
    return run_dense(ones, *layers, incoming=incoming * ones)


@pytest.mark.parametrize(
    ("ratio", "condition", "text"),
    [
        (0.0009, "vanishing", "‖dw1‖ / ‖dw2‖ = 0.0036 / 4 = 0.0009"),
        (0.0011, None, ""),
        (69.0, None, ""),
        (71.0, "exploding", "‖dw1‖ / ‖dw2‖ = 2.8e+02 / 4 = 71"),
    ],
)
def test_the_ratio_of_the_first_and_the_last_norm(ratio: float, condition: str | None, text: str) -> None:
    findings = examine(ratio_network(ratio))
    assert [(f.condition, f.text) for f in findings] == ([(condition, text)] if condition else [])
    assert all((f.tensor, f.layer) == ("dw1", 1) for f in findings)


@pytest.mark.parametrize("incoming", [1e-200, 1e-320, 1e200])
def test_norms_whose_squares_leave_float64(incoming: float) -> None:
    assert conditions(ratio_network(1e-3 / 2, incoming)) == {"vanishing"}
    assert conditions(ratio_network(100.0, incoming)) == {"exploding"}
    assert conditions(ratio_network(1.0, incoming)) == set()


def test_gradients_vanish_in_a_deep_sigmoid_network(dense_network: Callable) -> None:
    for seed in range(5):
        network = dense_network((8,) * 13, ("sigmoid",) * 12, batch=4, seed=seed)
        inputs = {name: value * 0.3 for name, value in network.inputs.items()}
        assert "vanishing" in conditions(run(network.program, inputs))


def test_infinite_norms_are_not_compared() -> None:
    trace = ratio_network(1e308, 1e308)
    assert np.isinf(trace.values["dw1"]).all()
    assert conditions(trace) == {"not_finite"}


def test_zero_gradients() -> None:
    a0 = np.ones((2, 1))
    layers = ("relu", -np.eye(2), np.zeros((2, 1))), ("identity", np.eye(2), np.zeros((2, 1)))
    trace = run_dense(a0, *layers, incoming=a0)
    zeros = [f for f in examine(trace) if f.condition == "zero_gradient"]
    assert [(f.tensor, f.layer) for f in zeros] == [("dw2", 2), ("dw1", 1), ("db1", 1), ("da0", 1)]
    assert zeros[0].text == "each of the 4 elements of dw2 (2×2) is exactly 0"


def test_a_single_number_or_nan_is_no_zero_gradient() -> None:
    incoming = np.array([[0.0, 0.0], [0.0, 5e-324]])
    trace = run_dense(np.ones((2, 2)), ("identity", *square(1.0, 2)), incoming=incoming)
    assert conditions(trace) == set()
    trace = run_dense(np.ones((2, 2)), ("identity", *square(1.0, 2)), incoming=incoming * np.nan)
    assert conditions(trace) == {"not_finite"}


def test_an_incoming_gradient_of_zero_is_found_first() -> None:
    trace = run_dense(np.ones((2, 1)), ("tanh", *square(1.0, 2)), incoming=np.zeros((2, 1)))
    findings = examine(trace)
    assert (findings[0].tensor, findings[0].position, findings[0].layer) == ("da1", 0, 1)
    assert conditions(trace) == {"zero_gradient"}


def test_without_layers_the_gradients_of_the_parameters_are_compared() -> None:
    forward = [Statement("h", parse("u * x")), Statement("y", parse("v * h"))]
    program = with_backward({"v": (2,), "x": (2,), "u": (2,)}, forward, "y", parameters=("u", "v"))
    values = {"x": np.ones(2), "u": np.ones(2), "v": np.full(2, 1e-4), "dy": np.ones(2)}
    # The order is that of the forward pass, not that in which the inputs were declared.
    assert found(run(program, values), "vanishing") == ["‖du‖ / ‖dv‖ = 0.00014 / 1.4 = 0.0001"]


# Layers, order, and large tensors.


def test_the_health_of_each_layer() -> None:
    a0 = np.array([[1.0, -1.0], [2.0, -2.0]])
    w = np.array([[3.0, 0.0], [0.0, 4.0]])
    b = np.array([[-100.0], [0.0]])
    trace = run_dense(a0, ("relu", w, b), ("sigmoid", np.eye(2), b), incoming=np.ones((2, 2)))
    first, second = layer_health(trace)
    assert (first.dead_share, first.saturated_share) == (0.5, None)
    assert (second.dead_share, second.saturated_share) == (None, 0.75)
    for health in (first, second):
        dw = trace.values[f"dw{health.layer.number}"]
        assert health.mean_gradient == pytest.approx(np.mean(np.abs(dw)))
    assert first.gradient_ratio == pytest.approx(np.linalg.norm(trace.values["dw1"]) / 5)


def test_a_layer_without_gradients_or_weights_of_zero() -> None:
    forward_only = load_scenario(SCENARIOS / "forward_pass.toml")
    (health,) = layer_health(run(forward_only.program, forward_only.values))
    assert (health.mean_gradient, health.gradient_ratio, health.saturated_share) == (None, None, 0)
    (health,) = layer_health(run_dense(np.ones((2, 1)), ("relu", *square(0.0, 2)), incoming=np.ones((2, 1))))
    assert (health.mean_gradient, health.gradient_ratio) == (0, None)


def test_findings_come_in_order_of_position() -> None:
    trace = run_dense(
        np.array([[-9.0], [-9.0]]),
        *(
            ("sigmoid", *square(1.0, 2)),
            ("relu", *square(-1.0, 2)),
            ("tanh", np.full((2, 2), np.inf), np.zeros((2, 1))),
        ),
        incoming=np.ones((2, 1)),
    )
    positions = [finding.position for finding in examine(trace)]
    assert positions == sorted(positions)
    assert len(conditions(trace)) >= 3


@pytest.mark.parametrize("condition", HEALTH_CONDITIONS.values(), ids=lambda condition: condition.name)
def test_every_condition_is_described(condition: object) -> None:
    assert HEALTH_CONDITIONS[condition.name] is condition
    for text in (condition.fires, condition.advice):
        assert text[0].isupper() or text[0].isdigit()
        assert text.endswith(".")


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x,
        lambda x: x.T,
        lambda x: x[::2, ::3],
        np.float32,
        lambda x: np.broadcast_to(x[:1], x.shape),
    ],
    ids=("whole", "transposed", "strided", "float32", "repeated"),
)
def test_blocks_cover_a_tensor_once(view: Callable) -> None:
    value = view(np.random.default_rng(3).normal(size=(300, 1000)))
    pieces = [block.copy() for block in blocks(value)]
    assert max(piece.size for piece in pieces) <= BLOCK_SIZE
    np.testing.assert_array_equal(np.sort(np.concatenate(pieces)), np.sort(value.ravel()))
    assert norm(value) == pytest.approx(np.linalg.norm(value.astype(float)), rel=1e-12)
    assert mean_size(value) == pytest.approx(np.mean(np.abs(value.astype(float))), rel=1e-12)
