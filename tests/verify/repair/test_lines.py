"""Of several lines at which an edit mends as well, the one is named that is wrong, and no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpdebug.export.script_report import text_report
from bpdebug.sources.script import record_script
from bpdebug.sources.script.analysis.analyse import analyse
from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.report import corrected, replacements
from bpdebug.verify.repair.slopes import slopes_of
from tests.tiers import few

SAMPLES = """\
import numpy as np

rng = np.random.default_rng(8)
samples = [(rng.normal(size=3), 1.0), (rng.normal(size=3), 0.0)]
w, b = rng.normal(size=(4, 3)) * 0.5, rng.normal(size=4) * 0.1
v, c = rng.normal(size=4), rng.normal(size=1)


def backward(x, h, p, label):
    d_logit = p - label
    d_v = d_logit * h
    d_c = d_logit
    d_h = d_logit * v
    d_z = d_h * (1 - h * h)
    return np.outer(d_z, x), d_z, d_v, d_c


loss = 0
gw, gb, gv, gc = [np.zeros_like(one) for one in (w, b, v, c)]
for x, label in samples:
    h = np.tanh(w @ x + b)
    p = 1 / (1 + np.exp(-(v @ h + c)))
    loss += -(label * np.log(p) + (1 - label) * np.log(1 - p)).item()
    for total, one in zip((gw, gb, gv, gc), backward(x, h, p, label)):
        total += one
w -= 0.4 * gw
b -= 0.4 * gb
v -= 0.4 * gv
c -= 0.4 * gc
"""

LAYERS = """\
import numpy as np


class Dense:
    def __init__(self, rows, columns, rng):
        self.weights = rng.normal(size=(rows, columns)) * 0.7

    def forward(self, x):
        self.x = x
        return x @ self.weights

    def backward(self, grad, rate):
        below = grad @ self.weights.T
        self.weights -= rate * (self.x.T @ grad)
        return below


class Activation:
    def forward(self, x):
        self.x = x
        return np.tanh(x)

    def slope(self, x):
        return 1 - np.tanh(x) ** 2

    def backward(self, grad, rate):
        return grad * self.slope(self.x)


rng = np.random.default_rng(6)
layers = [Dense(2, 5, rng), Activation(), Dense(5, 4, rng), Activation(), Dense(4, 1, rng)]
x, t = rng.normal(size=(6, 2)), rng.normal(size=(6, 1))
for epoch in range(2):
    out = x
    for layer in layers:
        out = layer.forward(out)
    loss = np.mean((out - t) ** 2)
    grad = 2 * (out - t) / t.size
    for layer in reversed(layers):
        grad = layer.backward(grad, 0.1)
"""

EMBEDDED = """\
import numpy as np

rng = np.random.default_rng(2)
table, u = rng.normal(size=(5, 3)), rng.normal(size=3)
words, t = np.array([1, 3, 1, 0]), rng.normal(size=4)
for epoch in range(2):
    rows = table[words]
    error = rows @ u - t
    loss = 0.5 * np.sum(error ** 2)
    du = rows.T @ error
    dtable = np.zeros_like(table)
    np.add.at(dtable, words, np.outer(error, u))
    u -= 0.1 * du
    table -= 0.1 * dtable
"""

CLOSURES = """\
import numpy as np


def dense(w):
    def forward(x):
        return x @ w, lambda g: (g @ w.T, x.T @ g)
    return forward


def tanh(x):
    y = np.tanh(x)
    return y, lambda g: (g * (1 - y ** 2), None)


rng = np.random.default_rng(4)
w1, w2 = rng.normal(size=(2, 4)), rng.normal(size=(4, 1))
x, t = rng.normal(size=(5, 2)), rng.normal(size=(5, 1))
for epoch in range(2):
    first, second = dense(w1), dense(w2)
    z, back1 = first(x)
    h, back2 = tanh(z)
    out, back3 = second(h)
    loss = np.sum((out - t) ** 2) / 2
    g, dw2 = back3(out - t)
    g, _ = back2(g)
    _, dw1 = back1(g)
    w1 -= 0.1 * dw1
    w2 -= 0.1 * dw2
"""

LOOPS = """\
import numpy as np

rng = np.random.default_rng(9)
image, kernel, bias = rng.normal(size=(5, 5)), rng.normal(size=(3, 3)), 0.1
t = rng.normal(size=(3, 3))


def backward(d_out, image):
    d_kernel = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            part = image[i:i + 3, j:j + 3]
            d_kernel += d_out[i, j] * part
    return d_kernel


for epoch in range(2):
    out = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            out[i, j] = np.sum(image[i:i + 3, j:j + 3] * kernel) + bias
    loss = 0.5 * np.sum((out - t) ** 2)
    bias = bias - 0.01 * np.sum(out - t)
    kernel -= 0.01 * backward(out - t, image)
"""

CASES = [
    pytest.param(
        SAMPLES, "v -= 0.4 * gv", "v += 0.4 * gv", ["v -= 0.4 * gv"],
        id="the sign of an update, where the gradient is right",
    ),
    pytest.param(
        SAMPLES, "d_v = d_logit * h", "d_v = h", ["h * d_logit"],
        id="a line that is only another name of a forward tensor",
    ),
    pytest.param(
        SAMPLES, "d_h = d_logit * v", "d_h = d_logit", ["d_logit * v"],
        id="a factor that makes a vector of a number, and that nothing around reads",
    ),
    pytest.param(
        LAYERS, "return grad * self.slope(self.x)", "return grad", ["grad * self.slope(self.x)"],
        id="what is returned as it came",
    ),
    pytest.param(
        LAYERS, "return 1 - np.tanh(x) ** 2", "return 2 - np.tanh(x) ** 2", ["1 - np.tanh(x) ** 2"],
        id="a slope, not the line that reads it",
    ),
    pytest.param(
        EMBEDDED, "np.add.at(dtable, words, np.outer(error, u))", "dtable[words] += np.outer(error, u)",
        ["np.add.at(dtable, words, np.outer(error, u))"],
        id="an index that names a place twice",
    ),
    pytest.param(
        CLOSURES, "lambda g: (g * (1 - y ** 2), None)", "lambda g: (g, None)", ["g * (1 - y ** 2)"],
        id="a variable that a closure does not read any more",
    ),
    pytest.param(
        LOOPS, "d_kernel += d_out[i, j] * part", "d_kernel += part", ["part * d_out[i, j]"],
        id="an element of an argument that nothing reads any more",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("right", "old", "new", "corrections"), few(CASES, 1))
def test_the_line_is_named_and_no_other(
    tmp_path: Path, right: str, old: str, new: str, corrections: list[str]
) -> None:
    assert right.count(old) == 1
    faulty = right.replace(old, new)
    (line,) = (
        number
        for number, (a, b) in enumerate(zip(right.splitlines(), faulty.splitlines(), strict=True), 1)
        if a != b
    )
    path = tmp_path / "net.py"
    path.write_text(faulty, encoding="utf-8")
    report = check_script(path)
    assert [(one.source.line, one.correction, one.verified) for one in report.findings] == [
        (line, correction, True) for correction in corrections
    ]
    path.write_text(corrected(faulty, replacements(report.findings)), encoding="utf-8")
    assert check_script(path).passed


@pytest.mark.parametrize("right", few([SAMPLES, LAYERS, EMBEDDED, CLOSURES, LOOPS], 1))
def test_nothing_is_said_of_a_right_script(tmp_path: Path, right: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(right, encoding="utf-8")
    assert check_script(path).passed


@pytest.mark.deep
def test_of_two_faults_on_one_way_the_first_is_found_by_its_own_gradient(tmp_path: Path) -> None:
    script = LOOPS.replace("    out = np", "    mid = np.tanh(image * scale)\n    out = np")
    script = script.replace("sum(image[i", "sum(mid[i")
    script = script.replace("t = rng", "scale = rng.normal(size=(5, 5))\nt = rng")
    script = script.replace(
        "    kernel -= 0.01 * backward(out - t, image)\n",
        "    d_mid = np.zeros((5, 5))\n    for i in range(3):\n        for j in range(3):\n"
        "            d_mid[i:i + 3, j:j + 3] += (out - t)[i, j] * kernel\n"
        "    d_scale = d_mid * (1 - mid ** 2) * image\n    scale -= 0.01 * d_scale\n",
    )
    path = tmp_path / "net.py"
    path.write_text(script, encoding="utf-8")
    assert check_script(path).passed
    faulty = script.replace("(out - t)[i, j] * kernel", "(out - t)[i, j] * -kernel").replace(
        "(1 - mid ** 2)", "(1 - mid)"
    )
    path.write_text(faulty, encoding="utf-8")
    report = check_script(path)
    assert len(report.findings) == 2
    path.write_text(corrected(faulty, replacements(report.findings)), encoding="utf-8")
    assert check_script(path).passed


@pytest.mark.deep
def test_an_update_that_comes_too_early_hides_no_other_fault(tmp_path: Path) -> None:
    right = SAMPLES[: SAMPLES.index("def backward")] + (
        "x, t = samples[0]\n"
        "for epoch in range(2):\n"
        "    h = np.tanh(w @ x + b)\n"
        "    error = v * h - t\n"
        "    loss = 0.5 * np.sum(error ** 2)\n"
        "    dv = error * h\n"
        "    dz = error * v * (1 - h ** 2)\n"
        "    v -= 0.1 * dv\n"
        "    w -= 0.1 * np.outer(dz, x)\n"
        "    b -= 0.1 * dz\n"
    )
    dz = "    dz = error * v * (1 - h ** 2)\n"
    faulty = right.replace(dz, "").replace("    w -=", dz.replace("h ** 2", "h") + "    w -=")
    path = tmp_path / "net.py"
    path.write_text(faulty, encoding="utf-8")
    report = check_script(path)
    assert [one.kind for one in report.findings] == ["early update", "wrong"]
    assert faulty.splitlines()[report.findings[1].source.line - 1].lstrip().startswith("dz = ")
    path.write_text(corrected(faulty, replacements(report.findings)), encoding="utf-8")
    assert check_script(path).passed


@pytest.mark.deep
def test_the_element_that_is_shown_differs_in_the_digits_that_are_shown(tmp_path: Path) -> None:
    script = SAMPLES.replace("(1 - h * h)", "(1.0000001 - h * h)")
    path = tmp_path / "net.py"
    path.write_text(script.replace("d_logit = p - label", "d_logit = 1.00001 * p - label"), encoding="utf-8")
    said = "".join(text_report(check_script(path)))
    shown = [line for line in said.splitlines() if ", and should be " in line]
    for line in shown:
        mine, _, right = line.partition(" is ")[2].partition(", and should be ")
        assert mine != right


def test_slopes_are_those_of_the_activations_and_of_nothing_that_mixes_elements(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(LAYERS, encoding="utf-8")
    analysis = analyse(record_script(path))
    assert analysis.loss is not None
    reference = analysis.loss.reference
    values = reference.values()
    found = list(slopes_of(reference.forward, values))
    wanted = [1 - value**2 for name, value in values.items() if np.shape(value) in ((6, 5), (6, 4))]
    assert found
    for slope in found:
        assert any(slope.shape == one.shape and np.allclose(slope, one, 1e-6) for one in wanted)


MASKED = """\
import numpy as np

rng = np.random.default_rng(5)
signals, wanted = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
enter, leave = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))


class Rectifier:
    def forward(self, x):
        self.x = x
        self.off = x <= 0
        y = x.copy()
        y[self.off] = 0
        return y

    def backward(self, slope):
        passed = slope.copy()
        passed[self.off] = 0
        return passed


rectifier = Rectifier()
for epoch in range(2):
    hidden = rectifier.forward(signals @ enter)
    error = hidden @ leave - wanted
    loss = np.sum(error * error) / 2
    d_leave = hidden.T @ error
    d_enter = signals.T @ rectifier.backward(error @ leave.T)
    enter -= 0.1 * d_enter
    leave -= 0.1 * d_leave
"""


@pytest.mark.deep
@pytest.mark.parametrize(
    ("mask", "faulty"),
    [
        ("self.off", "~self.off"),
        ("self.off", "slope <= 0"),
        ("self.x <= 0", "slope <= 0"),
        ("~self.on", "self.on"),
    ],
)
def test_a_mask_of_another_tensor_or_the_wrong_way_round_is_the_only_line_named(
    tmp_path: Path, mask: str, faulty: str
) -> None:
    right = MASKED.replace("passed[self.off]", f"passed[{mask}]")
    if mask == "~self.on":
        right = right.replace("self.off = x <= 0", "self.on = x > 0").replace("y[self.off]", "y[~self.on]")
    path = tmp_path / "net.py"
    path.write_text(right, encoding="utf-8")
    assert check_script(path).passed
    path.write_text(right.replace(f"passed[{mask}]", f"passed[{faulty}]"), encoding="utf-8")
    (finding,) = check_script(path).findings
    assert (finding.source.line, finding.verified) == (18, True)
    path.write_text(corrected(path.read_text(encoding="utf-8"), replacements([finding])), encoding="utf-8")
    assert check_script(path).passed
