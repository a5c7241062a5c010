"""The functions that slide windows, and those that reshape, against torch: results and all gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bpdebug.engine.language.derivation.derive import derive
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.language.functions import ACTIVATIONS
from bpdebug.engine.language.nodes import PLACES, Call, Name, Option, Statement

RTOL = 1e-9
Case = tuple[str, tuple[tuple[int, ...], ...], dict[str, Option]]


def ours(
    function: str, values: dict[str, np.ndarray], options: dict[str, Option], seed: int
) -> dict[str, np.ndarray]:
    """Return the result, a random gradient of it, and the gradients that the derivation finds."""
    call = Call(function, tuple(map(Name, values)), tuple(options.items()))
    result = evaluate(call, values)
    incoming = np.random.default_rng(seed + 1).normal(size=result.shape)
    known = {**values, "r": result, "dr": incoming}
    shapes = {name: value.shape for name, value in known.items() if name != "dr"}
    _, backward, _ = derive([Statement("r", call)], shapes, "r")
    for statement in backward:
        known[statement.name] = evaluate(statement.expression, known)
    return {name: value for name, value in known.items() if name not in values}


def torchs(
    function: str, values: dict[str, np.ndarray], options: dict[str, Option], incoming: np.ndarray
) -> dict[str, np.ndarray]:
    import torch
    from torch.nn import functional

    calls = {
        "max_pool2d": lambda x, size, **rest: functional.max_pool2d(x, size, **rest),
        "avg_pool2d": lambda x, size, **rest: functional.avg_pool2d(x, size, **rest),
        "upsample": lambda x, scale: functional.interpolate(x, scale_factor=scale, mode="nearest"),
        "flatten": lambda x, start: torch.flatten(x, start),
        "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
        "hardtanh": lambda x, lowest, highest: functional.hardtanh(x, lowest, highest),
        "identity": lambda x: x * 1,
        "elu": functional.elu,
        "softmax": lambda x, axis=-1: torch.softmax(x, axis),
        "log_softmax": lambda x, axis=-1: torch.log_softmax(x, axis),
        "leaky_relu": functional.leaky_relu,
    }
    call = calls.get(function) or getattr(functional, function, None) or getattr(torch, function)
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}
    result = call(*leaves.values(), **options)
    result.backward(torch.tensor(incoming))
    gradients = {f"d{name}": leaf.grad.numpy() for name, leaf in leaves.items()}
    return {"r": result.detach().numpy(), **gradients}


def assert_agrees(case: Case, seed: int = 0, integers: bool = False) -> None:
    function, shapes, options = case
    random = np.random.default_rng(seed)
    values = {
        place: random.integers(-2, 3, shape).astype(float) if integers else random.normal(size=shape)
        for place, shape in zip(PLACES, shapes, strict=False)
    }
    found = ours(function, values, options, seed)
    wanted = torchs(function, values, options, found["dr"])
    assert set(wanted) == set(found) - {"dr"}
    for name, right in wanted.items():
        assert found[name].shape == right.shape, (name, case)
        scale = max(float(np.abs(right).max(initial=0)), 1e-300)
        np.testing.assert_allclose(found[name], right, rtol=0, atol=RTOL * scale, err_msg=f"{name} of {case}")


def pairs(draw: st.DrawFn, least: int, most: int, axes: int) -> Any:
    """Draw one number for all axes, or one for each."""
    number = st.integers(least, most)
    return draw(st.one_of(number, st.tuples(*[number] * axes)))


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    axes = draw(st.sampled_from((1, 2)))
    groups, inputs, outputs = (draw(st.integers(1, most)) for most in (3, 3, 3))
    size = tuple(draw(st.integers(1, 4)) for _ in range(axes))
    extents = tuple(draw(st.integers(1, 9)) for _ in range(axes))
    options = {
        "stride": pairs(draw, 1, 4, axes),
        "padding": pairs(draw, 0, 4, axes),
        "dilation": pairs(draw, 1, 3, axes),
        "groups": groups,
    }
    transposes = axes == 2 and draw(st.booleans())
    batch = draw(st.integers(1, 3))
    if transposes:
        stride = options["stride"]
        least = min(stride) if isinstance(stride, tuple) else stride
        options["output_padding"] = draw(st.integers(0, least - 1))
        shapes = (batch, groups * inputs, *extents), (groups * inputs, outputs, *size)
        return "conv_transpose2d", shapes, options
    shapes = (batch, groups * inputs, *extents), (groups * outputs, inputs, *size)
    return f"conv{axes}d", shapes, options


def fits(case: Case) -> bool:
    from bpdebug.engine.language.shapes import shape_of
    from bpdebug.errors import ShapeError

    function, shapes, options = case
    names = PLACES[: len(shapes)]
    try:
        call = Call(function, tuple(map(Name, names)), tuple(options.items()))
        shape_of(call, dict(zip(names, shapes, strict=True)))
    except ShapeError:
        return False
    return True


@given(case=convolutions(), seed=st.integers(0, 1000))
def test_random_convolutions(case: Case, seed: int) -> None:
    assume(fits(case))
    assert_agrees(case, seed)


@st.composite
def poolings(draw: st.DrawFn) -> Case:
    shape = tuple(draw(st.integers(1, most)) for most in (2, 3, 9, 9))
    size = pairs(draw, 1, 4, 2)
    height, width = size if isinstance(size, tuple) else (size, size)
    options = {
        "size": size,
        "stride": draw(st.none()) or pairs(draw, 1, 4, 2),
        "padding": (draw(st.integers(0, height // 2)), draw(st.integers(0, width // 2))),
    }
    if draw(st.booleans()):
        del options["stride"]
    return draw(st.sampled_from(("max_pool2d", "avg_pool2d"))), (shape,), options


@given(case=poolings(), seed=st.integers(0, 1000), integers=st.booleans())
def test_random_poolings(case: Case, seed: int, integers: bool) -> None:
    """With whole numbers, many windows have more than one largest element: the first of them wins."""
    assume(fits(case))
    assert_agrees(case, seed, integers)


@pytest.mark.parametrize("scale", [1, 2, 3, (2, 3), (3, 1)])
def test_upsampling(scale: Option) -> None:
    assert_agrees(("upsample", ((2, 3, 2, 4),), {"scale": scale}))


@pytest.mark.parametrize("start", [0, 1, 2])
def test_flattening(start: int) -> None:
    assert_agrees(("flatten", ((2, 3, 2, 4),), {"start": start}))


@pytest.mark.parametrize("shape", [(-1,), (-1, 8), (4, 3, -1), (2, 3, 4, 2)])
def test_reshaping(shape: tuple[int, ...]) -> None:
    assert_agrees(("reshape", ((2, 3, 2, 4),), {"shape": shape}))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(activation: str) -> None:
    options = {"lowest": -0.5, "highest": 1.5} if activation == "hardtanh" else {}
    assert_agrees((activation, ((40, 50),), options))
