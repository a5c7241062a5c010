"""Names of common code, and what they mean in several networks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.network.layers import LAYER_KINDS
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.spellings import spelling, spellings, understood

DENSE = LAYER_KINDS["dense"]


def network(layers, biases=True):
    """A network of layers of three units each, for two examples."""
    own = ["w", "b"] if biases else ["w"]
    shapes, forward, made = {"a0": (3, 2)}, [], []
    for number in range(1, layers + 1):
        shapes |= {f"{name}{number}": (3, 3 if name == "w" else 1) for name in own}
        given = {role: shapes[f"{role}{number}"] for role in own}
        made.append(make_layer(number, DENSE, {"activation": "tanh"}, given))
        forward += made[-1].forward
    return with_backward(shapes, forward, f"a{layers}", made, batch_axes={"a0": 1})


ONE, TWO, THREE, TWELVE, UNBIASED = network(1), network(2), network(3), network(12), network(2, biases=False)
FORWARD = load_scenario("forward_pass").program

MEANINGS = [
    ("dw2 dW2 dW_2 d_w2 dw-2 DW2 dL_dW2 dLdw2 dL/dw2 dJdW2 dloss_dw2 ∂L/∂w₂ grad_w2 gradW2 w2_grad", "dw2"),
    ("W2.grad w2.grad nabla_w2 ∇w2 gradient_w2 W2_gradient dweights2 grad_weight2 dw[2]", "dw2"),
    ("db1 dB1 db_1 nabla_b1 b1_grad dbias1 dL_db1", "db1"),
    ("dz1 dZ1 dZ_1 delta1 delta_1 Delta1 δ1 δ_1 dL_dz1 grad_z1", "dz1"),
    ("da1 dA1 dA_1 d_a1 dL_da1 d_prev2 dA_prev2 da_prev_2 grad_prev2", "da1"),
    ("da0 dA0 d_a0 dX dx dinput d_inputs x_grad X.grad grad_input d_prev1 dA_prev_1", "da0"),
    ("z1 Z1 Z_1", "z1"),
    ("a1 A1 a_prev2 A_prev2", "a1"),
    ("a0 X x inputs A0", "a0"),
    ("w1 W1 W_1 weights1", "w1"),
]
NOT_UNDERSTOOD = """
    d1 D1 d2 w dw dz delta dw3 dW0 delta3 dw22 nabla_w nabla gradients
    loss y dy h1 dh1 m 1 _ d a_prev3 d_prev3
"""


@pytest.mark.parametrize(("theirs", "ours"), [(name, ours) for row, ours in MEANINGS for name in row.split()])
def test_what_a_name_means(theirs, ours):
    assert understood([theirs], TWO) == {theirs: ours}
    assert understood([theirs], THREE) == {theirs: ours}


@pytest.mark.parametrize("theirs", [*NOT_UNDERSTOOD.split(), "", "  ", "dw²²", "d\0w"])
def test_what_is_not_guessed(theirs):
    assert understood([theirs], TWO) == {}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("dW", "dw1"), ("db", "db1"), ("dZ", "dz1"), ("delta", "dz1"), ("d_prev", "da0"), ("dA_prev", "da0")],
)
def test_one_layer_needs_no_number(theirs, ours):
    assert understood([theirs], ONE) == {theirs: ours}


def test_a_number_is_not_needed_where_only_one_tensor_can_be_meant():
    shapes = {"a0": (3, 2), "w1": (3, 3), "b1": (3, 1), "w2": (3, 3)}
    settings = {"activation": "tanh"}
    first, second = {"w": (3, 3), "b": (3, 1)}, {"w": (3, 3)}
    layers = [make_layer(1, DENSE, settings, first), make_layer(2, DENSE, settings, second)]
    forward = [statement for layer in layers for statement in layer.forward]
    program = with_backward(shapes, forward, "a2", layers, batch_axes={"a0": 1})
    assert understood(["db", "dw"], program) == {"db": "db1"}


def test_numbers_of_two_digits_are_numbers():
    assert understood(["dW_12", "dW_1", "delta11"], TWELVE) == {
        "dW_12": "dw12",
        "dW_1": "dw1",
        "delta11": "dz11",
    }


def test_a_tensor_that_the_program_does_not_have_is_not_meant():
    assert understood(["db1", "dbias1", "b1.grad"], UNBIASED) == {}
    assert understood(["dW1", "delta1", "dX"], FORWARD) == {}


MODULES = [
    (TWO, ["layers.0.weight.grad", "layers.1.weight.grad"], ["dw1", "dw2"]),
    (TWO, ["fc2.weight.grad", "fc1.weight.grad"], ["dw2", "dw1"]),
    (THREE, ["net.0.bias.grad", "net.2.bias.grad", "net.4.bias.grad"], ["db1", "db2", "db3"]),
    (ONE, ["0.weight.grad", "0.bias.grad"], ["dw1", "db1"]),
    (TWELVE, [f"l.{n}.weight.grad" for n in range(12)], [f"dw{n}" for n in range(1, 13)]),
    (UNBIASED, ["fc0.weight.grad", "fc1.weight.grad"], ["dw1", "dw2"]),
]


@pytest.mark.parametrize(("program", "theirs", "ours"), MODULES)
def test_modules_are_the_layers_in_order_where_there_are_as_many(program, theirs, ours):
    assert understood(theirs, program) == dict(zip(theirs, ours, strict=True))


@pytest.mark.parametrize(
    "theirs",
    [
        ["layers.1.weight.grad"],
        ["layers.0.weight.grad", "layers.2.weight.grad"],
        ["a.0.weight.grad", "a.1.weight.grad", "b.2.weight.grad"],
        ["a.0.weight", "a.1.weight", "a.2.weight"],
        [f"a{'1' * 5000}{number}.weight.grad" for number in range(3)],
        ["a.0.gain.grad", "a.1.gain.grad", "a.2.gain.grad"],
        ["a1.weight.grad", "a01.weight.grad", "a2.weight.grad"],
        ["a1.weight.grad", "a01.weight.grad", "a2.weight.grad", "a3.weight.grad"],
    ],
)
def test_modules_that_could_be_counted_otherwise_are_not_guessed(theirs):
    assert understood(theirs, THREE) == {}


def test_modules_mean_nothing_without_a_backward_pass():
    (layer,) = load_scenario("forward_pass").program.blocks[:1]
    assert layer.tensors["w"] == "w1"
    theirs = [f"fc{layer.number}.weight.grad" for layer in FORWARD.blocks]
    assert understood(theirs, FORWARD) == {}


@pytest.mark.parametrize("program", [ONE, TWO, THREE, TWELVE, UNBIASED, FORWARD])
def test_every_spelling_means_a_tensor_of_the_program_and_is_understood(program):
    table = spellings(program)
    assert {*program.shapes} == {*table.values()}
    assert understood(list(table), program) == table
    assert all(spelling(word) == word for word in table)


@given(data=st.data())
def test_case_and_separators_do_not_count(data):
    word, ours = data.draw(st.sampled_from(sorted(spellings(THREE).items())))
    letters = [
        data.draw(st.sampled_from(["", "_", "-", ".", " ", "/"]))
        + data.draw(st.sampled_from([letter.lower(), letter.upper()]))
        for letter in word
    ]
    assert understood(["".join(letters)], THREE) == {"".join(letters): ours}


@given(theirs=st.lists(st.text(max_size=20), max_size=5, unique=True))
def test_any_names_are_answered(theirs):
    meanings = understood(theirs, TWO)
    assert {*meanings} <= {*theirs}
    assert {*meanings.values()} <= {*TWO.shapes}


def test_a_spelling_of_two_tensors_is_not_understood():
    program = Program({"W": (1, 1), "w": (1, 1)}, (Statement("dW", parse("W")), Statement("dw", parse("w"))))
    assert understood(["dw", "dW", "d_w", "W", "W.grad"], program) == {"dw": "dw", "dW": "dW", "W": "W"}


RECURRENT = load_scenario("lstm_step").program


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("dw_ih dW_ih weight_ih_l0.grad weight_ih_l0_grad lstm.weight_ih_l0.grad grad_weight_ih", "dw_ih1"),
        ("dw_hh weight_hh_l0.grad model.rnn.weight_hh_l0.grad dW_hh_l0", "dw_hh1"),
        ("db_ih bias_ih_l0.grad lstm.bias_ih_l0.grad", "db_ih1"),
        ("weight_ih_l0 W_ih", "w_ih1"),
    ],
)
def test_recurrent_parameters_have_the_names_of_pytorch(theirs, ours):
    for name in theirs.split():
        assert understood([name], RECURRENT) == {name: ours}


def test_recurrent_modules_that_count_their_own_layers_are_not_guessed():
    theirs = [
        "encoder.weight_ih_l0.grad",
        "decoder.weight_ih_l0.grad",
        "weight_ih_l1.grad",
        "bias_hh_l0.grad",
    ]
    assert understood(theirs, RECURRENT) == {}


@pytest.mark.parametrize(
    ("program", "theirs", "ours"),
    [
        (TWO, "nabla_w[0] nabla_w[1]", "dw1 dw2"),
        (THREE, "nabla_b[2] nabla_b[0] nabla_b[1]", "db3 db1 db2"),
        (TWO, "dW0 dW1 db0 db1", "dw1 dw2 db1 db2"),
        (TWO, "weights_0_1 weights_1_2", "w1 w2"),
        (THREE, "delta4 delta3 delta2", "dz3 dz2 dz1"),
        (TWO, "layer_1_delta layer_2_delta", "dz1 dz2"),
        (TWO, "del3 del2", "dz2 dz1"),
        (TWO, "gW2 gb1 grads_w1", "dw2 db1 dw1"),
        (TWO, "del1", "dz1"),
        (TWO, 'grads["W1"] grads["b2"]', "dw1 db2"),
    ],
)
def test_layers_may_be_counted_from_another_number(program, theirs, ours):
    assert understood(theirs.split(), program) == dict(zip(theirs.split(), ours.split(), strict=True))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("nabla_w[0] nabla_w[1] nabla_w[2] nabla_b[1] nabla_b[2]", "dw1 dw2 dw3 db2 db3"),
        ("nabla_w[0] nabla_w[2] nabla_b[0] nabla_b[1] nabla_b[2]", "dw1 dw3 db1 db2 db3"),
        ("dW0 dW1 dW2 db1 z1", "dw1 dw2 dw3 db2 z1"),
        ("dW1 dW2 dW3 db2", "dw1 dw2 dw3 db2"),
        ("0.weight.grad 2.weight.grad 4.weight.grad 2.bias.grad", "dw1 dw2 dw3 db2"),
    ],
)
def test_what_lacks_a_layer_counts_as_the_other_parameters_do(theirs, ours):
    assert understood(theirs.split(), THREE) == dict(zip(theirs.split(), ours.split(), strict=True))


@pytest.mark.parametrize(
    ("theirs", "meanings"),
    [
        ("dW0 dW2", {"dW2": "dw2"}),
        ("dW0", {}),
        ("delta3", {}),
        ("nabla_w[1] nabla_w[2] nabla_w[3]", {"nabla_w[1]": "dw1", "nabla_w[2]": "dw2"}),
        ("weights_0_2 weights_1_3", {}),
    ],
)
def test_what_is_not_one_for_each_layer_is_not_counted(theirs, meanings):
    assert understood(theirs.split(), TWO) == meanings


def test_names_that_all_mean_something_are_not_counted_anew():
    assert understood(["a0", "a1"], TWO) == {"a0": "a0", "a1": "a1"}
