"""The loss of a script whose numbers are wrapped: an object is called `loss`, and holds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.sources.script.analysis.analyse import analyse
from tests.sources.script.recording import recorded

ENGINE = """
    import math


    class Number:
        def __init__(self, held, made_of=()):
            self.held, self.grad, self.made_of, self.back = held, 0.0, made_of, lambda: None

        def __add__(self, other):
            out = Number(self.held + other.held, (self, other))

            def back():
                self.grad += out.grad
                other.grad += out.grad
            out.back = back
            return out

        def __mul__(self, other):
            out = Number(self.held * other.held, (self, other))

            def back():
                self.grad += other.held * out.grad
                other.grad += self.held * out.grad
            out.back = back
            return out

        def go_back(self):
            order, seen = [], set()

            def visit(one):
                if one not in seen:
                    seen.add(one)
                    for part in one.made_of:
                        visit(part)
                    order.append(one)
            visit(self)
            self.grad = 1.0
            for one in reversed(order):
                one.back()


    w, b = Number(0.7), Number(-0.2)
    for epoch in range(3):
        loss = Number(0.0)
        for x, t in [(1.5, 0.5), (-0.5, 1.0)]:
            off = w * Number(x) + b + Number(-t)
            loss = loss + off * off
        for one in (w, b):
            one.grad = 0.0
        loss.go_back()
        for one in (w, b):
            one.held SIGN 0.1 * one.grad
"""


@pytest.mark.parametrize(("sign", "kinds"), [("-=", {"right"}), ("+=", {"factor"})])
def test_what_is_called_a_loss_holds_it(sign: str, kinds: set[str], tmp_path: Path) -> None:
    analysis = analyse(recorded(tmp_path, ENGINE.replace("SIGN", sign)))
    assert analysis.loss is not None
    assert analysis.loss.candidate.is_explicit
    assert analysis.loss.candidate.is_named
    assert {one.kind for one in analysis.verdicts_of_record} == kinds
    assert {abs(one.ratio or 0.0) for one in analysis.verdicts_of_record} == {1.0}
