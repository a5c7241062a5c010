"""Captures: the derived gradients are JAX's own, and what they hold opens where JAX is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import bpdebug
from bpdebug.engine.program.trace import run
from bpdebug.sources.capture.loading import load_capture
from bpdebug.sources.script.analysis.analyse import analyse

NAMES = (
    "perceptron",
    "convolution",
    "attention",
    "recurrent",
    "embedded",
    "normalised",
    "twice_where",
    "dropped",
    "decided",
    "mixture",
)


def captured(jax, name: str):
    from bpdebug.jax import capture
    from tests.jax.networks import networks

    function, *arguments = networks("float64" if jax.config.jax_enable_x64 else "float32")[name]
    return function, arguments, capture(function, *arguments)


@pytest.mark.parametrize(
    ("jax", "name"),
    [*((True, name) for name in NAMES), *((False, name) for name in NAMES[::3])],
    ids=lambda one: one if isinstance(one, str) else "x64" if one else "x32",
    indirect=["jax"],
)
def test_the_gradients_of_jax_are_the_derived_ones(jax, name: str) -> None:
    function, arguments, case = captured(jax, name)
    report = case.check(seconds=1)
    assert report.passed, report.verdicts
    assert {*report.verdicts.values()} == {"right"}
    leaves, tree = jax.tree.flatten(arguments)
    floats = [place for place, leaf in enumerate(leaves) if leaf.dtype in ("float32", "float64")]

    def total(values):
        every = list(leaves)
        for place, value in zip(floats, values, strict=True):
            every[place] = value
        return function(*jax.tree.unflatten(tree, every))

    theirs = jax.grad(total)([leaves[place] for place in floats])
    analysis = analyse(case.recording)
    derived = {one.name: analysis.gradients[one.old.id] for one in analysis.parameters}
    assert len(derived) == len(theirs)
    bound = 1e-9 if jax.config.jax_enable_x64 else 1e-5
    for gradient in theirs:
        scale = max(1.0, float(np.max(np.abs(gradient))))
        assert any(
            np.shape(one) == gradient.shape and np.max(np.abs(one - gradient)) <= bound * scale
            for one in derived.values()
        )


def test_what_was_captured_stands_on_the_lines_of_the_person(jax) -> None:
    _, _, case = captured(jax, "recurrent")
    forward = [one for one in case.program.statements if one.phase == "forward" and one.source is not None]
    turns = [one for one in forward if one.source.code == 'h = jnp.tanh(h @ params["u"] + x @ params["w"])']
    assert len(turns) == 5  # the scan, turn by turn
    assert {one.source.file.rpartition("/")[2] for one in forward} == {"networks.py"}
    assert {"params['u']", "params['w']"} <= case.program.parameters


def test_a_wrong_bwd_within_a_network_is_named(jax, functions) -> None:
    from bpdebug.jax import capture

    def loss(w, x):
        # A second way, so that the fault is no common factor of all gradients.
        return jax.numpy.mean(functions.square(jax.numpy.tanh(x @ w))) + jax.numpy.mean(x @ w)

    drawn = np.random.default_rng(0)
    w, x = (jax.numpy.asarray(drawn.normal(size=shape)) for shape in ((4, 3), (5, 4)))
    report = capture(loss, w, x).check(seconds=8)
    assert report.verdicts == {"w": "wrong", "x": "wrong"}
    assert [one.correction for one in report.findings] == ["2 * (g * x)"]


def test_what_is_opaque_makes_nothing_wrong(jax) -> None:
    from bpdebug.jax import capture

    def loss(x, w):
        return jax.numpy.sum(jax.numpy.linalg.inv(x.T @ x) @ w * w)

    drawn = np.random.default_rng(0)
    case = capture(loss, *(jax.numpy.asarray(drawn.normal(size=shape)) for shape in ((5, 3), (3,))))
    report = case.check(seconds=1)
    assert report.verdicts == {"x": "not reached", "w": "right"}
    assert any("is not known here" in sentence for sentence in case.script.found)


def test_a_capture_opens_where_jax_is_not(jax, tmp_path: Path) -> None:
    _, _, case = captured(jax, "perceptron")
    case.save(tmp_path / "net.bpd")
    opened = load_capture(tmp_path / "net.bpd")
    assert opened.program.statements == case.program.statements
    ours, theirs = (run(one.program, one.values).values for one in (case, opened))
    assert all(np.array_equal(ours[name], theirs[name], equal_nan=True) for name in ours)
    code = (
        "import sys; sys.modules['jax'] = None\n"
        f"import bpdebug; print(bpdebug.check({str(tmp_path / 'net.bpd')!r}).passed)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    assert bpdebug.check(tmp_path / "net.bpd").passed


def test_the_first_bad_value_is_named(jax) -> None:
    from bpdebug.jax import capture

    def loss(x):
        y = jax.numpy.log(x)
        return jax.numpy.sum(jax.numpy.where(x > 0, y, 0.0))

    found = capture(loss, jax.numpy.array([0.5, -1.0, 2.0])).first_bad()
    assert (found.operation, found.code) == ("log", "jax.numpy.log(x)")
    assert found.operands == ("x[1] = -1",)
