"""A session that is saved and replayed is the same session: same place, same stops, same answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.commands.answers import json_answer
from bpdebug.commands.scripts import script_lines
from bpdebug.commands.session import Session
from bpdebug.commands.table import execute
from bpdebug.sources.case import Case

TENSORS = st.sampled_from(["w1", "b1", "z1", "dz2", "dw1", "da0", "a2", "dw9"])
NUMBERS = st.sampled_from(["", "1", "2", "3", "1 2", "7"])
LINES = st.one_of(
    st.sampled_from(
        [
            *("step", "s", "back", "into", "into 2", "out", "next-layer", "previous-layer", "finish"),
            *("continue", "c", "rc", "restart", "end", "goto 5", "goto 99", "step x", "step 3", "back 2"),
            *("reset", "info breakpoints", "info health", "list", "nonsense", "help", "break", "tbreak"),
        ]
    ),
    st.tuples(st.sampled_from(["break", "b", "tbreak"]), TENSORS).map(" ".join),
    st.sampled_from(["break role dw", "tbreak layer 2", "break backward", "break not_finite", "b health"]),
    TENSORS.map("break norm({0}) > 1".format),
    st.tuples(st.sampled_from(["enable", "disable", "delete", "unwatch"]), NUMBERS).map(" ".join),
    st.tuples(
        st.just("condition"), NUMBERS, st.sampled_from(["", "norm(z1) > 1", "norm(da0) > 1", "z1"])
    ).map(" ".join),
    st.tuples(st.sampled_from(["watch", "print", "shape", "goto"]), TENSORS).map(" ".join),
    TENSORS.map("explain {0}[0,0]".format),
    st.tuples(TENSORS, st.sampled_from(["2", "0/0", "w1[0,0]", "z1", "norm(dw1)"])).map(
        "set {0[0]} = {0[1]}".format
    ),
    TENSORS.map("set {0}[0,0] = 0.5".format),
)


def state(session: Session) -> dict[str, Any]:
    debugger = session.debugger
    return {
        "moment": debugger.moment,
        "breakpoints": list(debugger.breakpoints),
        "watches": list(debugger.watches),
        "replaced": {
            (iteration, name): value.tobytes()
            for iteration, values in debugger.history.replaced.items()
            for name, value in values.items()
        },
        "values": {name: value.tobytes() for name, value in debugger.trace.values.items()},
    }


@given(lines=st.lists(LINES, max_size=25))
def test_a_replayed_script_is_the_same_session(scenario: Case, lines: list[str]) -> None:
    session = Session(scenario)
    answers = [(line, execute(session, line)) for line in lines]

    replay = Session(scenario)
    replayed = [(line, execute(replay, line)) for line in script_lines(session.script())]
    assert not any(answer.failed for _, answer in replayed)
    assert state(replay) == state(session)
    assert replay.script() == session.script()

    moves = ("step", "back", "into", "s", "n")  # in a row these become one line, and one answer
    words = [line.split()[0] for line, answer in answers if not answer.failed]
    first = [
        answer_data(one) for one in answers if not one[1].failed and one[0].split()[0] not in (*moves, "help")
    ]
    again = [answer_data(one) for one in replayed if one[0].split()[0] not in moves]
    assert first == again, words


def answer_data(one: tuple[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(*json_answer(*one))
    return {key: value for key, value in document.items() if key != "command"}


@pytest.mark.parametrize(
    ("lines", "recorded"),
    [
        ("step; step; step 3", ["step 5"]),
        ("step; back; step", ["step", "back", "step"]),
        ("into; s; n; n", ["into 2", "step 2"]),
        ("step 999999999; step", ["step 999999999", "step"]),
        ("b dw1; c; quit; help; nonsense", ["break dw1", "continue"]),
        ("watch  norm( w1 ) ; p w1", ["watch norm( w1 )", "print w1"]),
        ("continue; continue", ["continue", "continue"]),
    ],
)
def test_what_is_recorded(session: Session, lines: str, recorded: list[str]) -> None:
    for line in lines.split("; "):
        execute(session, line)
    assert session.recorded == recorded


def test_the_script_of_a_session(session: Session, tmp_path: Path) -> None:
    for line in ("break dw1", "continue", f"save {tmp_path / 's.txt'}"):
        execute(session, line)
    text = (tmp_path / "s.txt").read_text(encoding="utf-8")
    assert text == "# bpdebug run two_layer --script THIS_FILE\nbreak dw1\ncontinue\n"
    assert script_lines(text) == ["break dw1", "continue"]


def test_the_lines_of_a_script() -> None:
    assert script_lines(" # a\n\n\tstep 2 \r\nback\n #end\nprint w1 # not a comment line") == [
        "step 2",
        "back",
        "print w1 # not a comment line",
    ]


def test_a_file_whose_name_has_a_line_break_does_not_become_a_command(tmp_path: Path) -> None:
    from bpdebug.sources.scenario import load_scenario, shipped_scenarios

    path = tmp_path / "a\nquit\nb.toml"
    path.write_text(shipped_scenarios()[0].read_text(encoding="utf-8"), encoding="utf-8")
    assert script_lines(Session(load_scenario(path)).script()) == []


def test_a_number_that_json_does_not_have_is_a_word(session: Session) -> None:
    lines = ("step", "set w1 = 0/0", "explain z1[0,0]")
    for line in lines:
        answer = execute(session, line)
    (written,) = json_answer(lines[-1], answer)
    assert json.loads(written, parse_constant=pytest.fail)["value"] == "NaN"
