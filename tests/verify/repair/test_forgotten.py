"""A way through the forward pass that nothing of the backward pass goes back is named, and where to add."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bpdebug.sources.script import record_script
from bpdebug.sources.script.analysis.analyse import analyse
from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.faults import Check
from bpdebug.verify.repair.forgotten import ForgottenWay, adding_line, forgotten_way
from bpdebug.verify.repair.trying import unsaid
from tests.tiers import deep

HINGE = """
import numpy as np
rng = np.random.default_rng(5)
points, classes = rng.normal(size=(3, 2)), rng.integers(0, 3, size=3)
weights = rng.normal(size=(2, 3)) * 0.1
for turn in range(2):
    loss, slope = 0.0, np.zeros_like(weights)
    for i, point in enumerate(points):
        scores = point @ weights
        own = scores[classes[i]]
        for j in range(3):
            margin = scores[j] - own + 1
            if j != classes[i] and margin > 0:
                loss += margin
                slope[:, j] += point
    weights -= 0.2 * slope
"""
TIED = """
import numpy as np
rng = np.random.default_rng(2)
x, shift, back = rng.normal(size=(6, 4)), np.zeros(3), np.zeros(4)
w = rng.normal(size=(4, 3)) * 0.5
for turn in range(2):
    code = np.tanh(x @ w + shift)
    again = code @ w.T + back
    loss = np.sum((again - x) ** 2) / 6
    d = 2 * (again - x) / 6
    inner = d @ w * (1 - code**2)
    dw = x.T @ inner
    dshift, dback = inner.sum(axis=0), d.sum(axis=0)
    w -= 0.1 * dw
    shift -= 0.1 * dshift
    back -= 0.1 * dback
"""
BESIDE = """
import numpy as np
rng = np.random.default_rng(7)
x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 4))
w, v = rng.normal(size=(3, 4)), rng.normal(size=(4, 4))
for turn in range(2):
    h = x @ w
    h = np.tanh(h)
    out = h @ v + h
    loss = np.sum((out - y) ** 2) / 2
    d = out - y
    dv = h.T @ d
    dh = d @ v.T
    dw = x.T @ (dh * (1 - h**2))
    w -= 0.1 * dw
    v -= 0.1 * dv
"""


def way_of(
    text: str, folder: Path, right: Mapping[str, tuple[str, tuple[int, ...]]] = {}
) -> ForgottenWay | None:
    """The way of a script that is forgotten; of gradients that are right by now, whose sum they are."""
    path = folder / "net.py"
    path.write_text(text)
    recording = record_script(path)
    node_of = {name: node for node in reversed(recording.nodes) for name in node.names}
    before = {
        node_of[name].id: lambda value_of, source=source, axes=axes: value_of(node_of[source]).sum(axes)
        for name, (source, axes) in right.items()
    }
    with ExitStack() as stack, np.errstate(all="ignore"):
        check = Check(recording, analyse(recording), time.thread_time() + 60, stack, unsaid)
        return forgotten_way(check.search, check.judge.analysis, before)


WAYS = [
    (HINGE, ("scores", 10, "own = scores[classes[i]]")),
    (TIED, ("w", 8, "again = code @ w.T + back")),
    (BESIDE, ("h", 9, "out = h @ v + h")),
    # Without that reading all gradients of w are 0, as long as v is: what is 0 proves nothing.
    (BESIDE.replace("rng.normal(size=(4, 4))", "np.zeros((4, 4))"), None),
    # As long as v is 0, nothing comes back by h, whatever is written there.
    (
        BESIDE.replace("rng.normal(size=(4, 4))", "np.zeros((4, 4))")
        .replace("@ v + h", "@ v")
        .replace("dh = d", "dh = 3 * d"),
        None,
    ),
]


@pytest.mark.parametrize("seed", [1, deep(2)])
@pytest.mark.parametrize(("text", "way"), WAYS)
def test_the_reading_without_which_all_gradients_are_right(
    text: str, way: tuple[str, int, str] | None, seed: int, tmp_path: Path
) -> None:
    assert way_of(re.sub(r"default_rng\(\d\)", f"default_rng({seed})", text), tmp_path) == way


def test_what_is_corrected_already_is_right(tmp_path: Path) -> None:
    text = TIED.replace("d.sum(axis=0)", "d.sum(axis=0) * 3")
    assert way_of(text, tmp_path) is None
    assert way_of(text, tmp_path, {"dback": ("d", (0,))}) == ("w", 8, "again = code @ w.T + back")


def test_the_line_that_adds_is_named_before_others() -> None:
    first, second, third = (
        SimpleNamespace(site=SimpleNamespace(role=role), first=SimpleNamespace(time=time))
        for role, time in (("assign", 1), ("augment", 5), ("augment", 3))
    )
    assert adding_line([first, second, third]) is third
    assert adding_line([first]) is first


@pytest.mark.deep
def test_a_tensor_whose_second_reading_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "hinge.py"
    path.write_text(HINGE)
    (finding,) = check_script(path).findings
    assert finding.source.line == 15
    assert finding.explanation == (
        "what `scores` does to the loss in line 10, `own = scores[classes[i]]`, is missing: "
        "nothing is added for it"
    )


@pytest.mark.deep
def test_weights_that_are_used_twice(tmp_path: Path) -> None:
    path = tmp_path / "tied.py"
    path.write_text(TIED)
    (finding,) = check_script(path, seconds=120).findings
    assert (finding.source.line, finding.verified) == (12, True)
    assert finding.explanation == "the term `d.T @ code` is missing"


@pytest.mark.deep
def test_what_is_only_wrong_in_number_is_no_forgotten_way(tmp_path: Path) -> None:
    path = tmp_path / "tied.py"
    path.write_text(TIED.replace("dw = x.T @ inner", "dw = x.T @ inner + code.mean() * d.T @ code"))
    report = check_script(path, seconds=1)
    assert not any("nothing is added for it" in one.explanation for one in report.findings)
