"""Whose numbers there are to look at, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.engine.program.what_if import with_part
from bpdebug.present.explaining import Selection, explain_element, given_text
from bpdebug.present.views import Views
from tests.examples import debugger_of


def after_set(name: str = "w1") -> tuple[Debugger, Views]:
    """The end of a run in which one element was set, and its views."""
    debugger = debugger_of("two_layer", 12)
    index = (0,) * debugger.trace.values[name].ndim
    debugger.replace(name, with_part(debugger.trace.values[name], index, np.asarray(2.0)))
    mine = {"dw1": np.ones((4, 3))}
    values = debugger.original.values, debugger.trace.values
    return debugger, Views(*values, mine, frozenset(debugger.replaced))


def test_views_are_offered_where_they_show_something() -> None:
    _, views = after_set()
    same = Views(views.original, views.original, {})
    own = Views(views.original, views.original, views.mine)
    assert same.offered == ("run",)
    assert own.offered == ("run", "mine", "difference")
    assert views.offered == ("run", "original", "change", "mine", "difference")
    assert Views(views.original, views.run, {}, views.replaced).offered == ("run", "original", "change")


def test_the_views_come_round() -> None:
    _, views = after_set()
    seen, view = [], "run"
    for _ in views.offered:
        seen.append(view)
        view = views.after(view)
    assert tuple(seen) == views.offered
    assert view == "run"


def test_the_numbers_of_each_view() -> None:
    debugger, views = after_set()
    before, now = debugger.original.values["dw1"], debugger.trace.values["dw1"]
    assert not np.array_equal(before, now)
    assert views.value("dw1", "original") is before
    assert views.value("dw1", "run") is now
    np.testing.assert_array_equal(views.value("dw1", "change"), now - before)
    assert views.value("dw1", "change") is views.value("dw1", "change")
    # The user's numbers stand against the original run, whatever was set.
    np.testing.assert_array_equal(views.value("dw1", "difference"), 1 - before)
    assert views.value("db1", "mine") is debugger.trace.values["db1"]
    assert views.value("db1", "difference") is debugger.trace.values["db1"]


@pytest.mark.parametrize(
    ("name", "view", "word"),
    [
        ("w1", "run", "set"),
        ("dw1", "run", "changed"),
        ("dw1", "original", "original"),
        ("dw1", "change", "change"),
        ("dw1", "mine", "mine"),
        ("dw1", "difference", "diff"),
        ("a0", "run", ""),
        ("a0", "original", ""),
        ("a0", "change", ""),
        ("a0", "mine", ""),
    ],
)
def test_the_word_on_the_border(name: str, view: str, word: str) -> None:
    _, views = after_set()
    assert views.word(name, view) == word


def test_what_is_computed_again_but_stays_the_same_is_not_changed() -> None:
    debugger, _ = after_set("db1")  # nothing reads db1
    debugger.replace("db1", debugger.original.values["db1"].copy())
    views = Views(debugger.original.values, debugger.trace.values, {}, frozenset({"db1"}))
    assert views.run["db1"] is not views.original["db1"]
    assert not views.is_changed("db1")
    assert views.word("db1", "run") == ""


def test_numbers_that_are_none_may_be_the_same() -> None:
    before = {"x": np.array([np.nan, 1.0])}
    assert not Views(before, {"x": before["x"].copy()}, {}, frozenset({"x"})).is_changed("x")


@pytest.mark.parametrize(
    ("replaced", "view", "text"),
    [
        (set(), "run", ""),
        ({"w1"}, "run", "what if: w1 set"),
        ({"w2", "b1", "w1"}, "run", "what if: b1 and 2 more set"),
        ({"w1"}, "original", "the original run"),
        ({"w1"}, "change", "what if − original"),
        (set(), "mine", "your numbers"),
    ],
)
def test_the_status(replaced: set[str], view: str, text: str) -> None:
    assert Views({}, {}, {}, frozenset(replaced)).status(view) == text


def test_an_element_that_was_set_says_what_it_was() -> None:
    debugger, _ = after_set()
    here = Selection("w1", (0, 0))
    was = debugger.original.values["w1"][0, 0]
    assert given_text(debugger, here) == (f"w1[0,0] was set: 2.0, not {was}",)
    assert given_text(debugger, Selection("w1", (1, 1))) == ("w1[1,1] is as it was",)
    assert given_text(debugger, here, "original") == ("w1[0,0] is given",)


def test_a_result_that_was_set_comes_from_nothing_but_that() -> None:
    debugger, _ = after_set("z1")
    here = Selection("z1", (0, 0))
    assert explain_element(debugger, here, 4) is None
    assert given_text(debugger, here)[0].startswith("z1[0,0] was set: 2.0, not 0.67")
    origin = explain_element(debugger, here, 4, "original")
    assert origin is not None
    assert "0.6701" in str(origin)
    follows = explain_element(debugger, Selection("a1", (0, 0)), 4)
    assert follows is not None
    assert str(follows).endswith("relu(2) = 2")
