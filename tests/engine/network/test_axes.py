"""The names of axes: from what layers promise, through every form of function, to the gradients."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.nodes import Statement
from bpdebug.engine.language.parsing import parse
from bpdebug.engine.network.axes import axes_of, infer_axes, singular
from bpdebug.engine.network.layers import COLUMNS, LAYER_KINDS, ROWS, Layout
from bpdebug.engine.network.layers.kind import input_roles
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import Program, with_backward

PICTURE = ("batch", "channel", "height", "width")
SEQUENCE = ("batch", "time", "feature")
PICTURES, WORDS, ROW = (2, 3, 8, 8), (2, 5, 4), (2, 4)


def layer_of(
    kind: str, layout: Layout, shape: tuple[int, ...], own: dict[str, tuple[int, ...]], count: int = 1
) -> Program:
    """Return the program of one layer that gets `count` tensors of a shape, and parameters of its own."""
    found = LAYER_KINDS[kind]
    settings = {setting.name: setting.default for setting in found.settings}
    incoming = [f"x{number}" for number in range(count)]
    layer = make_layer(1, found, settings, dict.fromkeys(input_roles(count), shape) | own, layout, incoming)
    shapes = dict.fromkeys(incoming, shape) | {layer.given[role]: extents for role, extents in own.items()}
    shapes |= {layer.given[made.name]: shape for made in found.generated}
    return with_backward(shapes, layer.forward, "a1", [layer], [layer.given[role] for role in own])


NORM = {"gamma": (4,), "beta": (4,)}
KINDS = [
    ("dense", ROW, {"w": (3, 4), "b": (3,)}, {"z1": ("batch", "output"), "w1": ("output", "input")}),
    ("dense", WORDS, {"w": (3, 4)}, {"z1": ("batch", "time", "output"), "dx0": ("batch", "time", "input")}),
    ("batch_norm", ROW, NORM, {"mean1": ("batch", "feature"), "dxhat1": ("batch", "feature")}),
    ("batch_norm", ROW, NORM, {"gamma1": ("feature",), "dbeta1": ("feature",)}),
    (
        "batch_norm",
        PICTURES,
        {"gamma": (3, 1, 1)},
        {"mean1": ("batch", "feature", "height", "width"), "dgamma1": ("feature", "", "")},
    ),
    ("layer_norm", WORDS, NORM, {"variance1": SEQUENCE, "a1": SEQUENCE, "dgamma1": ("feature",)}),
    ("rms_norm", WORDS, {"gamma": (4,)}, {"xhat1": SEQUENCE, "da1": SEQUENCE}),
    (
        "embedding",
        (2, 5),
        {"w": (7, 4)},
        {"x0": ("batch", "time"), "w1": ("entry", "feature"), "a1": SEQUENCE},
    ),
    (
        "conv2d",
        PICTURES,
        {"w": (6, 3, 3, 3), "b": (6, 1, 1)},
        {"z1": PICTURE, "dw1": ("output", "channel", "height", "width"), "db1": ("output", "", "")},
    ),
    ("conv2d", PICTURES, {"w": (6, 3, 3, 3), "b": (6,)}, {"b1": ("output",), "db1": ("output",)}),
    (
        "conv1d",
        (2, 3, 8),
        {"w": (6, 3, 3)},
        {"a1": ("batch", "channel", "length"), "w1": ("output", "channel", "length")},
    ),
    (
        "conv_transpose2d",
        PICTURES,
        {"w": (3, 6, 2, 2)},
        {"a1": PICTURE, "w1": ("channel", "output", "height", "width")},
    ),
    ("max_pool2d", PICTURES, {}, {"a1": PICTURE, "dx0": PICTURE}),
    ("avg_pool2d", PICTURES, {}, {"a1": PICTURE, "dx0": PICTURE}),
    ("global_avg_pool", PICTURES, {}, {"a1": ("batch", "channel"), "dx0": PICTURE}),
    ("upsample", PICTURES, {}, {"a1": PICTURE}),
    ("flatten", PICTURES, {}, {"a1": ("batch", ""), "x0": ("batch", "", "", "")}),
    ("dropout", ROW, {}, {"a1": ("", "")}),
]


@pytest.mark.parametrize(("kind", "shape", "own", "expected"), KINDS)
def test_the_axes_of_a_layer(
    kind: str,
    shape: tuple[int, ...],
    own: dict[str, tuple[int, ...]],
    expected: dict[str, tuple[str, ...]],
) -> None:
    program = layer_of(kind, ROWS, shape, own)
    found = infer_axes(program)
    assert {name: found[name] for name in expected} == expected
    assert {name: len(axes) for name, axes in found.items()} == {
        name: len(shape) for name, shape in program.shapes.items()
    }


def test_a_single_example_in_columns_is_still_a_batch() -> None:
    found = infer_axes(layer_of("dense", COLUMNS, (3, 1), {"w": (4, 3), "b": (4, 1)}))
    assert found["z1"] == found["dz1"] == ("output", "batch")
    assert found["b1"] == ("output", "")


@pytest.mark.parametrize("kind", ["add", "residual", "multiply", "concat"])
def test_layers_of_several_inputs_take_names_from_any_of_them(kind: str) -> None:
    program = layer_of(kind, ROWS, (2, 3), {}, count=2)
    named = Program(
        {**program.inputs, "w": (4, 3)},
        (Statement("y", parse("w @ x1.T")), *program.statements),
        program.blocks,
        program.incoming,
        batch_axes={"x1": 0},
    )
    assert infer_axes(named)["a1"] == ("batch", "")


SHAPES = {"p": (2, 3, 4, 5), "w": (3, 4), "t": (7, 6), "n": (2, 3), "row": (4, 1), "q": (2, 3, 5, 6)}
AXES = {
    "p": ("b", "c", "h", "w"),
    "w": ("o", "i"),
    "t": ("e", "f"),
    "n": ("b", "t"),
    "row": ("h", ""),
    "q": ("b", "c", "k", ""),
}


@pytest.mark.parametrize(
    ("formula", "axes"),
    [
        ("-p * 2 + row", ("b", "c", "h", "w")),
        ("row + p", ("b", "c", "h", "w")),
        ("p @ q", ("b", "c", "h", "")),
        ("w.T @ w", ("i", "i")),
        ("sum(p, axis=(0, 2))", ("c", "w")),
        ("mean(p, axis=-1, keepdims=True)", ("b", "c", "h", "w")),
        ("softmax(p, axis=1)", ("b", "c", "h", "w")),
        ("broadcast_like(sum(p, axis=1), p, axis=1)", ("b", "c", "h", "w")),
        ("p[0, :, 1:3]", ("c", "h", "w")),
        ("take(t, n)", ("b", "t", "f")),
        ("row_sums(take(t, n), n, t)", ("e", "f")),
        ("concatenate(p, p, axis=2)", ("b", "c", "h", "w")),
        ("flatten(p, start=3)", ("b", "c", "h", "w")),
        ("flatten(p)", ("b", "")),
        ("reshape_like(flatten(p), p)", ("b", "c", "h", "w")),
        ("count(p, axis=0)", ()),
        ("split_heads(q[0], heads=2)", ("c", "head", "k", "")),
        ("merge_heads(split_heads(p, heads=5), heads=5)", ("b", "c", "h", "w")),
        # No rule of its own: what is read says it.
        ("upsample_gradient(p[:, :, :, 0:4])", ("b", "c", "h", "w")),
    ],
)
def test_the_axes_of_a_result(formula: str, axes: tuple[str, ...]) -> None:
    assert axes_of(parse(formula), AXES, SHAPES) == axes


def test_the_functions_on_images_and_lines_name_their_axes() -> None:
    assert {name for name, entry in FUNCTIONS.items() if entry.form.signature} == {
        *("conv1d", "conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "upsample")
    }


@pytest.mark.parametrize("function", [name for name, entry in FUNCTIONS.items() if entry.form.signature])
def test_a_function_that_names_its_axes_has_them(function: str) -> None:
    entry = FUNCTIONS[function]
    (*arguments, result) = entry.form.signature
    for sample in entry.samples:
        shapes = [np.shape(argument) for argument in sample.arguments]
        assert [len(axes) for axes in arguments] == [len(shape) for shape in shapes]
        value = entry.numpy(*map(np.asarray, sample.arguments), **{**entry.options, **sample.options})
        assert len(result) == value.ndim


def test_a_program_of_ones_own_learns_from_its_functions() -> None:
    statements = (
        Statement("z", parse("conv2d(x, w)")),
        Statement("e", parse("(z - y) ** 2")),
    )
    found = infer_axes(Program({"x": (2, 3, 5, 5), "w": (4, 3, 2, 2), "y": (2, 4, 4, 4)}, statements))
    assert found["x"] == found["y"] == found["e"] == PICTURE
    assert found["w"] == ("output", "channel", "height", "width")


def test_what_nobody_names_has_no_name() -> None:
    assert infer_axes(Program({"q": (3, 4)}, (Statement("s", parse("q @ q.T")),)))["s"] == ("", "")


@pytest.mark.parametrize(
    ("extent", "one"),
    [
        ("channels of a group", "channel"),
        ("filter height", "height"),
        ("entries", "entry"),
        ("classes", "class"),
        ("batch", "batch"),
        ("positions", "time"),
    ],
)
def test_one_of_many(extent: str, one: str) -> None:
    assert singular(extent) == one
