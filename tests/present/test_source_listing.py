"""The source window: what stands on which line, folded and open, before and after each step."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpdebug.commands.session import Session
from bpdebug.present.line_pairs import pairs_of_line
from bpdebug.present.operation_text import about_text, operation_text
from bpdebug.present.python_text import spans_of
from bpdebug.present.source_listing import SourceListing, source_window
from bpdebug.sources.opening import open_case
from tests.recorded import FOUND, recorded


def listing() -> SourceListing:
    found = source_window(recorded())
    assert isinstance(found, SourceListing)
    return found


def drawn(window: SourceListing, current: int = 0) -> list[str]:
    marks = {"done": "✓", "current": "▶", "next": "›", "coming": " "}
    rows = (window.row(number, current) for number in range(len(window.lines)))
    return [f"{marks[row.state]} {row.text} {row.tail}".rstrip() for row in rows]


def test_lines_in_the_order_in_which_they_ran() -> None:
    assert drawn(listing(), 9) == [
        "  net.py",
        "✓ 20 ▾ out = network.forward(x)",
        "✓ 11     self.h = np.tanh(x @ self.W1)  # the hidden layer",
        "✓ 12     return self.h @ self.W2",
        "✓ 21   loss = ((out - y) ** 2).sum()",
        "✓ 22 ▾ network.backward(2 * (out - y))",
        "✓ 15     self.dW2 = self.h.T @ delta",
        "✓ 16     delta = (delta @ self.W2.T) * (1 - self.h ** 2)",
        "✓ 17     self.dW1 = self.x.T @ delta",
        "▶ 25 ▾ step = rate_of(name) * grads[name] 1/2",
        "  tools.py",
        "✓  3     return 0.1 + 0.0",
        "›  4     return 0.2 + 0.0",
        "  net.py",
        '  26   network.W1 = network.W1 - 0.1 * grads["W1"]',
    ]


def test_the_turns_before_in_and_after_a_loop() -> None:
    tails = [listing().row(9, current).tail for current in (0, 8, 9, 10, 11, 12)]
    assert tails == ["×2", "×2", "1/2", "1/2", "2/2", "×2"]


def test_the_mark_of_the_current_line_is_of_the_turn_that_one_is_in() -> None:
    assert [list(listing().row(9, current).positions) for current in (8, 9, 11, 12)] == [
        [9, 11],
        [9],
        [11],
        [9, 11],
    ]


def test_a_folded_call_stands_for_what_runs_in_it() -> None:
    window = listing()
    assert window.toggle(5)
    assert drawn(window, 6)[5:7] == [
        "▶ 22 ▸ network.backward(2 * (out - y))",
        "  25 ▾ step = rate_of(name) * grads[name] ×2",
    ]
    assert window.line_at(6) == window.line_at(7) == 5
    assert window.toggle(5)
    assert drawn(window) == drawn(listing())
    assert not window.toggle(4)
    assert not window.toggle(0)


def test_which_call_is_folded_and_opened() -> None:
    window = listing()
    assert [window.call_of(number, is_open=True) for number in (0, 1, 3, 4, 7)] == [None, 1, 1, None, 5]
    assert [window.call_of(number, is_open=False) for number in (0, 1, 7)] == [None, None, None]
    window.toggle(1)
    assert window.call_of(1, is_open=True) is None
    assert window.call_of(1, is_open=False) == 1


def test_where_lines_lead_to() -> None:
    window = listing()
    assert [window.position_of(number, 0) for number in (0, 1, 2, 9, 10, 14)] == [1, 1, 1, 9, 8, 12]
    assert [window.position_of(9, current) for current in (9, 10, 11)] == [11, 11, 9]
    assert window.stop_of(9) == ("net.py:25", (9, 11))
    assert window.line_at(0) == 0


def test_searching() -> None:
    window = listing()
    assert window.find("delta", 0) == 6
    assert window.find("dw1", 0) == 8
    assert window.find("tools", 0) == 10
    assert window.find("nowhere", 0) is None


def test_colours() -> None:
    (spans,) = spans_of('return x["a"] * 2  # twice')
    assert [(span.style, span.begin, span.end) for span in spans] == [
        ("keyword", 0, 6),
        ("string", 9, 12),
        ("number", 16, 17),
        ("comment", 19, 26),
    ]
    window = listing()
    row = window.row(3, 0)
    assert [row.text[span.begin : span.end] for span in row.spans] == ["return"]


def test_a_text_that_is_no_whole_python_keeps_what_was_read() -> None:
    assert [span.style for span in spans_of("for i in (1, ")[0]] == ["keyword", "keyword", "number"]
    assert spans_of("'''a\nb''' + 1")[1][0] == (0, 4, "string")
    assert spans_of("") == ((),)


def pair_names(position: int) -> list[tuple[str, str]]:
    program = recorded().program
    pairs = pairs_of_line(program, program.statements[position - 1])
    return [(pair.tensor, pair.gradient) for pair in pairs]


@pytest.mark.parametrize(
    ("position", "names"),
    [
        (1, [("x", ""), ("self.W1", "self.dW1"), ("self.h", "")]),
        (5, [("self.W2", "self.dW2"), ("out", "delta"), ("self.h", "")]),
        (7, [("self.W1", "self.dW1"), ("delta ·2", ""), ("x", "")]),
    ],
)
def test_every_gradient_lies_under_its_tensor(position: int, names: list[tuple[str, str]]) -> None:
    assert pair_names(position) == names


def test_the_card_at_the_start_says_what_was_found() -> None:
    case = recorded()
    text = operation_text(Session(case).debugger, about_text(case), ())
    assert text.why.split("\n")[: len(FOUND)] == list(FOUND)


def test_the_card_has_the_persons_line_and_its_mathematics() -> None:
    session = Session(recorded())
    session.debugger.goto(7)
    text = operation_text(session.debugger, "", ())
    assert text.code == "self.dW1 = self.x.T @ delta"
    assert text.mathematics == "self.dW₁ = xᵀ · delta ·2"
    assert text.shapes == "(3,4) = (3,5) @ (5,4)"
    assert text.rule == "∂L/∂self.W₁ = xᵀ · delta ·2"
    session.debugger.goto(6)
    assert operation_text(session.debugger, "", ()).rule == ""


def test_a_sum_lies_under_its_tensor_in_every_turn(tmp_path: Path) -> None:
    (tmp_path / "turns.py").write_text(
        """
import numpy as np
w, xs = np.full((2, 2), 0.5), [np.ones((2, 1)), np.full((2, 1), 0.3), np.full((2, 1), -0.2)]
for step in range(2):
    out, loss = {}, 0.0
    for t in range(3):
        out[t] = w @ xs[t]
        loss += 0.5 * np.sum((out[t] - 1.0) ** 2)
    dw = np.zeros_like(w)
    for t in range(3):
        dw += (out[t] - 1.0) @ xs[t].T
    w -= 0.1 * dw
"""
    )
    program = open_case(tmp_path / "turns.py").program
    sums = [one for one in program.statements if program.versions.get(one.name) == "dw"]
    assert len(sums) >= 3
    for statement in sums:
        pairs = [(pair.tensor, pair.gradient) for pair in pairs_of_line(program, statement)]
        assert ("w", statement.name) in pairs
