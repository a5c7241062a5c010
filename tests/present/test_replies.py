"""What the answer line says after a key."""

from __future__ import annotations

import pytest

from bpdebug.commands.session import Session
from bpdebug.commands.table import execute
from bpdebug.present.replies import reply
from tests.examples import example


@pytest.mark.parametrize(
    ("before", "line", "said"),
    [
        ([], "step", ()),
        ([], "finish", ()),
        ([], "continue", ("no breakpoint before the end",)),
        (["end"], "continue", ("at the end",)),
        (["end"], "reverse-continue", ("no breakpoint before the start",)),
        ([], "reverse-continue", ("at the start",)),
        (["break dw2"], "continue", ("breakpoint 1, dw2",)),
        (["break 0 < norm(dw2)"], "continue", ("breakpoint 1, 0 < norm(dw2): norm(dw2) = 0.0722956",)),
        (["end", "break dw2"], "reverse-continue", ("breakpoint 1, dw2",)),
        ([], "goto 99", ("there is no step 99: the program has steps 0 to 12",)),
        ([], "reset", ("nothing was set",)),
    ],
)
def test_reply(before: list[str], line: str, said: tuple[str, ...]) -> None:
    session = Session(example("two_layer"))
    for one in before:
        assert not execute(session, one).failed
    assert reply(line, execute(session, line)) == said
