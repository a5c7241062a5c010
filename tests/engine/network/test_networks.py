"""Whole programs against autograd, which derives gradients in another way and knows nothing of us."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from autograd.extend import defvjp, primitive
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.language.nodes import Call, Expression, Name, Number, Statement, calls, names
from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.language.shapes import shape_of
from bpdebug.engine.network.layers import Layout
from bpdebug.engine.program.program import with_backward
from bpdebug.engine.program.trace import run
from bpdebug.errors import ShapeError


def sigmoid(x):
    return (1 + anp.tanh(x / 2)) / 2


def log_softmax(x, axis):
    shifted = x - anp.max(x, axis=axis, keepdims=True)
    return shifted - anp.log(anp.sum(anp.exp(shifted), axis=axis, keepdims=True))


def softmax(x, axis):
    powers = anp.exp(x - anp.max(x, axis=axis, keepdims=True))
    return powers / anp.sum(powers, axis=axis, keepdims=True)


@primitive
def erf(x):
    return np.vectorize(math.erf, otypes=[float])(x)


defvjp(erf, lambda _, x: lambda g: g * 2 / math.sqrt(math.pi) * anp.exp(-(x**2)))


def elu(z):
    return anp.where(z > 0, z, anp.exp(anp.where(z > 0, 0.0, z)) - 1)


# Written with `z > 0` on one side, so that the slope at a kink is the one that bpdebug states: a unit whose
# inputs are all dead has z = 0 exactly.
# The second argument is the axis of the features.
ORACLES: dict[str, Callable] = {
    "identity": lambda z, _=0: z,
    "sigmoid": lambda z, _=0: sigmoid(z),
    "tanh": lambda z, _=0: anp.tanh(z),
    "relu": lambda z, _=0: anp.where(z > 0, z, 0.0),
    "leaky_relu": lambda z, _=0: anp.where(z > 0, z, 0.01 * z),
    "elu": lambda z, _=0: elu(z),
    "softplus": lambda z, _=0: anp.logaddexp(0.0, z),
    "silu": lambda z, _=0: z * sigmoid(z),
    "selu": lambda z, _=0: (
        1.0507009873554805 * anp.where(z > 0, z, 1.6732632423543772 * elu(anp.where(z > 0, 0.0, z)))
    ),
    "mish": lambda z, _=0: z * anp.tanh(anp.logaddexp(0.0, z)),
    "hardtanh": lambda z, _=0: anp.clip(z, -1, 1),
    "relu6": lambda z, _=0: anp.clip(z, 0, 6),
    "softsign": lambda z, _=0: z / (1 + anp.abs(z)),
    "gelu": lambda z, _=0: z * (1 + erf(z / math.sqrt(2))) / 2,
    "gelu_tanh": lambda z, _=0: z * (1 + anp.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))) / 2,
    "softmax": lambda z, axis=0: softmax(z, axis),
    "log_softmax": lambda z, axis=0: log_softmax(z, axis),
}


def test_every_activation_has_an_oracle() -> None:
    assert set(ORACLES) == set(ACTIVATIONS)


def assert_close(found: np.ndarray, wanted: np.ndarray, what: str, smallest: float) -> None:
    """Compare to a relative error of 1e-9 of the largest element, at least `smallest`: less may cancel."""
    assert found.shape == wanted.shape, what
    scale = np.max(np.abs(wanted), initial=smallest)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9 * scale, err_msg=what)


LAYOUTS = [Layout(name, weights) for name in ("columns", "rows") for weights in ("out_in", "in_out")]


def weighted_sum(layout: Layout, w: np.ndarray, a: np.ndarray) -> np.ndarray:
    w = w if layout.weight_shape == "out_in" else w.T
    return anp.dot(w, a) if layout.name == "columns" else anp.dot(a, w.T)


@st.composite
def architectures(draw: st.DrawFn) -> dict:
    depth = draw(st.integers(1, 5))
    return {
        "sizes": tuple(draw(st.lists(st.integers(1, 6), min_size=depth + 1, max_size=depth + 1))),
        "activations": tuple(
            draw(st.lists(st.sampled_from(sorted(ORACLES)), min_size=depth, max_size=depth))
        ),
        "biases": tuple(draw(st.lists(st.booleans(), min_size=depth, max_size=depth))),
        "batch": draw(st.integers(1, 8)),
        "seed": draw(st.integers(0, 10_000)),
        "layout": draw(st.sampled_from(LAYOUTS)),
    }


@given(architecture=architectures())
def test_gradients_of_dense_networks(dense_network: Callable, architecture: dict) -> None:
    network = dense_network(**architecture)
    trace = run(network.program, network.inputs)
    depth, layout = len(architecture["activations"]), architecture["layout"]

    def loss(tensors: dict[str, np.ndarray]) -> float:
        a = tensors["a0"]
        for number, activation in enumerate(architecture["activations"], start=1):
            z = weighted_sum(layout, tensors[f"w{number}"], a) + tensors.get(f"b{number}", 0.0)
            a = ORACLES[activation](z, layout.feature_axis)
        return anp.sum(network.inputs[f"da{depth}"] * a)

    leaves = {name: network.inputs[name] for name in ("a0", *network.parameters)}
    with np.errstate(over="ignore"):  # autograd divides by the square of a cosh, however large that is
        gradients = grad(loss)(leaves)
    # What flows back is added up from terms of the size of the largest gradient, and carries their rounding.
    largest = max(float(np.max(np.abs(trace.values[name]))) for name in network.program.gradients)
    for name, wanted in gradients.items():
        assert_close(trace.values[f"d{name}"], wanted, f"d{name}", smallest=1e-6 * largest)


def test_one_layer_of_each_activation(dense_network: Callable) -> None:
    for activation, oracle in ORACLES.items():
        network = dense_network((3, 4), (activation,), batch=2)
        trace = run(network.program, network.inputs)
        np.testing.assert_allclose(trace.values["a1"], oracle(trace.values["z1"]), rtol=1e-13)


# Random programs: trees of any shape, names used many times, results used by later statements.

MATRICES = {"x": (3, 3), "y": (3, 3), "c": (3, 1), "r": (3,), "s": ()}
UNARY = {
    "negative": lambda x: -x,
    "transpose": lambda x: x if x.ndim < 2 else x.T,
    "exp": anp.exp,
    "sigmoid": ORACLES["sigmoid"],
    "tanh": anp.tanh,
    "tanh_prime": lambda x: 1 - anp.tanh(x) ** 2,
    "sigmoid_prime": lambda x: anp.exp(-x) / (1 + anp.exp(-x)) ** 2,
    "softplus": ORACLES["softplus"],
    "silu": ORACLES["silu"],
    "abs": anp.abs,
    "sum": anp.sum,
    "mean": anp.mean,
    "softmax": lambda x, axis=-1: softmax(x, axis),
}
BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "matmul": anp.matmul,
    "maximum": anp.maximum,
}
OPTIONS = st.sampled_from(
    [(), (("axis", 0),), (("axis", -1), ("keepdims", True)), (("axis", (0, 1)),), (("keepdims", True),)]
)


def grow(trees: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    plain = sorted(set(UNARY) - {"sum", "mean", "softmax"})
    return (
        st.builds(lambda name, x: Call(name, (x,)), st.sampled_from(plain), trees)
        | st.builds(lambda name, x, y: Call(name, (x, y)), st.sampled_from(sorted(BINARY)), trees, trees)
        | st.builds(
            lambda name, x, options: Call(name, (x,), options),
            st.sampled_from(["sum", "mean"]),
            trees,
            OPTIONS,
        )
        | st.builds(lambda x, axis: Call("softmax", (x,), (("axis", axis),)), trees, st.sampled_from([0, -1]))
        | st.builds(lambda x, power: Call("power", (x, Number(power))), trees, st.sampled_from([2, 3]))
    )


def trees(*leaves: str) -> st.SearchStrategy[Expression]:
    literals = st.sampled_from([0.5, 2, 3.0]).map(Number)
    return st.recursive(st.sampled_from(leaves).map(Name) | literals, grow, max_leaves=6)


def oracle_value(expression: Expression, values: Mapping[str, object]) -> object:
    if isinstance(expression, Name):
        return values[expression.id]
    if isinstance(expression, Number):
        return anp.array(float(expression.value))
    operands = [oracle_value(argument, values) for argument in expression.arguments]
    if expression.function == "power":
        return operands[0] ** float(operands[1])
    functions = UNARY if len(operands) == 1 else BINARY
    return functions[expression.function](*operands, **dict(expression.options))


@pytest.mark.filterwarnings("ignore:Output seems independent of input")
@given(first=trees(*MATRICES), second=trees("h1", "h1", *MATRICES), third=trees("h1", "h2", "x"))
def test_gradients_of_random_programs(first: Expression, second: Expression, third: Expression) -> None:
    forward = [Statement("h1", first), Statement("h2", second), Statement("h3", third)]
    shapes = dict(MATRICES)
    for statement in forward:
        try:
            shapes[statement.name] = shape_of(statement.expression, shapes)
        except ShapeError:
            reject()
    generator = np.random.default_rng(7)
    inputs = {name: generator.uniform(0.2, 1.2, shape) for name, shape in MATRICES.items()}
    incoming = generator.uniform(0.5, 1.5, shapes["h3"])

    def loss(tensors: dict[str, np.ndarray]) -> float:
        values = dict(tensors)
        for statement in forward:
            values[statement.name] = oracle_value(statement.expression, values)
        return anp.sum(incoming * values["h3"])

    with np.errstate(all="ignore"):
        value = loss(inputs)
        assume(np.isfinite(value) and abs(value) < 1e6)
        wanted = grad(loss)(inputs)
    assume(
        not any(
            node.function == "maximum" and _may_tie(node) for s in forward for node in calls(s.expression)
        )
    )
    assume(all(np.all(np.isfinite(gradient)) for gradient in wanted.values()))

    program = with_backward(MATRICES, forward, "h3")
    trace = run(program, {**inputs, "dh3": incoming})
    listing = "\n".join(map(statement_text, program.statements))
    for name, gradient in wanted.items():
        found = trace.values.get(f"d{name}", np.zeros(MATRICES[name]))
        assert_close(found, np.asarray(gradient), f"d{name} of\n{listing}", smallest=1.0)


def _may_tie(node: Call) -> bool:
    """Whether both sides of a maximum could be equal, where each library chooses its own slope."""
    x, y = node.arguments
    return x == y or not (names(x) and names(y)) or set(names(x)) == set(names(y))


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    ("layout", "formula", "shape"),
    [
        (LAYOUTS[0], "db1 = sum(dz1, axis=1, keepdims=True)", (2, 1)),
        (LAYOUTS[2], "db1 = sum(dz1, axis=0)", (2,)),
    ],
    ids=["columns", "rows"],
)
def test_a_batch_of_one_runs_the_formulas_of_any_batch(
    dense_network: Callable, batch: int, layout: Layout, formula: str, shape: tuple[int, ...]
) -> None:
    network = dense_network((3, 2), ("tanh",), batch=batch, layout=layout)
    assert [statement_text(s) for s in network.program.statements if s.role == "db"] == [formula]
    assert run(network.program, network.inputs).values["db1"].shape == shape


@pytest.mark.parametrize(
    ("layout", "formulas"),
    [
        (LAYOUTS[0], ["z2 = w2 @ a1 + b2", "dw2 = dz2 @ a1.T", "da1 = w2.T @ dz2"]),
        (LAYOUTS[1], ["z2 = w2.T @ a1 + b2", "dw2 = a1 @ dz2.T", "da1 = w2 @ dz2"]),
        (LAYOUTS[2], ["z2 = a1 @ w2.T + b2", "dw2 = dz2.T @ a1", "da1 = dz2 @ w2"]),
        (LAYOUTS[3], ["z2 = a1 @ w2 + b2", "dw2 = a1.T @ dz2", "da1 = dz2 @ w2.T"]),
    ],
    ids=lambda value: f"{value.name}-{value.weight_shape}" if isinstance(value, Layout) else "",
)
def test_each_layout_has_the_formulas_of_its_textbooks(
    dense_network: Callable, layout: Layout, formulas: list[str]
) -> None:
    program = dense_network((3, 4, 2), ("tanh", "softmax"), batch=5, layout=layout).program
    texts = {statement.name: statement_text(statement) for statement in program.statements}
    assert [texts["z2"], texts["dw2"], texts["da1"]] == formulas
    assert texts["a2"] == f"a2 = softmax(z2, axis={layout.feature_axis})"


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.name}-{layout.weight_shape}")
def test_a_program_knows_its_batch(dense_network: Callable, layout: Layout) -> None:
    program = dense_network((3, 5, 2), ("tanh", "relu"), batch=5, layout=layout).program
    assert program.batch == 5
    flowing = {f"{name}{number}" for number in (1, 2) for name in ("z", "a", "dz", "da")} | {"a0", "da0"}
    assert program.batched == dict.fromkeys(flowing, layout.batch_axis)
