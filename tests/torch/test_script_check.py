"""The check of a script with custom Functions: the line of a backward, and what belongs there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bpdebug.export import script_report
from bpdebug.verify.repair.check import check_script
from bpdebug.verify.repair.report import ScriptReport

FUNCTION = """
import torch


class Softsign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        size = 1 + x.abs()
        ctx.save_for_backward(x, size, scale)
        return scale * x / size

    @staticmethod
    def backward(ctx, dy):
        x, size, scale = ctx.saved_tensors
        dx = dy * scale / size**2
        return dx, (dy * x / size).sum(0)


softsign = Softsign.apply
"""
TRAINING = """
import torch
from torch import nn
{imported}

torch.manual_seed(3)
torch.set_default_dtype(torch.{dtype})
first, second = nn.Linear(3, 4), nn.Linear(4, 2)
scale = nn.Parameter(torch.ones(4))
optimizer = torch.optim.SGD([*first.parameters(), scale, *second.parameters()], lr=0.1)
x, y = torch.randn(6, 3), torch.randn(6, 2)
for step in range(2):
    h = {hidden}
    out = second(h)
    loss = ((out - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
ONCE, TWICE = "softsign(first(x), scale)", "softsign(softsign(first(x), scale), scale)"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)


def check(
    function: str, hidden: str = ONCE, dtype: str = "float64", training: str = TRAINING
) -> ScriptReport:
    """Check a script that imports a Function."""
    Path("functions.py").write_text(function)
    imported = "from functions import Softsign, softsign"
    Path("train.py").write_text(training.format(imported=imported, hidden=hidden, dtype=dtype))
    return check_script("train.py")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("hidden", [ONCE, TWICE, "Softsign.apply(first(x), scale)"])
def test_a_right_function_is_passed_over(hidden: str, dtype: str) -> None:
    report = check(FUNCTION, hidden, dtype)
    assert report.passed
    assert set(report.verdicts.values()) == {"right"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("hidden", [ONCE, TWICE])
def test_the_line_is_named_in_the_file_of_the_function(hidden: str, dtype: str) -> None:
    report = check(FUNCTION.replace("/ size**2", "/ size"), hidden, dtype)
    (finding,) = report.findings
    assert Path(finding.source.file).name == "functions.py"
    assert (finding.source.line, finding.source.code) == (15, "dy * scale / size")
    assert finding.correction == "dy * scale / (size * size)"
    assert finding.verified
    assert {"first.weight", "first.bias"} <= {*finding.also_wrong} <= {"first.weight", "first.bias", "scale"}
    assert finding.elements is not None
    assert not report.passed


def test_what_hides_in_the_first_values_is_found() -> None:
    """The scale is 1 at first: without it in the backward every gradient of the script is right."""
    report = check(FUNCTION.replace("dx = dy * scale", "dx = dy"))
    (finding,) = report.findings
    assert finding.source.line in (15, 16)  # what is missing can be put in at either
    assert finding.verified
    assert "scale" in (finding.correction or "")


def test_each_of_two_faults_is_found() -> None:
    wrong = FUNCTION.replace("/ size**2", "/ size").replace("(dy * x / size)", "(dy * x)")
    report = check(wrong)
    assert [(one.source.line, one.verified) for one in report.findings] == [(15, True), (16, True)]
    assert report.findings[1].also_wrong == ("scale",)


def test_the_training_around_a_right_function_is_to_blame() -> None:
    training = TRAINING.replace("optimizer.step()", "with torch.no_grad():\n        {update}")
    update = "second.weight -= 0.1 * (second.weight.grad + h.sum())"
    report = check(FUNCTION, training=training.replace("{update}", update))
    assert all(Path(one.source.file).name == "train.py" for one in report.findings)


def test_what_is_reported_and_corrected() -> None:
    report = check(FUNCTION.replace("/ size**2", "/ size"))
    text = "".join(script_report.text_report(report))
    assert "functions.py:15: " in text
    assert "(verified on fresh values)" in text
    (entry,) = json.loads("".join(script_report.json_report(report)))["findings"]
    assert entry["verified"]


def test_classes_are_afterwards_what_they_were() -> None:
    import torch

    before = dict(vars(torch.autograd.Function))
    check(FUNCTION)
    assert dict(vars(torch.autograd.Function)) == before


def test_a_function_that_nothing_mends_has_no_script_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def runs_again(*_: object) -> None:
        raise AssertionError("a call of a function is no script")

    monkeypatch.setattr("bpdebug.verify.repair.running_again.run_again", runs_again)
    report = check(FUNCTION.replace("dy * scale / size**2", "dy.sort(0)[0] * scale.cos() / size.exp()"))
    assert not report.passed
