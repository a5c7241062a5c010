"""Every layer kind by itself: its numbers on paper, and its gradients against finite differences."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.language.provenance.origins import origin_of
from bpdebug.engine.network.layers import COLUMNS, LAYER_KINDS, ROWS, Layout
from bpdebug.engine.network.layers.kind import Value
from bpdebug.engine.network.layers.layer import make_layer
from bpdebug.engine.program.program import Program, with_backward
from bpdebug.engine.program.trace import run
from bpdebug.verify.check import check

A0 = np.array([[1.0, 2.0, 3.0, 6.0], [0.5, -1.0, 2.0, 0.1], [-0.3, 0.2, 0.7, 1.4]])
"""Three features of four examples, in columns."""


def one_layer(
    kind: str,
    layout: Layout,
    given: Mapping[str, np.ndarray],
    settings: Mapping[str, Value] | None = None,
) -> tuple[Program, dict[str, np.ndarray]]:
    """Return the program of one layer, and values for all that it is given."""
    found = LAYER_KINDS[kind]
    chosen = {setting.name: setting.default for setting in found.settings} | dict(settings or {})
    layer = make_layer(1, found, chosen, {role: value.shape for role, value in given.items()}, layout)
    values = {layer.given[role]: value for role, value in given.items()}
    for made in found.generated:
        values[layer.given[made.name]] = made.values(chosen, given["a_prev"].shape)
    shapes = {name: value.shape for name, value in values.items()}
    parameters = [layer.given[role] for role in given if role != "a_prev"]
    axes = dict.fromkeys(["a0", *(layer.given[made.name] for made in found.generated)], layout.batch_axis)
    program = with_backward(shapes, layer.forward, "a1", [layer], parameters, axes, [*parameters, "a0"])
    incoming = np.random.default_rng(5).normal(size=program.shapes["a1"])
    return program, {**values, "da1": incoming}


def laid_out(value: np.ndarray, layout: Layout) -> np.ndarray:
    return value if layout is COLUMNS else value.T


def numbers_of(layout: Layout) -> dict[str, np.ndarray]:
    gamma, beta = np.array([[1.0], [0.5], [-2.0]]), np.array([[0.0], [0.3], [1.0]])
    flat = layout is ROWS
    return {
        "a_prev": laid_out(A0, layout),
        "gamma": gamma.ravel() if flat else gamma,
        "beta": beta.ravel() if flat else beta,
    }


@pytest.mark.parametrize("layout", [COLUMNS, ROWS], ids=["columns", "rows"])
@pytest.mark.parametrize("kind", ["batch_norm", "layer_norm", "rms_norm"])
def test_stages_and_the_single_operation_agree(kind: str, layout: Layout) -> None:
    given = numbers_of(layout)
    if kind == "rms_norm":
        del given["beta"]
    found = []
    for form in ("stages", "fused"):
        program, values = one_layer(kind, layout, given, {"form": form, "eps": 0.01})
        assert check(program, values).passed
        found.append(run(program, values).values)
    stages, fused = found
    common = stages.keys() & fused.keys()
    assert {"a1", "xhat1", "da0", "dgamma1"} <= common
    for name in common:
        np.testing.assert_allclose(fused[name], stages[name], rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("layout", [COLUMNS, ROWS], ids=["columns", "rows"])
@pytest.mark.parametrize(("kind", "axis"), [("batch_norm", 1), ("layer_norm", 0)])
def test_what_is_normalised_has_mean_0_and_variance_1(kind: str, axis: int, layout: Layout) -> None:
    program, values = one_layer(kind, layout, {"a_prev": laid_out(A0, layout)}, {"eps": 0.0})
    found = run(program, values).values
    xhat = laid_out(found["xhat1"], layout)
    np.testing.assert_allclose(xhat.mean(axis=axis), 0, atol=1e-14)
    np.testing.assert_allclose(xhat.std(axis=axis), 1)
    # What is added to all of them alike changes nothing, so their gradients cancel.
    np.testing.assert_allclose(laid_out(found["da0"], layout).sum(axis=axis), 0, atol=1e-13)


def test_a_layer_lists_the_stages_that_it_has() -> None:
    given = numbers_of(COLUMNS)
    program, _ = one_layer("batch_norm", COLUMNS, given, {"form": "fused"})
    assert list(program.blocks[0].tensors) == ["a_prev", "xhat", "gamma", "beta", "a"]
    program, _ = one_layer("batch_norm", COLUMNS, given)
    shown = ["a_prev", "mean", "centred", "variance", "xhat", "gamma", "beta", "a"]
    assert list(program.blocks[0].tensors) == shown
    roles = {statement.name: statement.role for statement in program.statements}
    assert (roles["dgamma1"], roles["dvariance1"], roles["da0"]) == ("dgamma", "dvariance", "d_prev")


@pytest.mark.parametrize("keep", [0.25, 1.0])
def test_dropout_scales_what_it_keeps(keep: float) -> None:
    program, values = one_layer("dropout", COLUMNS, {"a_prev": A0}, {"keep": keep, "seed": 3})
    found = run(program, values).values
    mask = values["mask1"]
    assert set(mask.ravel()) == ({0.0, 1.0} if keep < 1 else {1.0})
    np.testing.assert_allclose(found["a1"], np.where(mask, A0 / keep, 0))
    np.testing.assert_allclose(found["da0"], np.where(mask, values["da1"] / keep, 0))
    assert "dmask1" not in found
    assert check(program, values).passed


def test_dropout_keeps_as_many_as_it_says() -> None:
    mask = LAYER_KINDS["dropout"].generated[0].values({"keep": 0.8, "seed": 1}, (100, 100))
    assert mask.mean() == pytest.approx(0.8, abs=0.02)


WORDS = np.array([[2.0, 0.0, 2.0], [1.0, 2.0, 0.0]])
TABLE = np.arange(8.0).reshape(4, 2)


def test_rows_that_are_looked_up_twice_get_both_gradients() -> None:
    program, values = one_layer("embedding", ROWS, {"a_prev": WORDS, "w": TABLE})
    found = run(program, values).values
    da = values["da1"]
    np.testing.assert_array_equal(found["a1"][0, 0], TABLE[2])
    np.testing.assert_allclose(
        found["dw1"], [da[0, 1] + da[1, 2], da[1, 0], da[0, 0] + da[0, 2] + da[1, 1], [0, 0]]
    )
    assert "da0" not in found
    assert check(program, values).passed


@pytest.mark.parametrize(
    ("name", "index", "symbols"),
    [
        ("a1", (0, 2, 1), "w1[2,1]"),
        ("dw1", (2, 0), "da1[0,0,0] + da1[0,2,0] + da1[1,1,0]"),
        ("dw1", (3, 0), "0"),
    ],
)
def test_where_an_element_of_an_embedding_comes_from(name: str, index: tuple[int, ...], symbols: str) -> None:
    program, values = one_layer("embedding", ROWS, {"a_prev": WORDS, "w": TABLE})
    found = run(program, values).values
    (statement,) = (statement for statement in program.statements if statement.name == name)
    assert origin_of(name, statement.expression, index, found[name], found).symbols == symbols


def test_a_number_without_a_row_is_not_a_number() -> None:
    program, values = one_layer("embedding", ROWS, {"a_prev": np.array([0.0, 7.0, 0.5]), "w": TABLE})
    found = run(program, values).values["a1"]
    assert np.isnan(found[1:]).all()
    np.testing.assert_array_equal(found[0], TABLE[0])
    take = program.statements[0].expression
    values = run(program, values).values
    assert origin_of("a1", take, (1, 0), values["a1"], values).symbols == "nan"


PICTURE = np.arange(24.0).reshape(2, 1, 3, 4)
"""Two pictures of 3 × 4 pixels."""


@pytest.mark.parametrize(
    ("kind", "settings", "text", "title"),
    [
        ("max_pool2d", {"size": (3, 2)}, "max_pool2d(a0, size=(3, 2))", "max_pool2d 3×2"),
        ("avg_pool2d", {"stride": (1, 2)}, "avg_pool2d(a0, stride=(1, 2))", "avg_pool2d 2×2"),
        ("upsample", {"scale": (1, 3)}, "upsample(a0, scale=(1, 3))", "upsample 1×3"),
        ("upsample", {}, "upsample(a0)", "upsample 2×2"),
        ("reshape", {"shape": (2, -1)}, "reshape(a0, shape=(2, -1), start=1)", "reshape (2, -1)"),
    ],
)
def test_options_for_each_axis_are_written_and_right(
    kind: str, settings: dict[str, Value], text: str, title: str
) -> None:
    program, values = one_layer(kind, ROWS, {"a_prev": PICTURE}, settings)
    assert numpy_text(program.statements[0].expression) == text
    assert program.blocks[0].title == title
    assert check(program, values).passed


def test_a_reshape_keeps_the_order_and_the_batch() -> None:
    program, values = one_layer("reshape", ROWS, {"a_prev": PICTURE}, {"shape": (2, -1)})
    found = run(program, values).values
    np.testing.assert_array_equal(found["a1"][1], np.arange(12.0, 24.0).reshape(2, 6))
    np.testing.assert_array_equal(found["da0"].ravel(), values["da1"].ravel())
    assert program.batched["a1"] == 0
    statement = program.statements[0]
    assert origin_of("a1", statement.expression, (1, 1, 0), found["a1"], found).symbols == "a0[1,0,1,2]"


PICTURES = np.random.default_rng(6).normal(2.0, 3.0, size=(2, 3, 4, 5))
LINES = PICTURES[:, :, 0]


@pytest.mark.parametrize("incoming", [PICTURES, LINES], ids=["pictures", "lines"])
def test_a_channel_is_normalised_over_the_batch_and_all_of_its_places(incoming: np.ndarray) -> None:
    axes = tuple(axis for axis in range(incoming.ndim) if axis != 1)
    per_channel = (3, *(1,) * (incoming.ndim - 2))
    gamma, beta = np.array([1.0, 0.5, -2.0]).reshape(per_channel), np.zeros(per_channel)
    found = {}
    for form in ("stages", "fused"):
        given = {"a_prev": incoming, "gamma": gamma, "beta": beta}
        program, values = one_layer("batch_norm", ROWS, given, {"form": form, "eps": 0.0})
        assert check(program, values).passed
        found[form] = run(program, values).values
    for name in ("xhat1", "a1", "da0", "dgamma1", "dbeta1"):
        np.testing.assert_allclose(found["fused"][name], found["stages"][name], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found["fused"]["xhat1"].mean(axis=axes), 0, atol=1e-14)
    np.testing.assert_allclose(found["fused"]["xhat1"].std(axis=axes), 1)
    np.testing.assert_allclose(found["fused"]["da0"].sum(axis=axes), 0, atol=1e-13)
    assert found["stages"]["mean1"].shape == (1, *per_channel)


def test_gamma_of_a_picture_gets_its_gradient_in_one_sum() -> None:
    given = {"a_prev": PICTURES, "gamma": np.ones((3, 1, 1))}
    program, _ = one_layer("batch_norm", ROWS, given)
    (statement,) = (statement for statement in program.statements if statement.name == "dgamma1")
    text = numpy_text(statement.expression)
    assert text == "reshape_like(sum(da1 * xhat1, axis=(0, 2, 3)), gamma1)"


@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("layout", [COLUMNS, ROWS], ids=["columns", "rows"])
def test_biases_folded_into_weights_are_biases(layout: Layout, place: str) -> None:
    """A dense layer behind a 1 has the gradients of one with a bias: its first column, or its last."""
    random = np.random.default_rng(3)
    w, b, shape = random.normal(size=(2, 3)), random.normal(size=(2, 1)), (2, 4)
    a0 = laid_out(A0, layout)
    ones = LAYER_KINDS["append_ones"]
    first = make_layer(1, ones, {"place": place}, {"a_prev": a0.shape}, layout)
    folded = np.hstack([b, w] if place == "first" else [w, b])
    roles = {"a_prev": laid_out(np.empty((4, 4)), layout).shape, "w": folded.shape}
    second = make_layer(2, LAYER_KINDS["dense"], {"activation": "tanh"}, roles, layout)
    (made,) = ones.generated
    values = {"a0": a0, "w2": folded, "ones1": made.values({}, laid_out(A0[:1], layout).shape)}
    shapes = {name: value.shape for name, value in values.items()}
    program = with_backward(
        shapes, [*first.forward, *second.forward], "a2", [first, second], ["w2"], {}, ["w2", "a0"]
    )
    values["da2"] = laid_out(random.normal(size=shape), layout)
    found = run(program, values).values
    apart = {"a_prev": a0, "w": w, "b": b if layout is COLUMNS else b.ravel()}
    plain, given = one_layer("dense", layout, apart, {"activation": "tanh"})
    wanted = run(plain, {**given, "da1": values["da2"]}).values
    np.testing.assert_allclose(found["a2"], wanted["a1"], rtol=1e-14)
    np.testing.assert_allclose(found["da0"], wanted["da0"], rtol=1e-14)
    columns = (wanted["db1"].reshape(2, 1), wanted["dw1"])
    both = np.hstack(columns if place == "first" else columns[::-1])
    np.testing.assert_allclose(found["dw2"], both, rtol=1e-14)
