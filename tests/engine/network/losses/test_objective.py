"""Losses as statements: what they compute, what is derived from them, and where the mean is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.language.printing import statement_text
from bpdebug.engine.network.losses import LOSS_KINDS
from bpdebug.engine.program.trace import run
from bpdebug.errors import ScenarioError
from bpdebug.sources.case import Case
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.check import check_scenario
from bpdebug.verify.suggestion import suggested_scenario

HEAD = """
title = "Loss"
layout = "{layout}"
[inputs]
a0 = {{ random = "normal", shape = {data}, seed = 1 }}
[[layers]]
kind = "dense"
activation = "tanh"
w = {{ random = "normal", shape = [3, 2], seed = 2 }}
b = {{ random = "normal", shape = {bias}, seed = 3 }}
[[layers]]
kind = "dense"
activation = "{activation}"
w = {{ random = "normal", shape = [4, 3], seed = 4 }}
[loss]
"""
ACTIVATIONS = {"bce": "sigmoid"}
ONE_HOT = np.eye(4)[[1, 0, 3, 3, 2]]
NUMBERS = np.linspace(0, 1, 20).reshape(5, 4)


Load = Callable[..., Case]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(kind: str, more: str = "", layout: str = "columns", target: object = None) -> Case:
        if target is None:
            target = ONE_HOT if LOSS_KINDS[kind].target == "classes" else NUMBERS
            target = (target.T if layout == "columns" else target).tolist()
        path = tmp_path / "loss.toml"
        head = HEAD.format(
            layout=layout,
            data=[2, 5] if layout == "columns" else [5, 2],
            bias=[3, 1] if layout == "columns" else [3],
            activation=ACTIVATIONS.get(kind, "identity"),
        )
        path.write_text(f'{head}kind = "{kind}"\ntarget = {target}\n{more}\n')
        return load_scenario(path)

    return load


def texts(scenario: Case, layer: int = 3) -> list[str]:
    return [statement_text(s) for s in scenario.program.statements if s.layer == layer]


def values(scenario: Case) -> dict[str, np.ndarray]:
    return dict(run(scenario.program, scenario.values).values)


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize("batch_mean", ["at_loss", "at_parameters"])
@pytest.mark.parametrize("kind", LOSS_KINDS)
def test_every_loss_agrees_with_differences(load: Load, kind: str, batch_mean: str, layout: str) -> None:
    more = f'batch_mean = "{batch_mean}"\nregularisation = {{ l2 = 0.1, bias = true }}'
    scenario = load(kind, more, layout)
    report = check_scenario(scenario)
    assert report.passed
    checked = {tensor.name for tensor in report.tensors}
    assert {"da2", "dz2", "dw2", "da1", "dz1", "dw1", "db1", "da0"} <= checked


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        (
            "mse",
            "",
            [
                "error = a2 - y",
                "squares = error ** 2",
                "loss = mean(squares)",
                "dsquares = broadcast_like(dloss / count(squares), squares)",
                "derror = dsquares * 2 * error",
                "da2 = derror",
            ],
        ),
        (
            "huber",
            'reduction = "sum"\ndelta = 0.5',
            [
                "error = a2 - y",
                "terms = huber(error, delta=0.5)",
                "loss = sum(terms)",
                "dterms = broadcast_like(dloss, terms)",
                "derror = dterms * huber_prime(error, delta=0.5)",
                "da2 = derror",
            ],
        ),
        (
            "cross_entropy",
            'batch_mean = "at_parameters"',
            [
                "terms = cross_entropy(a2, y, axis=0)",
                "m = count(terms)",
                "loss = sum(terms) / m",
                "dterms = broadcast_like(dloss, terms)",
                "da2 = dterms * (softmax(a2, axis=0) - y)",
            ],
        ),
        (
            "cross_entropy",
            'form = "softmax_nll"',
            [
                "p = softmax(a2, axis=0)",
                "nll = -(y * log(p))",
                "terms = sum(nll, axis=0, keepdims=True)",
                "loss = mean(terms)",
                "dterms = broadcast_like(dloss / count(terms), terms)",
                "dnll = broadcast_like(dterms, nll, axis=0, keepdims=True)",
                "dp = -dnll * y / p",
                "da2 = p * (dp - sum(dp * p, axis=0, keepdims=True))",
            ],
        ),
    ],
    ids=["mse", "huber", "fused", "softmax_nll"],
)
def test_the_steps_of_a_loss(load: Load, kind: str, more: str, expected: list[str]) -> None:
    assert texts(load(kind, more)) == expected


def test_both_forms_and_both_targets_of_cross_entropy_agree(load: Load) -> None:
    fused = values(load("cross_entropy"))
    for other in (
        values(load("cross_entropy", 'form = "softmax_nll"')),
        values(load("cross_entropy", target=[1, 0, 3, 3, 2])),
    ):
        for name in ("loss", "da2", "dw1", "da0"):
            np.testing.assert_allclose(other[name], fused[name], rtol=1e-12, atol=1e-15)
    probabilities = np.exp(fused["a2"]) / np.exp(fused["a2"]).sum(axis=0)
    np.testing.assert_allclose(fused["da2"], (probabilities - ONE_HOT.T) / 5, rtol=1e-12)


def test_class_indices_are_a_step_and_get_no_gradient(load: Load) -> None:
    scenario = load("cross_entropy", target=[1, 0, 3, 3, 2])
    assert texts(scenario)[0] == "y = one_hot(labels, a2, axis=0)"
    assert "dlabels" not in scenario.program.shapes
    assert "dy" not in scenario.program.shapes
    np.testing.assert_array_equal(values(scenario)["y"], ONE_HOT.T)


@pytest.mark.parametrize("kind", LOSS_KINDS)
def test_where_the_mean_is_taken_changes_what_flows_and_no_parameter(load: Load, kind: str) -> None:
    more = 'reduction = "mean"\nregularisation = { l2 = 0.1 }'
    loss, parameters = (
        values(load(kind, f'{more}\nbatch_mean = "{place}"')) for place in ("at_loss", "at_parameters")
    )
    for name in ("loss", "dw1", "db1", "dw2"):
        np.testing.assert_allclose(parameters[name], loss[name], rtol=1e-12)
    for name in ("da2", "dz2", "da1", "dz1", "da0"):
        np.testing.assert_allclose(parameters[name], 5 * loss[name], rtol=1e-12)


@pytest.mark.parametrize("place", ["at_loss", "at_parameters"])
def test_the_other_convention_is_no_mistake(load: Load, place: str) -> None:
    other = {"at_loss": "at_parameters", "at_parameters": "at_loss"}[place]
    theirs = values(load("cross_entropy", f'batch_mean = "{other}"'))
    scenario = load("cross_entropy", f'batch_mean = "{place}"')
    names = [f"d{name}" for name in ("a2", "z2", "w2", "a1", "z1", "w1", "b1", "a0")]
    report = check_scenario(scenario, {name: np.array(theirs[name]) for name in names})
    assert report.passed
    verdicts = {tensor.name: tensor.verdict for tensor in report.tensors}
    assert {name for name in names if verdicts[name] == "convention"} == {"da2", "dz2", "da1", "dz1", "da0"}


def test_at_the_parameters_1_over_m_stands_where_examples_are_added_up(load: Load) -> None:
    scenario = load("cross_entropy", 'batch_mean = "at_parameters"')
    assert texts(scenario, 1)[2:] == [
        "dz1 = da1 * tanh_prime(z1)",
        "dw1 = dz1 @ a0.T / m",
        "db1 = sum(dz1, axis=1, keepdims=True) / m",
        "da0 = w1.T @ dz1",
    ]
    assert scenario.program.summed >= {"da2", "dz2", "da1", "dz1", "da0"}
    assert not scenario.program.summed & {"dw1", "db1", "dw2"}


def test_the_penalty_is_half_of_l2_times_the_squares(load: Load) -> None:
    plain, weights, all_ = (
        values(load("mse", more))
        for more in ("", "regularisation = { l2 = 0.1 }", "regularisation = { l2 = 0.1, bias = true }")
    )
    np.testing.assert_allclose(weights["dw1"] - plain["dw1"], 0.1 * plain["w1"], rtol=1e-12)
    np.testing.assert_allclose(weights["db1"], plain["db1"], rtol=1e-12)
    np.testing.assert_allclose(all_["db1"] - plain["db1"], 0.1 * plain["b1"], rtol=1e-12)
    squares = (plain["w1"] ** 2).sum() + (plain["w2"] ** 2).sum()
    np.testing.assert_allclose(weights["loss"] - plain["loss"], 0.05 * squares, rtol=1e-12)


@pytest.mark.parametrize(
    ("mistake", "formula"),
    [
        (lambda v: v["dw1"] - 0.1 * v["w1"], "dz1 @ a0.T"),
        (lambda v: v["dw1"] + 0.1 * v["w1"], "dpenalty * 0.1 * w1 + dz1 @ a0.T + dpenalty * 0.1 * w1"),
    ],
    ids=["missing", "doubled"],
)
def test_a_mistake_in_the_penalty_is_diagnosed(load: Load, mistake: Callable, formula: str) -> None:
    scenario = load("mse", "regularisation = { l2 = 0.1 }")
    right = values(scenario)
    mine = {name: np.array(right[name]) for name in ("da2", "dz2", "dw2", "da1", "dz1", "da0")}
    mine["dw1"] = mistake(right)
    (dw1,) = (tensor for tensor in check_scenario(scenario, mine).tensors if tensor.verdict == "wrong")
    assert dw1.name == "dw1"
    assert dw1.diagnoses[0].formula == formula


def test_names_of_common_code_for_an_output_and_its_target(load: Load) -> None:
    scenario = load("mse")
    right = values(scenario)
    report = check_scenario(
        scenario, {"d_prediction": right["da2"], "dW2": right["dw2"], "dyhat": right["da2"]}
    )
    assert report.passed
    assert report.renamed["dyhat"] == "da2"


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize("kind", LOSS_KINDS)
def test_the_suggestion_has_the_loss_too(load: Load, tmp_path: Path, kind: str, layout: str) -> None:
    more = 'reduction = "mean"\nbatch_mean = "at_parameters"\nregularisation = { l2 = 0.1 }'
    scenario = load(kind, more, layout)
    path = tmp_path / "better.toml"
    path.write_text(suggested_scenario(scenario.program, "Loss"))
    better = load_scenario(path)
    assert [text.split(" = ")[0] for text in texts(better)] == [
        text.split(" = ")[0] for text in texts(scenario)
    ]
    assert check_scenario(better).passed


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("kind", LOSS_KINDS)
def test_a_loss_keeps_the_dtype(load: Load, tmp_path: Path, kind: str, dtype: str) -> None:
    load(kind, "regularisation = { l2 = 0.1 }")
    text = (tmp_path / "loss.toml").read_text().replace("[inputs]", f'dtype = "{dtype}"\n[inputs]')
    (tmp_path / "loss.toml").write_text(text)
    found = values(load_scenario(tmp_path / "loss.toml"))
    assert {str(value.dtype) for value in found.values()} == {dtype}


@pytest.mark.parametrize("score", [1000.0, -1000.0])
@pytest.mark.parametrize("kind", ["bce_with_logits", "cross_entropy"])
def test_scores_far_out_stay_finite(tmp_path: Path, kind: str, score: float) -> None:
    path = tmp_path / "far.toml"
    path.write_text(
        'title = "Far"\nlayout = "rows"\n[inputs]\na0 = [[1.0], [-1.0]]\n[[layers]]\nkind = "dense"\n'
        f'w = [[{score}], [0.5]]\n[loss]\nkind = "{kind}"\ntarget = [[1.0, 0.0], [1.0, 0.0]]\n'
    )
    found = values(load_scenario(path))
    assert np.isfinite(found["loss"])
    assert np.isfinite(found["da1"]).all()
    expected = {"bce_with_logits": 1000 / 4, "cross_entropy": 1000 / 2}[kind]
    np.testing.assert_allclose(found["loss"], expected, rtol=1e-2)


def test_a_certain_output_of_bce_costs_100_and_is_not_infinite(tmp_path: Path) -> None:
    path = tmp_path / "certain.toml"
    path.write_text(
        'title = "Certain"\nlayout = "rows"\n[inputs]\na0 = [[1.0]]\n[[layers]]\nkind = "dense"\n'
        'activation = "sigmoid"\nw = [[-1000.0], [1000.0]]\n[loss]\nkind = "bce"\ntarget = [[1.0, 1.0]]\n'
        'reduction = "sum"\n'
    )
    found = values(load_scenario(path))
    assert found["loss"] == 100
    assert np.isfinite(found["da1"]).all()


PIXELS = """
title = "Pixels"
layout = "rows"
[inputs]
a0 = {{ random = "normal", shape = [3, 2, 4, 5], seed = 1 }}
[[layers]]
kind = "conv2d"
padding = 1
w = {{ random = "normal", shape = [4, 2, 3, 3], seed = 2 }}
b = {{ random = "normal", shape = [4, 1, 1], seed = 3 }}
[loss]
kind = "cross_entropy"
target = {target}
{more}
"""
CLASSES = np.arange(60).reshape(3, 4, 5) % 4


@pytest.fixture
def pixels(tmp_path: Path) -> Load:
    def load(more: str = "", target: object = CLASSES) -> Case:
        path = tmp_path / "pixels.toml"
        path.write_text(PIXELS.format(more=more, target=np.asarray(target).tolist()))
        return load_scenario(path)

    return load


def test_the_steps_of_a_loss_of_each_pixel(pixels: Load) -> None:
    assert texts(pixels(), layer=2) == [
        "y = one_hot(labels, a1, axis=1)",
        "terms = cross_entropy(a1, y, axis=1)",
        "loss = mean(terms)",
        "dterms = broadcast_like(dloss / count(terms), terms)",
        "da1 = dterms * (softmax(a1, axis=1) - y)",
    ]


def test_m_is_the_number_of_examples_and_not_of_pixels(pixels: Load) -> None:
    scenario = pixels('batch_mean = "at_parameters"')
    assert "losses = mean(terms, axis=(1, 2, 3), keepdims=True)" in texts(scenario, layer=2)
    assert values(scenario)["m"] == 3
    assert check_scenario(scenario).passed


@pytest.mark.parametrize("more", ["", 'form = "softmax_nll"', 'batch_mean = "at_parameters"'])
def test_pixels_given_by_index_and_by_probability_agree(pixels: Load, more: str) -> None:
    one_hot = np.moveaxis(np.eye(4)[CLASSES], -1, 1)
    by_index, by_probability = values(pixels(more)), values(pixels(more, one_hot))
    for name in ("loss", "da1", "dw1", "db1", "da0"):
        np.testing.assert_array_equal(by_index[name], by_probability[name])


@pytest.mark.parametrize("target", [CLASSES, np.moveaxis(np.eye(4)[CLASSES], -1, 1)], ids=["index", "share"])
def test_a_suggestion_for_pixels_can_be_checked(pixels: Load, tmp_path: Path, target: object) -> None:
    path = tmp_path / "suggested.toml"
    path.write_text(suggested_scenario(pixels(target=target).program, "Pixels"))
    suggestion = load_scenario(path)
    assert suggestion.program.shapes["a1"][0] == 5
    assert suggestion.program.shapes["a1"][1] > 2
    assert check_scenario(suggestion).passed


@pytest.mark.deep
def test_the_penalty_of_very_many_layers_is_no_deep_tree(tmp_path: Path) -> None:
    layer = '[[layers]]\nkind = "dense"\nw = [[0.5]]\n'
    path = tmp_path / "long.toml"
    path.write_text(
        'title = "Long"\nlayout = "rows"\n[inputs]\na0 = [[1.0]]\n'
        f'{layer * 400}[loss]\nkind = "mse"\ntarget = [[0.5]]\nregularisation = {{ l2 = 2.0 }}\n'
    )
    assert values(load_scenario(path))["penalty"] == 400 * 2.0 * 0.5 * 0.5**2


def test_without_weights_there_is_nothing_to_penalise(tmp_path: Path) -> None:
    path = tmp_path / "no_weights.toml"
    path.write_text(
        'title = "x"\nlayout = "rows"\n[inputs]\na0 = [[1.0]]\n[[layers]]\nkind = "relu"\n'
        '[loss]\nkind = "mse"\ntarget = [[0.5]]\nregularisation = { l2 = 2.0 }\n'
    )
    with pytest.raises(ScenarioError, match="nothing to penalise: found no layer with weights"):
        load_scenario(path)
