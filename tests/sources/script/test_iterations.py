"""Where an iteration ends: at the step of a parameter, and not at that of a state in the forward pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpdebug.sources.script import RecordingOptions, record_script
from bpdebug.sources.script.case import case_of
from bpdebug.verify.repair.check import check_recording
from tests.sources.script.recording import recorded
from tests.tiers import deep, few

HEAD = """
import numpy as np
rng = np.random.default_rng(1)
x, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
w = 0.5 * rng.normal(size=(3, 3))
rate, dt, turns = 0.1, 0.2, 6
"""
EULER = """
for epoch in range(3):
    h, kept = x, []
    for t in range(turns):
        s = np.tanh(h @ w)
        kept.append((h, s))
        h = h {sign} dt * s
    {loss}
    d, dw = 2 * (h - y) / h.size, np.zeros_like(w)
    for h_in, s in reversed(kept):
        ds = {sign}dt * d * (1 - s ** 2)
        dw += h_in.T @ ds
        d = d + ds @ w.T
    w = w - rate * dw
    print(epoch)
"""
PAIR = """
a, b = 0.5 * rng.normal(size=(3, 3)), 0.5 * rng.normal(size=(3, 3))
for epoch in range(3):
    p, q, kept = x, x * 0.5, []
    for t in range(turns):
        s, r = np.tanh(q @ a), np.tanh(p @ b)
        kept.append((p, q, s, r))
        p = p + dt * s
        q = q - dt * r
    loss = np.mean((p - y) ** 2)
    up = 2 * (p - y) / p.size
    uq = np.zeros_like(q)
    da, db = np.zeros_like(a), np.zeros_like(b)
    for p_in, q_in, s, r in reversed(kept):
        ds, dr = dt * up * (1 - s ** 2), -dt * uq * (1 - r ** 2)
        da, db = da + q_in.T @ ds, db + p_in.T @ dr
        uq = uq + ds @ a.T
        up = up + dr @ b.T
    a -= rate * da
    b -= rate * db
    print(epoch)
"""
LOSS_WITHIN = """
v = 0.5 * rng.normal(size=(3, 2))
targets = rng.normal(size=(turns, 4, 2))
for epoch in range(3):
    h, loss, kept = x, 0.0, []
    for t in range(turns):
        s = np.tanh(h @ w)
        kept.append((h, s))
        h = 0.8 * h + 0.2 * s
        e = h @ v - targets[t]
        loss += np.sum(e ** 2)
        kept[-1] += (h, e)
    d, dw, dv = np.zeros_like(h), np.zeros_like(w), np.zeros_like(v)
    for h_in, s, h_out, e in reversed(kept):
        dv += h_out.T @ (2 * e)
        d = d + 2 * e @ v.T
        ds = 0.2 * d * (1 - s ** 2)
        dw += h_in.T @ ds
        d = 0.8 * d + ds @ w.T
    w -= rate * dw
    v -= rate * dv
    print(epoch)
"""
SCALARS = """
import math
speed, target = 0.7, 0.3
for epoch in range(3):
    z, kept = 1.0, []
    for t in range(turns):
        s = math.tanh(z * speed)
        kept.append((z, s))
        z = z - dt * s
    loss = (z - target) ** 2
    d, dspeed = 2 * (z - target), 0.0
    for z_in, s in reversed(kept):
        ds = -dt * d * (1 - s * s)
        dspeed += z_in * ds
        d = d + ds * speed
    speed -= rate * dspeed
    print(epoch)
"""
TOLD = """
for epoch in range(2):
    h = x.copy()
    path = [h]
    for t in range(turns):
        h = h + dt * np.tanh(h @ w)
        path.append(h)
        print("turn", t, np.sum(h ** 2))
    loss = np.mean((h - y) ** 2)
    d, dw = 2 * (h - y) / h.size, np.zeros_like(w)
    for h in reversed(path[:-1]):
        ds = dt * d * (1 - np.tanh(h @ w) ** 2)
        dw += h.T @ ds
        d = d + ds @ w.T
    w -= rate * dw
    print(epoch)
"""
STATES = {
    "a step of Euler": EULER.format(sign="+", loss="loss = np.mean((h - y) ** 2)"),
    "a residual with a minus": EULER.format(sign="-", loss="loss = np.mean((h - y) ** 2)"),
    "no loss is computed": EULER.format(sign="+", loss=""),
    "two states": PAIR,
    "a number of the state is printed": TOLD,
    "the loss within the loop": LOSS_WITHIN,
    "numbers": SCALARS,
}


@pytest.mark.parametrize("text", few([pytest.param(text, id=name) for name, text in STATES.items()], 2))
def test_a_state_of_the_forward_pass_ends_no_iteration(tmp_path: Path, text: str) -> None:
    recording = recorded(tmp_path, HEAD + text)
    assert recording.ending.kind == "stopped"
    report = check_recording(recording)
    expected = {update.group(1) for update in re.finditer(r"^    (\w+) (?:-=|= \1 -) rate", text, re.M)}
    assert set(report.verdicts) == expected
    assert set(report.verdicts.values()) == {"right"}
    assert sum(update.slot in expected for update in recording.updates) == len(expected)


BATCHES = """
all_x, all_y = rng.normal(size=(12, 3)), rng.normal(size=(12, 3))
held = {"v": rng.normal(size=(3, 3))}
def step(x, y):
    global w
    e = x @ w @ held["v"] - y
    dw, dv = x.T @ e @ held["v"].T, (x @ w).T @ e
    w = w - rate * dw
    held["v"] -= rate * dv
for epoch in range(2):
    for part in range(3):
        chosen = slice(part, None, 3)
        x, y = all_x[chosen] * 1.0, all_y[chosen] + 0.0
        step(x, y)
"""


@pytest.mark.parametrize("number", [1, 2, 4])
def test_every_iteration_has_the_names_of_the_first_and_nothing_of_the_next(
    tmp_path: Path, number: int
) -> None:
    path = tmp_path / "net.py"
    path.write_text(HEAD + BATCHES, encoding="utf-8")
    case = case_of(record_script(path, options=RecordingOptions(iteration=number)))
    written = [(one.source.line, one.name) for one in case.program.statements if one.source is not None]
    begins = HEAD.count("\n") + 6
    assert written == [
        (begins, "e"),
        (begins + 1, "dw"),
        (begins + 1, "dv"),
        (begins + 2, "w ·2"),
        (begins + 3, 'held["v"] ·2'),
    ]
    assert {"x", "y", "w", 'held["v"]'} <= set(case.values)


@pytest.mark.deep
@pytest.mark.parametrize("text", few([pytest.param(text, id=name) for name, text in STATES.items()]))
def test_a_mistake_in_it_is_found(tmp_path: Path, text: str) -> None:
    faulty = re.sub(r"1 - (s|np\.tanh\(h @ w\)) (\*\* 2|\* s)", r"1 - \1", text)
    assert faulty != text
    assert not check_recording(recorded(tmp_path, HEAD + faulty), seconds=1).passed


ONE = """
for epoch in range(400):
    out = 1 / (1 + np.exp(-(x @ w)))
    d = (out - y) * out * (1 - out)
    w {step}
    print(epoch)
"""


@pytest.mark.parametrize(
    "step",
    few(
        [
            "-= rate * x.T @ d",
            "+= x.T @ -d",
            "= w - rate * x.T @ d",
            "= w + x.T @ -d",
            "= np.copy(w - rate * x.T @ d)",
            "= w.copy() - rate * x.T @ d",
            "= np.array(w) - rate * x.T @ d",
        ],
        2,
    ),
)
def test_of_one_parameter_without_a_loss_one_iteration_is_kept(tmp_path: Path, step: str) -> None:
    recording = recorded(tmp_path, HEAD + ONE.format(step=step))
    assert recording.ending == ("stopped", "recorded until the next iteration began", "", "", 0)
    assert [update.site.line for update in recording.updates] == [11]
    assert {one.turns[one.site.loops[0]] for one in recording.instances if one.site.loops} == {0}
    assert check_recording(recording).passed


def test_momentum_is_seen_late_and_no_sign_of_a_state(tmp_path: Path) -> None:
    text = ONE.replace("w {step}", "m = 0.9 * m - rate * x.T @ d\n    w = w + m")
    recording = recorded(tmp_path, HEAD + "m = np.zeros_like(w)\n" + text)
    assert [update.slot for update in recording.updates] == ["w"]
    assert check_recording(recording).passed


def test_with_a_loss_the_script_goes_no_further(tmp_path: Path) -> None:
    text = ONE.format(step="-= rate * x.T @ d").replace(
        "    d =", "    loss = np.sum((out - y) ** 2)\n    d ="
    )
    recording = recorded(tmp_path, HEAD + text)
    assert recording.output == "0\n"


def test_until_a_line_goes_past_the_end_of_the_iteration(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    text = HEAD + ONE.format(step="-= rate * x.T @ d") + "print(w)\n"
    path.write_text(text)
    line = text.count("\n")
    recording = record_script(path, (), RecordingOptions(until=line))
    assert recording.ending.message == f"line {line} is reached"
    assert len(recording.updates) == 400


ZERO = """
v, {bias} = np.zeros((3, 1)), 0
labels = (y[:, :1] > 0) * 1.0
for epoch in range(3):
    p = 1 / (1 + np.exp(-(x @ v + {bias})))
    loss = -np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p))
    e = (p - labels) / len(x)
    dv, d_bias = x.T @ e, {sum}
    v -= rate * dv
    {bias} {step}
"""


@pytest.mark.parametrize("step", ["-= rate * d_bias", deep("= {bias} - rate * d_bias")])
@pytest.mark.parametrize("total", ["np.sum(e)", deep("e.sum(axis=0)")])
@pytest.mark.parametrize("bias", ["model.b", deep("b")])
def test_a_bias_that_begins_as_the_integer_0_is_a_parameter(
    tmp_path: Path, bias: str, total: str, step: str
) -> None:
    head = HEAD + "class Model: pass\nmodel = Model()\n"
    text = head + ZERO.replace("{step}", step).replace("{bias}", bias).replace("{sum}", total)
    report = check_recording(recorded(tmp_path, text))
    assert dict(report.verdicts) == {"v": "right", bias: "right"}
    (folder := tmp_path / "wrong").mkdir()
    report = check_recording(
        recorded(folder, text.replace(f"d_bias = x.T @ e, {total}", f"d_bias = x.T @ e, 2 * {total}"))
    )
    assert dict(report.verdicts) == {"v": "right", bias: "wrong"}
    assert report.findings[0].correction == total


ROWS = """
left = {row: 0.5 * rng.normal(size=3) for row in "ab"}
right = {row: 0.5 * rng.normal(size=3) for row in "cd"}
for epoch in range(3):
    for one, other, wanted in (("a", "d", 1.0), ("a", "c", 2.0), ("b", "d", 0.5)):
        off = left[one] @ right[other] - wanted
        of_left, of_right = off * right[other], off * left[one]
        right[other] = right[other] - rate * of_right
        left[one] = left[one] - rate * of_left
"""


@pytest.mark.parametrize(
    ("of_right", "verdict"), few([("off * left[one]", "right"), ("off * left[one] ** 2", "wrong")])
)
def test_examples_with_rows_of_their_own_step_no_state(tmp_path: Path, of_right: str, verdict: str) -> None:
    text = HEAD + ROWS.replace("off * left[one]", of_right)
    report = check_recording(recorded(tmp_path, text))
    assert dict(report.verdicts) == {'left["a"]': "right", 'right["d"]': verdict}
