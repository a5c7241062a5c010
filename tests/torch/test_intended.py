"""What is meant otherwise, hooks, and what cannot be mended, in a script: all else is judged beside it."""

from __future__ import annotations

import pytest

from bpdebug.errors import BpdebugError
from bpdebug.verify.repair.check import check_script

SCRIPT = """
import torch
from torch import nn


class Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.sign(x)

    @staticmethod
    def backward(ctx, grad):
        return grad.clone()


class Reversed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, rate):
        ctx.rate = rate
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        return -ctx.rate * grad, None


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2 * x * grad


torch.manual_seed(0)
first, second, other = nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(4, 2)
optimizer = torch.optim.SGD([*first.parameters(), *second.parameters(), *other.parameters()], lr=0.1)
x, y = torch.randn(6, 3), torch.randn(6, 2)
for step in range(2):
    h = Square.apply(first(x))
    loss = ((second(Sign.apply(h - 0.3)) - y) ** 2).mean()
    loss = loss + (other(Reversed.apply(h, 0.5)) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
MEANT = ("Sign", "Reversed")


def test_what_is_wrong_or_meant_says_how_to_tell(script) -> None:
    report = check_script(script(SCRIPT), seconds=4)
    assert {one.source.line for one in report.findings} == {13, 24}
    said = " ".join(report.assumed.notes)
    assert "Sign: if its backward is not meant to be the derivative: --intended Sign" in said
    assert "Square" not in said


def test_what_is_meant_is_not_judged_and_nothing_behind_it_is_wrong(script) -> None:
    report = check_script(script(SCRIPT), intended=MEANT)
    assert set(report.verdicts.values()) == {"right"}
    assert "Sign is meant to be as it is, and was not judged" in report.assumed.notes


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("2 * x * grad", "2 * grad", 36),
        ("    loss = loss +", "    h.register_hook(lambda g: g / 3)\n    loss = loss +", 46),
        (
            "for step in range",
            "def halve(module, grad_input, grad_output):\n    return (grad_input[0] / 2,)\n\n"
            "other.register_full_backward_hook(halve)\nfor step in range",
            44,
        ),
    ],
)
def test_what_is_wrong_beside_it_is_found(right: str, wrong: str, line: int, script) -> None:
    report = check_script(script(SCRIPT.replace(right, wrong)), intended=MEANT, seconds=8)
    (finding,) = report.findings
    assert (finding.source.line, finding.verified) == (line, True)


def test_who_means_what_is_not_there_is_told(script) -> None:
    with pytest.raises(BpdebugError, match=r"--intended Sing: .*did you mean 'Sign'"):
        check_script(script(SCRIPT), intended=["Sing"])


def test_what_comes_after_an_unmended_function_is_judged_by_itself(script) -> None:
    wrong = SCRIPT.replace("return grad.clone()", "return grad * torch.rand_like(grad).cumsum(0)")
    report = check_script(script(wrong), intended=["Reversed"], seconds=4)
    assert [(one.source.line, one.verified) for one in report.findings] == [(13, False)]
