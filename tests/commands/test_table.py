"""Every command of the table: what it answers, as text and as JSON, and that failing changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpdebug.commands.answers import MAX_NUMBERS, json_answer, text_answer
from bpdebug.commands.command import Answer
from bpdebug.commands.looking import TOPICS
from bpdebug.commands.session import Session
from bpdebug.commands.table import COMMANDS, FAMILIES, SHORT_FORMS, execute, find_command
from bpdebug.commands.values import value_text
from bpdebug.errors import BpdebugError
from bpdebug.limits import at_most
from bpdebug.sources.case import Case

# Each command: lines before it, the line, the lines of its answer, and what its JSON has beside them.
# 1 z1, 2 a1, 3 z2, 4 a2, 5 dz2, 6 dw2, 7 db2, 8 da1, 9 dz1, 10 dw1, 11 db1, 12 da0
Example = tuple[str, list[str], list[str], dict[str, Any]]
HIT = {"breakpoints": [{"number": 1, "evidence": []}]}
CASES: dict[str, list[Example]] = {
    "step": [
        ("", ["step"], ["1/12 z1 = w1 @ a0 + b1 (4×1)"], {"position": 1, "name": "z1", "reason": "step"}),
        ("", ["step 4"], ["4/12 a2 = sigmoid(z2) (2×1)"], {"position": 4}),
        (
            "",
            ["step 99"],
            ["12/12 da0 = w1.T @ dz1 (3×1) | at the end"],
            {"position": 12, "reason": "nowhere"},
        ),
    ],
    "back": [
        ("goto 2", ["back"], ["1/12 z1 = w1 @ a0 + b1 (4×1)"], {"position": 1}),
        ("goto 2", ["back 2"], ["0/12 at the start"], {"position": 0, "name": None}),
        ("", ["back"], ["0/12 at the start | at the start"], {"reason": "nowhere"}),
    ],
    "into": [
        ("", ["into"], ["0/12 + node 1 of z1: w1 @ a0"], {"position": 0, "node": 1, "name": "z1"}),
        ("", ["into 2"], ["1/12 z1 = w1 @ a0 + b1 (4×1)"], {"position": 1, "node": 0}),
    ],
    "out": [
        ("into", ["out"], ["1/12 z1 = w1 @ a0 + b1 (4×1)"], {"position": 1}),
        ("", ["out"], ["0/12 at the start | not inside a statement"], {"reason": "nowhere"}),
    ],
    "next-layer": [("step", ["next-layer"], ["3/12 z2 = w2 @ a1 + b2 (2×1)"], {"reason": "layer"})],
    "previous-layer": [("goto 4", ["previous-layer"], ["3/12 z2 = w2 @ a1 + b2 (2×1)"], {"reason": "layer"})],
    "finish": [
        ("", ["finish"], ["4/12 a2 = sigmoid(z2) (2×1) | the forward pass is complete"], {"reason": "phase"})
    ],
    "continue": [
        ("break dw1", ["continue"], ["10/12 dw1 = dz1 @ a0.T (4×3) | breakpoint 1, dw1"], HIT),
        ("", ["continue"], ["12/12 da0 = w1.T @ dz1 (3×1) | at the end"], {"reason": "end"}),
        (
            "set da2 = 1; set w2 = 0; break all(da1 == 0) and w2[0,0] < 1",
            ["continue"],
            [
                "8/12 da1 = w2.T @ dz2 (4×1) | breakpoint 1, all(da1 == 0) and w2[0,0] < 1:"
                " all(da1 == 0) is true; w2[0,0] = 0"
            ],
            {
                "breakpoints": [{"number": 1, "evidence": ["all(da1 == 0) is true", "w2[0,0] = 0"]}],
                "reason": "breakpoint",
            },
        ),
    ],
    "reverse-continue": [
        (
            "break z2; end",
            ["reverse-continue"],
            ["3/12 z2 = w2 @ a1 + b2 (2×1) | breakpoint 1, z2"],
            HIT,
        )
    ],
    "next-iteration": [
        ("step", ["next-iteration"], ["1/12 z1 = w1 @ a0 + b1 (4×1) | at the end"], {"reason": "nowhere"}),
    ],
    "previous-iteration": [
        ("step", ["previous-iteration 2"], ["1/12 z1 = w1 @ a0 + b1 (4×1) | at the start"], {"iteration": 1}),
    ],
    "goto": [
        ("", ["goto 7"], ["7/12 db2 = sum(dz2, axis=1, keepdims=True) (2×1)"], {"position": 7}),
        ("", ["goto dw1"], ["10/12 dw1 = dz1 @ a0.T (4×3)"], {"position": 10, "name": "dw1"}),
        ("goto 3", ["goto 0"], ["0/12 at the start"], {"position": 0}),
    ],
    "restart": [("goto 7", ["restart"], ["0/12 at the start"], {"position": 0})],
    "end": [("", ["end"], ["12/12 da0 = w1.T @ dz1 (3×1)"], {"position": 12})],
    "break": [
        ("", ["break role dw if norm(b1) > 0"], ["breakpoint 1 role dw if norm(b1) > 0 (0 hits)"], {}),
        (
            "goto 6",
            ["break"],
            ["breakpoint 1 6 (0 hits)"],
            {"breakpoints": [{"number": 1, "text": "6", "enabled": True, "once": False, "hits": 0}]},
        ),
    ],
    "tbreak": [("", ["tbreak layer 2"], ["breakpoint 1 layer 2 (once, 0 hits)"], {})],
    "rebreak": [
        ("break dw1; break db1", ["rebreak 1 z1"], ["breakpoint 1 z1 (0 hits)"], {}),
        (
            "tbreak dw1 if norm(dw1) > 1; disable 1",
            ["rebreak 1 norm(db1) > 2"],
            ["breakpoint 1 norm(db1) > 2 (once, disabled, 0 hits)"],
            {},
        ),
    ],
    "condition": [
        ("break dw1", ["condition 1 norm(dw1) > 1"], ["breakpoint 1 dw1 if norm(dw1) > 1 (0 hits)"], {}),
        ("break dw1 if norm(dw1) > 1", ["condition 1"], ["breakpoint 1 dw1 (0 hits)"], {}),
    ],
    "enable": [("break z1; break z2; disable", ["enable 2"], ["enabled 2 z2 (0 hits)"], {})],
    "disable": [
        (
            "break z1; break z2",
            ["disable"],
            ["disabled 1 z1 (disabled, 0 hits)", "disabled 2 z2 (disabled, 0 hits)"],
            {},
        ),
        ("break z1; break z2", ["disable 2 2"], ["disabled 2 z2 (disabled, 0 hits)"], {}),
    ],
    "delete": [
        ("break z1; continue; break z2", ["delete"], ["removed 1 z1 (1 hit)", "removed 2 z2 (0 hits)"], {}),
        ("break z1; break z2", ["delete 2"], ["removed 2 z2 (0 hits)"], {}),
    ],
    "watch": [
        (
            "",
            ["watch norm(z1)"],
            ["watch 1 norm(z1) (z1 is not available yet: step 1 writes it)"],
            {"number": 1},
        ),
        (
            "set a0 = 0; set b1 = 2; step",
            ["watch norm(z1)"],
            ["watch 1 norm(z1) = 4"],
            {"number": 1, "expression": "norm(z1)", "shape": [], "value": 4.0},
        ),
    ],
    "rewatch": [
        ("watch w1; watch b1", ["rewatch 1 sum(a0)"], None, {"number": 1, "expression": "sum(a0)"}),
    ],
    "unwatch": [
        ("watch w1; watch w2; watch b1", ["unwatch 2"], ["removed watch 2 w2"], {"watches": [2]}),
        (
            "watch w1; watch w2",
            ["unwatch"],
            ["removed watch 1 w1", "removed watch 2 w2"],
            {"watches": [1, 2]},
        ),
    ],
    "print": [
        ("set b1 = 2", ["print b1.T"], ["b1.T = [[2, 2, 2, 2]]"], {"shape": [1, 4], "value": [[2.0] * 4]}),
        ("set b1 = 2", ["print all(b1 == 2)"], ["all(b1 == 2) = true"], {"value": 1.0}),
        ("set b1[0] = 1/0", ["print b1[0]"], ["b1[0] = [inf]"], {"value": ["Infinity"]}),
        ("", ["print 9**9**9"], ["9**9**9 = inf"], {"value": "Infinity"}),
    ],
    "shape": [
        ("", ["shape dw1"], ["dw1 4×3"], {"shape": [4, 3]}),
        ("", ["shape norm(dw1)"], ["norm(dw1) scalar"], {"shape": []}),
    ],
    "explain": [
        ("", ["explain w1[0,0]"], ["w1[0,0] is given"], {"element": "w1[0,0]", "sources": []}),
        ("set w1 = 1", ["explain w1[0,0]"], ["w1[0,0] was set"], {"element": "w1[0,0]"}),
        (
            "set dz2 = 2; set a1 = 3; goto dw2",
            ["explain dw2[-1, 0]"],
            ["dw2[1,0] = dz2[1,0]·a1[0,0] = 2 · 3 = 6"],
            {
                "element": "dw2[1,0]",
                "sources": [
                    {"name": "dz2", "region": [[1, 2], [0, 1]]},
                    {"name": "a1", "region": [[0, 1], [0, 1]]},
                ],
                "value": 6.0,
            },
        ),
    ],
    "list": [
        (
            "break z2; goto 2",
            ["list 1"],
            [
                "     1 z1 = w1 @ a0 + b1 (4×1)",
                " >   2 a1 = relu(z1) (4×1)",
                "b    3 z2 = w2 @ a1 + b2 (2×1)",
                "     4 a2 = sigmoid(z2) (2×1)",
                "     5 dz2 = da2 * sigmoid_prime(z2) (2×1)",
                "     6 dw2 = dz2 @ a1.T (2×4)",
            ],
            {"position": 2},
        ),
    ],
    "info": [
        ("", ["info breakpoints"], ["no breakpoints"], {"breakpoints": []}),
        ("tbreak dw1; disable", ["info b"], ["1 dw1 (once, disabled, 0 hits)"], {}),
        ("", ["info watches"], ["no watches"], {"watches": []}),
        ("set b1 = 2; watch b1[0]", ["info w"], ["watch 1 b1[0] = [2]"], {}),
        ("", ["info health"], ["nothing is wrong with the health of this run"], {"findings": []}),
    ],
    "set": [
        (
            "",
            ["set w2[0,0] = 0.5"],
            ["w2[0,0] = 0.5; changed: w2, z2, a2, dz2, dw2, db2, da1, dz1, dw1, db1, da0"],
            {"name": "w2", "shape": [2, 4]},
        ),
        ("", ["set da0 = 1"], ["da0 = 1; changed: da0"], {"changed": ["da0"]}),
        ("", ["set w1 = w1"], None, {"changed": []}),
    ],
    "reset": [
        ("set w1 = 1; set b1 = 2", ["reset"], ["dropped: b1, w1"], {"dropped": ["b1", "w1"]}),
        ("", ["reset"], ["nothing was set"], {"dropped": []}),
    ],
    "save": [("step", ["save {folder}/s.txt"], ["saved 1 command in {folder}/s.txt"], {"commands": 1})],
    "help": [
        (
            "",
            ["help rev"],
            ["reverse-continue  Go back to the breakpoint before, or to the start. (short: rc)"],
            {},
        )
    ],
    "quit": [("", ["quit"], [], {})],
}


def answers(session: Session, lines: str) -> list[Answer]:
    found = [execute(session, line) for line in lines.split("; ") if line]
    assert not any(answer.failed for answer in found), found
    return found


def test_every_command_has_a_case() -> None:
    assert list(CASES) == list(COMMANDS)


@pytest.mark.parametrize(
    ("before", "line", "expected", "data"),
    [
        (before, lines[0], expected, data)
        for cases in CASES.values()
        for before, lines, expected, data in cases
    ],
    ids=[lines[0] for cases in CASES.values() for _, lines, _, _ in cases],
)
def test_what_it_answers(
    session: Session, tmp_path: Path, before: str, line: str, expected: list[str] | None, data: dict[str, Any]
) -> None:
    answers(session, before)
    line = line.format(folder=tmp_path)
    (answer,) = answers(session, line)
    text = "".join(text_answer(line, answer))
    if expected is not None:
        assert text.splitlines() == [one.format(folder=tmp_path) for one in expected]
    (one,) = json_answer(line, answer)
    assert one.count("\n") == 1
    document = json.loads(one, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert (document["command"], document["ok"]) == (line, True)
    assert document["text"] == "\n".join(answer.lines)
    assert {key: document[key] for key in data} == data


def state(session: Session) -> dict[str, Any]:
    """Everything that a command could change."""
    debugger = session.debugger
    return {
        "moment": debugger.moment,
        "breakpoints": list(debugger.breakpoints),
        "next": (debugger.breakpoints.next_number, debugger.watches.next_number),
        "watches": list(debugger.watches),
        "replaced": {
            (iteration, name): value.tobytes()
            for iteration, values in debugger.history.replaced.items()
            for name, value in values.items()
        },
        "values": {name: value.tobytes() for name, value in debugger.trace.values.items()},
        "recorded": list(session.recorded),
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        *[(line, "there are no breakpoints") for line in ("enable", "disable", "delete")],
        ("unwatch", "there are no watches"),
    ],
)
def test_all_of_none_is_refused(session: Session, line: str, message: str) -> None:
    answer = execute(session, line)
    assert (answer.failed, answer.lines) == (True, (message,))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "there is no command ''; `help` lists them"),
        ("stepp", "there is no command 'stepp', did you mean 'step'?; `help` lists them"),
        ("re", "re may be reverse-continue, restart, rebreak, rewatch or reset"),
        ("en", "en may be end or enable"),
        ("step x", "expected how many times, a whole number from 1: found x"),
        ("step 0", "expected how many times, a whole number from 1: found 0"),
        ("step -1", "expected how many times, a whole number from 1: found -1"),
        ("back 1.5", "expected how many times, a whole number from 1: found 1.5"),
        ("into ²", "expected how many times, a whole number from 1: found ²"),
        ("step " + "9" * 5000, "expected how many times, a whole number from 1: found " + "9" * 5000),
        ("out 1", "no argument is expected: found 1"),
        ("continue 1", "no argument is expected: found 1"),
        ("reset w1", "no argument is expected: found w1"),
        ("quit now", "no argument is expected: found now"),
        ("goto", "expected a step's number or the tensor that it writes: found nothing"),
        ("goto dw9", "expected a step's number or the tensor that it writes: found dw9, did you mean 'dw2'?"),
        ("goto w1", "w1 is given: no step writes it"),
        ("goto 13", "there is no step 13: the program has steps 0 to 12"),
        ("break", "nothing has run yet: write for example `break dw1` or `break norm(dw1) > 10`"),
        ("break dw9", "nothing to stop at: 'dw9' is no step, tensor, layer N, phase, role or condition"),
        ("tbreak 13", "there is no step 13: the program has steps 1 to 12"),
        ("condition", "expected a number: found nothing"),
        ("condition x", "expected a number: found x"),
        ("condition 7", "there is no breakpoint 7 (breakpoints: 1)"),
        ("condition 1 dw1 > 0", "a condition is one truth: dw1 > 0 has shape (4, 3)"),
        ("rebreak 1 dw9", "nothing to stop at: 'dw9' is no step"),
        ("rebreak 7 dw1", "there is no breakpoint 7 (breakpoints: 1)"),
        ("rewatch 7 dw1", "there is no watch 7 (watches: 1)"),
        ("rewatch 1 dw9", "there is no tensor 'dw9', did you mean 'dw2'?"),
        ("delete 1 7", "there is no breakpoint 7 (breakpoints: 1)"),
        ("disable 1 x", "expected a number: found x"),
        ("enable 99999999999", "expected a number: found 99999999999"),
        ("watch", "nothing to watch: write for example `watch norm(dw1)`"),
        ("watch dw9", "there is no tensor 'dw9', did you mean 'dw2'?"),
        ("unwatch 1 7", "there is no watch 7 (watches: 1)"),
        ("print", "nothing is named: write for example `print dw1`"),
        ("print dw1", "dw1 is not available yet: step 10 writes it"),
        ("print w1 @ w1", "inner sizes differ: (4, 3) @ (4, 3), 3 columns against 4 rows"),
        ("shape", "nothing is named: write for example `shape dw1`"),
        ("shape w1[9]", "[9] does not exist in shape (4, 3)"),
        ("explain", "nothing is named: write for example `explain dw1[0, 1]`"),
        ("explain w1", "one element is explained at a time: w1 has shape (4, 3)"),
        ("explain w1[0]", "one element is explained at a time: w1 has shape (4, 3)"),
        ("explain w1[0:1,0]", "one element is explained at a time: w1 has shape (4, 3)"),
        ("explain w1 + 1", "expected a tensor or a part of one, as dw1[0, 1]: found w1 + 1"),
        ("explain dw1[0,0]", "dw1 is not available yet: step 10 writes it"),
        ("explain w9[0,0]", "there is no tensor 'w9'"),
        ("list 13", "there is no step 13: the program has steps 0 to 12"),
        ("info", "expected one of breakpoints, watches, tensors, health, output: found nothing"),
        (
            "info brakpoints",
            "expected one of breakpoints, watches, tensors, health, output: found brakpoints, did you mean",
        ),
        ("set", "expected NAME[...] = EXPR, for example `set w1[0,0] = 0.5`"),
        ("set w1", "expected NAME[...] = EXPR, for example `set w1[0,0] = 0.5`"),
        ("set w1 == 1", "expected NAME[...] = EXPR, for example `set w1[0,0] = 0.5`"),
        ("set w9 = 1", "there is no tensor 'w9'"),
        ("set w1[4,0] = 1", "[4,0] does not exist in shape (4, 3)"),
        ("set w1 = b2", "found shape (2, 1), expected (4, 3)"),
        ("set w1 = dw1", "dw1 is not available yet: step 10 writes it"),
        ("set w1 + 1 = 1", "expected a tensor or a part of one, as dw1[0, 1]: found w1 + 1"),
        ("set w1[0][0] = 1", "expected a tensor or a part of one, as dw1[0, 1]: found w1[0][0]"),
        ("save", "no file is named: write for example `save session.txt`"),
        ("save /nowhere/at/all", "/nowhere/at/all cannot be written: No such file or directory"),
        ("help stepp", "there is no command 'stepp', did you mean 'step'?; `help` lists them"),
        ("print w1[0,\n0]", "a command is one line without control characters: found print w1[0,\\n0]"),
        ("print w1 # \x1b[2J", "a command is one line without control characters: found print w1 # \\x1b[2J"),
        ("print \0", "a command is one line without control characters: found print \\x00"),
        ("print \udcff", "a command is one line without control characters: found print \\udcff"),
        (
            "print " + "w1 + " * 2000 + "w1",
            f"a command has {at_most('command_characters', 'characters')}: found 10008",
        ),
        (
            "print " + "w1 + " * 1000 + "w1",
            "an expression has at most 4000 characters (the limit expression_characters):"
            " found 5002 (column 1)",
        ),
        ("nonsense" * 1000, "there is no command 'nonsense"),
    ],
    ids=lambda value: value[:40].encode("unicode_escape").decode(),
)
def test_a_command_that_fails_says_why_and_changes_nothing(session: Session, line: str, message: str) -> None:
    if line != "break":
        answers(session, "break role dw; watch b1; set b2[0,0] = 1; step")
    before = state(session)
    answer = execute(session, line)
    assert (answer.failed, answer.ends) == (True, False)
    assert answer.lines[0].startswith(message)
    assert state(session) == before
    (text,) = text_answer(line, answer)
    assert text.endswith("\n")
    assert text.removesuffix("\n").isprintable()
    document = json.loads(*json_answer(line, answer))
    assert (document["ok"], document["error"], document["text"]) == (False, *answer.lines, *answer.lines)


def test_a_command_without_enough_memory_fails_alone(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise MemoryError("Unable to allocate 1.00 GiB")

    before = state(session)
    monkeypatch.setattr("bpdebug.engine.debug.inspection.evaluate", fails)
    assert execute(session, "print w1").lines == ("Unable to allocate 1.00 GiB",)
    assert state(session) == before


LOOKING = (
    "print w1",
    "shape w1",
    "explain w1[0,0]",
    "list",
    *(f"info {topic}" for topic in TOPICS),
    "help",
    "quit",
)


@pytest.mark.parametrize("line", LOOKING)
def test_looking_changes_nothing(session: Session, line: str) -> None:
    answers(session, "break role dw; watch b1; step 3; set b2[0,0] = 1")
    before = {key: value for key, value in state(session).items() if key != "recorded"}
    answers(session, line)
    assert {key: value for key, value in state(session).items() if key != "recorded"} == before


def test_info_tensors(session: Session) -> None:
    (answer,) = answers(session, "set w1 = 2; info tensors")[1:]
    assert "w1 4×3 from 2 to 2" in answer.lines
    assert "dw1 4×3 not computed yet, step 10 writes it" in answer.lines
    assert {"name": "dw1", "shape": [4, 3], "known": False} in answer.data["tensors"]
    assert [tensor["name"] for tensor in answer.data["tensors"]] == list(session.debugger.program.shapes)


def test_info_health(session: Session) -> None:
    (answer,) = answers(session, "set w1[0,0] = 0/0; info health")[1:]
    assert answer.lines[0].startswith(
        "step 0 not_finite: w1 has 1 NaN, first at w1[0,0]; it is given so. Mend it "
    )
    assert answer.data["findings"][0]["name"] == "w1"


def test_help_lists_every_command_with_its_sentence(session: Session) -> None:
    (answer,) = answers(session, "help")
    assert [line.split()[0] for line in answer.lines] == list(COMMANDS)
    assert all(command.help in line for command, line in zip(COMMANDS.values(), answer.lines, strict=True))
    assert [entry["name"] for entry in answer.data["commands"]] == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_beginnings_of_a_name(name: str) -> None:
    for length in range(1, len(name) + 1):
        word = name[:length]
        begun = [other for other in COMMANDS if other.startswith(word)]
        if word in SHORT_FORMS:
            assert find_command(word).name == SHORT_FORMS[word]
        elif begun == [name] or word == name:
            assert find_command(word).name == name
        else:
            with pytest.raises(BpdebugError, match=f"^{word} may be {begun[0]}.* or {begun[-1]}$"):
                find_command(word)


def test_the_table_is_sound() -> None:
    assert len(COMMANDS) == sum(map(len, FAMILIES)), "two commands have one name"
    shorts = [short for command in COMMANDS.values() for short in command.short.split()]
    assert len(shorts) == len(set(shorts)), "two commands have one short form"
    assert set(SHORT_FORMS).isdisjoint(COMMANDS)
    for command in COMMANDS.values():
        assert command.help.endswith(".")
        for word in (command.name, *command.short.split()):
            assert find_command(word) is command


def test_blanks_do_not_matter(session: Session) -> None:
    assert execute(session, "  step\t 2 ").data["position"] == 2
    assert session.recorded == ["step 2"]


def test_a_file_that_is_there_is_not_overwritten(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("mine")
    assert execute(session, f"save {path}").lines == (f"{path} cannot be written: File exists",)
    assert path.read_text() == "mine"


def test_a_large_tensor_is_shown_in_part_and_is_not_written_as_json() -> None:
    value = np.zeros((MAX_NUMBERS // 1024 + 1, 1024))
    answer = Answer(("x",), {"shape": list(value.shape), "value": value})
    assert json.loads(*json_answer("print x", answer))["value"] is None
    answer = Answer(("x",), {"value": np.array([np.nan, 1 / 3])})
    assert json.loads(*json_answer("print x", answer))["value"] == ["NaN", 1 / 3]


def test_a_long_line_of_numbers_is_abbreviated() -> None:
    large = value_text(np.arange(100.0).reshape(10, 10))
    assert large.startswith("[[0, 1, 2, ..., 7, 8, 9], [10, 11, 12, ..., 17, 18, 19], ")
    assert large.endswith(", 97, 98, 99]] (10×10)")
    assert "..." not in value_text(np.arange(64.0))


def test_the_scenario_brings_its_breakpoints_and_watches(scenario: Case) -> None:
    from dataclasses import replace

    session = Session(replace(scenario, breakpoints=("dw1", "norm(z1) > 0"), watches=("norm(dw1)",)))
    assert [found.text for found in session.debugger.breakpoints] == ["dw1", "norm(z1) > 0"]
    assert [watch.text for watch in session.debugger.watches] == ["norm(dw1)"]
    assert session.recorded == [], "a replay finds them in the scenario too"
