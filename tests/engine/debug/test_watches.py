"""Watches: numbered expressions, and what they show at each moment."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.debug.watches import Watches
from bpdebug.engine.language.evaluation import evaluate
from bpdebug.engine.program.trace import run
from bpdebug.errors import BpdebugError


def test_numbers_are_not_used_again(two_layer) -> None:
    watches = Watches(two_layer.program)
    assert [watches.add(text).number for text in ("w1", " norm(dw1) ", "w1")] == [1, 2, 3]
    assert watches[2].text == "norm(dw1)"
    assert watches.remove(2).number == 2
    assert watches.add("b1").number == 4
    assert [watch.text for watch in watches] == ["w1", "w1", "b1"]


def test_a_watch_can_be_changed_in_its_place(two_layer) -> None:
    watches = Watches(two_layer.program)
    for text in ("w1", "w2"):
        watches.add(text)
    assert watches.change(1, "b1 * 2").number == 1
    assert [watch.text for watch in watches] == ["b1 * 2", "w2"]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda watches: watches.add("dw9"), "there is no tensor 'dw9', did you mean 'dw2'?"),
        (lambda watches: watches.add("w1 @ w1"), "inner sizes differ"),
        (lambda watches: watches.add(""), "not an expression"),
        (lambda watches: watches.change(1, "w1["), "not an expression"),
        (lambda watches: watches.change(7, "w1"), r"there is no watch 7 \(watches: 1\)"),
        (lambda watches: watches.remove(0), r"there is no watch 0 \(watches: 1\)"),
    ],
)
def test_what_fails_changes_nothing(two_layer, action, message: str) -> None:
    watches = Watches(two_layer.program)
    before = [watches.add("w1")]
    with pytest.raises(BpdebugError, match=f"^{message}"):
        action(watches)
    assert (list(watches), watches.next_number) == (before, 2)


def test_of_none_it_is_said_that_there_are_none(two_layer) -> None:
    with pytest.raises(BpdebugError, match=r"^there is no watch 1 \(watches: there are none\)$"):
        Watches(two_layer.program)[1]


def test_at_each_position_a_watch_has_a_value_or_is_not_available_yet(two_layer) -> None:
    trace = run(two_layer.program, two_layer.inputs)
    debugger = Debugger(trace)
    watch = debugger.watches.add("norm(dz1) / norm(z2)")
    for position in (*range(debugger.last + 1), *range(debugger.last, -1, -1)):
        debugger.goto(position)
        if position >= trace.program.positions["dz1"]:
            np.testing.assert_array_equal(
                debugger.evaluate(watch.expression), evaluate(watch.expression, trace.values)
            )
        else:
            late = "dz1 is not available yet: step 9 writes it"
            with pytest.raises(BpdebugError, match=f"^{late}$"):
                debugger.evaluate(watch.expression)


def test_inside_the_statement_that_writes_it_a_tensor_is_not_there_yet(two_layer) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    watch = debugger.watches.add("z1")
    debugger.into()
    with pytest.raises(BpdebugError, match="not available yet"):
        debugger.evaluate(watch.expression)


def test_a_watch_follows_the_branch(two_layer) -> None:
    debugger = Debugger(run(two_layer.program, two_layer.inputs))
    watch = debugger.watches.add("sum(w1)")
    debugger.replace("w1", np.ones((4, 3)))
    assert debugger.evaluate(watch.expression) == 12
