"""What if: a branch is a fresh run with some values forced, and history stays what it was."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.nodes import names
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.timeline import Moment
from bpdebug.engine.program.trace import Trace, run
from bpdebug.engine.program.what_if import branch, with_part
from bpdebug.errors import BpdebugError


def forced(
    program: Program, inputs: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Run a program from the beginning, each forced value in the place of what would be computed."""
    found = {name: values.get(name, value) for name, value in inputs.items()}
    for statement in program.statements:
        found[statement.name] = values.get(statement.name, evaluate(statement.expression, found))
    return found


def contents(trace: Trace) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    return {name: (str(value.dtype), value.shape, value.tobytes()) for name, value in trace.values.items()}


def upstream(program: Program) -> dict[str, set[str]]:
    """For each tensor all tensors that its value depends on, itself included."""
    found = {name: {name} for name in program.inputs}
    for statement in program.statements:
        found[statement.name] = {statement.name}.union(*(found[name] for name in names(statement.expression)))
    return found


NUMBERS = st.sampled_from([0.0, -0.0, 1.5, -2.25, 1e-8, 65000.0, float("inf"), float("nan")])


@pytest.fixture(scope="module", params=["float64", "float32", "float16"])
def trace(request: pytest.FixtureRequest, dense_network) -> Trace:
    network = dense_network((2, 3, 2, 2), ("tanh", "relu", "softmax"), (True, False, True), batch=2)
    return run(network.program, {name: value.astype(request.param) for name, value in network.inputs.items()})


@given(data=st.data())
def test_a_branch_is_a_fresh_run_with_those_values_forced(trace: Trace, data: st.DataObject) -> None:
    program, dtype = trace.program, trace.values["a0"].dtype
    before = contents(trace)
    inputs = {name: trace.values[name] for name in program.inputs}
    debugger, values = Debugger(trace), {}
    for name in data.draw(st.lists(st.sampled_from(list(program.shapes)), max_size=5)):
        numbers = st.lists(NUMBERS, min_size=trace.values[name].size, max_size=trace.values[name].size)
        value = np.array(data.draw(numbers)).reshape(program.shapes[name])
        debugger.replace(name, value)
        values[name] = value.astype(dtype)

    found, depends = forced(program, inputs, values), upstream(program)
    assert list(debugger.trace.values) == list(trace.values)
    for name, value in debugger.trace.values.items():
        assert value.dtype == dtype, name
        np.testing.assert_array_equal(value, found[name], err_msg=name, strict=True)
        assert not value.flags.writeable
        if depends[name].isdisjoint(values):
            assert value is trace.values[name], f"{name} is shared: nothing that was set comes before it"

    assert contents(trace) == before, "history is not changed"
    assert debugger.original is trace
    debugger.reset()
    assert debugger.trace is trace
    assert not debugger.replaced


def test_the_verbs_after_a_change_read_the_branch(two_layer) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    debugger.goto(1)
    debugger.into()
    debugger.into()
    assert debugger.moment == Moment(2, 1)
    debugger.replace("z1", np.full((4, 1), 2.0))
    assert debugger.moment == Moment(2, 1), "one stays where one is"
    np.testing.assert_array_equal(debugger.value("a1"), np.full((4, 1), 2.0))
    debugger.breakpoints.add("all(a1 == 2)")
    debugger.restart()
    assert debugger.continue_().moment == Moment(2)
    debugger.reset()
    debugger.restart()
    assert debugger.continue_().reason == "end"


def test_a_node_that_is_looked_at_follows_the_branch(two_layer) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    debugger.into()
    before = debugger.node_value()
    debugger.replace("w1", np.zeros((4, 3)))
    np.testing.assert_array_equal(debugger.node_value(), np.zeros((4, 1)))
    debugger.reset()
    np.testing.assert_array_equal(debugger.node_value(), before)


def test_a_gradient_midway_changes_only_what_comes_after_it(two_layer) -> None:
    original = run(two_layer.program, two_layer.inputs)
    debugger = Debugger(original)
    debugger.replace("da1", np.ones((4, 1)))
    changed = {name for name in original.values if debugger.trace.values[name] is not original.values[name]}
    assert changed == {"da1", "dz1", "dw1", "db1", "da0"}


def test_what_was_given_can_change_afterwards_and_the_branch_does_not(two_layer) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    mine = np.ones((4, 3))
    debugger.replace("w1", mine)
    mine[:] = 7
    assert (debugger.trace.values["w1"] == 1).all()
    debugger.replace("b1", np.zeros((4, 1)))
    assert (debugger.trace.values["w1"] == 1).all()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("dw9", np.ones((4, 3)), r"there is no tensor 'dw9', did you mean 'dw2'\?"),
        ("w1", np.ones((3, 4)), r"found shape \(3, 4\), expected \(4, 3\)"),
    ],
)
def test_a_replacement_that_does_not_fit_changes_nothing(two_layer, name: str, value, message: str) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    debugger.replace("b1", np.ones((4, 1)))
    before, replaced = debugger.trace, dict(debugger.replaced)
    with pytest.raises(BpdebugError, match=f"^{message}$"):
        debugger.replace(name, value)
    assert (debugger.trace, list(debugger.replaced)) == (before, list(replaced))


def test_a_branch_of_nothing_computes_nothing(two_layer) -> None:
    trace = run(two_layer.program, two_layer.inputs)
    found = branch(trace, {})
    assert all(found.values[name] is value for name, value in trace.values.items())


TENSOR = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize(
    ("index", "part", "expected"),
    [
        ((), np.float64(7), np.full((2, 3), 7)),
        ((), np.array([[1.0, 2.0, 3.0]]), [[1, 2, 3], [1, 2, 3]]),
        ((0, 1), np.array(9.0), [[0, 9, 2], [3, 4, 5]]),
        ((-1,), np.array([7.0, 8.0, 9.0]), [[0, 1, 2], [7, 8, 9]]),
        (((None, None), (1, None)), np.zeros((2, 2)), [[0, 0, 0], [3, 0, 0]]),
        ((0, 0), np.array(1e300), [[np.inf, 1, 2], [3, 4, 5]]),
    ],
)
def test_a_part_replaced(index, part, expected) -> None:
    found = with_part(TENSOR, index, part)
    np.testing.assert_array_equal(found, np.array(expected, dtype=np.float32), strict=True)
    np.testing.assert_array_equal(TENSOR.ravel(), np.arange(6))


@pytest.mark.parametrize(
    ("index", "part", "message"),
    [
        ((2,), np.array(1.0), r"\[2\] does not exist in shape \(2, 3\)"),
        ((0, 0, 0), np.array(1.0), r"\[0,0,0\] does not exist in shape \(2, 3\)"),
        ((0,), np.zeros(2), r"found shape \(2,\), expected \(3,\)"),
        ((0, 0), np.zeros(2), r"found shape \(2,\), expected \(\)"),
        ((), np.zeros((3, 2)), r"found shape \(3, 2\), expected \(2, 3\)"),
    ],
)
def test_a_part_that_does_not_fit(index, part, message: str) -> None:
    with pytest.raises(BpdebugError, match=f"^{message}$"):
        with_part(TENSOR, index, part)


def test_what_is_set_in_part_is_computed_for_the_rest(two_layer) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    debugger.replace("z1", np.array(5.0), (0, 0))
    debugger.replace("w1", np.array(2.0), (1, 0))
    debugger.replace("z1", np.array(7.0), (2, 0))
    values = debugger.trace.values
    w1 = two_layer.inputs["w1"].copy()
    w1[1, 0] = 2.0
    z1 = w1 @ two_layer.inputs["a0"] + two_layer.inputs["b1"]
    z1[0, 0], z1[2, 0] = 5.0, 7.0
    np.testing.assert_allclose(values["z1"], z1, rtol=1e-15)
    np.testing.assert_array_equal(values["a1"], np.maximum(values["z1"], 0))
    assert [debugger.is_replaced("z1", (row, 0)) for row in range(4)] == [True, False, True, False]


def test_a_part_of_what_was_set_is_set_anew(two_layer) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    debugger.replace("z1", np.arange(4.0).reshape(4, 1))
    debugger.replace("z1", np.array(9.0), (1,))
    assert debugger.trace.values["z1"].ravel().tolist() == [0, 9, 2, 3]
    debugger.replace("w1", np.array(0.0))
    assert debugger.trace.values["z1"].ravel().tolist() == [0, 9, 2, 3]
