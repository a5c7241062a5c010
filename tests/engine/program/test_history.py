"""The history of a training: in whatever order one goes, the numbers are those of a run from the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.network.optimizers import OPTIMIZERS, update_of, with_update
from bpdebug.engine.program import history as history_module
from bpdebug.engine.program.history import History, ReplacedValues
from bpdebug.errors import Interrupted
from bpdebug.sources.scenario import load_scenario
from bpdebug.sources.scenario.training import trained
from tests.tiers import examples

ITERATIONS = 40
KINDS = st.sampled_from(
    [
        ("sgd", {"momentum": 0.9, "nesterov": True}, None),
        ("adam", {"weight_decay": 0.01}, 0.1),
        ("adamw", {}, None),
        ("rmsprop", {"momentum": 0.5}, None),
    ]
)
VISITS = st.lists(st.integers(1, ITERATIONS), min_size=1, max_size=8)
REPLACED = st.dictionaries(
    st.integers(1, ITERATIONS), st.sampled_from(["w1", "z1", "dw1", "w2_new"]), max_size=3
)


def training(kind: str, own: Mapping[str, Any], clip_norm: float | None) -> History:
    """Forty iterations of a small network under an optimizer."""
    program = load_scenario("two_layer").program
    values = load_scenario("two_layer").values
    optimizer = OPTIMIZERS[kind]
    options = {setting.name: setting.default for setting in optimizer.settings} | dict(own)
    update = update_of(optimizer, options, trained(program), None, clip_norm)
    program = with_update(program, update)
    zeros = {name: np.zeros(shape) for name, shape in program.inputs.items() if name not in values}
    return History(program, {**values, **zeros}, ITERATIONS)


def forced(history: History, chosen: Mapping[int, str]) -> ReplacedValues:
    """Replace whole tensors in iterations with an odd number, and their first elements in the others."""
    replaced = {}
    for iteration, name in chosen.items():
        value = np.full(history.program.shapes[name], 0.25)
        rest = np.arange(value.size).reshape(value.shape) > 0
        replaced[iteration] = {name: value if iteration % 2 else np.ma.MaskedArray(value, rest)}
    return replaced


def naive(history: History, replaced: ReplacedValues) -> list[dict[str, np.ndarray]]:
    """Run all iterations from the start, a statement at a time."""
    program, runs = history.program, []
    inputs = dict(history.inputs)
    for iteration in range(1, ITERATIONS + 1):
        own = replaced.get(iteration, {})
        values = dict(inputs)
        for name in (*inputs, *program.positions):
            if name in program.positions:
                statement = program.statements[program.positions[name] - 1]
                values[name] = np.asarray(evaluate(statement.expression, values))
            if name in own:
                values[name] = np.array(values[name])
                given = ~np.ma.getmaskarray(own[name])
                values[name][given] = np.ma.getdata(own[name])[given]
        runs.append(values)
        inputs |= {old: values[new] for old, new in program.carried.items()}
    return runs


@pytest.mark.deep
@examples(3)
@given(kind=KINDS, visits=VISITS, chosen=REPLACED, most=st.integers(2, 5))
def test_any_way_through_the_iterations_gives_the_same_bits(
    kind: tuple[str, dict[str, Any], float | None], visits: list[int], chosen: dict[int, str], most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "MAX_CHECKPOINTS", most)
        history = training(*kind)
        history.trace(visits[0])
        replaced = forced(history, chosen)
        history = history.branch(replaced) if replaced else history
        expected = naive(history, replaced)
        for number, iteration in enumerate(visits):
            if number % 2:
                assert list(history.reach(iteration)) == [] or iteration > 1
            values = history.trace(iteration).values
            for name, value in expected[iteration - 1].items():
                assert values[name].tobytes() == value.tobytes(), (iteration, name)
            assert len(history._checkpoints) <= most


@examples(3)
@given(kind=KINDS, chosen=REPLACED, first=st.integers(1, ITERATIONS))
def test_values_are_those_of_the_traces(
    kind: tuple[str, dict[str, Any], float | None], chosen: dict[int, str], first: int
) -> None:
    history = training(*kind)
    replaced = forced(history, chosen)
    history = history.branch(replaced) if replaced else history
    names = ("a2", "w1_new", "b1")
    for iteration, values in enumerate(history.values(names, first), start=first):
        trace = history.trace(iteration)
        assert {name: value.tobytes() for name, value in values.items()} == {
            name: trace.values[name].tobytes() for name in names
        }


def test_what_is_reached_is_there_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "MAX_CHECKPOINTS", 2)
    history = training("sgd", {}, None)
    assert list(history.reach(31)) == list(range(1, 31))
    assert list(history.reach(31)) == []
    assert list(history.reach(33)) == [31, 32]


def test_what_was_computed_before_a_stop_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "MAX_CHECKPOINTS", 2)
    history = training("sgd", {}, None)
    on_its_way: Iterator[int] = history.reach(40)
    assert [next(on_its_way) for _ in range(21)][-1] == 21
    assert next(history.reach(40)) == 22


def test_a_verb_is_stopped_by_whoever_listens() -> None:
    debugger = Debugger(training("sgd", {}, None))
    seen: list[int] = []

    def stop(iteration: int) -> None:
        seen.append(iteration)
        if len(seen) == 5:
            raise Interrupted

    debugger.on_iteration = stop
    with pytest.raises(Interrupted):
        debugger.goto(3, 30)
    assert (debugger.iteration, debugger.position) == (1, 0)
    assert seen == [30, 1, 2, 3, 4]


def test_continue_without_breakpoints_goes_to_the_ends() -> None:
    debugger = Debugger(training("sgd", {}, None))
    assert debugger.continue_().reason == "end"
    assert (debugger.iteration, debugger.position) == (ITERATIONS, debugger.last)
    assert debugger.continue_().reason == "nowhere"
    assert debugger.reverse_continue().reason == "start"
    assert (debugger.iteration, debugger.position) == (1, 0)


def test_a_condition_stops_in_the_iteration_in_which_it_holds() -> None:
    history = training("sgd", {"learning_rate": 0.5}, None)
    norms = [float(np.linalg.norm(values["w1_new"])) for values in naive(history, {})]
    middle = sorted(norms)[ITERATIONS // 2]
    first = next(i for i, norm in enumerate(norms, start=1) if norm > middle)
    debugger = Debugger(history)
    debugger.breakpoints.add(f"w1_new if norm(w1_new) > {middle!r}")
    assert debugger.continue_().reason == "breakpoint"
    assert debugger.iteration == first
