"""Layers of pictures against torch: options for each axis on random shapes, forward and all gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.oracle.test_layer_kinds import assert_agrees, functional, random


def layer(kind: str, *tensors: str, **settings: object) -> str:
    """Write a layer; its options for an axis each are lists in a file, and tuples in torch."""
    lines = ["[[layers]]", f'kind = "{kind}"', *(f"{name[0]} = <{name}>" for name in tensors)]
    lines += [f"{name} = {list(value)}" for name, value in settings.items()]
    return "\n".join(lines) + "\n"


def pair(seed: int, low: int, high: int) -> tuple[int, int]:
    """Return two different numbers, for height and width."""
    first, second = np.random.default_rng(seed).choice(np.arange(low, high), 2, replace=False)
    return int(first), int(second)


@pytest.mark.parametrize("seed", range(6))
def test_conv2d(seed: int, tmp_path: Path) -> None:
    options = {"stride": pair(seed, 1, 4), "padding": pair(seed + 1, 0, 3), "dilation": pair(seed + 2, 1, 3)}
    height, width = pair(seed + 3, 7, 11)
    a0, w, b = random(seed, (2, 3, height, width), (4, 3, *pair(seed + 4, 1, 4)), (4, 1, 1))

    def forward(t: dict) -> object:
        return functional.conv2d(t["a0"], t["w1"], t["b1"].ravel(), **options)

    given = {"a0": a0, "w1": w, "b1": b}
    assert_agrees(tmp_path, layer("conv2d", "w1", "b1", **options), given, forward, "a1")


@pytest.mark.parametrize("seed", range(6))
def test_conv_transpose2d(seed: int, tmp_path: Path) -> None:
    stride = pair(seed, 1, 4)
    options = {
        "stride": stride,
        "padding": pair(seed + 1, 0, 2),
        "dilation": pair(seed + 2, 1, 3),
        "output_padding": tuple(step - 1 for step in stride),
    }
    a0, w, b = random(seed, (2, 3, *pair(seed + 3, 2, 6)), (3, 2, *pair(seed + 4, 2, 4)), (2, 1, 1))

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
