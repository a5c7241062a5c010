"""What a function says that it takes is what it takes: nothing runs that needs more than was foreseen."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from bpdebug.engine.language.cost import check_cost, cost_of
from bpdebug.engine.language.forms import element_count
from bpdebug.engine.language.functions import FUNCTIONS
from bpdebug.engine.language.functions.entry import Array, Function, Sample
from bpdebug.engine.language.parsing import parse
from bpdebug.errors import BpdebugError, ShapeError
from bpdebug.limits import LIMITS

LEAST, MOST = 2**12, 2**16
OVERHEAD = 4000
"""What NumPy needs for a call, however small it is, in elements of eight bytes."""
NEARLY = 1.15
"""Truths, a byte each, and the buffers of NumPy are in no estimate."""
CANNOT_GROW = {"expand", "merge_heads", "relu6", "relu6_prime", "dot"}
"""Of which no sample can be made larger by repeating it, or whose result is one of NumPy's views."""


def enlarged(function: Function, sample: Sample) -> list[Array] | None:
    """Repeat the arguments of a sample along all axes, as often as they still fit together."""
    given = [np.asarray(argument, dtype=float) for argument in sample.arguments]
    for times in (3, 4, 6, 8, 20, 40):
        shapes = tuple(tuple(times * extent for extent in one.shape) for one in given)
        try:
            result = function.form.shape(shapes, {**function.options, **sample.options})
        except ShapeError:
            continue
        if LEAST < max(map(element_count, (*shapes, result))) < MOST:
            return [np.resize(one, shape) for one, shape in zip(given, shapes, strict=True)]
    return None


def held(function: Function, sample: Sample, arguments: list[Array]) -> int:
    """Return how many elements of eight bytes a function holds at its most, its result included."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        function.numpy(*arguments, **{**function.options, **sample.options})
        return (tracemalloc.get_traced_memory()[1] - before) // 8
    finally:
        tracemalloc.stop()


def test_no_function_holds_more_than_it_says() -> None:
    seen = set()
    for function in (FUNCTIONS[name] for name in FUNCTIONS):
        for sample in function.samples[:2]:
            arguments = enlarged(function, sample)
            if arguments is None:
                continue
            seen.add(function.name)
            shapes = tuple(one.shape for one in arguments)
            options = {**function.options, **sample.options}
            with np.errstate(all="ignore"):
                found = held(function, sample, arguments)
            foreseen = function.cost(shapes, options).elements
            foreseen += element_count(function.form.shape(shapes, options))
            assert found <= NEARLY * foreseen + OVERHEAD, (function.name, shapes, found, foreseen)
    gradients = {name for name in FUNCTIONS if name.startswith("conv") and name.endswith("gradient")}
    assert FUNCTIONS.keys() - seen <= CANNOT_GROW | gradients


@pytest.mark.parametrize("name", ["conv2d_input_gradient", "conv2d_weight_gradient"])
def test_a_gradient_of_a_convolution_holds_its_windows(name: str) -> None:
    x, w = np.ones((6, 4, 20, 20)), np.ones((8, 4, 5, 5))
    g = np.ones((6, 8, 16, 16))
    arguments = [g, w, x] if name == "conv2d_input_gradient" else [x, g, w]
    function = FUNCTIONS[name]
    shapes = tuple(one.shape for one in arguments)
    foreseen = function.cost(shapes, function.options).elements
    foreseen += element_count(function.form.shape(shapes, function.options))
    assert foreseen / 4 < held(function, Sample(()), arguments) <= NEARLY * foreseen + OVERHEAD


SHAPES = {"image": (1, 1, 200, 200), "wide": (1, 1, 3000, 3000), "s": (1000, 1000), "n": ()}


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("conv2d(image, image, padding=400)", "expression_elements"),
        ("conv2d(wide, wide, padding=3000)", "expression_elements"),
        ("max_pool2d(wide, size=2000, stride=1000)", "expression_products"),
        ("sum(avg_pool2d(wide, size=1500, stride=1))", "expression_products"),
        ("exp(expand(n + 1, shape=(100000, 100000)))", "expression_elements"),
        ("exp(expand(1, shape=(100000, 100000)))", "expression_elements"),
        ("gelu(expand(n, shape=(16384, 1024)))", "expression_elements"),
        ("einsum(s, s, s, subscripts='ij,jk,kl->il')", "expression_products"),
        (" + ".join(["sum(gelu(s))"] * 13), "expression_elements"),
    ],
)
def test_what_is_refused_before_it_runs(text: str, limit: str) -> None:
    with pytest.raises(BpdebugError, match=limit):
        check_cost(parse(text), SHAPES)


def test_what_is_written_twice_costs_twice() -> None:
    once, twice = (cost_of(parse(text), SHAPES) for text in ("s @ s", "(s @ s) * (s @ s)"))
    assert once == (10**6, 10**9, 10**6)
    assert twice.elements == 3 * 10**6
    assert twice.products > 2 * 10**9


def test_what_a_large_layer_takes_is_allowed() -> None:
    shapes = {"w": (4096, 4096), "x": (4096, 512), "image": (64, 32, 32, 32), "k": (64, 32, 3, 3)}
    for text in ("relu(w @ x)", "conv2d(image, k, padding=1)", "max_pool2d(image)", "gelu(x)"):
        check_cost(parse(text), shapes)
    assert LIMITS.run_products > LIMITS.expression_products
