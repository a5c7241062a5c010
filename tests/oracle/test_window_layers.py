"""The layers in which windows slide against torch: a network of all of them, forwards and all gradients."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bpdebug.engine.program.trace import run
from bpdebug.sources.scenario import load_scenario
from bpdebug.verify.gradient_check import check_gradients

RTOL = 1e-9
PICTURES = """
[[layers]]
kind = "conv2d"
activation = "tanh"
stride = 2
padding = 1
groups = 2
w = <w1>
b = <b1>
[[layers]]
kind = "max_pool2d"
size = 3
stride = 1
padding = 1
[[layers]]
kind = "conv_transpose2d"
stride = 2
output_padding = 1
activation = "gelu"
w = <w3>
b = <b3>
[[layers]]
kind = "avg_pool2d"
[[layers]]
kind = "upsample"
scale = 3
[[layers]]
kind = "conv2d"
dilation = 2
activation = "softmax"
w = <w6>
[[layers]]
kind = "global_avg_pool"
[[layers]]
kind = "dense"
w = <w8>
"""
PICTURE_SHAPES = {
    "a0": (2, 4, 7, 6),
    "w1": (6, 2, 3, 3),
    "b1": (6, 1, 1),
    "w3": (6, 2, 2, 3),
    "b3": (2, 1, 1),
    "w6": (3, 2, 3, 3),
    "w8": (4, 3),
}
LINES = """
[[layers]]
kind = "conv1d"
activation = "relu"
stride = 2
padding = 2
w = <w1>
b = <b1>
[[layers]]
kind = "flatten"
[[layers]]
kind = "dense"
w = <w3>
"""
LINE_SHAPES = {"a0": (3, 2, 9), "w1": (4, 2, 3), "b1": (4, 1), "w3": (2, 24)}


def pictures(t: dict) -> object:
    from torch.nn import functional

    a1 = functional.conv2d(t["a0"], t["w1"], t["b1"].ravel(), stride=2, padding=1, groups=2).tanh()
    a2 = functional.max_pool2d(a1, 3, 1, 1)
    z3 = functional.conv_transpose2d(a2, t["w3"], t["b3"].ravel(), stride=2, output_padding=1)
    a5 = functional.interpolate(functional.avg_pool2d(functional.gelu(z3), 2), scale_factor=3)
    a6 = functional.conv2d(a5, t["w6"], dilation=2).softmax(dim=1)
    return functional.linear(a6.mean(dim=(2, 3)), t["w8"])


def lines(t: dict) -> object:
    from torch.nn import functional

    a1 = functional.conv1d(t["a0"], t["w1"], t["b1"].ravel(), stride=2, padding=2).relu()
    return functional.linear(a1.flatten(1), t["w3"])


@pytest.mark.parametrize(
    ("layers", "shapes", "forward", "output"),
    [(PICTURES, PICTURE_SHAPES, pictures, "a8"), (LINES, LINE_SHAPES, lines, "a3")],
    ids=["pictures", "lines"],
)
def test_networks_with_windows(layers, shapes, forward, output: str, tmp_path: Path) -> None:
    import torch

    random = np.random.default_rng(3)
    given = {name: random.normal(size=shape) for name, shape in shapes.items()}
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in given.items()}
    result = forward(leaves)
    incoming = random.normal(size=tuple(result.shape))
    result.backward(torch.tensor(incoming))
    for name, value in given.items():
        layers = layers.replace(f"<{name}>", json.dumps(value.tolist()))
    path = tmp_path / "windows.toml"
    path.write_text(
        f'title = "Windows"\nlayout = "rows"\n[inputs]\na0 = {json.dumps(given["a0"].tolist())}\n{layers}\n'
        f"[gradient]\nd{output} = {json.dumps(incoming.tolist())}\n"
    )
    scenario = load_scenario(path)
    values = run(scenario.program, scenario.values).values
    wanted = {output: result.detach().numpy(), **{f"d{name}": t.grad.numpy() for name, t in leaves.items()}}
    for name, right in wanted.items():
        scale = float(np.abs(right).max())
        np.testing.assert_allclose(values[name], right, rtol=0, atol=RTOL * scale, err_msg=name)
    assert {report.verdict for report in check_gradients(scenario.program, scenario.values)} == {"right"}
