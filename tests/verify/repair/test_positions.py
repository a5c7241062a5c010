"""What is put at the wrong position of a tensor in loops, and pieces that are right there by chance."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.verify.repair.check import check_script
from tests.tiers import few

LOOPS = """\
import numpy as np

rng = np.random.default_rng(6)
signal, wanted = rng.normal(size=(3, 9)), rng.normal(size=(3, 5))
kernels = [rng.normal(size=3), rng.normal(size=3)]


def slide(x, k):
    out = np.zeros((len(x), x.shape[1] - len(k) + 1))
    for n in range(len(x)):
        for at in range(out.shape[1]):
            for tap in range(len(k)):
                out[n, at] += x[n, at + tap] * k[tap]
    return out


def slide_back(g, x, k):
    gx, gk = np.zeros_like(x), np.zeros_like(k)
    for n in range(len(x)):
        for at in range(g.shape[1]):
            for tap in range(len(k)):
                gx[n, at + tap] += g[n, at] * k[tap]
                gk[tap] += g[n, at] * x[n, at + tap]
    return gx, gk


for epoch in range(3):
    inner = slide(signal, kernels[0])
    bent = np.tanh(inner)
    out = slide(bent, kernels[1])
    loss = np.sum((out - wanted) ** 2) / 2
    g_bent, g_last = slide_back(out - wanted, bent, kernels[1])
    _, g_first = slide_back(g_bent * (1 - bent ** 2), signal, kernels[0])
    kernels[0] = kernels[0] - 0.01 * g_first
    kernels[1] = kernels[1] - 0.01 * g_last
"""

PADDED = """\
import numpy as np

rng = np.random.default_rng(9)
images, wanted, pad = rng.normal(size=(2, 4, 4)), rng.normal(size=(2, 4, 4)), 1
first, last = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))


def conv(x, k):
    h, w = x.shape[1:]
    wide = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    out = np.zeros_like(x)
    for i in range(h):
        for j in range(w):
            out[:, i, j] = np.sum(wide[:, i:i + 3, j:j + 3] * k, axis=(1, 2))
    return out, wide


def conv_back(g, wide, k):
    h, w = g.shape[1:]
    g_wide, g_k = np.zeros_like(wide), np.zeros_like(k)
    for n in range(len(g)):
        for i in range(h):
            for j in range(w):
                g_wide[n, i:i + 3, j:j + 3] += g[n, i, j] * k
                g_k += g[n, i, j] * wide[n, i:i + 3, j:j + 3]
    return g_wide[:, pad:pad + h, pad:pad + w], g_k


for epoch in range(3):
    inner, wide = conv(images, first)
    bent = np.maximum(inner, 0)
    out, wide_bent = conv(bent, last)
    loss = np.sum((out - wanted) ** 2) / 2
    g_bent, g_last = conv_back(out - wanted, wide_bent, last)
    _, g_first = conv_back(g_bent * (inner > 0), wide, first)
    first = first - 0.01 * g_first
    last = last - 0.01 * g_last
"""

CASES = [
    (LOOPS, "gx[n, at + tap] +=", "gx[n, at] +=", "gx[n, at + tap] += g[n, at] * k[tap]"),
    (LOOPS, "gx[n, at + tap] +=", "gx[n, tap] +=", "gx[n, at + tap] += g[n, at] * k[tap]"),
    (
        PADDED,
        "g_wide[n, i:i + 3, j:j + 3] +=",
        "g_wide[n, j:j + 3, i:i + 3] +=",
        "g_wide[n, i:i + 3, j:j + 3] += g[n, i, j] * k",
    ),
    (
        PADDED,
        "g_wide[:, pad:pad + h, pad:pad + w]",
        "g_wide[:, :h, :w]",
        "g_wide[:, pad:pad + h, pad:pad + w]",
    ),
]


@pytest.mark.deep
@pytest.mark.parametrize(("right", "old", "new", "correction"), CASES)
def test_the_line_that_puts_it_elsewhere_is_mended(
    right: str, old: str, new: str, correction: str, tmp_path: Path
) -> None:
    assert right.count(old) == 1
    text = right.replace(old, new)
    (tmp_path / "net.py").write_text(text)
    report = check_script(tmp_path / "net.py", seconds=60)
    line = text[: text.index(new)].count("\n") + 1
    assert [(one.source.line, one.correction) for one in report.findings] == [(line, correction)]


@pytest.mark.parametrize("right", few([LOOPS, PADDED], 1))
def test_nothing_is_said_of_right_positions(right: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(right)
    report = check_script(tmp_path / "net.py")
    assert report.findings == ()
    assert set(report.verdicts.values()) == {"right"}


@pytest.mark.deep
def test_two_lines_that_are_written_alike_are_mended_alike(tmp_path: Path) -> None:
    """Neither of them mends anything alone."""
    (tmp_path / "net.py").write_text(
        STRIDES.replace("row = i * step", "row = i").replace("column = j * step", "column = j")
    )
    report = check_script(tmp_path / "net.py", seconds=60)
    (finding,) = report.findings
    assert (finding.source.line, finding.source.end_line, finding.verified) == (20, 21, True)
    assert finding.correction is not None
    assert finding.correction.split() == ["row", "=", "i", "*", "step", "column", "=", "j", "*", "step"]


STRIDES = """\
import numpy as np

rng = np.random.default_rng(6)
image, wanted, step = rng.normal(size=(6, 6)), rng.normal(size=(2, 2)), 2
kernel, scale = rng.normal(size=(3, 3)), np.array([0.7, -0.4])


def slid(x, k):
    out = np.zeros((2, 2))
    for i in range(2):
        for j in range(2):
            out[i, j] = np.sum(x[i * step:i * step + 3, j * step:j * step + 3] * k)
    return out


def back(g, x, step):
    gk = np.zeros((3, 3))
    for i in range(2):
        for j in range(2):
            row = i * step
            column = j * step
            gk += g[i, j] * x[row:row + 3, column:column + 3]
    return gk


for epoch in range(3):
    inner = slid(image, kernel)
    out = inner * scale
    loss = 0.5 * np.sum((out - wanted) ** 2)
    d = out - wanted
    dscale = np.sum(d * inner, axis=0)
    dkernel = back(d * scale, image, step)
    kernel -= 0.1 * dkernel
    scale -= 0.1 * dscale
"""
