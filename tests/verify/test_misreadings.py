"""Functions as they are misread: right without a misreading, and each misreading makes a difference."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import Sample, arrays
from bpdebug.engine.language.nodes import Call, Name
from bpdebug.verify.diagnosis.evaluator import Evaluator
from bpdebug.verify.diagnosis.misreadings import MISREAD, Misreading

SAMPLES = [(name, sample) for name in MISREAD for sample in FUNCTIONS[name].samples]
WAYS = [(name, way) for name, misread in MISREAD.items() for way in misread.ways]


@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_without_a_misreading_it_is_the_right_function(name: str, sample: Sample) -> None:
    options = {**FUNCTIONS[name].options, **sample.options}
    right = FUNCTIONS[name].numpy(*arrays(sample), **options)
    found = MISREAD[name].value(*arrays(sample), **options)
    assert found is not None
    np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-14)


def general(name: str) -> tuple[list[np.ndarray], dict]:
    """Numbers and options on which no misreading of a function is hidden."""
    random = np.random.default_rng(3)

    def normal(*shape: int) -> np.ndarray:
        return random.normal(size=shape)

    if name.startswith("conv"):
        places = (5,) if "1d" in name else (5, 6)
        window = (3,) if "1d" in name else (3, 2)
        x, w = normal(2, 4, *places), normal(4, 2, *window)
        options = {"stride": 2, "padding": 1, "dilation": 1, "groups": 2}
        g = normal(*FUNCTIONS[name.partition("_")[0]].numpy(x, w, **options).shape)
        if name.endswith("input_gradient"):
            return [g, w, x], options
        return ([x, g, w] if name.endswith("weight_gradient") else [x, w]), options
    if "pool" in name:
        options = {"size": 3, "stride": 1, "padding": 1}
        return [normal(2, 3, 4, 5), random.integers(3, size=(2, 3, 4, 5)).astype(float)], options
    if name.endswith("_heads"):
        return [normal(2, 3, 6) if name == "split_heads" else normal(2, 2, 3, 3)], {"heads": 2}
    if name == "row_sums":
        return [normal(4, 3), np.array([1.0, 0.0, 1.0, 1.0]), normal(2, 3)], {}
    if name == "upsample_gradient":
        return [normal(2, 3, 4, 6)], {"scale": (2, 3)}
    return [normal(4, 5)], {**FUNCTIONS[name].options, "eps": 0.1}


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_each_misreading_differs_from_the_right_function_and_from_the_others(
    name: str, way: Misreading
) -> None:
    operands, options = general(name)
    if "exchanged" in way.options:  # outputs and channels can only be confused where there are as many
        options = {**options, "groups": 1}
        operands = [
            np.random.default_rng(4).normal(size=(4, 4, *operand.shape[2:]))
            if operand.shape[0] == 4
            else operand
            for operand in operands
        ]
    found = MISREAD[name].value(*operands, **options, **way.options)
    assert found is not None
    others = [other.options for other in MISREAD[name].ways if other is not way]
    for other in ({}, *others):
        value = MISREAD[name].value(*operands, **options, **other)
        assert value is None or value.shape != found.shape or not np.allclose(value, found), other


def test_what_does_not_fit_even_so_has_no_value() -> None:
    value = MISREAD["conv2d_input_gradient"].value(
        np.ones((1, 2, 3, 3)),
        np.ones((3, 1, 2, 2)),
        np.ones((1, 1, 4, 4)),
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
    )
    assert value is None


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_every_misreading_says_what_is_wrong_in_sentences(name: str, way: Misreading) -> None:
    assert way.why[0].isupper()
    assert way.why.endswith(".")


def test_what_would_be_too_large_has_no_value() -> None:
    one, options = np.ones((1, 1, 1, 1)), {"stride": 1, "dilation": 1, "groups": 1}
    x = np.ones((1, 1, 2, 2))
    uncropped = MISREAD["conv2d_input_gradient"].value(one, one, x, padding=2**16, cropped=False, **options)
    assert uncropped is None
    many, table = np.ones((2**13, 1, 1, 1)), np.ones((1, 1, 2**6, 2**6))
    each = MISREAD["conv2d_weight_gradient"].value(many, many, table, padding=2**6, summed=False, **options)
    assert each is None
    windows = np.ones((1, 1, 300, 300))
    pooled = MISREAD["max_pool2d_gradient"].value(windows, windows, size=1, stride=1, padding=0, add=False)
    assert pooled is None


def test_another_option_does_not_make_a_formula_huge() -> None:
    values = {"x": np.ones((1, 1, 2**15, 1)), "w": np.ones((1, 1, 1, 2**13))}
    options = (("stride", 2**13), ("padding", 2**12))
    evaluator = Evaluator(values, {})
    assert evaluator.value(Call("conv2d", (Name("x"), Name("w")), options)) is not None
    assert evaluator.value(Call("conv2d", (Name("x"), Name("w")), (("stride", 1), *options[1:]))) is None


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1)])
def test_a_window_that_overwrites_is_what_a_loop_with_an_equals_sign_gives(stride: int, padding: int) -> None:
    random = np.random.default_rng(6)
    x, w = random.normal(size=(2, 3, 6, 7)), random.normal(size=(4, 3, 3, 2))
    options = {"stride": stride, "padding": padding, "dilation": 1, "groups": 1}
    g = random.normal(size=FUNCTIONS["conv2d"].numpy(x, w, **options).shape)
    padded = np.zeros((2, 3, 6 + 2 * padding, 7 + 2 * padding))
    for i, j in np.ndindex(g.shape[2:]):
        rows, columns = slice(i * stride, i * stride + 3), slice(j * stride, j * stride + 2)
        padded[:, :, rows, columns] = np.einsum("nf,fchw->nchw", g[:, :, i, j], w)
    expected = padded[:, :, padding : padding + 6, padding : padding + 7]
    found = MISREAD["conv2d_input_gradient"].value(g, w, x, add=False, **options)
    assert found is not None
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
