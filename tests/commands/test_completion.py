"""Completion: what a line that is being typed may become, and that each proposal can be used."""

from __future__ import annotations

import pytest

from bpdebug.commands.completion import completions
from bpdebug.commands.looking import TOPICS
from bpdebug.commands.session import Session
from bpdebug.commands.table import COMMANDS, find_command
from bpdebug.engine.health import HEALTH_CONDITIONS

RE_WORDS = ("rebreak", "reset", "restart", "reverse-continue", "rewatch")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("re", [f"{word} " for word in RE_WORDS]),
        ("  con", ["condition ", "continue "]),
        ("zzz", []),
        ("print dw", ["print dw1", "print dw2"]),
        ("p dw", ["p dw1", "p dw2"]),
        ("print norm(dw1) + sigm", ["print norm(dw1) + sigmoid(", "print norm(dw1) + sigmoid_prime("]),
        ("print w1*dw", ["print w1*dw1", "print w1*dw2"]),
        ("print w1-dw", ["print w1-dw1", "print w1-dw2"]),
        ("set w1[0,0] = nor", []),
        ("set dw", ["set dw1", "set dw2"]),
        ("break not_f", ["break not_finite"]),
        ("break lay", ["break layer "]),
        ("break dw1 if dw", ["break dw1 if dw", "break dw1 if dw1", "break dw1 if dw2"]),
        ("break back", ["break backward"]),
        ("info ", [f"info {topic}" for topic in sorted(TOPICS)]),
        ("info w", ["info watches"]),
        ("help reverse-c", ["help reverse-continue"]),
        ("help re", [f"help {word}" for word in RE_WORDS]),
        ("step ", []),
        ("save /tm", []),
        ("re dw", []),
        ("nonsense dw", []),
        ("print  dw", ["print  dw1", "print  dw2"]),
    ],
)
def test_what_is_proposed(session: Session, line: str, expected: list[str]) -> None:
    assert completions(session, line) == expected


def test_nothing_typed_may_become_any_command(session: Session) -> None:
    assert completions(session, "") == [f"{name} " for name in sorted(COMMANDS)]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_proposal_begins_with_what_is_typed(session: Session, name: str) -> None:
    for line in ("", name[:2], name, f"{name} ", f"{name} d", f"{name} dw1 if n"):
        found = completions(session, line)
        assert found == sorted(set(found))
        assert all(proposal.startswith(line) for proposal in found)
        assert all(find_command(proposal.split()[0]) for proposal in found)


@pytest.mark.parametrize(
    "word", ["print ", "break ", "goto ", "list ", "watch ", "set ", "explain ", "shape ", "condition "]
)
def test_every_tensor_is_proposed_where_one_may_stand(session: Session, word: str) -> None:
    assert {f"{word}{name}" for name in session.debugger.program.shapes} <= set(completions(session, word))


def test_every_health_condition_is_a_place(session: Session) -> None:
    assert {f"break {name}" for name in (*HEALTH_CONDITIONS, "health")} <= set(completions(session, "break "))
