"""The debugger on a person's own code: lines, turns, calls, and names as they are written."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.commands.session import Session
from bpdebug.commands.table import execute
from bpdebug.engine.language.printing import numpy_text
from bpdebug.engine.program.variables import Variables, version_name
from tests.recorded import recorded


def run(session: Session, *lines: str) -> str:
    """Run commands, none of which may fail; return what the last one says."""
    for line in lines:
        answer = execute(session, line)
        assert not answer.failed, answer.lines
    return "\n".join(answer.lines)


@pytest.fixture
def session() -> Session:
    return Session(recorded())


@pytest.mark.parametrize(
    ("place", "position"),
    [("21", 3), ("net.py:15", 5), ("tools.py:4", 10), ("25", 9), ("self.dW1", 7), ("step 6", 6), ("0", 0)],
)
def test_go_to(session: Session, place: str, position: int) -> None:
    run(session, f"goto {place}")
    assert session.debugger.position == position


def test_a_line_is_meant_where_one_is_and_then_anywhere(session: Session) -> None:
    run(session, "goto tools.py:4", "goto 3")
    assert session.debugger.position == 8
    run(session, "goto 26")
    assert session.debugger.position == 12


def test_going_to_a_line_again_goes_to_its_next_run(session: Session) -> None:
    run(session, "goto 25", "goto 25")
    assert session.debugger.position == 11
    run(session, "goto delta", "goto delta")
    assert session.debugger.position == 6


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("99", "nothing was computed in line 99 of net.py: the nearest line that did is 26"),
        ("tool.py:3", "nothing that was recorded is in tool.py, did you mean 'tools.py'?"),
    ],
)
def test_a_line_that_did_not_run(session: Session, place: str, said: str) -> None:
    for command in ("goto", "break"):
        answer = execute(session, f"{command} {place}")
        assert answer.failed
        assert said in answer.lines[0]


def test_turns(session: Session) -> None:
    run(session, "goto 25", "next-iteration")
    assert session.debugger.position == 11
    assert "no other time after" in run(session, "next-iteration")
    run(session, "previous-iteration")
    assert session.debugger.position == 9


def test_out_of_a_call(session: Session) -> None:
    assert "not inside" in run(session, "goto 21", "out")
    run(session, "goto 11", "out")
    assert session.debugger.position == 3
    run(session, "goto net.py:15", "into", "out")
    assert session.debugger.position == 6


def stops_of(session: Session, text: str) -> list[int]:
    run(session, f"break {text}", "restart")
    positions = []
    while "breakpoint" in run(session, "continue"):
        positions.append(session.debugger.position)
    return positions


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("25", [9, 11]),
        ("net.py:20", [1]),
        ("delta", [4, 6]),
        ("self.dW1", [7]),
        ("delta·2", [6]),
        ("norm(self.dW1) > 0", [7]),
        ("25 if norm(self.dW1) > 1e9", []),
    ],
)
def test_breakpoints(session: Session, text: str, positions: list[int]) -> None:
    assert stops_of(session, text) == positions


def test_a_condition_is_looked_at_in_every_version(session: Session) -> None:
    """It holds of the second `delta` alone, whose shape is another one too."""
    values = session.debugger.trace.values
    norms = [float(np.linalg.norm(values[name])) for name in ("delta", "delta ·2")]
    assert norms[0] < norms[1]
    assert stops_of(session, f"norm(delta) > {sum(norms) / 2}") == [6]


def test_a_watch_reads_the_version_of_the_moment(session: Session) -> None:
    values = session.debugger.trace.values
    for place, name in ((4, "delta"), (5, "delta"), (6, "delta ·2"), (12, "delta ·2")):
        said = run(session, f"goto step {place}", "print norm(delta)")
        assert float(said.split("= ")[1]) == pytest.approx(float(np.linalg.norm(values[name])))
    run(session, "goto 0")
    assert "not available yet" in execute(session, "print delta").lines[0]


def test_versions_whose_shapes_do_not_fit_say_so(session: Session) -> None:
    run(session, "goto step 6", "watch delta + out", "goto step 4")
    assert execute(session, "goto step 6").failed is False
    assert "(5, 4)" in run(session, "info watches")


def test_what_if(session: Session) -> None:
    run(session, "goto step 7", "set self.W1[0, 0] = 3", "set delta = 2 * delta")
    assert sorted(session.debugger.history.replaced_names) == ["delta ·2", "self.W1"]


def test_items_whatever_their_quotes() -> None:
    names = {"grads['W1']": 1, 'p["a"][0]': 2, "h[-2]": 3, "h[-2] ·2": 4}
    known = Variables((), names, {"h[-2] ·2": "h[-2]"}).known
    assert known["grads['W1']"] == "grads['W1']"
    assert known["p['a'][0]"] == 'p["a"][0]'
    assert known["h[-2]"] == "h[-2]"


def test_versions_that_are_named() -> None:
    versions = dict.fromkeys(("h[t] ·2", "h[t] ·21"), "h[t]")
    variables = Variables(("x",), {"h[t]": 1, "h[t] ·2": 2, "h[t] ·21": 3}, versions)
    texts = {"h[t] ·2[0, 1] + x": "h[t] ·2[0,1] + x", "x * h[t]·21": "x * h[t] ·21", "h[t]": "h[t]"}
    assert {text: numpy_text(variables.read(text)) for text in texts} == texts


def test_the_variable_of_a_version() -> None:
    versions = {version_name("a", 2): "a", version_name("f()", 12): "f()"}
    names = ["a ·2", "a", "a ·b", "f() ·12"]
    variables = Variables((), dict.fromkeys(names, 1), versions)
    assert [variables.variable(name) for name in names] == ["a", "a", "a ·b", "f()"]
