"""Layers of pictures against torch: options for each axis on random shapes, forward and all gradients."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario
from tests.oracle.test_layer_kinds import HEAD, RTOL, assert_agrees, functional, random, torch


def layer(kind: str, *tensors: str, **settings: object) -> str:
    """Write a layer; its options for an axis each are lists in a file, and tuples in torch."""
    lines = ["[[layers]]", f'kind = "{kind}"', *(f"{name[0]} = <{name}>" for name in tensors)]
    lines += [f"{name} = {list(value)}" for name, value in settings.items()]
    return "\n".join(lines) + "\n"


def pair(seed: int, low: int, high: int) -> tuple[int, int]:
    """Return two different numbers, for height and width."""
    first, second = np.random.default_rng(seed).choice(np.arange(low, high), 2, replace=False)
    return int(first), int(second)


in_both_forms = pytest.mark.parametrize("in_list", [True, False], ids=["list", "over pictures"])


@in_both_forms
@pytest.mark.parametrize("seed", range(6))
def test_conv2d(seed: int, in_list: bool, tmp_path: Path) -> None:
    options = {"stride": pair(seed, 1, 4), "padding": pair(seed + 1, 0, 3), "dilation": pair(seed + 2, 1, 3)}
    height, width = pair(seed + 3, 7, 11)
    a0, w, b = random(
        seed, (2, 3, height, width), (4, 3, *pair(seed + 4, 1, 4)), (4,) if in_list else (4, 1, 1)
    )

    def forward(t: dict) -> object:
        return functional.conv2d(t["a0"], t["w1"], t["b1"].ravel(), **options)

    given = {"a0": a0, "w1": w, "b1": b}
    assert_agrees(tmp_path, layer("conv2d", "w1", "b1", **options), given, forward, "a1")


@in_both_forms
@pytest.mark.parametrize("seed", range(6))
def test_conv_transpose2d(seed: int, in_list: bool, tmp_path: Path) -> None:
    stride = pair(seed, 1, 4)
    options = {
        "stride": stride,
        "padding": pair(seed + 1, 0, 2),
        "dilation": pair(seed + 2, 1, 3),
        "output_padding": tuple(step - 1 for step in stride),
    }
    own = (2,) if in_list else (2, 1, 1)
    a0, w, b = random(seed, (2, 3, *pair(seed + 3, 2, 6)), (3, 2, *pair(seed + 4, 2, 4)), own)

    def forward(t: dict) -> object:
        return functional.conv_transpose2d(t["a0"], t["w1"], t["b1"].ravel(), **options)

    given = {"a0": a0, "w1": w, "b1": b}
    assert_agrees(tmp_path, layer("conv_transpose2d", "w1", "b1", **options), given, forward, "a1")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["max_pool2d", "avg_pool2d"])
def test_pooling(kind: str, seed: int, tmp_path: Path) -> None:
    options = {"size": pair(seed, 2, 5), "stride": pair(seed + 1, 1, 4), "padding": pair(seed + 2, 0, 2)}
    (a0,) = random(seed, (2, 3, *pair(seed + 3, 5, 9)))

    def forward(t: dict) -> object:
        return getattr(functional, kind)(t["a0"], options["size"], options["stride"], options["padding"])

    assert_agrees(tmp_path, layer(kind, **options), {"a0": a0}, forward, "a1")


@pytest.mark.parametrize("scale", [(1, 3), (3, 2)])
def test_upsample(scale: tuple[int, int], tmp_path: Path) -> None:
    (a0,) = random(1, (2, 3, 4, 2))

    def forward(t: dict) -> object:
        return functional.interpolate(t["a0"], scale_factor=scale)

    assert_agrees(tmp_path, layer("upsample", scale=scale), {"a0": a0}, forward, "a1")


@pytest.mark.parametrize("shape", [(2, 3, 4), (4, -1), (-1,), (1, 24, 1)])
def test_reshape(shape: tuple[int, ...], tmp_path: Path) -> None:
    (a0,) = random(1, (3, 6, 4))

    def forward(t: dict) -> object:
        return t["a0"].reshape(3, *shape)

    assert_agrees(tmp_path, layer("reshape", shape=shape), {"a0": a0}, forward, "a1")


@pytest.mark.parametrize("shape", [(3, 4, 5, 2), (1, 2, 3, 4), (4, 3, 6)])
@pytest.mark.parametrize("form", ["stages", "fused"])
@in_both_forms
def test_batch_norm(in_list: bool, form: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    own = (shape[1],) if in_list else (shape[1], *(1,) * (len(shape) - 2))
    a0, gamma, beta = random(2, shape, own, own)
    layers = (
        f'[[layers]]\nkind = "batch_norm"\nform = "{form}"\neps = 1e-3\ngamma = <gamma1>\nbeta = <beta1>\n'
    )

    def forward(t: dict) -> object:
        return functional.batch_norm(
            t["a0"], None, None, t["gamma1"].ravel(), t["beta1"].ravel(), True, 0.1, 1e-3
        )

    assert_agrees(tmp_path, layers, {"a0": a0, "gamma1": gamma, "beta1": beta}, forward, "a1")


def test_pictures_are_concatenated_by_their_channels(tmp_path: Path) -> None:
    a0, w = random(3, (2, 3, 4, 5), (2, 3, 1, 1))
    layers = layer("conv2d", "w1") + '[[layers]]\nkind = "concat"\ninputs = ["conv", "input"]\n'
    layers = layers.replace('kind = "conv2d"', 'kind = "conv2d"\nname = "conv"')

    def forward(t: dict) -> object:
        return torch.cat((functional.conv2d(t["a0"], t["w1"]), t["a0"]), dim=1)

    assert_agrees(tmp_path, layers, {"a0": a0, "w1": w}, forward, "a2")


LOSSES: dict[str, Callable] = {
    "mse": functional.mse_loss,
    "huber": functional.huber_loss,
    "bce": functional.binary_cross_entropy,
    "bce_with_logits": functional.binary_cross_entropy_with_logits,
    "cross_entropy": functional.cross_entropy,
}


def assert_loss_agrees(
    tmp_path: Path, kind: str, target: np.ndarray, more: str, reduction: str, lines: bool = False
) -> None:
    """Compare a convolution, over pictures or lines, with a loss and a penalty on its weights."""
    extents = (5,) if lines else (4, 5)
    a0, w, b = random(6, (2, 3, *extents), (4, 3, *(3,) * len(extents)), (4, *(1,) * len(extents)))
    convolution = "conv1d" if lines else "conv2d"
    activation = "sigmoid" if kind == "bce" else "identity"
    leaves = {
        name: torch.tensor(value, requires_grad=True) for name, value in zip("awb", (a0, w, b), strict=True)
    }
    output = getattr(functional, convolution)(leaves["a"], leaves["w"], leaves["b"].ravel(), padding=1)
    output = output.sigmoid() if kind == "bce" else output
    loss = LOSSES[kind](output, torch.tensor(target), reduction=reduction) + 0.05 * (leaves["w"] ** 2).sum()
    loss.backward()
    path = tmp_path / "loss.toml"
    path.write_text(
        f"{HEAD}[inputs]\na0 = {json.dumps(a0.tolist())}\n"
        f'[[layers]]\nkind = "{convolution}"\npadding = 1\nactivation = "{activation}"\n'
        f"w = {json.dumps(w.tolist())}\nb = {json.dumps(b.tolist())}\n"
        f'[loss]\nkind = "{kind}"\ntarget = {json.dumps(target.tolist())}\nreduction = "{reduction}"\n'
        f"regularisation = {{ l2 = 0.1 }}\n{more}\n"
    )
    scenario = load_scenario(path)
    values = run(scenario.program, scenario.values).values
    wanted = {"loss": loss.detach().numpy(), **{f"d{n}": leaf.grad.numpy() for n, leaf in leaves.items()}}
    found = {"loss": values["loss"], "da": values["da0"], "dw": values["dw1"], "db": values["db1"]}
    found["da"] = found["da"] / (len(a0) if "da0" in scenario.program.summed else 1)
    for name, right in wanted.items():
        scale = float(np.abs(right).max())
        np.testing.assert_allclose(found[name], right, rtol=0, atol=RTOL * scale, err_msg=name)


@pytest.mark.parametrize("lines", [False, True], ids=["pictures", "lines"])
@pytest.mark.parametrize(
    ("reduction", "batch_mean"), [("mean", "at_loss"), ("mean", "at_parameters"), ("sum", "at_loss")]
)
@pytest.mark.parametrize("form", ["fused", "softmax_nll"])
@pytest.mark.parametrize("target", ["indices", "shares"])
def test_cross_entropy_of_each_pixel(
    target: str, form: str, reduction: str, batch_mean: str, lines: bool, tmp_path: Path
) -> None:
    extents = (5,) if lines else (4, 5)
    generator = np.random.default_rng(8)
    indices, shares = generator.integers(4, size=(2, *extents)), generator.uniform(size=(2, 4, *extents))
    values = indices if target == "indices" else shares / shares.sum(axis=1, keepdims=True)
    more = f'form = "{form}"\nbatch_mean = "{batch_mean}"\n' + ("axis = 1\n" if lines else "")
    assert_loss_agrees(tmp_path, "cross_entropy", values, more, reduction, lines)


@pytest.mark.parametrize("batch_mean", ["at_loss", "at_parameters"])
@pytest.mark.parametrize("kind", ["mse", "huber", "bce", "bce_with_logits"])
def test_losses_of_each_element_of_a_picture(kind: str, batch_mean: str, tmp_path: Path) -> None:
    target = np.random.default_rng(9).uniform(size=(2, 4, 4, 5))
    assert_loss_agrees(tmp_path, kind, target, f'batch_mean = "{batch_mean}"', "mean")
