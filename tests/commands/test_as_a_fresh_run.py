"""Ten thousand random verbs, over iterations, scripts and captures, and all is as in a fresh run."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from bpdebug.commands.session import Session
from bpdebug.commands.table import COMMANDS, FAULT, execute
from tests.examples import fresh_at, opened
from tests.tiers import deep

VERBS = [
    "step",
    "step 7",
    "back",
    "back 5",
    "into",
    "into 3",
    "out",
    "next-layer",
    "previous-layer",
    "finish",
    "continue",
    "reverse-continue",
    "next-iteration",
    "next-iteration 9",
    "previous-iteration",
    "restart",
    "end",
    "reset",
    "info health",
    "list",
]
EVERY = 125
"""So many verbs are between two looks at all of it."""


def line_of(generator: random.Random, session: Session) -> str:
    """A verb, a place to go to, a stop, or another number in the place of one."""
    debugger = session.debugger
    name = generator.choice([*debugger.program.shapes])
    lines = [
        generator.choice(VERBS),
        f"goto {generator.randint(0, debugger.last)}",
        f"set {name} = {name} * {generator.choice([0.5, -1, 0])}",
        f"break {name}",
        "delete all",
    ]
    return generator.choices(lines, weights=[20, 3, 1, 1, 1])[0]


def assert_fresh(session: Session) -> None:
    """The debugger's state is that of one which went straight to where it is."""
    case, debugger = session.scenario, session.debugger
    fresh = fresh_at(case, debugger)
    assert debugger.moment == fresh.moment
    for name in case.program.shapes:
        np.testing.assert_array_equal(debugger.value(name), fresh.value(name))
        np.testing.assert_array_equal(debugger.original.values[name], fresh.original.values[name])
    assert debugger.findings == fresh.findings


@pytest.mark.parametrize(
    ("name", "count"),
    [("script", 125), *(deep(name, 2500) for name in ("adam", "attention", "script", "capture"))],
)
def test_random_verbs(name: str, count: int, tmp_path: Path) -> None:
    assert {verb.split()[0] for verb in VERBS} <= COMMANDS.keys()
    generator = random.Random(f"{name} {count}")
    session = Session(opened(name, tmp_path))
    for number in range(1, count + 1):
        line = line_of(generator, session)
        answer = execute(session, line)
        assert not any(one.startswith(FAULT) for one in answer.lines), (line, answer.lines)
        if number % EVERY == 0:
            assert_fresh(session)
    assert_fresh(session)
