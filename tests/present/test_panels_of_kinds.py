"""The panels of every layer kind name all that it has, each parameter over its gradient."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bpdebug.engine.language.forms import Shape
from bpdebug.engine.language.nodes import names
from bpdebug.engine.network.layers import LAYER_KINDS, ROWS
from bpdebug.engine.network.layers.kind import Value, input_roles, is_input_role, role_of_gradient
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.present.snapshot import PairNames, pairs_in_focus

TABLE, PICTURE, SENTENCE = (4, 3), (2, 1, 4, 4), (2, 3, 4)
SCALES = {"gamma": (3,), "beta": (3,)}
NOTHING: dict[str, Shape] = {}


def over_time(gates: int) -> dict[str, Shape]:
    """Return the shapes of the parameters of two units with so many gates."""
    return {"w_ih": (2 * gates, 4), "w_hh": (2 * gates, 2), "b_ih": (2 * gates,), "b_hh": (2 * gates,)}


EXAMPLES: Mapping[str, tuple[Shape, Mapping[str, Shape]]] = {
    "dense": (TABLE, {"w": (2, 3), "b": (2,)}),
    "add": (TABLE, NOTHING),
    "residual": (TABLE, NOTHING),
    "multiply": (TABLE, NOTHING),
    "concat": (TABLE, NOTHING),
    "batch_norm": (TABLE, SCALES),
    "layer_norm": (TABLE, SCALES),
    "rms_norm": (TABLE, {"gamma": (3,)}),
    "dropout": (TABLE, NOTHING),
    "append_ones": (TABLE, NOTHING),
    "embedding": (TABLE, {"w": (5, 2)}),
    "conv1d": ((2, 1, 6), {"w": (2, 1, 3), "b": (2, 1)}),
    "conv2d": (PICTURE, {"w": (2, 1, 2, 2), "b": (2, 1, 1)}),
    "conv_transpose2d": (PICTURE, {"w": (1, 2, 2, 2), "b": (2, 1, 1)}),
    "max_pool2d": (PICTURE, NOTHING),
    "avg_pool2d": (PICTURE, NOTHING),
    "global_avg_pool": (PICTURE, NOTHING),
    "upsample": (PICTURE, NOTHING),
    "flatten": (PICTURE, NOTHING),
    "reshape": (PICTURE, NOTHING),
    "scaled_dot_product_attention": (SENTENCE, NOTHING),
    "rnn": (SENTENCE, over_time(1)),
    "lstm": (SENTENCE, over_time(4)),
    "gru": (SENTENCE, over_time(3)),
}
"""For each kind what comes in, and its parameters: all that it can have."""
SETTINGS: Mapping[str, Mapping[str, Value]] = {"scaled_dot_product_attention": {"heads": 2, "causal": True}}
CASES = [
    *((kind, SETTINGS.get(kind, {})) for kind in LAYER_KINDS),
    *((kind, {"form": "fused"}) for kind in ("batch_norm", "layer_norm", "rms_norm")),
]


def example_program(name: str, settings: Mapping[str, Value]) -> Program:
    """Return the program of one layer that has all that its kind can have."""
    kind, (incoming, parameters) = LAYER_KINDS[name], EXAMPLES[name]
    chosen = {setting.name: setting.default for setting in kind.settings} | dict(settings)
    count = max(one for one in kind.inputs if one < 4)
    roles = {**dict.fromkeys(input_roles(count), incoming), **parameters}
    inputs = [f"a0{'bc'[:place]}" for place in range(count)]
    layer = make_layer(1, kind, chosen, roles, ROWS, inputs)
    shapes = {layer.given[role]: shape for role, shape in roles.items()}
    sizes = {"batch": incoming[0], "hidden": 2, "1": 1}
    for made in kind.generated:
        pattern = made.shape(ROWS)
        shapes[layer.given[made.name]] = (
            incoming if "..." in pattern else tuple(sizes[str(extent)] for extent in pattern)
        )
    given = [layer.given[role] for role in parameters]
    wanted = given if kind.looks_up else [*given, *inputs]
    return with_backward(shapes, layer.forward, "a1", [layer], given, wanted=wanted)


def panels(program: Program) -> list[tuple[set[str], tuple[PairNames, ...]]]:
    """For each statement, what it reads and writes, and the panels that are shown at it."""
    return [
        (
            {statement.name, *names(statement.expression)},
            pairs_in_focus(program, program.blocks[0], statement),
        )
        for statement in program.statements
    ]


def test_every_kind_has_an_example_with_all_of_its_parameters() -> None:
    for name in LAYER_KINDS:
        assert {parameter.name for parameter in LAYER_KINDS[name].parameters} == set(EXAMPLES[name][1]), name


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_all_that_a_statement_reads_and_writes_has_a_panel(kind: str, settings: Mapping[str, Value]) -> None:
    for used, pairs in panels(example_program(kind, settings)):
        assert used <= {name for pair in pairs for name in (pair.tensor, pair.gradient)}


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_each_parameter_stands_over_its_gradient(kind: str, settings: Mapping[str, Value]) -> None:
    program = example_program(kind, settings)
    layer = program.blocks[0]
    own = {
        role: name for role, name in layer.given.items() if is_input_role(role) or role in EXAMPLES[kind][1]
    }
    for used, pairs in panels(program):
        shown = {pair.tensor: pair for pair in pairs}
        for role, name in own.items():
            if used & {name, f"d{name}"} or len(layer.tensors) <= len(pairs):
                assert shown[name] == PairNames(role, name, role_of_gradient(role), f"d{name}")
    for name in program.parameters:
        assert program.shapes[f"d{name}"] == program.shapes[name]


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_the_panels_of_a_layer_follow_the_forward_pass(kind: str, settings: Mapping[str, Value]) -> None:
    """What comes in stands at the left, the result at the right, and each once."""
    program = example_program(kind, settings)
    layer = program.blocks[0]
    for step in {None, *([1] if LAYER_KINDS[kind].unrolled is not None else [])}:
        shown = [*layer.tensors_at(step)]
        assert is_input_role(shown[0])
        assert shown[-1] == "a"
        assert {role for role in shown if layer.tensors.get(role) in program.parameters} == {
            *EXAMPLES[kind][1]
        }
