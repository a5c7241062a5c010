"""Trainings with more than one loss or optimizer: each parameter is held to what it was stepped with."""

from __future__ import annotations

import re

import pytest

from bpdebug.verify.repair.check import check_script

HEAD = """\
import torch
from torch import nn


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return g * (s + x * s * (1 - s))


class Net(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        self.first, self.last = nn.Linear(*sizes[:2]), nn.Linear(*sizes[1:])

    def forward(self, x):
        return self.last(Swish.apply(self.first(x)))


torch.manual_seed(0)
"""
PAIR = """\
forger, expert = Net(3, 6, 2), Net(2, 6, 1)
forging = torch.optim.Adam(forger.parameters(), lr=1e-3)
judging = torch.optim.Adam(expert.parameters(), lr=1e-3)
how = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(8, 1), torch.zeros(8, 1)
"""
EXPERT_FIRST = """\
for step in range(3):
    fake = forger(torch.randn(8, 3))
    judging.zero_grad()
    how(expert(torch.randn(8, 2)), ones).backward()
    how(expert(fake.detach()), zeros).backward()
    judging.step()
    forging.zero_grad()
    fooled = how(expert(fake), ones)
    fooled.backward()
    forging.step()
"""
FORGER_FIRST = """\
for step in range(3):
    forging.zero_grad()
    fake = forger(torch.randn(8, 3))
    fooled = how(expert(fake), ones)
    fooled.backward()
    forging.step()
    judging.zero_grad()
    seen = (how(expert(torch.randn(8, 2)), ones) + how(expert(fake.detach()), zeros)) / 2
    seen.backward()
    judging.step()
"""
CRITIC = """\
forger, expert = Net(3, 6, 2), Net(2, 6, 1)
forging = torch.optim.RMSprop(forger.parameters(), lr=1e-3)
judging = torch.optim.RMSprop(expert.parameters(), lr=1e-3)
for step in range(2):
    for again in range(2):
        with torch.no_grad():
            fake = forger(torch.randn(8, 3))
        apart = expert(fake).mean() - expert(torch.randn(8, 2)).mean()
        judging.zero_grad()
        apart.backward()
        judging.step()
        with torch.no_grad():
            for weight in expert.parameters():
                weight.clamp_(-0.05, 0.05)
    forging.zero_grad()
    fooled = -expert(forger(torch.randn(8, 3))).mean()
    fooled.backward()
    forging.step()
"""
IN_PARTS = """\
net = Net(3, 5, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
x, y = torch.randn(12, 3), torch.randn(12, 2)
for step in range(6):
    part = slice(step * 2, step * 2 + 2)
    loss = ((net(x[part]) - y[part]) ** 2).mean() / 3
    loss.backward()
    if step % 3 == 2:
        nn.utils.clip_grad_norm_(net.parameters(), 0.05)
        optimizer.step()
        optimizer.zero_grad()
"""
SHARED = """\
shared, first, second = nn.Linear(4, 3), Net(3, 5, 4), Net(3, 5, 2)
one = torch.optim.SGD([*shared.parameters(), *first.parameters()], lr=0.1)
other = torch.optim.SGD([*shared.parameters(), *second.parameters()], lr=0.1)
x, y = torch.randn(6, 4), torch.randint(0, 2, (6,))
for step in range(2):
    one.zero_grad()
    ((first(shared(x)) - x) ** 2).mean().backward()
    one.step()
    other.zero_grad()
    nn.functional.cross_entropy(second(shared(x)), y).backward()
    other.step()
"""
OF_SECOND_ORDER = """\
net = Net(3, 5, 2)
optimizer = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=3)
x, y = torch.randn(12, 3), torch.randn(12, 2)


def closure():
    optimizer.zero_grad()
    loss = ((net(x) - y) ** 2).mean()
    loss.backward()
    return loss


for step in range(2):
    optimizer.step(closure)
"""
TRAININGS = {
    "expert first": PAIR + EXPERT_FIRST,
    "forger first": PAIR + FORGER_FIRST,
    "critic": CRITIC,
    "in parts": IN_PARTS,
    "shared": SHARED,
    "of second order": OF_SECOND_ORDER,
}
MISTAKES = {"x * s * (1 - s)": "s * (1 - s)", "return g *": "return 2 * g *"}


@pytest.mark.parametrize("name", TRAININGS)
def test_every_parameter_that_is_stepped_is_judged_and_right(name: str, script) -> None:
    report = check_script(script(HEAD + TRAININGS[name]))
    assert report.passed, report.verdicts
    assert set(report.verdicts.values()) == {"right"}
    assert "outside of the graph" not in str(report.assumed.notes), "what is detached there is meant"
    counts = {"in parts": 4, "critic": 12, "shared": 12}
    assert len(report.verdicts) == counts.get(name, 8)


@pytest.mark.parametrize("right", MISTAKES)
@pytest.mark.parametrize("name", ["forger first", "in parts"])
def test_a_wrong_function_is_found_in_them(name: str, right: str, script) -> None:
    """A factor of all gradients, too: torch's are those of the loss, and no multiple of them."""
    text = (HEAD + TRAININGS[name]).replace(right, MISTAKES[right])
    report = check_script(script(text), seconds=8)
    assert not report.passed
    (finding,) = report.findings
    assert (finding.source.line, finding.verified) == (15, True)


def test_what_is_cleared_before_the_step_does_not_count(script) -> None:
    text = (HEAD + PAIR + FORGER_FIRST).replace("    judging.zero_grad()\n", "")
    report = check_script(script(text), seconds=4)  # its gradients are the sum of two losses then
    assert set(report.verdicts.values()) == {"right"}


STEPS = (
    "p.data -= 0.1 * p.grad",
    "p.data = p.data - 0.1 * p.grad.data",
    "p.data.add_(p.grad, alpha=-0.1)",
    "p.detach().sub_(0.1 * p.grad)",
    "with torch.no_grad(): p.copy_(p - 0.1 * p.grad)",
    "with torch.no_grad(): p[:] = p - 0.1 * p.grad",
)
BY_HAND = """\
net, x, y = Net(3, 5, 2), torch.randn(6, 3), torch.randn(6, 2)
for step in range(3):
    loss = ((net(x) - y) ** 2).mean()
    net.zero_grad()
    loss.backward()
    for p in net.parameters():
        {step}
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_step_without_an_optimizer(step: str, script) -> None:
    report = check_script(script(HEAD + BY_HAND.format(step=step)))
    assert re.fullmatch(r"loss = mean\([^·]+\), line 30", report.assumed.loss)
    assert list(report.verdicts.values()) == ["right"] * 4


UPHILL = {
    "with torch.no_grad(): p += 0.1 * p.grad": "p -= 0.1 * p.grad",
    "p.data += 0.1 * p.grad": "p.data -= 0.1 * p.grad",
    "p.data = p.data + 0.1 * p.grad.data": "p.data - 0.1 * p.grad.data",
    "p.data.add_(p.grad, alpha=0.1)": "p.data.sub_(p.grad, alpha=0.1)",
    "p.detach().add_(0.1 * p.grad)": "p.detach().sub_(0.1 * p.grad)",
    "with torch.no_grad(): p.sub_(-0.1 * p.grad)": "p.add_(-0.1 * p.grad)",
    "with torch.no_grad(): p.sub_(p.grad, alpha=-0.1)": "p.add_(p.grad, alpha=-0.1)",
    "with torch.no_grad(): p.copy_(p + 0.1 * p.grad)": "p.copy_(p - 0.1 * p.grad)",
    "with torch.no_grad(): p[:] = p + 0.1 * p.grad": "p - 0.1 * p.grad",
}


@pytest.mark.parametrize("step", UPHILL)
def test_a_step_uphill_is_named_with_the_sign_that_it_should_have(step: str, script) -> None:
    """And no line of the Function before it, which is right: its sign would mend some of the gradients."""
    (finding,) = check_script(script(HEAD + BY_HAND.format(step=step)), seconds=20).findings
    assert (finding.source.line, finding.correction) == (34, UPHILL[step])
    assert finding.verified


def test_no_line_of_a_right_function_is_blamed_for_what_no_edit_mends(script) -> None:
    step = "p.data.add_(p.grad.sign() * p.grad.abs(), alpha=0.1 if len(p.shape) else 0.2)"
    report = check_script(script(HEAD + BY_HAND.format(step=step)), seconds=5)
    assert "wrong" in report.verdicts.values()
    assert all(one.source.line == 34 for one in report.findings)


CUT = """\
net, scale = Net(3, 5, 2), nn.Parameter(torch.tensor(1.5))
optimizer = torch.optim.Adam([*net.parameters(), scale], lr=0.1)
x, y = torch.randn(6, 3), torch.randn(6, 2)
for step in range(2):
    h = net.first(x)
    loss = ((net.last(torch.tanh(h)) * scale - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
OUTSIDE = "which an optimizer has: what line {line} computes, `{code}`, is outside of the graph"


@pytest.mark.parametrize(
    ("right", "wrong", "who", "line", "code"),
    [
        ("torch.tanh(h)", "torch.tanh(h.detach())", "net.first.weight, net.first.bias", 33, "h.detach()"),
        ("torch.tanh(h)", "torch.tanh(h.data)", "net.first.weight, net.first.bias", 32, "net.first(x)"),
        (
            "    h =",
            "    with torch.no_grad(): h =",
            "net.first.weight, net.first.bias",
            32,
            "net.first(x)",
        ),
        ("* scale -", "* scale.item() -", "scale", 33, "scale.item()"),
        ("torch.tanh(h)", "torch.tanh(h)", "", 0, ""),
    ],
)
def test_who_gets_no_gradient_is_said_and_where_it_is_cut(
    right: str, wrong: str, who: str, line: int, code: str, script
) -> None:
    report = check_script(script(HEAD + CUT.replace(right, wrong)))
    assert report.passed
    said = [one for one in report.assumed.notes if "outside of the graph" in one]
    where = OUTSIDE.format(line=line, code=code)
    assert said == ([f"no gradient comes to {who}, {where}"] if who else [])


@pytest.mark.parametrize(
    ("before", "is_forgotten"),
    [("", True), ("    for p in net.parameters(): p.grad = None\n", False)],
)
def test_gradients_that_nobody_clears_are_told_by_their_values(
    before: str, is_forgotten: bool, script
) -> None:
    text = CUT.replace("    optimizer.zero_grad()\n", before)
    report = check_script(script(HEAD + text))
    assert report.passed
    said = [one for one in report.assumed.notes if "is added to that of iteration 1" in one]
    assert bool(said) is is_forgotten
