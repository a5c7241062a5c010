"""The debugger against a model that is slow and plain: a list of all moments, searched from end to end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.nodes import calls
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.network.optimizers import OPTIMIZERS, update_of, with_update
from bpdebug.engine.program.history import History
from bpdebug.engine.program.program import Program
from bpdebug.engine.program.timeline import Moment
from bpdebug.engine.program.trace import Trace, run
from bpdebug.errors import BpdebugError
from bpdebug.sources.scenario.training import trained


@pytest.fixture(scope="module")
def trace(dense_network: Callable) -> Trace:
    network = dense_network((2, 3, 2, 2), ("tanh", "relu", "softmax"), (True, False, True), batch=2)
    return run(network.program, network.inputs)


class Model:
    """The same verbs, each a scan over a list of (iteration, position, node)."""

    def __init__(self, program: Program, iterations: int = 1) -> None:
        self.statements = program.statements
        self.iterations = iterations
        self.moments: list[tuple[int, int, int]] = []
        for iteration in range(1, iterations + 1):
            self.moments.append((iteration, 0, 0))
            for number, statement in enumerate(self.statements, start=1):
                inner = len(calls(statement.expression)) - 1
                self.moments += [(iteration, number - 1, node) for node in range(1, inner + 1)]
                self.moments.append((iteration, number, 0))
        self.at = 0

    @property
    def moment(self) -> tuple[int, int, int]:
        return self.moments[self.at]

    def layer(self, at: int) -> object:
        iteration, position, _ = self.moments[at]
        statement = self.statements[position - 1]
        return (iteration, statement.phase, statement.layer) if position else (iteration, None)

    def ends(self, start: int, stop: int, step: int = 1) -> list[int]:
        """The indices at which a statement has just ended, or nothing has run yet."""
        return [at for at in range(start, stop, step) if self.moments[at][2] == 0]

    def forwards(self) -> list[int]:
        return self.ends(self.at + 1, len(self.moments))

    def backwards(self) -> list[int]:
        return self.ends(self.at - 1, -1, -1)

    def step(self) -> str:
        return self.first(self.forwards(), "step")

    def back(self) -> str:
        return self.first(self.backwards(), "step")

    def into(self) -> str:
        if self.at + 1 == len(self.moments):
            return "nowhere"
        self.at += 1
        return "node" if self.moment[2] else "step"

    def out(self) -> str:
        return self.step() if self.moment[2] else "nowhere"

    def next_layer(self) -> str:
        ahead, here = self.forwards(), self.layer(self.at)
        return self.first([at for at in ahead if self.layer(at) != here], "layer", ahead, "end")

    def previous_layer(self) -> str:
        behind = self.backwards()
        begins = [
            at for at in behind if not self.ends(0, at) or self.layer(self.ends(0, at)[-1]) != self.layer(at)
        ]
        return self.first(begins, "layer")

    def finish_phase(self) -> str:
        positions = [(at, self.moments[at][1]) for at in self.forwards()]
        last_of_phase = [
            at
            for at, position in positions
            if position == len(self.statements)
            or (position and self.statements[position - 1].phase != self.statements[position].phase)
        ]
        return self.first(last_of_phase, "phase")

    def next_iteration(self) -> str:
        return self.beside(1)

    def previous_iteration(self) -> str:
        return self.beside(-1)

    def beside(self, direction: int) -> str:
        iteration, position, _ = self.moment
        if not 1 <= iteration + direction <= self.iterations:
            return "nowhere"
        self.at = self.moments.index((iteration + direction, position, 0))
        return "iteration"

    def goto(self, position: int, iteration: int | None = None) -> str:
        self.at = self.moments.index((iteration or self.moment[0], position, 0))
        return "position"

    def restart(self) -> str:
        return self.goto(0)

    def end(self) -> str:
        return self.goto(len(self.statements))

    def first(self, stops: list[int], reason: str, way: list[int] = (), exhausted: str = "nowhere") -> str:
        if stops:
            self.at = stops[0]
            return reason
        if way:
            self.at = way[-1]
            return exhausted
        return "nowhere"


PLAIN_VERBS = (
    "step",
    "back",
    "into",
    "out",
    "next_layer",
    "previous_layer",
    "finish_phase",
    "restart",
    "end",
)
STATEMENTS = 17
ACTIONS = st.lists(
    st.sampled_from([*((verb, ()) for verb in PLAIN_VERBS), *(("into", ()) for _ in range(6))])
    | st.tuples(st.just("goto"), st.tuples(st.integers(0, STATEMENTS))),
    max_size=40,
)


def state(debugger: Debugger) -> dict[str, object]:
    """Everything that can be asked of a debugger; values as their bytes."""

    def content(value: np.ndarray | None) -> object:
        return None if value is None else (value.shape, str(value.dtype), value.tobytes())

    return {
        "moment": debugger.moment,
        "position": debugger.position,
        "statement": debugger.statement,
        "node": debugger.node,
        "reads": debugger.reads,
        "node_value": content(debugger.node_value()),
        "values": {name: content(debugger.value(name)) for name in debugger.program.shapes},
        "moves": (debugger.can_move(1), debugger.can_move(-1)),
    }


def moved_afresh(trace: Trace, moment: Moment) -> Debugger:
    debugger = Debugger(trace)
    debugger.goto(moment.position)
    for _ in range(moment.node):
        debugger.into()
    return debugger


@given(actions=ACTIONS)
def test_any_sequence_of_verbs(trace: Trace, actions: list[tuple[str, tuple[int, ...]]]) -> None:
    assert len(trace.program.statements) == STATEMENTS
    debugger, model = Debugger(trace), Model(trace.program)
    for verb, arguments in actions:
        before = debugger.moment
        stop = getattr(debugger, verb)(*arguments)
        reason = getattr(model, verb)(*arguments)
        assert (1, debugger.position, debugger.moment.node) == model.moment, verb
        assert (stop.moment, stop.reason) == (debugger.moment, reason), verb
        assert (stop.reason == "nowhere") <= (debugger.moment == before)
    assert debugger.can_move(1) == (model.at + 1 < len(model.moments))
    assert debugger.can_move(-1) == (model.at > 0)
    assert state(debugger) == state(moved_afresh(trace, debugger.moment))


ITERATIONS, UPDATED = 3, 22
BESIDE = ("next_iteration", "previous_iteration")
ACROSS = st.lists(
    st.sampled_from([(verb, ()) for verb in (*PLAIN_VERBS, *BESIDE * 2)])
    | st.tuples(st.just("goto"), st.tuples(st.integers(0, UPDATED), st.integers(1, ITERATIONS))),
    max_size=40,
)


@given(actions=ACROSS)
def test_any_sequence_of_verbs_across_iterations(
    trace: Trace, actions: list[tuple[str, tuple[int, ...]]]
) -> None:
    sgd = OPTIMIZERS["sgd"]
    chosen = {setting.name: setting.default for setting in sgd.settings} | {"learning_rate": 0.5}
    program = with_update(trace.program, update_of(sgd, chosen, trained(trace.program)))
    assert len(program.statements) == UPDATED
    whole = History(program, trace.values, ITERATIONS)
    debugger, model = Debugger(History(program, trace.values, ITERATIONS)), Model(program, ITERATIONS)
    for verb, arguments in actions:
        stop = getattr(debugger, verb)(*arguments)
        reason = getattr(model, verb)(*arguments)
        moment = debugger.moment
        assert (moment.iteration, moment.position, moment.node) == model.moment, verb
        assert (stop.moment, stop.reason) == (moment, reason), verb
        assert debugger.can_move(1) == (model.at + 1 < len(model.moments))
        assert debugger.can_move(-1) == (model.at > 0)
        for name, value in whole.trace(moment.iteration).values.items():
            assert debugger.trace.values[name].tobytes() == value.tobytes()


def test_values_exist_from_their_statement_on(trace: Trace) -> None:
    debugger = Debugger(trace)
    names = [statement.name for statement in debugger.program.statements]
    for position in range(debugger.last + 1):
        debugger.goto(position)
        known = {name for name in debugger.program.shapes if debugger.is_known(name)}
        assert known == {*debugger.program.inputs, *names[:position]}
        assert known == {name for name in debugger.program.shapes if debugger.value(name) is not None}
    assert not debugger.is_known("no such tensor")


def test_into_visits_the_nodes_in_order(two_layer) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    v = two_layer.inputs

    stop = debugger.into()
    assert (stop.moment, stop.reason, stop.text) == (Moment(0, 1), "node", "inside z1, node 1")
    assert numpy_text(debugger.node) == "w1 @ a0"
    assert debugger.reads == ("w1", "a0")
    assert debugger.value("z1") is None
    np.testing.assert_array_equal(debugger.node_value(), v["w1"] @ v["a0"])

    stop = debugger.into()
    assert (stop.moment, stop.reason, stop.text) == (Moment(1), "step", "after z1")
    assert debugger.node is None
    assert debugger.node_value() is None
    assert debugger.reads == ("w1", "a0", "b1")
    np.testing.assert_array_equal(debugger.value("z1"), v["w1"] @ v["a0"] + v["b1"])


def test_the_slope_of_the_activation_is_a_node_of_dz(two_layer) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    debugger.goto(debugger.program.positions["dz2"] - 1)
    debugger.into()
    assert numpy_text(debugger.node) == "sigmoid_prime(z2)"


@pytest.mark.parametrize(
    ("start", "verb", "position", "reason", "text"),
    [
        (0, "step", 1, "step", "after z1"),
        (11, "step", 12, "step", "after da0"),
        (12, "step", 12, "nowhere", "at the end"),
        (12, "into", 12, "nowhere", "at the end"),
        (1, "into", 2, "step", "after a1"),
        (1, "back", 0, "step", "at the start"),
        (2, "back", 1, "step", "after z1"),
        (0, "back", 0, "nowhere", "at the start"),
        (3, "out", 3, "nowhere", "not inside a statement"),
        (0, "next_layer", 1, "layer", "forward, layer 1"),
        (1, "next_layer", 3, "layer", "forward, layer 2"),
        (3, "next_layer", 5, "layer", "backward, layer 2"),
        (5, "next_layer", 9, "layer", "backward, layer 1"),
        (9, "next_layer", 12, "end", "at the end"),
        (12, "next_layer", 12, "nowhere", "at the end"),
        (12, "previous_layer", 9, "layer", "backward, layer 1"),
        (9, "previous_layer", 5, "layer", "backward, layer 2"),
        (5, "previous_layer", 3, "layer", "forward, layer 2"),
        (2, "previous_layer", 1, "layer", "forward, layer 1"),
        (1, "previous_layer", 0, "layer", "at the start"),
        (0, "previous_layer", 0, "nowhere", "at the start"),
        (0, "finish_phase", 4, "phase", "the forward pass is complete"),
        (3, "finish_phase", 4, "phase", "the forward pass is complete"),
        (4, "finish_phase", 12, "phase", "the backward pass is complete"),
        (12, "finish_phase", 12, "nowhere", "at the end"),
        (7, "restart", 0, "position", "at the start"),
    ],
)
def test_where_a_verb_stops_and_why(
    two_layer, start: int, verb: str, position: int, reason: str, text: str
) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    debugger.goto(start)
    stop = getattr(debugger, verb)()
    assert (stop.moment, stop.reason, stop.text) == (Moment(position), reason, text)
    assert debugger.moment == stop.moment


@pytest.mark.parametrize(
    ("verb", "position", "reason"), [("out", 1, "step"), ("step", 1, "step"), ("back", 0, "step")]
)
def test_leaving_a_statement(two_layer, verb: str, position: int, reason: str) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    debugger.into()
    stop = getattr(debugger, verb)()
    assert (stop.moment, stop.reason) == (Moment(position), reason)


@pytest.mark.parametrize("position", [-1, 13, 10**9])
def test_goto_out_of_range(two_layer, position: int) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    debugger.goto(5)
    with pytest.raises(BpdebugError, match=f"there is no step {position}: the program has steps 0 to 12"):
        debugger.goto(position)
    assert debugger.moment == Moment(5)


def test_goto_says_where_it_is(two_layer) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    stop = debugger.goto(5)
    assert (stop.moment, stop.reason, stop.text) == (Moment(5), "position", "after dz2")
