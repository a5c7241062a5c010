"""Scripts that train with torch: by hand on tensors, and with a Function that is wrong."""

from __future__ import annotations

import json

import pytest

from bpdebug.sources.opening import open_case
from bpdebug.verify.repair.check import check_script

BY_HAND = """\
import torch

torch.manual_seed(0)
x, y = torch.randn(6, 4), torch.randn(6, 2)
w1, b1 = torch.randn(4, 5), torch.zeros(5)
w2 = torch.randn(5, 2)
for step in range(3):
    z = x @ w1 + b1
    h = torch.tanh(z)
    out = h.mm(w2)
    loss = ((out - y) ** 2).mean()
    dout = 2 * (out - y) / out.numel()
    dw2 = h.t() @ dout
    dz = dout @ w2.T * (1 - h ** 2)
    dw1 = x.t() @ dz
    db1 = dz.sum(0)
    w1 -= 0.1 * dw1
    b1.sub_(0.1 * db1)
    w2 = w2 - 0.1 * dw2
"""
CUSTOM = """\
import torch
from torch import nn


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        return 3 * grad * x ** 2


torch.manual_seed(0)
net = nn.Linear(4, 5)
last = nn.Linear(5, 2)
optimizer = torch.optim.{optimizer}([*net.parameters(), *last.parameters()], lr=0.1)
x, y = torch.randn(6, 4), torch.randn(6, 2)
for step in range(3):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(last(Cube.apply(net(x))), y)
    loss.backward()
    optimizer.step()
"""


def test_gradients_by_hand_that_are_right(script) -> None:
    report = check_script(script(BY_HAND))
    assert report.passed
    assert report.verdicts == {"w1": "right", "b1": "right", "w2": "right"}


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("(1 - h ** 2)", "(1 - h)", 14),
        ("dz.sum(0)", "dz.mean(0)", 16),
        ("x.t() @ dz", "2 * x.t() @ dz", 15),
        ("2 * (out - y) / out.numel()", "2 * (out + y) / out.numel()", 12),
    ],
)
def test_gradients_by_hand_that_are_wrong(right: str, wrong: str, line: int, script) -> None:
    report = check_script(script(BY_HAND.replace(right, wrong)), seconds=8)
    (finding,) = report.findings
    assert (finding.source.line, finding.verified) == (line, True)
    assert "axis=" not in finding.correction
    assert "np." not in finding.correction


IN_PLACE = """\
import torch

torch.manual_seed(1)
x, y = torch.randn(8, 6), torch.randn(8, 3)
w1, w2 = torch.randn(6, 5), torch.randn(5, 3)
for step in range(3):
    h = x.mm(w1)
    kept = h.clamp(min=0)
    out = kept.mm(w2)
    loss = (out - y).pow(2).sum().item()
    grad_out = 2.0 * (out - y)
    grad_w2 = kept.t().mm(grad_out)
    grad_kept = grad_out.mm(w2.t())
    grad_h = grad_kept.clone()
    grad_h[h < 0] = 0
    grad_w1 = x.t().mm(grad_h)
    w1.sub_(1e-3 * grad_w1)
    w2.add_(grad_w2, alpha=-1e-3)
"""


def test_gradients_by_hand_in_place_that_are_right(script) -> None:
    assert check_script(script(IN_PLACE)).verdicts == {"w1": "right", "w2": "right"}


@pytest.mark.parametrize(
    ("right", "wrong", "line", "correction"),
    [
        ("kept.t().mm(grad_out)", "kept.mm(grad_out.t())", 12, "kept.t().mm(grad_out)"),  # these raise
        ("grad_out.mm(w2.t())", "grad_out.mm(w2)", 13, "grad_out.mm(w2.T)"),
        ("x.t().mm(grad_h)", "x.mm(grad_h)", 16, "x.T.mm(grad_h)"),
        ("kept.t().mm(grad_out)", "grad_out.t().mm(kept)", 12, "grad_out.t().mm(kept).T"),
        ("grad_kept.clone()", "grad_kept.clamp(min=0)", 14, "grad_kept"),
        ("w1.sub_(1e-3", "w1.add_(1e-3", 17, "w1.sub_(1e-3 * grad_w1)"),
        ("alpha=-1e-3", "alpha=1e-3", 18, "w2.sub_(grad_w2, alpha=1e-3)"),
    ],
)
def test_gradients_by_hand_in_place_that_are_wrong(
    right: str, wrong: str, line: int, correction: str, script
) -> None:
    (finding,) = check_script(script(IN_PLACE.replace(right, wrong)), seconds=10).findings
    assert (finding.source.line, finding.correction, finding.verified) == (line, correction, True)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_function_within_a_network(optimizer: str, script) -> None:
    text = CUSTOM.replace("{optimizer}", optimizer)
    assert check_script(script(text)).passed
    report = check_script(script(text.replace("3 * grad * x ** 2", "3 * grad * x")))
    (finding,) = report.findings
    assert finding.source.line == 14
    assert finding.verified
    assert {name for name, verdict in report.verdicts.items() if verdict == "wrong"} == {
        "net.weight",
        "net.bias",
    }


def test_a_hook_that_changes_a_gradient_is_found(script) -> None:
    text = CUSTOM.replace("{optimizer}", "SGD").replace(
        "    loss = nn.functional.mse_loss(last(Cube.apply(net(x))), y)\n",
        "    h = net(x)\n"
        "    h.register_hook(lambda g: g * 2)\n"
        "    loss = nn.functional.mse_loss(last(Cube.apply(h)), y)\n",
    )
    report = check_script(script(text), seconds=4)
    assert not report.passed
    assert {name for name, verdict in report.verdicts.items() if verdict == "wrong"} == {
        "net.weight",
        "net.bias",
    }


def test_it_opens_on_the_persons_lines(script) -> None:
    case = open_case(script(CUSTOM.replace("{optimizer}", "SGD")))
    lines = {one.name: one.source.line for one in case.program.statements if one.source}
    assert (lines["loss"], lines["net.weight.grad"]) == (24, 24)
    phases = [one.phase for one in case.program.statements]
    assert phases == sorted(phases, key=("forward", "backward", "update").index)
    assert case.script.files.keys() == {"train.py"}
    assert json.dumps([one.name for one in case.program.statements])


def test_gradients_of_several_losses_are_added_up(script) -> None:
    text = CUSTOM.replace("{optimizer}", "SGD").replace(
        "    loss.backward()\n",
        "    loss.backward()\n"
        "    penalty = (last(Cube.apply(net(2 * x))) ** 2).mean()\n"
        "    penalty.backward()\n",
    )
    assert set(check_script(script(text)).verdicts.values()) == {"right"}


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_bias_before_a_batch_norm_has_no_gradient_but_rounding(optimizer: str, script) -> None:
    text = CUSTOM.replace("{optimizer}", optimizer).replace("nn.Linear(4, 5)\n", NORMED)
    assert set(check_script(script(text)).verdicts.values()) == {"right"}


NORMED = "nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5))\n"


ORDERED = """\
import torch
from torch import nn


class Shifted(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, mask, shift):
        out = torch.sigmoid(x + mask + shift)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, grad):
        out, = ctx.saved_tensors
        dx = grad * out * (1 - out)
        return {returned}


torch.manual_seed(0)
net, side = nn.Linear(4, 5).double(), nn.Linear(2, 5).double()
optimizer = torch.optim.SGD([*net.parameters(), *side.parameters()], lr=0.1)
x, z, y = (torch.randn(6, size, dtype=torch.float64) for size in (4, 2, 5))
mask = torch.ones(1, 5, dtype=torch.float64)
for step in range(3):
    optimizer.zero_grad()
    loss = ((Shifted.apply(net(x), mask, side(z).mean(0, keepdim=True)) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
"""


@pytest.mark.deep
def test_gradients_that_are_returned_in_another_order_are_named(tmp_path) -> None:
    (tmp_path / "net.py").write_text(ORDERED.format(returned="dx, dx.sum(0, keepdim=True), None"))
    report = check_script(tmp_path / "net.py")
    (finding,) = report.findings
    assert finding.source.line == 16
    assert finding.correction == "return dx, None, dx.sum(0, keepdim=True)"
    assert finding.verified


@pytest.mark.deep
def test_a_module_of_another_dtype_is_trained_as_any_other(tmp_path) -> None:
    (tmp_path / "net.py").write_text(ORDERED.format(returned="dx, None, dx.sum(0, keepdim=True)"))
    report = check_script(tmp_path / "net.py")
    assert set(report.verdicts) == {"net.weight", "net.bias", "side.weight", "side.bias"}
    assert set(report.verdicts.values()) == {"right"}
    assert not report.findings


@pytest.mark.deep
def test_none_for_what_wants_a_gradient_is_named(tmp_path) -> None:
    (tmp_path / "net.py").write_text(ORDERED.format(returned="dx, None, None"))
    report = check_script(tmp_path / "net.py")
    (finding,) = report.findings
    assert (finding.kind, finding.source.line, finding.correction) == ("missing", 16, None)
    assert finding.explanation == "None is returned for `shift`, whose gradient is not 0"
    assert not any("outside of the graph" in note for note in report.assumed.notes)
