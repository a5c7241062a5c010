"""`check_vjp`: the line, and what should stand there; and what JAX does that looks like a mistake."""

from __future__ import annotations

import importlib
import random
from types import ModuleType

import numpy as np
import pytest

SECONDS = 20.0


def arrays(jax: ModuleType, count: int, shape: tuple[int, ...] = (5, 4)) -> list:
    drawn = np.random.default_rng(1)
    return [jax.numpy.asarray(drawn.normal(size=shape)) for _ in range(count)]


def check(function, *given, **options):
    from bpdebug.jax import check_vjp

    return check_vjp(function, *given, **{"seconds": SECONDS, **options})


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("square", "g * x", "2 * (g * x)"),
        ("compiled", "g * x", "2 * (g * x)"),
        ("batched", "g * x", "2 * (g * x)"),
        ("checkpointed", "g * x", "2 * (g * x)"),
        ("in_a_loop", "g * x", "2 * (g * x)"),
        ("chosen", "g * x", "2 * (g * x)"),
        ("leaky", "g * x", "2 * (g * x)"),  # a custom_jvp beside it: its rule is forward
        ("loop", "g * (1 - state)", "g * (1 - state ** 2)"),
        ("outside", "3 * g * x", "3 * g * x * x"),  # nothing is derived through a callback
    ],
)
def test_the_line_and_what_should_stand_there(jax, functions, name: str, wrong: str, right: str) -> None:
    callers = importlib.import_module("tests.jax.callers")
    report = check(getattr(functions, name, None) or getattr(callers, name), *arrays(jax, 1))
    assert not report.passed
    (finding,) = report.findings
    assert (finding.source.code, finding.correction, finding.verified) == (wrong, right, True)
    assert finding.source.file.endswith("functions.py")


@pytest.mark.parametrize("jax", [True, False], ids=["x64", "x32"], indirect=True)
def test_a_closure_is_judged_in_both_precisions(jax, functions) -> None:
    (x,) = arrays(jax, 1)
    (finding,) = check(functions.scaled(3.0), x).findings
    assert finding.correction == "2 * (g * x * factor)"
    assert check(functions.exponential, x).passed


def test_symbolic_zeros(jax, functions) -> None:
    x, w = arrays(jax, 2)
    for function in (functions.unaware, lambda x, w: functions.unaware(x, w)[0]):
        report = check(function, x, w)
        assert report.reports[0].verdicts == {"x": "right", "w": "wrong"}
        assert [one.correction for one in report.findings] == ["g * x"]


def test_trees_integers_and_none(jax, functions) -> None:
    params = {"scale": jax.numpy.asarray(2.0), "shift": [jax.numpy.asarray(0.5), jax.numpy.asarray(0.3)]}
    report = check(functions.picked, params, jax.numpy.array([0, 2, 2]), arrays(jax, 1, (4,))[0])
    assert report.passed, str(report)
    assert {*report.reports[0].verdicts} == {
        "params['scale']",
        "params['shift'][0]",
        "params['shift'][1]",
        "x",
    }


def test_arguments_that_no_gradient_is_asked_for_of(jax, functions) -> None:
    report = check(lambda x: functions.applied(jax.numpy.sin, x, 3.0), *arrays(jax, 1))
    assert report.reports[0].verdicts == {"x": "wrong"}
    assert [one.source.code for one in report.findings] == ["g * y ** (power - 1)"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("shaped", "shaped: backward returns the shape 5×4 for w, which has the shape 4: JAX refuses it"),
        ("short", "short: backward returns 1 values for 2 arguments: JAX refuses it"),
        ("missing", "missing: backward returns None for w, whose gradient is not 0"),
    ],
)
def test_what_jax_refuses_or_takes_for_zero_is_said(jax, functions, name: str, said: str) -> None:
    (x,) = arrays(jax, 1)
    report = check(getattr(functions, name), x, x[0] if name == "shaped" else x, seconds=2)
    assert not report.passed
    assert said in str(report)


def test_what_is_meant_is_not_judged(jax, functions) -> None:
    (x,) = arrays(jax, 1)
    assert not check(functions.rounded, x, seconds=1).passed
    report = check(functions.rounded, x, intended=functions.rounded)
    assert report.passed
    assert "rounded is meant to be as it is, and was not judged" in str(report)


def test_only_the_named_function_is_judged(jax, functions) -> None:
    def net(x):
        return functions.square(functions.exponential(x))

    (x,) = arrays(jax, 1)
    assert check(net, x, only=functions.exponential).passed
    report = check(net, x)  # a wrong one makes none before it wrong
    assert [(one.file, one.passed) for one in report.reports] == [("exponential", True), ("square", False)]


def test_a_plain_function_stands_in_for_one_that_jax_cannot_derive(jax, functions) -> None:
    report = check(functions.outside, *arrays(jax, 1), reference=lambda x: x**3)
    assert report.findings[0].correction == "3 * g * x * x"


def test_a_forward_that_is_another_function_is_said(jax, functions) -> None:
    report = check(functions.other, *arrays(jax, 1))
    assert not report.passed
    assert "other: its fwd gives another value than the function itself" in str(report)


def test_a_function_without_any_says_so(jax, functions) -> None:
    report = check(lambda x: jax.numpy.exp(x), *arrays(jax, 1))
    assert not report.passed
    assert "no function with a custom_vjp was called" in str(report)


def test_everything_is_what_it_was(jax, functions) -> None:
    before, code, rule = vars(functions.square).copy(), functions.square_bwd.__code__, jax.custom_vjp.__call__
    check(functions.square, *arrays(jax, 1), seconds=1)
    assert vars(functions.square) == before
    assert functions.square_bwd.__code__ is code
    assert jax.custom_vjp.__call__ is rule
    assert not jax.config.jax_disable_jit
    assert jax.jit(functions.exponential)(0.0) == 1.0


def test_assert_vjp_raises_with_the_report(jax, functions) -> None:
    from bpdebug.jax import assert_vjp

    (x,) = arrays(jax, 1)
    assert_vjp(functions.exponential, x)
    with pytest.raises(AssertionError, match=r"functions.py:\d+: dx = g \* x should be 2 \* \(g \* x\)"):
        assert_vjp(functions.square, x, seconds=SECONDS)


def test_large_arrays_take_seconds(jax, module) -> None:
    from tests.jax.planted import text_of

    found = module(text_of("standardize").replace("rstd * (dxhat", "rstd * (2 * dxhat"))
    drawn = np.random.default_rng(0)
    given = [jax.numpy.asarray(drawn.normal(size=shape)) for shape in ((512, 768), (768,), (768,))]
    (finding,) = check(found.standardize, *given).findings
    assert finding.source.code.startswith("rstd * (2 * dxhat")
    assert finding.verified


NAMES = ("affine", "scaled_silu", "standardize", "gated", "pseudo_huber")
HELD_OUT = ("labelled", "attend", "turned", "unit", "mixed")
"""Those that were set aside when the rules were looked at."""


@pytest.mark.parametrize("name", [*NAMES, *HELD_OUT])
def test_planted_mistakes_are_found_at_their_line(jax, module, name: str) -> None:
    """Of each function six mistakes: all are detected, and most have the line and a correction."""
    from tests.jax.planted import changes_nothing, inputs, mistakes, text_of

    right = getattr(module(text_of(name)), name)
    given = inputs(name)
    assert check(right, *given).passed
    assert check(right, *inputs(name, 5)).passed
    every = [*mistakes(name)]
    random.Random(1).shuffle(every)
    found = verified = count = 0
    for mistake in every:
        function = getattr(module(mistake.text), name)
        if count == 6 or changes_nothing(function, right, inputs(name, 7)):
            continue
        count += 1
        report = check(function, *given)
        assert not report.passed, mistake
        found += any(one.source.line == mistake.line for one in report.findings)
        verified += bool(report.findings) and all(one.verified for one in report.findings)
    assert count == 6
    assert found >= 4
    assert verified >= 4
