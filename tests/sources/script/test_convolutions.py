"""Convolutions of NumPy and of SciPy are written in the language: their derived gradients are right.

What `out` is linear in has the gradient `Σ 2 out · out(unit)`: nothing of it comes from here.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from bpdebug.sources.script import record_script
from bpdebug.sources.script.analysis.analyse import analyse
from tests.tiers import deep, few

MODES = ("full", "same", "valid")
TEXT = """\
import numpy as np
{scipy}
rng = np.random.default_rng(0)
x, w = rng.normal(size={x}), rng.normal(size={w})
for step in range(3):
    y = {function}(x, w, "{mode}")
    loss = np.sum(y ** 2)
    dw = np.zeros_like(w)
    for place in np.ndindex(*w.shape):
        unit = np.zeros_like(w)
        unit[place] = 1
        dw[place] = np.sum(2 * y * {function}(x, unit, "{mode}"))
    w -= 0.01 * dw
"""
OF_NUMPY = itertools.product(("np.correlate", "np.convolve"), (5, 6, 3), (3, 4, 5, 2), MODES)
OF_SCIPY = [
    *itertools.product(
        ("correlate2d", "convolve2d", "correlate", "convolve"),
        ((5, 6), (4, 4)),
        ((3, 2), (2, 2), (3, 3), (4, 4)),
        MODES,
    ),
    *itertools.product(("correlate", "convolve"), ((5,), (3,)), ((3,), (2,), (5,)), MODES),
]


def is_written_and_right(path: Path, text: str) -> bool:
    path.write_text(text)
    loss = analyse(record_script(path)).loss
    return loss is not None and loss.verdicts.are_right and not loss.reference.forward.opaque


@pytest.mark.parametrize(("function", "x", "w", "mode"), few(OF_NUMPY, 8))
def test_one_axis(function: str, x: int, w: int, mode: str, tmp_path: Path) -> None:
    text = TEXT.format(scipy="", function=function, x=(x,), w=(w,), mode=mode)
    assert is_written_and_right(tmp_path / "net.py", text)


@pytest.mark.parametrize("each", [deep(OF_SCIPY)])
def test_of_scipy(each: list[tuple[str, tuple[int, ...], tuple[int, ...], str]], tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    wrong = [
        one
        for one in each
        if not is_written_and_right(
            tmp_path / "net.py",
            TEXT.format(
                scipy="from scipy import signal",
                function=f"signal.{one[0]}",
                x=one[1],
                w=one[2],
                mode=one[3],
            ),
        )
    ]
    assert wrong == []
