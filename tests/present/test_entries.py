"""The rows of the breakpoints and the watches, and the commands that change them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.engine.debug.debugger import Debugger
from bpdebug.present.entries import (
    Entry,
    WatchReadings,
    breakpoint_entries,
    cut,
    gutter_marks,
    row_text,
    text_room,
)
from tests.examples import debugger_of


def with_breakpoints(*texts: str, disabled: tuple[int, ...] = ()) -> Debugger:
    debugger = debugger_of("two_layer")
    for text in texts:
        debugger.breakpoints.add(text)
    for number in disabled:
        debugger.breakpoints.set_enabled(number, False)
    return debugger


@pytest.mark.parametrize(
    ("texts", "disabled", "marks"),
    [
        (["dw2"], (), {6: "●"}),
        (["dw2"], (1,), {6: "○"}),
        (["norm(dw2) > 1"], (), {6: "◆"}),
        (["norm(dw2) > 1"], (1,), {6: "◇"}),
        (["role dw"], (), {6: "●", 10: "●"}),
        (["not_finite"], (), {}),
        (["dw2 if norm(dw2) > 1", "dw2"], (), {6: "●"}),
        (["dw2", "dw2 if norm(dw2) > 1"], (1,), {6: "◆"}),
        (["dw2", "norm(dw2) > 1"], (1, 2), {6: "○"}),
    ],
)
def test_gutter_marks(texts: list[str], disabled: tuple[int, ...], marks: dict[int, str]) -> None:
    assert gutter_marks(with_breakpoints(*texts, disabled=disabled).breakpoints) == marks


def test_breakpoint_entries() -> None:
    debugger = with_breakpoints("dw2", "norm(dw1) > 1e9", disabled=(2,))
    debugger.breakpoints.add("db2", once=True)
    debugger.continue_()
    debugger.reverse_continue()
    debugger.continue_()
    first, second, third = breakpoint_entries(debugger)
    assert (first.number, first.mark, first.text, first.note) == (1, "●", "dw2", "2 hits")
    assert (second.mark, second.note, second.state) == ("◇", "disabled", "disabled")
    assert (third.note, third.positions) == ("once", {7})


def test_watch_entries() -> None:
    debugger, readings = debugger_of("two_layer"), WatchReadings()
    for text in ("sum(w1)", "norm(dz2)", "norm(z1) > 1"):
        debugger.watches.add(text)

    def shown() -> list[tuple[str, str, str]]:
        return [(entry.mark, entry.note, entry.state) for entry in readings.entries(debugger)]

    weights, gradient, truth = shown()
    assert weights == (" ", weights[1], "")
    assert gradient == (" ", "dz2 is not available yet: step 5 writes it", "missing")
    assert truth == (" ", "z1 is not available yet: step 1 writes it", "missing")
    debugger.step()
    assert shown() == [weights, gradient, ("*", "true", "changed")]
    assert shown() == [weights, gradient, ("*", "true", "changed")]  # looking changes nothing
    debugger.step()
    assert shown()[2] == (" ", "true", "")
    debugger.goto(5)
    assert shown()[1][0] == "*"
    debugger.replace("w1", debugger.trace.values["w1"] + 1)
    assert [mark for mark, _, _ in shown()] == ["*", "*", " "]


def test_a_new_watch_has_not_changed() -> None:
    debugger, readings = debugger_of("two_layer", 3), WatchReadings()
    readings.entries(debugger)
    debugger.step()
    debugger.watches.add("z1")
    assert [entry.mark for entry in readings.entries(debugger)] == [" "]


def test_an_error_of_a_watch_is_its_note() -> None:
    debugger = debugger_of("two_layer")
    debugger.watches.add("w1 / 0")
    (entry,) = WatchReadings().entries(debugger)
    assert "inf" in entry.note


@given(
    st.lists(st.tuples(st.text("abc ", max_size=60), st.text("xyz", max_size=60)), min_size=1, max_size=5),
    st.integers(0, 80),
)
def test_rows_fit_and_their_notes_stand_under_each_other(texts: list[tuple[str, str]], width: int) -> None:
    entries = [Entry(number, "●", text, note) for number, (text, note) in enumerate(texts, start=1)]
    room = text_room(entries, max(0, width - 4))
    rows = [row_text(entry, room, 1, width) for entry in entries]
    assert {len(row) for row in rows} == {width}
    starts = {
        row.index(entry.note[0]) for row, entry in zip(rows, entries, strict=True) if set("xyz") & set(row)
    }
    assert len(starts) <= 1


@pytest.mark.parametrize(("width", "text"), [(5, "abcd"), (4, "abcd"), (3, "ab…"), (1, "…"), (0, "")])
def test_cut(width: int, text: str) -> None:
    assert cut("abcd", width) == text
