"""Custom operators of `torch.library`: a kernel that nobody sees into, with a backward of the person's."""

from __future__ import annotations

from types import ModuleType

import pytest

from bpdebug.errors import ScriptError
from bpdebug.verify.repair.check import check_script

OPERATOR = """\
import numpy as np
import torch


@torch.library.custom_op("{space}::scaled_cube", mutates_args=())
def scaled_cube(x: torch.Tensor, w: torch.Tensor, power: int = 3) -> torch.Tensor:
    return torch.from_numpy(x.numpy() ** power * w.numpy())


def saved(ctx, inputs, output):
    x, w, power = inputs
    ctx.save_for_backward(x, w)
    ctx.power = power


def backward(ctx, g):
    x, w = ctx.saved_tensors
    dx = g * w * ctx.power * x ** (ctx.power - 1)
    dw = (g * x ** ctx.power).sum(0)
    return dx, dw, None


torch.library.register_autograd("{space}::scaled_cube", backward, setup_context=saved)
"""


@pytest.fixture
def of(module, request) -> ModuleType:
    """Give each test an operator in a namespace of its own: torch keeps them."""
    space = "".join(one if one.isalnum() else "_" for one in request.node.name)
    wrong = getattr(request, "param", ("", ""))
    found = module(
        OPERATOR.replace("{space}", space).replace(*wrong) if wrong[0] else OPERATOR.replace("{space}", space)
    )
    found.space = space
    return found


def inputs(torch) -> list:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((5, 4), (4,))]


def test_one_that_is_right_is_called_right_by_differences_and_by_a_plain_function(of) -> None:
    from bpdebug.torch import check_backward

    for options in ({}, {"reference": lambda x, w: x**3 * w}):
        report = check_backward(of.scaled_cube, *inputs(of.torch), **options)
        assert report.passed, str(report)
        assert report.reports[0].verdicts == {"x": "right", "w": "right"}
        assert report.reports[0].file == f"{of.space}::scaled_cube"


@pytest.mark.parametrize(
    ("of", "wrong", "right"),
    [
        (
            ("ctx.power * x ** (ctx.power - 1)", "ctx.power * x"),
            "g * w * ctx.power * x",
            "g * w * ctx.power * x * x",
        ),
        (
            ("(g * x ** ctx.power).sum(0)", "(g * x * x).sum(0)"),
            "(g * x * x).sum(0)",
            "(g * x * x * x).sum(0)",
        ),
    ],
    indirect=["of"],
)
@pytest.mark.parametrize("has_reference", [False, True])
def test_the_line_and_what_should_stand_there(of, wrong: str, right: str, has_reference: bool) -> None:
    from bpdebug.torch import check_backward

    options = {"reference": lambda x, w: x**3 * w} if has_reference else {}
    report = check_backward(of.scaled_cube, *inputs(of.torch), seconds=20, **options)
    (finding,) = report.findings
    assert (finding.source.code, finding.correction, finding.verified) == (wrong, right, True)


def test_one_is_named_as_torch_names_it(of) -> None:
    from bpdebug.torch import check_backward

    name = f"{of.space}::scaled_cube"
    report = check_backward(of.scaled_cube, *inputs(of.torch), intended=name)
    assert f"{name} is meant to be as it is, and was not judged" in str(report)
    with pytest.raises(ScriptError, match="no Function or operator is called nowhere::scaled"):
        check_backward(of.scaled_cube, *inputs(of.torch), only="nowhere::scaled")


SCRIPT = (
    OPERATOR.replace("{space}", "of_a_script")
    + """
torch.manual_seed(0)
first, w = torch.nn.Linear(3, 4), torch.ones(4, requires_grad=True)
optimizer = torch.optim.SGD([*first.parameters(), w], lr=0.1)
x, y = torch.randn(6, 3), torch.randn(6, 4)
for step in range(2):
    loss = ((scaled_cube(first(x), w) - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
)


def test_a_wrong_one_within_a_network_is_found(script) -> None:
    report = check_script(script(SCRIPT.replace("* x ** (ctx.power - 1)", "* x")), seconds=20)
    (finding,) = report.findings
    assert (finding.source.line, finding.correction) == (18, "g * w * ctx.power * x * x")
