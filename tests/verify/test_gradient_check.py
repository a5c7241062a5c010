"""The gradient check: it passes right programs, finds planted mistakes, and forgives corners."""

from __future__ import annotations

import dataclasses
import itertools
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.language.derivation.rules import derivative_rules
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.forms import ELEMENTWISE, Form
from bpdebug.engine.language.functions import ACTIVATIONS, FUNCTIONS, Function, Sample
from bpdebug.engine.language.functions.entry import arrays
from bpdebug.engine.language.nodes import PLACES, Call, Name, Statement, names
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.network.layers.dense import DENSE
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.engine.program.trace import run
from bpdebug.errors import BpdebugError
from bpdebug.verify import gradient_check, slopes
from bpdebug.verify.gradient_check import check_gradients, gradient_checks
from bpdebug.verify.report import TensorReport
from bpdebug.verify.variants import evaluate_many
from tests.examples import example
from tests.tiers import few

Values = dict[str, np.ndarray]

DERIVABLE = [
    pytest.param(function, sample, id=f"{function.name}-{number}")
    for function in FUNCTIONS.values()
    if function.derivatives is not None
    for number, sample in enumerate(function.samples)
]
ALL = [
    pytest.param(function, sample, id=f"{function.name}-{number}")
    for function in FUNCTIONS.values()
    for number, sample in enumerate(function.samples)
]


def derived(values: Mapping[str, object], *lines: str) -> tuple[Program, Values]:
    """Derive the program of forward statements written as text; a random gradient comes in at the last."""
    inputs = {name: np.asarray(value, dtype=float) for name, value in values.items()}
    forward = [Statement(line.split(" = ")[0], parse(line.split(" = ")[1])) for line in lines]
    return with_incoming({name: value.shape for name, value in inputs.items()}, forward, inputs)


def with_incoming(shapes: dict, forward: Sequence[Statement], inputs: Values) -> tuple[Program, Values]:
    program = with_backward(shapes, forward, forward[-1].name)
    incoming = f"d{program.seed}"
    generator = np.random.default_rng(5)
    return program, {**inputs, incoming: generator.uniform(0.5, 2.0, program.shapes[incoming])}


def network(
    sizes: Sequence[int], activations: Sequence[str], batch: int, seed: int = 0
) -> tuple[Program, Values]:
    """Make a random network of dense layers."""
    generator = np.random.default_rng(seed)
    values = {"a0": generator.normal(size=(sizes[0], batch))}
    forward, layers = [], []
    for number, activation in enumerate(activations, start=1):
        inputs, outputs = sizes[number - 1], sizes[number]
        values[f"w{number}"] = generator.normal(size=(outputs, inputs)) / np.sqrt(inputs)
        values[f"b{number}"] = generator.normal(size=(outputs, 1))
        chosen = {"activation": activation}
        own = {role: values[f"{role}{number}"].shape for role in ("w", "b")}
        layers.append(make_layer(number, DENSE, chosen, own))
        forward += layers[-1].forward
    seed_name = f"a{len(activations)}"
    shapes = {name: value.shape for name, value in values.items()}
    program = with_backward(shapes, forward, seed_name, layers, set(values) - {"a0"}, {"a0": 1})
    return program, {**values, f"d{seed_name}": generator.normal(size=(sizes[-1], batch))}


def edited(program: Program, name: str, text: str) -> Program:
    """Plant a mistake: another right side for one statement."""
    statements = tuple(
        dataclasses.replace(statement, expression=parse(text)) if statement.name == name else statement
        for statement in program.statements
    )
    return dataclasses.replace(program, statements=statements)


def by_name(reports: Sequence[TensorReport]) -> dict[str, TensorReport]:
    return {report.name: report for report in reports}


def verdicts(program: Program, values: Values) -> dict[str, str]:
    return {report.name: report.verdict for report in check_gradients(program, values)}


def naive(program: Program, values: Values, name: str, width: float = 1e-5) -> np.ndarray:
    """Differentiate along one input, an element at a time, by running everything again."""
    forward = [statement for statement in program.statements if statement.phase == "forward"]

    def loss(x: np.ndarray) -> float:
        known = {**values, name: x}
        for statement in forward:
            known[statement.name] = evaluate(statement.expression, known)
        return float(np.sum(known[program.seed] * values[f"d{program.seed}"]))

    gradient = np.zeros_like(values[name])
    for index in np.ndindex(gradient.shape):
        step = np.zeros_like(gradient)
        step[index] = width
        gradient[index] = (loss(values[name] + step) - loss(values[name] - step)) / (2 * width)
    return gradient


# Right programs


@pytest.mark.parametrize(("function", "sample"), few(DERIVABLE, 40))
def test_every_function_of_the_table_is_right(function: Function, sample: Sample) -> None:
    values = dict(zip(PLACES, arrays(sample), strict=False))
    call = Call(function.name, tuple(map(Name, values)), tuple(sample.options.items()))
    shapes = {name: value.shape for name, value in values.items()}
    forward = [Statement("r", call)]
    if function.is_mask:  # no loss is a sum of infinities: what is masked goes into a softmax
        forward.append(Statement("p", parse("softmax(r)")))
    reports = check_gradients(*with_incoming(shapes, forward, values))
    reports = [report for report in reports if report.name != "dr"]
    places = zip(values, function.rules(function.arity) or (), strict=True)
    assert {report.name for report in reports} == {f"d{place}" for place, rule in places if rule}
    assert all(report.verdict == "right" for report in reports)


@st.composite
def networks(draw: st.DrawFn) -> tuple[Program, Values]:
    depth = draw(st.integers(1, 4))
    sizes = draw(st.lists(st.integers(1, 6), min_size=depth + 1, max_size=depth + 1))
    activations = draw(st.lists(st.sampled_from(sorted(ACTIVATIONS)), min_size=depth, max_size=depth))
    return network(sizes, activations, draw(st.integers(1, 6)), draw(st.integers(0, 10_000)))


@pytest.mark.deep
@given(case=networks())
def test_random_networks_are_right(case: tuple[Program, Values]) -> None:
    program, values = case
    reports = check_gradients(program, values)
    assert [report.name for report in reports] == [
        statement.name for statement in program.statements if statement.phase == "backward" and statement.of
    ]
    assert {report.verdict for report in reports} == {"right"}, reports


def test_agrees_with_a_loop_over_the_elements() -> None:
    program, values = network((3, 4, 2), ("tanh", "softmax"), batch=3)
    reports = by_name(check_gradients(edited(program, "dw1", "0 * dz1 @ a0.T"), values))
    wanted = naive(program, values, "w1")
    worst = reports["dw1"].worst
    assert worst is not None
    assert worst.mine == 0
    assert worst.reference == pytest.approx(wanted[worst.index], rel=1e-7)
    for name in ("a0", "b1", "w2", "b2"):
        right = reports[f"d{name}"].worst
        assert right is not None
        assert right.reference == pytest.approx(naive(program, values, name)[right.index], rel=1e-6)


def test_the_layer_is_named() -> None:
    reports = by_name(check_gradients(*network((3, 4, 2), ("tanh", "tanh"), batch=3)))
    assert (reports["dw1"].layer, reports["dw2"].layer) == (1, 2)


def test_attention_with_tensors_of_several_ranks() -> None:
    generator = np.random.default_rng(3)
    program, values = derived(
        {
            "q": generator.normal(size=(2, 3, 4)),
            "k": generator.normal(size=(2, 5, 4)),
            "v": generator.normal(size=(5, 6)),
            "m": generator.normal(size=5),
            "c": 0.5,
        },
        "s = q @ k.T * c + m",
        "p = softmax(s, axis=-1)",
        "o = p @ v",
        "n = o / sum(o * o, axis=(0, 2), keepdims=True)",
    )
    found = verdicts(program, values)
    assert {"dq", "dk", "dv", "dm", "dc", "ds", "dp", "do"} <= set(found)
    assert set(found.values()) == {"right"}


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_size_of_the_loss_does_not_matter(scale: float) -> None:
    program, values = network((3, 4, 2), ("tanh", "sigmoid"), batch=3)
    values["da2"] = values["da2"] * scale
    assert set(verdicts(program, values).values()) == {"right"}
    assert verdicts(edited(program, "dw2", "1.001 * dz2 @ a1.T"), values)["dw2"] == "wrong"


def test_half_precision_is_checked_in_double() -> None:
    program, values = network((3, 4, 2), ("silu", "elu"), batch=3)
    halves = {name: value.astype(np.float16) for name, value in values.items()}
    for report in check_gradients(program, halves):
        assert report.verdict == "right"
        assert report.max_relative_error is not None
        assert report.max_relative_error < 1e-6


def test_strong_curvature_is_no_mistake() -> None:
    program, values = derived({"x": [1e-6, 1e-5, 3e-4, 1.0]}, "r = log(x)")
    assert verdicts(program, values) == {"dx": "right"}
    assert verdicts(edited(program, "dx", "1.01 * dr / x"), values) == {"dx": "wrong"}


def test_saturated_units_are_right() -> None:
    program, values = derived({"x": [-45.0, -12.0, 20.0, 38.0, 800.0]}, "r = tanh(x) + sigmoid(x)")
    assert verdicts(program, values) == {"dx": "right"}


def test_without_an_incoming_gradient_there_is_nothing_to_check() -> None:
    program = Program({"x": (2,)}, (Statement("r", parse("tanh(x)")),))
    assert check_gradients(program, {"x": np.ones(2)}) == ()


def test_statements_that_the_seed_does_not_need() -> None:
    x = np.array([0.3, -2.0])
    program, values = derived({"x": x}, "h = tanh(x)", "unused = exp(h)", "r = h * h")
    assert verdicts(program, values) == {"dh": "right", "dx": "right"}


# Mistakes


@pytest.fixture
def wrong_rule(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Return a function that puts wrong derivatives into the table for the length of one test."""

    def put(name: str, *rules: str) -> None:
        monkeypatch.setitem(FUNCTIONS, name, FUNCTIONS[name]._replace(derivatives=rules))
        derivative_rules.cache_clear()

    yield put
    derivative_rules.cache_clear()


@pytest.mark.parametrize(
    ("name", "rules", "blamed"),
    [
        ("tanh", ("g * (1 - out)",), {"dz1"}),
        ("sigmoid", ("-g * sigmoid_prime(x)",), {"dz2"}),
        ("matmul", ("g @ y.T * 1.0001", "x.T @ g"), {"dw1", "dw2"}),
        ("matmul", ("g @ y.T", "2 * x.T @ g"), {"da0", "da1"}),
    ],
)
def test_a_wrong_rule_is_found_where_it_is_used(
    wrong_rule, name: str, rules: tuple[str, ...], blamed: set[str]
) -> None:
    wrong_rule(name, *rules)
    found = verdicts(*network((3, 4, 2), ("tanh", "sigmoid"), batch=3))
    assert {gradient for gradient, verdict in found.items() if verdict == "wrong"} == blamed


def test_what_follows_from_a_mistake_is_innocent() -> None:
    program, values = network((3, 4, 2), ("tanh", "sigmoid"), batch=3)
    reports = by_name(check_gradients(edited(program, "dz2", "da2 * sigmoid_prime(a2)"), values))
    assert {name for name, report in reports.items() if report.verdict == "wrong"} == {"dz2"}
    innocent = reports["dw1"]
    assert innocent.verdict == "innocent"
    assert "the fault came from dz2" in innocent.note
    assert innocent.max_relative_error is not None
    assert innocent.max_relative_error > 1e-3


def test_two_mistakes_are_both_found() -> None:
    program, values = network((3, 4, 2), ("tanh", "sigmoid"), batch=3)
    program = edited(edited(program, "dz2", "da2 * sigmoid_prime(a2)"), "dw1", "dz1 @ a0.T / 3")
    found = verdicts(program, values)
    assert {name for name, verdict in found.items() if verdict == "wrong"} == {"dz2", "dw1"}


def test_a_small_tensor_does_not_drown_in_a_large_network() -> None:
    program, values = network((64, 32, 10), ("tanh", "sigmoid"), batch=8)
    wrong = edited(program, "db1", "4 * sum(dz1, axis=1, keepdims=True)")
    reports = by_name(check_gradients(wrong, values))
    assert {name for name, report in reports.items() if report.verdict != "right"} == {"db1"}
    assert reports["db1"].max_relative_error == pytest.approx(0.75, rel=1e-6)
    assert reports["db1"].note == "32 of 32 wrong"


def test_a_single_wrong_element_is_the_worst() -> None:
    program, values = network((5, 4, 3), ("silu", "tanh"), batch=2)
    slip = np.zeros((4, 5))
    slip[2, 3] = 1e-3
    backward = tuple(
        dataclasses.replace(s, expression=parse("dz1 @ a0.T + slip")) if s.name == "dw1" else s
        for s in program.statements
    )
    wrong = dataclasses.replace(program, inputs={**program.inputs, "slip": (4, 5)}, statements=backward)
    right = run(program, values).values["dw1"][2, 3]
    reports = by_name(check_gradients(wrong, {**values, "slip": slip}))
    report = reports.pop("dw1")
    assert report.verdict == "wrong"
    assert report.note == "1 of 20 wrong"
    assert report.worst is not None
    assert report.worst.index == (2, 3)
    assert report.worst.mine == pytest.approx(right + 1e-3, rel=1e-12)
    assert report.worst.reference == pytest.approx(right, rel=1e-6)
    assert {other.verdict for other in reports.values()} == {"right"}


def test_tolerances_are_the_callers() -> None:
    program, values = network((3, 2), ("tanh",), batch=3)
    wrong = edited(program, "dw1", "1.001 * dz1 @ a0.T")
    assert by_name(check_gradients(wrong, values, rtol=1e-2))["dw1"].verdict == "right"
    assert by_name(check_gradients(wrong, values, atol=10.0))["dw1"].verdict == "right"
    with pytest.raises(BpdebugError, match="rtol must be above 0"):
        check_gradients(program, values, rtol=0.0)


# Corners


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("relu(x)", 0.0),
        ("leaky_relu(x)", 0.0),
        ("elu(x, alpha=0.3)", 0.0),
        ("maximum(x, 0.7)", 0.7),
    ],
)
def test_a_corner_is_a_kink(text: str, x: float) -> None:
    (report,) = check_gradients(*derived({"x": [x, 1.3, -0.4]}, f"r = {text}"))
    assert report.verdict == "kink"
    assert report.note == "1 of 3 at a kink"
    assert report.worst is not None
    assert report.worst.index == (0,)


def test_elu_has_no_corner_where_its_sides_meet() -> None:
    assert verdicts(*derived({"x": [0.0, 1.0]}, "r = elu(x)")) == {"dx": "right"}


def test_the_middle_of_both_slopes_needs_no_excuse() -> None:
    assert verdicts(*derived({"x": [0.0, 1.0]}, "r = abs(x)")) == {"dx": "right"}


@pytest.mark.parametrize("distance", [1e-5, 3e-6, 1e-7, 1e-9, 1e-12])
def test_a_corner_near_by_is_no_mistake(distance: float) -> None:
    for x in (distance, -distance):
        assert verdicts(*derived({"x": [x]}, "r = relu(x)"))["dx"] in ("right", "kink")


@pytest.mark.parametrize("slope", ["2", "-1"])
def test_a_slope_outside_of_both_sides_is_wrong(slope: str) -> None:
    program, values = derived({"x": [0.0, 0.0]}, "r = relu(x)")
    assert verdicts(edited(program, "dx", f"{slope} * dr"), values) == {"dx": "wrong"}


def test_a_mistake_beside_a_corner_is_found() -> None:
    program, values = derived({"x": [0.0, 1.0]}, "r = relu(x)")
    (report,) = check_gradients(edited(program, "dx", "2 * dr * relu_prime(x)"), values)
    assert report.verdict == "wrong"
    assert report.note == "1 of 2 wrong; 1 of 2 at a kink"
    assert report.worst is not None
    assert report.worst.index == (1,)


def test_a_relu_network_whose_units_are_all_at_their_corner() -> None:
    program, values = network((3, 4, 2), ("relu", "relu"), batch=5)
    values = {name: value if name in ("a0", "da2") else 0 * value for name, value in values.items()}
    found = verdicts(program, values)
    assert found["dz2"] == "kink"
    assert set(found.values()) <= {"right", "kink"}


def test_dead_units_put_the_next_layers_at_their_corners() -> None:
    program, values = network((3, 4, 5, 2), ("relu", "relu", "tanh"), batch=5)
    values["b1"] = values["b1"] - 100
    values["b2"] = 0 * values["b2"]
    found = verdicts(program, values)
    assert found["da1"] == "kink"
    assert set(found.values()) <= {"right", "kink"}
    assert verdicts(edited(program, "dw3", "2 * dz3 @ a2.T + 1"), values)["dw3"] == "wrong"


# Numbers that are none


def test_nothing_is_said_of_what_is_not_finite() -> None:
    program, values = network((3, 4, 2), ("tanh", "sigmoid"), batch=3)
    values["w1"][1, 2] = np.nan
    reports = by_name(check_gradients(program, values))
    assert reports["dw1"].verdict == "not given"
    assert reports["dw1"].worst is None
    assert reports["dw1"].note == "12 of 12 not compared, as numbers are not finite"


def test_what_is_finite_is_checked_beside_what_is_not() -> None:
    program, values = derived({"x": [0.0, 2.0, 3.0]}, "r = log(x)")
    values["x"][0] = 1e-300
    (report,) = check_gradients(program, values)
    assert report.verdict == "right"
    assert report.note == "1 of 3 not compared, as numbers are not finite"
    (report,) = check_gradients(edited(program, "dx", "2 * dr / x"), values)
    assert report.note == "2 of 3 wrong; 1 of 3 not compared, as numbers are not finite"


def test_a_masked_score_is_no_mistake() -> None:
    generator = np.random.default_rng(2)
    q, mask = generator.normal(size=(3, 3)), np.triu(np.full((3, 3), -np.inf), 1)
    program, values = derived({"q": q, "mask": mask}, "p = softmax(q @ q.T + mask)")
    found = by_name(check_gradients(program, values))
    assert found["dq"].verdict == "right"
    assert found["dq"].note == ""


@pytest.mark.deep
@pytest.mark.parametrize("number", few([1e308, np.nan, np.inf, -np.inf]))
def test_no_number_breaks_the_check(number: float) -> None:
    for activation in ACTIVATIONS:
        program, values = network((2, 3, 2), (activation, activation), batch=2)
        for name in values:
            broken = {**values, name: values[name].copy()}
            broken[name].flat[0] = number
            assert set(verdicts(program, broken).values()) <= {"right", "kink", "not given"}, (
                activation,
                name,
            )


def test_a_gradient_that_is_none_where_there_is_a_slope_is_wrong() -> None:
    program, values = derived({"x": [1.0, 2.0]}, "r = x * x")
    assert verdicts(program, values) == {"dx": "right"}
    (report,) = check_gradients(edited(program, "dx", "dr * (x - 1) / (x - 1)"), values)
    assert report.verdict == "wrong"
    assert report.max_relative_error == np.inf
    assert report.worst is not None
    assert report.worst.index == (0,)
    assert np.isnan(report.worst.mine)


# Many variants at once


@pytest.mark.parametrize(("function", "sample"), few(ALL, 40))
def test_many_variants_are_as_one_by_one(function: Function, sample: Sample) -> None:
    values = dict(zip(PLACES, arrays(sample), strict=False))
    call = Call(function.name, tuple(map(Name, values)), tuple(sample.options.items()))
    factors = np.array([1.0, 0.5, 2.0, 1.5])
    for varied in ({"x"}, {"y"}, {"x", "y"}):
        if not varied <= set(values):
            continue
        variants = {name: np.multiply.outer(factors, values[name]) for name in varied}
        found = evaluate_many(call, values, variants)
        assert len(found) == len(factors)
        for number in range(len(factors)):
            one = {name: variants[name][number] if name in varied else values[name] for name in values}
            np.testing.assert_allclose(found[number], evaluate(call, one), rtol=1e-14)


@pytest.mark.parametrize(
    "text",
    [
        "v + m",
        "m * v.T",
        "s - c",
        "m @ c",
        "c.T @ c",
        "sum(v) + m",
        "sum(s) + mean(s, keepdims=True) + v",
        "softmax(v, axis=0) + softmax(m, axis=0)",
        "broadcast_like(sum(m, axis=0), m, axis=0) / count(m, axis=0)",
        "t @ m + v",
        "m @ t",
        "mean(t, axis=(0, -1))",
        "maximum(2, s) * 3 ** 2 + t.T",
    ],
)
def test_ranks_and_axes_of_variants(text: str) -> None:
    generator = np.random.default_rng(1)
    shapes = {"s": (), "v": (3,), "c": (3, 1), "m": (3, 3), "t": (2, 3, 3)}
    values = {name: generator.uniform(0.5, 1.5, shape) for name, shape in shapes.items()}
    others = {name: generator.uniform(0.5, 1.5, (4, *shape)) for name, shape in shapes.items()}
    expression = parse(text)
    read = names(expression)
    for varied in (*([name] for name in read), read):
        found = evaluate_many(expression, values, {name: others[name] for name in varied})
        assert len(found) == 4
        for number in range(4):
            one = {**values, **{name: others[name][number] for name in varied}}
            np.testing.assert_allclose(found[number], evaluate(expression, one), rtol=1e-13)


def test_a_form_without_a_rule_is_run_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    form = Form("unknown", ELEMENTWISE.shape, ELEMENTWISE.reads)
    tanh = FUNCTIONS["tanh"]._replace(form=form)
    monkeypatch.setitem(FUNCTIONS, "tanh", tanh)
    program, values = derived({"x": [[1.0, 2.0], [3.0, 5.0]], "y": 2.0}, "r = tanh(x * y) * tanh(y)")
    assert set(verdicts(program, values).values()) == {"right"}


# Memory


def test_a_large_layer_needs_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = 8 * 2**20
    monkeypatch.setattr(slopes, "MAX_BYTES", budget)
    program, values = network((300, 300), ("sigmoid",), batch=1)
    loss = slopes.Loss(program, run(program, values).values, "w1")
    some = np.arange(100)
    tracemalloc.start()
    found = loss.slopes(some, 1.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.5 * budget
    gradient = run(program, values).values["dw1"].ravel()[some]
    np.testing.assert_allclose(found.central, gradient, rtol=1e-5, atol=1e-7)


def test_the_size_of_a_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    program, values = network((5, 4, 3), ("relu", "softmax"), batch=3)
    wanted = check_gradients(program, values)
    monkeypatch.setattr(slopes, "MAX_BYTES", 1)
    one_by_one = check_gradients(program, values)
    assert [report.name for report in one_by_one] == [report.name for report in wanted]
    for mine, other in zip(one_by_one, wanted, strict=True):
        assert mine.verdict == other.verdict == "right"


LARGE_PROGRAM = with_backward({"x": (150, 150)}, [Statement("y", parse("sum(sigmoid(x) * x)"))], "y")
LARGE_VALUES = {"x": np.random.default_rng(0).normal(size=(150, 150)), "dy": np.asarray(1.0)}


@pytest.mark.deep
def test_of_a_large_tensor_a_sample_is_checked_and_the_report_says_so() -> None:
    (report,) = (one for one in check_gradients(LARGE_PROGRAM, LARGE_VALUES) if one.name == "dx")
    assert report.verdict == "right"
    assert report.note == "256 of 22,500 elements were checked"
    assert report.max_relative_error is not None
    assert report.worst is not None


@pytest.mark.deep
def test_where_the_sample_disagrees_every_element_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = FUNCTIONS["sigmoid"]._replace(derivatives=("g * sigmoid_prime(x) * (x > 0)",))
    monkeypatch.setitem(FUNCTIONS, "sigmoid", wrong)
    monkeypatch.setattr(gradient_check, "LARGE", 1_000)
    derivative_rules.cache_clear()
    try:
        program = with_backward({"x": (50, 50)}, [Statement("y", parse("sum(sigmoid(x) * x)"))], "y")
    finally:
        derivative_rules.cache_clear()
    values = {**LARGE_VALUES, "x": LARGE_VALUES["x"][:50, :50]}
    report = next(one for one in check_gradients(program, values) if one.name == "dx")
    assert report.verdict == "wrong"
    # Beside 0 the mistake is too small to be one.
    found = int(report.note.partition(" of 2,500 wrong")[0].replace(",", ""))
    assert found == pytest.approx((values["x"] < 0).sum(), rel=0.01)


def test_what_there_was_no_time_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time ends within a tensor too: each look at the clock is a second here, and one element a block."""
    monkeypatch.setattr(slopes, "MAX_BLOCK", 1)
    case = example("two_layer")
    monkeypatch.setattr(slopes.time, "thread_time", itertools.count(0.0).__next__)
    first, second, *others = gradient_checks(case.program, case.values, seconds=12.0)
    assert (first.verdict, second.verdict) == ("right", "right")
    assert {(one.verdict, one.note) for one in others} == {
        ("not given", "not checked: 12 seconds were over; --seconds allows more")
    }
