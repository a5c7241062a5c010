"""Whatever stands in a capture, it opens as a case whose every text stays on its lines, or it is refused."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.commands.session import Session
from bpdebug.commands.table import FAULT, execute
from bpdebug.engine.program.trace import run
from bpdebug.errors import BpdebugError, ScenarioError
from bpdebug.export.traces import TRACE_FORMATS
from bpdebug.sources.capture.loading import load_capture
from bpdebug.sources.capture.writing import TENSORS, save
from bpdebug.sources.script import record_script
from bpdebug.sources.script.case import case_of
from bpdebug.verify.check import check_scenario
from tests.examples import example
from tests.fuzz.scratch import assert_printable, folder
from tests.tiers import examples
from tests.two_layers import TWO_LAYERS

PIECES = [
    '"a\\u001b[2J\\r\\nb"',
    '"h"',
    '"matmul"',
    '"opaque"',
    '["opaque", {text = "\\u001b[2J"}, "x"]',
    '["sum", {axis = nan}, "x"]',
    '["sum", {axis = [[0]]}, "x"]',
    '["reshape", {shape = [-1, 1000000000000]}, "x"]',
    '["broadcast_like", {}, "x", "x"]',
    '["subscript", {index = [[5, 1], {}]}, "x"]',
    '["add", {}, ' * 500,
    "{axis = 99999999999999999999}",
    "inf",
    "nan",
    "1e999",
    "-1",
    "9" * 400,
    "true",
    "[]",
    "{}",
    "{a = 1}",
    "1979-05-27",
    "a" + ".a" * 40 + " = 1\n",
    "[[statements]]\n",
    "[",
    "]",
    "\x00",
    "é",
    "",
]


@cache
def captured() -> tuple[str, bytes]:
    """The two files of a sound capture."""
    script, path = folder() / "own.py", folder() / "own.bpd"
    script.write_text(TWO_LAYERS, encoding="utf-8")
    save(case_of(record_script(script)), path)
    return path.read_text(encoding="utf-8"), path.with_suffix(TENSORS).read_bytes()


def values_of(text: str) -> list[tuple[int, int]]:
    """Return where the values of all keys stand."""
    places, start = [], 0
    for line in text.splitlines(keepends=True):
        before, equals, _ = line.partition(" = ")
        if equals:
            begin = start + len(before) + len(equals)
            places.append((begin, max(begin, start + len(line.rstrip()))))
        start += len(line)
    return places


@examples(2)
@given(st.data())
def test_a_capture(data: st.DataObject) -> None:
    text, tensors = captured()
    for _ in range(data.draw(st.integers(0, 3))):
        start, end = data.draw(st.sampled_from(values_of(text)))
        if data.draw(st.booleans()):  # a part of a value
            start = data.draw(st.integers(start, end))
            end = min(end, start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[end:]
    if data.draw(st.integers(0, 3)) == 0:
        place = data.draw(st.integers(0, len(tensors)))
        tensors = tensors[:place] + data.draw(st.binary(max_size=9)) + tensors[place + 4 :]
    path = folder() / "strange.bpd"
    path.write_text(text, encoding="utf-8")
    path.with_suffix(TENSORS).write_bytes(tensors)
    try:
        case = load_capture(path)
    except ScenarioError as error:
        assert_printable(error.problems)
        return
    assert_printable([case.title, *case.script.found, *case.program.shapes])
    said = "".join(TRACE_FORMATS["text"](case, run(case.program, case.values)))
    assert_printable(said.split("\n"))
    session = Session(case)
    for line in ("next", "continue", "list", "info tensors", "info health", "info blocks"):
        answer = execute(session, line)
        assert not any(one.startswith(FAULT) for one in answer.lines), (line, answer.lines)
        assert_printable(answer.lines)
    with suppress(BpdebugError):
        check_scenario(case)


def test_a_capture_without_places_is_checked_in_words() -> None:
    """None of its statements says where it stands in a script, or which is the loss."""
    path = folder() / "placeless.bpd"
    save(example("two_layer"), path)
    with pytest.raises(BpdebugError, match="found no loss"):
        check_scenario(load_capture(path))
