"""What the answer line says after a key."""

from __future__ import annotations

import numpy as np
import pytest

from bpdebug.commands.session import Session
from bpdebug.commands.table import execute
from bpdebug.present.replies import reply
from tests.examples import example
from tests.recorded import Ran, recorded


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


def test_a_place_may_have_a_bar_in_its_name() -> None:
    ran = [Ran("seen", "x * 2", 1, file="left | right.py"), Ran("sum", "seen + x", 2, file="left | right.py")]
    session = Session(recorded(ran, {"left | right.py": "seen = x * 2\nsum = seen + x\n"}, {"x": np.ones(2)}))
    execute(session, "break sum")
    answer = execute(session, "continue")
    assert answer.lines == ("2/2 left | right.py:2 sum = seen + x (2) | breakpoint 1, sum",)
    assert reply("continue", answer) == ("breakpoint 1, sum",)
