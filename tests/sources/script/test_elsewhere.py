"""A function run in another process: what comes back, and what a script can do there."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from bpdebug.errors import BpdebugError
from bpdebug.sources.case import Case
from bpdebug.sources.script.case import case_of
from bpdebug.sources.script.elsewhere import Elsewhere
from bpdebug.sources.script.recording import record_script

TEXT = """\
import os, sys
import numpy as np
os.write(1, b"past the streams of Python")
rate = float(sys.argv[1])
w, x = np.ones((2, 3)), np.arange(3.0)
w -= rate * np.outer(w @ x - 1, x)
"""
Say = Callable[[object], None]


def case_from(path: str, arguments: tuple[str, ...], say: Say) -> Case:
    say("now")
    case = case_of(record_script(path, arguments))
    return Case(**{one.name: getattr(case, one.name) for one in fields(Case)})


def raising(say: Say) -> None:
    raise BpdebugError("what is wrong")


def ending(say: Say) -> None:
    os._exit(3)


def waiting(say: Say) -> str:
    try:
        say(os.getpid())
        time.sleep(600)
    except KeyboardInterrupt:
        return "stopped"
    return "waited"


def forking(say: Say) -> None:
    """Start a process that has the ends of all pipes, and go."""
    if os.fork():
        say("gone")
        os._exit(3)
    time.sleep(600)


@pytest.fixture(autouse=True)
def _tests_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the other process import the functions of this module."""
    path = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))


def test_a_case_comes_back_whatever_the_script_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(TEXT, encoding="utf-8")
    heard: list[object] = []
    case = Elsewhere(case_from, "net.py", ("0.5",)).result(heard.append)
    here = case_of(record_script("net.py", ("0.5",)))
    assert heard == ["now"]
    assert case.script == here.script
    assert case.program.statements == here.program.statements
    assert {name: value.tolist() for name, value in case.values.items()} == {
        name: value.tolist() for name, value in here.values.items()
    }


@pytest.mark.parametrize(("function", "said"), [(raising, "what is wrong"), (ending, "ended in the middle")])
def test_what_goes_wrong_is_said(function: Callable[[Say], None], said: str) -> None:
    with pytest.raises(BpdebugError, match=said):
        Elsewhere(function).result(lambda said: None)


@pytest.mark.deep
def test_it_can_be_stopped_and_ended() -> None:
    stopped = Elsewhere(waiting)
    assert stopped.result(lambda said: stopped.interrupt()) == "stopped"
    ended = Elsewhere(waiting)
    with pytest.raises(BpdebugError, match="ended in the middle"):
        ended.result(lambda said: ended.end())


@pytest.mark.deep
def test_what_a_script_leaves_running_is_ended_with_it() -> None:
    left = Elsewhere(forking)
    with pytest.raises(BpdebugError, match="ended in the middle"):
        left.result(lambda said: left.end())


@pytest.mark.deep
def test_it_ends_with_the_one_that_asked() -> None:
    left = Elsewhere(waiting)
    assert left.process.stdin is not None

    def leave(said: object) -> None:
        assert left.process.stdin is not None
        left.process.stdin.close()

    with pytest.raises(BpdebugError, match="ended in the middle"):
        left.result(leave)
    assert left.process.returncode in (1, -signal.SIGKILL)
