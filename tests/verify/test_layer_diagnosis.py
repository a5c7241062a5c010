"""Mistakes planted in convolutions, pooling, normalisation and the rest: blamed and named."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check, check_scenario
from bpdebug.verify.report import Report
from tests.tiers import deep, few
from tests.verify import planted_layers, planted_sequences
from tests.verify.planted_layers import Array, Net, Planted, Values

pytestmark = pytest.mark.usefixtures("unhurried")
FAMILIES = planted_layers.FAMILIES | planted_sequences.FAMILIES


def named(report: Report) -> dict[str, str]:
    """Return the first diagnosis of each wrong tensor."""
    return {
        tensor.name: tensor.diagnoses[0].formula if tensor.diagnoses else ""
        for tensor in report.tensors
        if tensor.verdict == "wrong"
    }


@pytest.mark.parametrize("family", few(FAMILIES, 3))
@pytest.mark.parametrize(
    ("seeds", "most"), [(range(1), 2), deep(range(1, 3), 0)], ids=["two of a seed", "each of another"]
)
def test_the_tensor_is_blamed_and_the_mistake_is_named(family: str, seeds: range, most: int) -> None:
    """Of a seed so many mistakes at most; 0 for all, in which case each of two seeds has every other one."""
    planted = []
    for seed in seeds:
        every = [*FAMILIES[family](seed)]
        one_in = -(-len(every) // most) if most else len(seeds)
        planted += every[seed % one_in :: one_in]
    missed = [
        (one.name, one.tensor, one.formulas, named(one.checked())) for one in planted if not one.is_named
    ]
    assert len(planted) >= 2
    assert missed == []


@pytest.mark.parametrize("family", few(FAMILIES, 4))
def test_right_gradients_are_never_called_wrong(family: str) -> None:
    """The user computes in their own precision."""
    for net in {
        id(mistake.net): mistake.net for seed in range(4) for mistake in FAMILIES[family](seed)
    }.values():
        inputs = {name: net.values[name] for name in net.program.inputs}
        coarse = run(net.program, {name: value.astype(np.float32) for name, value in inputs.items()}).values
        mine = {name: coarse[name] for name in net.program.gradients if name in net.program.positions}
        report = check(net.program, inputs, mine)
        assert report.passed, [tensor for tensor in report.tensors if tensor.verdict != "right"]


def normalised(kind: str, form: str) -> tuple[Net, Values]:
    random = np.random.default_rng(1)
    parameters = {"gamma": random.normal(size=4), "beta": random.normal(size=4)}
    net = Net([(kind, {"form": form}, parameters)], random.normal(size=(5, 4)), random)
    return net, net.values


def given(net: Net, **mine: Array) -> Report:
    inputs = {name: net.values[name] for name in net.program.inputs}
    return check(net.program, inputs, mine)


@pytest.mark.parametrize("form", ["stages", "fused"])
def test_the_mean_without_the_term_through_the_variance_is_no_mistake(form: str) -> None:
    """The deviations from a mean add up to 0, so the term is 0 whatever flows through the variance."""
    net, v = normalised("batch_norm", form)
    x, g = v["a0"], v["dxhat1"]
    n, centred = len(x), x - x.mean(axis=0)
    deviation = np.sqrt((centred**2).mean(axis=0) + 1e-5)
    d_variance = (g * centred).sum(axis=0) * -0.5 * deviation**-3
    d_mean = (-g / deviation).sum(axis=0)  # the term -2 · d_variance · mean(centred) is left out
    d_prev = g / deviation + d_variance * 2 * centred / n + d_mean / n
    mine = {"da0": d_prev} | ({"dmean1": d_mean[None]} if form == "stages" else {})
    assert given(net, **mine).passed


def test_the_short_form_of_a_softmax_under_cross_entropy_and_of_a_sigmoid_are_no_mistakes() -> None:
    random = np.random.default_rng(2)
    dense = {"w": random.normal(size=(3, 4)), "b": random.normal(size=3)}
    net = Net([("dense", {"activation": "sigmoid"}, dense)], random.normal(size=(5, 4)), random)
    a = net.values["a1"]
    assert given(net, dz1=net.values["da1"] * a * (1 - a)).passed
    net = Net([("dense", {"activation": "softmax"}, dense)], random.normal(size=(5, 4)), random)
    p, g = net.values["a1"], net.values["da1"]
    by_jacobian = np.stack([(np.diag(row) - np.outer(row, row)) @ own for row, own in zip(p, g, strict=True)])
    assert given(net, dz1=by_jacobian).passed


def test_a_mistake_in_what_was_not_given_is_found_through_what_was() -> None:
    """Users of a convolution hand in dw, db and what is passed on, and forget the slope of tanh."""
    random = np.random.default_rng(3)
    parameters = {"w": random.normal(size=(3, 2, 2, 2)), "b": random.normal(size=(3, 1, 1))}
    net = Net([("conv2d", {"activation": "tanh"}, parameters)], random.normal(size=(2, 2, 4, 4)), random)
    v = net.values
    windows = np.lib.stride_tricks.sliding_window_view(v["a0"], (2, 2), axis=(2, 3))
    dw = np.einsum("nohw,nchwij->ocij", v["da1"], windows)
    db = v["da1"].sum(axis=(0, 2, 3)).reshape(3, 1, 1)
    assert named(given(net, dw1=dw, db1=db)) == {"dz1": "da1"}
    assert named(given(net, dw1=dw)) == {"dw1": "conv2d_weight_gradient(a0, da1, w1)"}
    assert named(given(net, db1=db)) == {"db1": "reshape_like(sum(da1, axis=(0, 2, 3)), b1)"}


def test_two_mistakes_in_one_layer_are_both_found() -> None:
    mistakes = {(one.name, one.tensor): one for one in FAMILIES["convolutions"](2)}
    turned, averaged = mistakes["turned", "dw2"], mistakes["mean over all", "db2"]
    report = given(turned.net, dw2=turned.wrong, db2=averaged.wrong)
    assert named(report) == {"dw2": turned.formulas[0], "db2": averaged.formulas[0]}


def test_mistakes_that_these_numbers_cannot_tell_apart_are_all_listed() -> None:
    """Three examples: the mean over the batch, and a third by mistake."""
    (mean,) = (one for one in FAMILIES["convolutions"](1) if one.name == "mean of examples")
    (report,) = (tensor for tensor in mean.checked().tensors if tensor.verdict == "wrong")
    assert report.ambiguous
    right = mean.net.right("dw2")
    assert {f"{right} / m", f"{right} / 3"} <= {diagnosis.formula for diagnosis in report.diagnoses}


def test_the_shipped_convolution_has_the_two_mistakes_that_its_loops_made() -> None:
    scenario = load_scenario("find_the_conv_bug")
    report = check_scenario(scenario)
    assert named(report) == {
        "da1": "max_pool2d_gradient(da2, a1, stride=1, add=False)",
        "da0": "conv2d_input_gradient(dz1, w1, a0, padding=1, flipped=False)",
    }
    values = run(scenario.program, scenario.values).values
    da1 = np.zeros((4, 4))
    for i, j in np.ndindex(3, 3):
        row, column = divmod(int(values["a1"][0, 0, i : i + 2, j : j + 2].argmax()), 2)
        da1[i + row, j + column] = values["da2"][0, 0, i, j]
    np.testing.assert_array_equal(scenario.mine["da1"], da1[None, None])
    padded, w = np.pad(da1, 1), values["w1"][0, 0]
    da0 = [[(padded[i : i + 3, j : j + 3] * w).sum() for j in range(4)] for i in range(4)]
    np.testing.assert_array_equal(scenario.mine["da0"], np.array(da0)[None, None])


def test_a_tensor_of_zeros_stands_in_no_other_place() -> None:
    """The states before the first step are zeros, and a zero in a product is a term that is missing."""
    (forgotten,) = (one for one in FAMILIES["lstms"](0) if one.name == "next cell forgotten")
    (report,) = (tensor for tensor in forgotten.checked().tensors if tensor.verdict == "wrong")
    assert [diagnosis.formula for diagnosis in report.diagnoses] == [*forgotten.formulas]
    assert not report.ambiguous


def test_a_penalty_is_said_of_parameters_alone() -> None:
    net = next(FAMILIES["rnns"](0)).net
    v = net.values

    def said(**mine: Array) -> str:
        (report,) = (tensor for tensor in given(net, **mine).tensors if tensor.verdict == "wrong")
        return report.diagnoses[0].explanation

    assert "penalty" in said(dw2=v["dw2"] + 0.37 * v["w2"])
    assert "penalty" not in said(dh1_t2=v["dh1_t2"] + 0.37 * v["h1_t1"])


@pytest.mark.usefixtures("little_tried")
def test_numbers_that_no_mistake_explains_are_described() -> None:
    (mistake, *_) = FAMILIES["pools"](1)
    changed = mistake.net.values["da1"].copy()
    changed[0, 0] += np.random.default_rng(0).normal(size=changed[0, 0].shape)
    odd = Planted("noise", mistake.net, "da1", changed, ())
    (report,) = (tensor for tensor in odd.checked().tensors if tensor.verdict == "wrong")
    assert report.diagnoses == ()
    assert "no small edit" in report.note
