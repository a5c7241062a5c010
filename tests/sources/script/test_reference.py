"""The reference: gradients derived from the forward part equal its central differences, for any inputs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpdebug.sources.script import Node, record_script
from bpdebug.sources.script.analysis.analyse import analyse
from bpdebug.sources.script.analysis.analysis import Analysis
from bpdebug.sources.script.reference import Reference
from tests.scripts.oracle import RIGHT
from tests.sources.script.recording import recorded
from tests.tiers import deep, few

FUNCTIONS = """
    np.tanh(w) + w  |  w * w - w / 3  |  w**3  |  -w  |  abs(w)  |  np.abs(w)  |  np.square(w)
    np.exp(w)  |  np.log(w * w + 1)  |  np.sqrt(w * w + 1)  |  np.log1p(w * w)  |  np.expm1(w)
    np.log2(w * w + 2)  |  np.reciprocal(w * w + 1)  |  np.sin(w) * np.cos(w)  |  np.maximum(w, 0.1)
    np.tan(w / 3) + np.arctan(w)  |  np.arcsin(w / 3) * np.arccos(w / 4)  |  np.sinh(w) / np.cosh(w)
    np.arcsinh(w) + np.arctanh(w / 3)  |  np.exp2(w)  |  np.cbrt(w + 2)  |  np.logaddexp(0, w)
    np.hypot(w, v)
    np.maximum(0, w)  |  np.minimum(w, 0.25)  |  np.clip(w, -0.5, 0.5)  |  w.clip(-0.5, 0.5)
    np.where(w > 0, w, 0.01 * w)  |  w * (w > 0)  |  w * ((w > -1) & (w < 1))  |  w * ~(w > 0)
    np.sign(w) * w  |  np.power(w * w + 1, 1.5)  |  w.sum(axis=0)  |  np.sum(w, axis=1, keepdims=True)
    w.mean()  |  np.mean(w, 0)  |  w.max(axis=1)  |  np.min(w)  |  w.var(axis=0)  |  np.std(w, axis=1)
    np.linalg.norm(w)  |  np.linalg.norm(w, axis=0)  |  np.sum([w[0], w[1]])  |  sum(w)  |  w @ v
    w.dot(v)  |  np.dot(w[0], v)  |  np.dot(u, w)  |  w[0] @ v  |  np.dot(v, v) * w  |  w @ w.T
    np.matmul(w, w.T)  |  np.outer(w[0], v)  |  np.inner(w, v)  |  np.inner(v, w)  |  np.inner(w, w)
    np.outer(u, v) * w  |  np.vdot(w[0], v)  |  np.tensordot(w, k, axes=([1], [0]))  |  np.tensordot(k, w, 1)
    np.einsum("ij,j->i", w, v)  |  np.einsum("ij,kj->ik", w, w)  |  np.einsum("ij->j", w)
    np.einsum("ij,ij", w, w)  |  np.einsum("ij,jkl->lik", w, k)  |  w.T @ u  |  np.transpose(w)
    w.transpose(1, 0)  |  k.transpose(2, 0, 1) * w[0, 0]  |  np.swapaxes(k * w[0, 1], 0, 2)
    np.moveaxis(k * w[1, 1], 0, -1)  |  w.reshape(3, 2)  |  w.ravel()  |  w.flatten()[2:5]
    w[:, None] * v  |  w[0]  |  w[-1, 1:]  |  w[..., 0]  |  w[:, ::-1]  |  w[:, ::2]  |  w[[0, 1, 1]]
    w[[0, 1], [2, 0]]  |  w[w > 0]  |  w[np.arange(2), np.array([0, 2])]  |  np.concatenate([w, w * 2])
    np.concatenate((w, w, w), axis=1)  |  np.vstack([w, v])  |  np.hstack([w, w])
    np.stack([w, w * w], axis=2)  |  np.append(w[0], 1.0)  |  np.append(w, w, axis=0)
    np.column_stack([u, w])  |  np.array([w[0, 0], w[1, 2], 3.0])
    np.array([[w[0, 0], 2.0], [w[1, 1], w[0, 1]]])  |  np.repeat(w, 2, axis=0)  |  np.tile(w, (2, 2))
    np.flip(w)  |  np.roll(w, 1, axis=1)  |  np.rot90(w)  |  np.take(w, [2, 0], axis=1)
    np.delete(w, 1, 1)  |  np.pad(w, 1)  |  np.pad(w, ((0, 0), (2, 1)))  |  np.pad(w, 1, mode="edge")
    np.diag(w[0])  |  np.diag(w @ w.T)  |  np.trace(w @ w.T)  |  np.tril(w @ w.T)  |  np.triu(w, 1)
    np.expand_dims(w, 0)  |  np.squeeze(w[None])  |  np.broadcast_to(w[0], (4, 3))
    np.split(w, 3, axis=1)[1]  |  np.copy(w) * w  |  w.copy().astype(float)  |  float(w[0, 0]) * w
    w.item(2) * w  |  np.float64(w[0, 1]) ** 2  |  math.exp(w[0, 0]) * w  |  math.tanh(w[0, 1]) + w
    math.log(w[0, 0] ** 2 + 1) * v  |  math.sqrt(w[1, 1] ** 2) * w  |  [math.sin(x) for x in w[0]][1]
    sum(x * x for x in w.ravel())  |  sum([w[i, j] for i in range(2) for j in range(3)])
"""
"""What may be written of a matrix w, with two vectors and a cube."""
SCRIPT = 8
"""So many of them stand in one script of the fast tier."""
APART = 3
"""So many, and others together, in one of the deep tier."""
PROGRAMS = {
    "a part is replaced": "y = np.zeros((2, 3)); y[:, 1:] = w[:, :2]; y = y * w",
    "a part is replaced by a number": "y = w * 1; y[0, 1] = 5.0; y = y * w",
    "a part is changed": "y = w * 1; y[1] += w[0]; y[:, 0] *= 2; y = y * w",
    "chosen by a mask": "y = w * 1; y[w < 0] = 0.0",
    "chosen by a mask, in part": "y = w * 1; y[w < 0] *= 0.1",
    "added at places": "y = np.zeros(4); np.add.at(y, [0, 2, 0], w[0]); y = y * y",
    "in place": "y = w * 1; y += w; y *= y; y -= 1",
    "written to a given array": "y = np.empty((2, 3)); np.multiply(w, w, out=y)",
    "copied into": "y = np.zeros((2, 3)); np.copyto(y, w); y = y * y",
    "through a view": "y = w * 1; z = y[0]; z *= 2; y = y * w",
    "a shape is set": "y = w * w; y.shape = (3, 2)",
    "element by element": "y = np.zeros(3)\n    for i in range(3): y[i] = w[0, i] ** 2 + w[1, 2 - i]",
}


def cases() -> dict[str, str]:
    written = (
        piece.strip() for line in FUNCTIONS.strip().splitlines() for piece in re.split(r"\s\|\s", line)
    )
    return {code: f"y = {code}" for code in written if code} | PROGRAMS


def together(codes: Sequence[str]) -> str:
    """Write several pieces one after the other, each with a loss of its own."""
    piece = "{lines}\n    loss{number} = np.sum(y * np.cos(np.arange(np.size(y)).reshape(np.shape(y))))"
    pieces = [piece.format(lines=cases()[code], number=number) for number, code in enumerate(codes)]
    return "\n    ".join([*pieces, f"loss = {' + '.join(f'loss{number}' for number in range(len(codes)))}"])


def analysed(folder: Path, lines: str, seed: int) -> Analysis:
    text = f"""
    import math
    import numpy as np
    rng = np.random.default_rng({seed})
    w = np.array([[0.7, -0.4, 0.9], [-1.1, 0.3, -0.2]])
    v, u, k = rng.normal(size=3), rng.normal(size=2), rng.normal(size=(3, 2, 2))
    {lines}
    dw = np.ones_like(w) * w
    w = w - 0.1 * dw
    """
    return analyse(recorded(folder, text))


def differences(reference: Reference, node: Node, epsilon: float, value_of: Callable[[Node], Any]) -> Any:
    """Central differences of the loss by every element of a node, from the program's forward part alone."""

    def loss(moved: Any) -> float:
        values = reference.values(lambda one: moved if one is node else value_of(one))
        return float(np.ravel(values[reference.loss])[0])

    start = np.asarray(value_of(node), dtype=float)
    slopes = np.zeros(start.shape)
    for place in np.ndindex(start.shape):
        step = np.zeros(start.shape)
        step[place] = epsilon
        slopes[place] = (loss(start + step) - loss(start - step)) / (2 * epsilon)
    return slopes


CODES = [*cases()]
TOGETHER = [CODES[first : first + SCRIPT] for first in range(0, len(CODES), SCRIPT)]
STRIDES = [CODES[first :: -(-len(CODES) // APART)] for first in range(-(-len(CODES) // APART))]


@pytest.mark.parametrize(
    ("codes", "seed"),
    [*few([(codes, 8) for codes in TOGETHER], 6), *(deep(codes, 9) for codes in STRIDES)],
    ids=str,
)
def test_a_gradient_equals_central_differences(codes: list[str], seed: int, tmp_path: Path) -> None:
    analysis = analysed(tmp_path, together(codes), seed)
    (parameter,) = (one for one in analysis.parameters if one.name == "w")
    assert analysis.loss is not None
    assert analysis.notes == ()
    reference = analysis.loss.reference
    for name, node in reference.forward.nodes.items():
        np.testing.assert_allclose(reference.values()[name], node.value, rtol=1e-13, atol=1e-13)
    gradient = reference.gradients()[parameter.old.id]
    slopes = differences(reference, parameter.old, 1e-6, lambda node: node.value)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-8)


@pytest.mark.deep
@pytest.mark.parametrize(
    "name", few(["gru.py", "convolution_im2col.py", "max_pool_overlap.py", "attention.py"])
)
def test_a_gradient_equals_central_differences_for_other_inputs(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(RIGHT)
    analysis = analyse(record_script(name))
    assert analysis.loss is not None
    generator = np.random.default_rng(3)
    moved = {
        one.old.id: one.old.value + 1e-3 * generator.normal(size=one.old.shape) for one in analysis.parameters
    }

    def value_of(node: Node) -> Any:
        return moved.get(node.id, node.value)

    reference = analysis.loss.reference
    gradients = reference.gradients(value_of)
    for parameter in analysis.parameters:
        slopes = differences(reference, parameter.old, 1e-6, value_of)
        scale = max(1e-3, float(np.max(np.abs(slopes))))
        assert np.max(np.abs(gradients[parameter.old.id] - slopes)) < 1e-6 * scale
