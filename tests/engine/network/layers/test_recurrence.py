"""Layers unrolled over time: their steps by hand, their gradients, and the names of what they compute."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from bpdebug.engine.language.provenance.origins import origin_of
from bpdebug.engine.network.layers import LAYER_KINDS, ROWS, Layout
from bpdebug.engine.network.layers.kind import Value
from bpdebug.engine.network.layers.layer import Layer, make_layer
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.engine.program.trace import run
from bpdebug.verify.check import check
from tests.tiers import few

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
BATCH, TIMES, FEATURES, HIDDEN = 2, 3, 3, 2
IN_OUT = Layout("rows", "in_out")


def numbers_of(
    kind: str, layout: Layout = ROWS, biases: tuple[str, ...] = ("b_ih", "b_hh")
) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(3)
    rows = GATES[kind] * HIDDEN
    given = {
        "a_prev": generator.normal(size=(BATCH, TIMES, FEATURES)),
        "w_ih": generator.normal(size=(rows, FEATURES)),
        "w_hh": generator.normal(size=(rows, HIDDEN)),
        **{name: generator.normal(size=rows) for name in biases},
    }
    if layout is IN_OUT:
        given |= {name: given[name].T for name in ("w_ih", "w_hh")}
    return given


def layer_of(
    kind: str, given: Mapping[str, np.ndarray], settings: Mapping[str, Value], layout: Layout, number: int = 1
) -> Layer:
    found = LAYER_KINDS[kind]
    chosen = {setting.name: setting.default for setting in found.settings} | dict(settings)
    return make_layer(number, found, chosen, {role: value.shape for role, value in given.items()}, layout)


def one_layer(
    kind: str,
    given: Mapping[str, np.ndarray] | None = None,
    settings: Mapping[str, Value] | None = None,
    layout: Layout = ROWS,
) -> tuple[Program, dict[str, np.ndarray]]:
    """Return the program of one layer, and values for all that it is given."""
    given = numbers_of(kind, layout) if given is None else given
    layer = layer_of(kind, given, settings or {}, layout)
    values = {layer.given[role]: value for role, value in given.items()}
    for made in LAYER_KINDS[kind].generated:
        values[layer.given[made.name]] = made.values(layer.settings, (BATCH, HIDDEN))
    shapes = {name: value.shape for name, value in values.items()}
    parameters = [layer.given[role] for role in given if role != "a_prev"]
    axes = {"a0": 0} | dict.fromkeys((layer.given[made.name] for made in LAYER_KINDS[kind].generated), 0)
    program = with_backward(shapes, layer.forward, "a1", [layer], parameters, axes, [*parameters, "a0"])
    return program, {**values, "da1": np.random.default_rng(5).normal(size=program.shapes["a1"])}


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def rnn_states(given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    h, states = np.zeros((BATCH, HIDDEN)), []
    for x in given["a_prev"].swapaxes(0, 1):
        h = np.tanh(x @ given["w_ih"].T + given["b_ih"] + h @ given["w_hh"].T + given["b_hh"])
        states.append(h)
    return states


def lstm_states(given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    h = c = np.zeros((BATCH, HIDDEN))
    states = []
    for x in given["a_prev"].swapaxes(0, 1):
        z = x @ given["w_ih"].T + given["b_ih"] + h @ given["w_hh"].T + given["b_hh"]
        i, f, g, o = np.split(z, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return states


def gru_states(given: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    h, states = np.zeros((BATCH, HIDDEN)), []
    for x in given["a_prev"].swapaxes(0, 1):
        from_x = np.split(x @ given["w_ih"].T + given["b_ih"], 3, axis=1)
        from_h = np.split(h @ given["w_hh"].T + given["b_hh"], 3, axis=1)
        r, z = (sigmoid(from_x[gate] + from_h[gate]) for gate in (0, 1))
        h = (1 - z) * np.tanh(from_x[2] + r * from_h[2]) + z * h
        states.append(h)
    return states


STATES = {"rnn": rnn_states, "lstm": lstm_states, "gru": gru_states}


@pytest.mark.parametrize("kind", GATES)
def test_its_states_are_those_of_a_loop_over_time(kind: str) -> None:
    given = numbers_of(kind)
    states = np.stack(STATES[kind](given), axis=1)
    program, values = one_layer(kind, given)
    np.testing.assert_allclose(run(program, values).values["a1"], states, rtol=1e-13)
    program, values = one_layer(kind, given, {"output": "last"})
    np.testing.assert_allclose(run(program, values).values["a1"], states[:, -1], rtol=1e-13)


@pytest.mark.parametrize("biases", few(map(pytest.param, [("b_ih", "b_hh"), ("b_hh",), ()])))
@pytest.mark.parametrize("output", ["all", "last"])
@pytest.mark.parametrize("kind", GATES)
def test_its_gradients_are_right(kind: str, output: str, biases: tuple[str, ...]) -> None:
    program, values = one_layer(kind, numbers_of(kind, biases=biases), {"output": output})
    report = check(program, values)
    assert report.passed
    wanted = {"da0", "dw_ih1", "dw_hh1", *(f"d{bias}1" for bias in biases)}
    assert wanted <= {tensor.name for tensor in report.tensors if tensor.verdict == "right"}


@pytest.mark.parametrize("kind", GATES)
def test_weights_may_lie_the_other_way_round(kind: str) -> None:
    found = {}
    for layout in (ROWS, IN_OUT):
        program, values = one_layer(kind, layout=layout)
        found[layout] = run(program, values).values
    np.testing.assert_allclose(found[IN_OUT]["a1"], found[ROWS]["a1"], rtol=1e-13)
    np.testing.assert_allclose(found[IN_OUT]["dw_hh1"].T, found[ROWS]["dw_hh1"], rtol=1e-12)


def test_an_rnn_of_relu() -> None:
    program, values = one_layer("rnn", settings={"activation": "relu"})
    found = run(program, values).values
    np.testing.assert_array_equal(found["h1_t2"], np.maximum(found["z1_t2"], 0))
    assert program.blocks[0].title == "rnn relu"


def test_a_step_reads_as_a_textbook_has_it() -> None:
    program, _ = one_layer("lstm")
    texts = {statement.name: program.rule_of(statement) for statement in program.statements}
    assert texts["c1_t2"] == "c₁⁽²⁾ = f₁⁽²⁾ ⊙ c₁⁽¹⁾ + i₁⁽²⁾ ⊙ g₁⁽²⁾"
    assert texts["h1_t3"] == "h₁⁽³⁾ = o₁⁽³⁾ ⊙ tanh_c₁⁽³⁾"


def test_a_cell_receives_from_its_own_state_and_from_the_next_cell() -> None:
    program, values = one_layer("lstm")
    found = run(program, values).values
    own = found["dtanh_c1_t2"] * (1 - found["tanh_c1_t2"] ** 2)
    np.testing.assert_allclose(found["dc1_t2_via_tanh_c1_t2"], own)
    np.testing.assert_allclose(found["dc1_t2_via_c1_t3"], found["dc1_t3"] * found["f1_t3"])
    np.testing.assert_allclose(found["dc1_t2"], own + found["dc1_t3"] * found["f1_t3"])
    assert not [name for name in found if name.startswith("dc1_t3_via")]  # no step comes after the last


def test_weights_receive_from_every_step() -> None:
    program, values = one_layer("rnn")
    found = run(program, values).values
    terms = [found[f"dz1_t{step}"].T @ found[f"h1_t{step - 1}"] for step in range(1, TIMES + 1)]
    np.testing.assert_allclose(found["dw_hh1"], sum(terms))
    assert {f"dw_hh1_via_z1_t{step}" for step in range(1, TIMES + 1)} <= set(found)


def test_names_of_layers_and_steps_cannot_be_confused() -> None:
    given = numbers_of("gru")
    first = {statement.name for statement in layer_of("gru", given, {}, ROWS, number=1).forward}
    eleventh = {statement.name for statement in layer_of("gru", given, {}, ROWS, number=11).forward}
    assert {"h1_t1", "h11_t1"} <= first | eleventh
    assert not first & eleventh


def test_each_statement_is_explained_whatever_its_step() -> None:
    for kind in GATES:
        program, _ = one_layer(kind)
        explained = LAYER_KINDS[kind].explanations
        for statement in program.statements:
            if not statement.part:
                assert program.explanation_of(statement) in explained.values(), statement.name


def test_a_layer_shows_one_step_at_a_time() -> None:
    layer = layer_of("lstm", numbers_of("lstm"), {}, ROWS)
    shared = {"a_prev": "a0", "w_ih": "w_ih1", "w_hh": "w_hh1", "b_ih": "b_ih1", "b_hh": "b_hh1", "a": "a1"}
    assert layer.tensors_at(None) == shared
    second = layer.tensors_at(2)
    assert [*second] == [*LAYER_KINDS["lstm"].panels]
    assert (second["w_ih"], second["z"], second["tanh_c"], second["a"]) == (
        "w_ih1",
        "z1_t2",
        "tanh_c1_t2",
        "a1",
    )
    assert layer.role_of_gradient("h1_t2") == "dh_t2"


@pytest.mark.parametrize(
    ("name", "index", "symbols"),
    [
        ("a1", (1, 2, 0), "h1_t3[1,0]"),
        ("dh1_t3", (1, 0), "da1[1,2,0]"),
        ("dc1_t2", (0, 1), "dc1_t2_via_c1_t3[0,1] + dc1_t2_via_tanh_c1_t2[0,1]"),
    ],
)
def test_where_an_element_comes_from(name: str, index: tuple[int, ...], symbols: str) -> None:
    program, values = one_layer("lstm")
    found = run(program, values).values
    (statement,) = (statement for statement in program.statements if statement.name == name)
    assert origin_of(name, statement.expression, index, found[name], found).symbols == symbols
